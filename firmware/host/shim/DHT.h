#pragma once

#include <cstdint>

#define DHT22 22

class DHT {
public:
  DHT(uint8_t pin, uint8_t type);
  void begin();
  /** °C; NaN where no sensor answers. */
  float readTemperature();
  /** Per cent; NaN where no sensor answers. */
  float readHumidity();
};
