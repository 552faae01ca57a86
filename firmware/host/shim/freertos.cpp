// Ticks and the task watchdog of FreeRTOS, by one thread.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "esp_freertos_hooks.h"
#include "esp_task_wdt.h"
#include "freertos/task.h"
#include "running.h"

namespace running {
std::atomic<bool> isIdle{false};
}

/** Only their addresses count. */
struct shim_task {
  char unused;
};

namespace {

shim_task idleTask = {};
shim_task loopTask = {};
constexpr std::chrono::milliseconds TICK{20};
std::atomic<esp_freertos_tick_cb_t> tickHook{nullptr};
std::atomic<uint32_t> timeoutMs{0};
std::atomic<int64_t> fedAt{0};
std::atomic<bool> isWatched{false};

int64_t nowMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

void tick() {
  while (true) {
    std::this_thread::sleep_for(TICK);
    if (const esp_freertos_tick_cb_t hook = tickHook) hook();
    if (isWatched && timeoutMs > 0 && nowMs() - fedAt > timeoutMs) {
      fprintf(stderr, "the task watchdog was not fed for %u ms\n", static_cast<unsigned>(timeoutMs));
      abort();
    }
  }
}

void startTicks() {
  static const bool isStarted = [] {
    std::thread(tick).detach();
    return true;
  }();
  (void)isStarted;
}

}  // namespace

TaskHandle_t xTaskGetCurrentTaskHandle() { return running::isIdle ? &idleTask : &loopTask; }

TaskHandle_t xTaskGetIdleTaskHandleForCPU(UBaseType_t) { return &idleTask; }

esp_err_t esp_register_freertos_tick_hook_for_cpu(esp_freertos_tick_cb_t hook, UBaseType_t) {
  tickHook = hook;
  startTicks();
  return ESP_OK;
}

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
esp_err_t esp_task_wdt_init(const esp_task_wdt_config_t *) { return ESP_ERR_INVALID_STATE; }

esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t *config) {
  timeoutMs = config->timeout_ms;
  return ESP_OK;
}
#else
esp_err_t esp_task_wdt_init(uint32_t timeoutSec, bool) {
  timeoutMs = timeoutSec * 1000;
  return ESP_OK;
}
#endif

esp_err_t esp_task_wdt_add(TaskHandle_t) {
  fedAt = nowMs();
  isWatched = true;
  startTicks();
  return ESP_OK;
}

esp_err_t esp_task_wdt_reset() {
  fedAt = nowMs();
  return ESP_OK;
}
