#include "backoff.h"

#include <Arduino.h>

void Backoff::attempted(uint32_t now) {
  // Half of it is certain: an attempt needs time to succeed before the next one interrupts it.
  dueAt_ = now + limitMs_ / 2 + esp_random() % (limitMs_ / 2 + 1);
  limitMs_ = limitMs_ > longestMs_ / 2 ? longestMs_ : limitMs_ * 2;
}
