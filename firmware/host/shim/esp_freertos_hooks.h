#pragma once

#include "esp_err.h"
#include "freertos/FreeRTOS.h"

typedef void (*esp_freertos_tick_cb_t)(void);
/** The host's ticks come at 50 Hz instead of 1,000. */
esp_err_t esp_register_freertos_tick_hook_for_cpu(esp_freertos_tick_cb_t hook, UBaseType_t cpu);
