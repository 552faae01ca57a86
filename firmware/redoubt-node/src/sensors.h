// What the device measures. A sensor that is not wired, or does not answer, is not in the reading.
#pragma once

#include <redoubt/reading.h>
#include <stddef.h>

constexpr size_t MOST_QUANTITIES = 6;

struct Measured {
  redoubt_quantity quantities[MOST_QUANTITIES];
  size_t count;
  /** Per cent; NaN without battery. */
  double battery;
};

void sensorsBegin();

/** Asks the slow ones to measure, for the next {@link sensorsRead}. */
void sensorsPrepare();

/** @param signal strength of the WiFi, dBm; 0 without. */
void sensorsRead(int signal, Measured &measured);
