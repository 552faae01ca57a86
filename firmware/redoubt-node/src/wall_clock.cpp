#include "wall_clock.h"

#include <Arduino.h>
#include <esp_sntp.h>
#include <sys/time.h>

#include <atomic>

namespace {

std::atomic<bool> isKnown{false};

/** The chip's clock keeps running over a restart, but nothing tells how wrong it is: only an answer makes it known. */
void onTime(struct timeval *) { isKnown = true; }

}  // namespace

void wallClockBegin(const char *server) {
  sntp_set_time_sync_notification_cb(onTime);
  configTime(0, 0, server[0] == '\0' ? "pool.ntp.org" : server);
}

int64_t wallClockMs() {
  if (!isKnown) return 0;
  struct timeval now = {};
  gettimeofday(&now, nullptr);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_usec / 1000;
}
