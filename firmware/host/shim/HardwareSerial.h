// The serial line of the virtual device: standard input and output of its process.
#pragma once

#include <cstddef>
#include <cstdint>

class HardwareSerial {
public:
  void begin(unsigned long baud);
  int available();
  int read();
  size_t write(const uint8_t *bytes, size_t length);
  size_t print(const char *text);
  size_t println(const char *text = "");
  size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));
  void flush();

private:
  bool fill();
  uint8_t buffer_[512] = {};
  size_t next_ = 0;
  size_t end_ = 0;
};

extern HardwareSerial Serial;
