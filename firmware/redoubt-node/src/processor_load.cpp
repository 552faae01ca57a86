#include "processor_load.h"

#include <Arduino.h>
#include <esp_freertos_hooks.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

#include <atomic>

namespace {

constexpr uint32_t FEWEST_TICKS = 20;
/** Arduino's loop runs on core 1 of the ESP32, and on core 0 of chips that have one. */
#if defined(CONFIG_FREERTOS_UNICORE) && CONFIG_FREERTOS_UNICORE
constexpr UBaseType_t CORE = 0;
#else
constexpr UBaseType_t CORE = 1;
#endif

TaskHandle_t idleTask;
std::atomic<uint32_t> ticks{0};
std::atomic<uint32_t> idleTicks{0};

/** In an interrupt: must be in the memory that is there while the flash is written. */
void IRAM_ATTR onTick() {
  ticks.fetch_add(1, std::memory_order_relaxed);
  if (xTaskGetCurrentTaskHandle() == idleTask) idleTicks.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void processorLoadBegin() {
  idleTask = xTaskGetIdleTaskHandleForCPU(CORE);
  esp_register_freertos_tick_hook_for_cpu(onTick, CORE);
}

double processorLoad() {
  static double last = NAN;
  if (ticks.load() < FEWEST_TICKS) return last;
  const uint32_t all = ticks.exchange(0);
  const uint32_t idle = idleTicks.exchange(0);
  last = idle >= all ? 0.0 : 100.0 * (all - idle) / all;
  return last;
}
