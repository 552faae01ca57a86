#pragma once

#include <stdint.h>

#include "backoff.h"
#include "settings.h"

/** The WiFi station, which connects again by itself. */
class Wireless {
public:
  /** Switches the radio on: from then on the device's random numbers are random. */
  void begin();
  void poll(const Settings &settings, uint32_t now);
  bool isUp() const { return isUp_; }
  /** dBm. */
  int strength() const;

private:
  Backoff backoff_{10000, 300000};
  bool isUp_ = false;
};
