// Sealed readings that the broker has not acknowledged yet, each with the number that it was sealed with.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "options.h"

constexpr size_t LONGEST_READING = 512;

struct WaitingReading {
  uint64_t number;
  /** Milliseconds of the device's own clock. */
  uint32_t sentAt;
  /** The client's name for it while it is on its way; 0 before. */
  int message;
  uint16_t length;
  bool isAcknowledged;
  uint8_t bytes[LONGEST_READING];
};

/** A ring: when it is full the oldest reading makes place, and is counted. */
class Outbox {
public:
  /** @returns where to write the next reading; call {@link commit} afterwards. Nothing of the ring changes before. */
  uint8_t *place() { return spare_.bytes; }
  void commit(uint64_t number, size_t length);

  /** The oldest reading that is to be sent (again) now; nullptr where there is none. */
  WaitingReading *next(uint32_t now);
  /** Takes down that the client has it. */
  void sent(WaitingReading &reading, int message, uint32_t now);
  void acknowledged(int message);

  size_t waiting() const { return count_; }
  uint32_t dropped() const { return dropped_; }
  uint32_t delivered() const { return delivered_; }

private:
  WaitingReading &at(size_t index) { return ring_[(first_ + index) % REDOUBT_OUTBOX_READINGS]; }
  void removeAcknowledged();

  WaitingReading ring_[REDOUBT_OUTBOX_READINGS] = {};
  WaitingReading spare_ = {};
  size_t first_ = 0;
  size_t count_ = 0;
  uint32_t dropped_ = 0;
  uint32_t delivered_ = 0;
};
