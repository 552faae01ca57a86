// When to try again: doubling, with full jitter, so that a thousand devices do not come back in the same second.
#pragma once

#include <stdint.h>

class Backoff {
public:
  /** @param longestMs of a wait. */
  Backoff(uint32_t firstMs, uint32_t longestMs) : firstMs_(firstMs), longestMs_(longestMs), limitMs_(firstMs) {}

  bool isDue(uint32_t now) const { return static_cast<int32_t>(now - dueAt_) >= 0; }
  /** Takes down an attempt: the next one is due after a random time below a limit that doubles. */
  void attempted(uint32_t now);
  /** It worked: the next wait is short again. */
  void succeeded() { limitMs_ = firstMs_; }

private:
  uint32_t firstMs_;
  uint32_t longestMs_;
  uint32_t limitMs_;
  uint32_t dueAt_ = 0;
};
