#include "watchdog.h"

#include <Arduino.h>
#include <esp_idf_version.h>
#include <esp_task_wdt.h>

#include "options.h"

void watchdogBegin() {
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
  esp_task_wdt_config_t config = {};
  config.timeout_ms = REDOUBT_WATCHDOG_SEC * 1000;
  config.trigger_panic = true;
  // Arduino may have started it already, with its own time.
  if (esp_task_wdt_init(&config) != ESP_OK) esp_task_wdt_reconfigure(&config);
#else
  esp_task_wdt_init(REDOUBT_WATCHDOG_SEC, true);
#endif
  esp_task_wdt_add(nullptr);
}

void watchdogFeed() { esp_task_wdt_reset(); }
