#include "Arduino.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdarg>
#include <thread>

#include "board.h"
#include "esp_sntp.h"
#include "running.h"

HardwareSerial Serial;
EspClass ESP;

namespace {

const auto start = std::chrono::steady_clock::now();
std::atomic<sntp_sync_time_cb_t> onTimeSync{nullptr};
/** The answer of the time server takes this long. */
constexpr uint32_t TIME_ANSWER_MS = 20;
std::atomic<uint32_t> timeAskedAt{0};

/** Arduino's loop gives the processor away in delay(): what waits for its time happens there. */
void tellTime() {
  const uint32_t asked = timeAskedAt;
  if (asked == 0 || board::isWifiDown() || millis() - asked < TIME_ANSWER_MS) return;
  timeAskedAt = 0;
  timeval now = {};
  gettimeofday(&now, nullptr);
  if (const sntp_sync_time_cb_t callback = onTimeSync) callback(&now);
}

}  // namespace

uint32_t millis() {
  const auto passed = std::chrono::steady_clock::now() - start;
  return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

uint32_t micros() {
  const auto passed = std::chrono::steady_clock::now() - start;
  return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
}

void delay(uint32_t ms) {
  running::isIdle = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  running::isIdle = false;
  tellTime();
}

void yield() { std::this_thread::yield(); }

void configTime(long, int, const char *, const char *, const char *) { timeAskedAt = millis() | 1; }

void sntp_set_time_sync_notification_cb(sntp_sync_time_cb_t callback) { onTimeSync = callback; }

void esp_fill_random(void *buffer, size_t length) {
  auto *bytes = static_cast<uint8_t *>(buffer);
  while (length > 0) {
    const ssize_t got = getrandom(bytes, length, 0);
    if (got <= 0) continue;
    bytes += got;
    length -= static_cast<size_t>(got);
  }
}

uint32_t esp_random() {
  uint32_t value = 0;
  esp_fill_random(&value, sizeof value);
  return value;
}

void EspClass::restart() {
  fflush(nullptr);
  char **arguments = board::arguments();
  execv("/proc/self/exe", arguments);
  _exit(1);
}

uint64_t EspClass::getEfuseMac() { return 0xa0b1c2000000 + board::seed() * UINT64_C(0x100000001); }

uint32_t EspClass::getFreeHeap() { return 200000; }

void HardwareSerial::begin(unsigned long) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
}

bool HardwareSerial::fill() {
  if (next_ < end_) return true;
  const ssize_t got = ::read(STDIN_FILENO, buffer_, sizeof buffer_);
  next_ = 0;
  end_ = got > 0 ? static_cast<size_t>(got) : 0;
  return end_ > 0;
}

int HardwareSerial::available() { return fill() ? static_cast<int>(end_ - next_) : 0; }

int HardwareSerial::read() { return fill() ? buffer_[next_++] : -1; }

size_t HardwareSerial::write(const uint8_t *bytes, size_t length) { return fwrite(bytes, 1, length, stdout); }

size_t HardwareSerial::print(const char *text) { return fwrite(text, 1, strlen(text), stdout); }

size_t HardwareSerial::println(const char *text) { return print(text) + print("\n"); }

size_t HardwareSerial::printf(const char *format, ...) {
  va_list values;
  va_start(values, format);
  const int written = vprintf(format, values);
  va_end(values);
  return written > 0 ? static_cast<size_t>(written) : 0;
}

void HardwareSerial::flush() { fflush(stdout); }
