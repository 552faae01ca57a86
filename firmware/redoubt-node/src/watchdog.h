// Restarts the device when its loop hangs for REDOUBT_WATCHDOG_SEC.
#pragma once

void watchdogBegin();
void watchdogFeed();
