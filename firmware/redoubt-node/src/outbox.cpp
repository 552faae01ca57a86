#include "outbox.h"

#include <string.h>

namespace {

/** On their way at once; what waits longer stays here, where it costs less memory than in the client. */
constexpr size_t MOST_ON_THE_WAY = 8;
/** The client itself repeats for 30 s what is not acknowledged, then forgets it. */
constexpr uint32_t SEND_AGAIN_MS = 40000;

}  // namespace

void Outbox::commit(uint64_t number, size_t length) {
  if (count_ == REDOUBT_OUTBOX_READINGS) {
    first_ = (first_ + 1) % REDOUBT_OUTBOX_READINGS;
    count_--;
    dropped_++;
  }
  WaitingReading &reading = at(count_++);
  reading.number = number;
  reading.message = 0;
  reading.sentAt = 0;
  reading.isAcknowledged = false;
  reading.length = static_cast<uint16_t>(length);
  memcpy(reading.bytes, spare_.bytes, length);
}

WaitingReading *Outbox::next(uint32_t now) {
  size_t onTheWay = 0;
  WaitingReading *found = nullptr;
  for (size_t i = 0; i < count_; i++) {
    WaitingReading &reading = at(i);
    if (reading.isAcknowledged) continue;
    const bool isOnTheWay = reading.message != 0 && now - reading.sentAt < SEND_AGAIN_MS;
    if (isOnTheWay) onTheWay++;
    else if (found == nullptr) found = &reading;
  }
  return onTheWay < MOST_ON_THE_WAY ? found : nullptr;
}

void Outbox::sent(WaitingReading &reading, int message, uint32_t now) {
  reading.message = message;
  reading.sentAt = now;
}

void Outbox::acknowledged(int message) {
  if (message <= 0) return;
  for (size_t i = 0; i < count_; i++) {
    if (at(i).message != message || at(i).isAcknowledged) continue;
    at(i).isAcknowledged = true;
    delivered_++;
    break;
  }
  removeAcknowledged();
}

void Outbox::removeAcknowledged() {
  while (count_ > 0 && ring_[first_].isAcknowledged) {
    first_ = (first_ + 1) % REDOUBT_OUTBOX_READINGS;
    count_--;
  }
}
