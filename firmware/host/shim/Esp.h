#pragma once

#include <cstdint>

class EspClass {
public:
  /** Runs the program again from its start, as a reset does; files stay. */
  [[noreturn]] void restart();
  uint64_t getEfuseMac();
  uint32_t getFreeHeap();
};

extern EspClass ESP;
