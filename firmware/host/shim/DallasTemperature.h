#pragma once

#include <cstdint>

#include "OneWire.h"

#define DEVICE_DISCONNECTED_C -127

class DallasTemperature {
public:
  explicit DallasTemperature(OneWire *bus);
  void begin();
  uint8_t getDeviceCount();
  void setWaitForConversion(bool waits);
  void requestTemperatures();
  float getTempCByIndex(uint8_t index);
};
