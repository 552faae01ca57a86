#pragma once

#include <cstdint>

class OneWire {
public:
  explicit OneWire(uint8_t pin);
};
