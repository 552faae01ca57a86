// MQTT with ESP-IDF's own client: it publishes with QoS 1 and keeps unacknowledged messages over a reconnection, checks
// the broker's certificate against the one authority that it is given, and is part of every ESP32 core.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "backoff.h"
#include "settings.h"

constexpr size_t LONGEST_TOPIC = 128;
constexpr size_t LONGEST_COMMAND = 2048;

/** A message of the command topic as it came; nothing of it is proved. */
struct ReceivedCommand {
  char topic[LONGEST_TOPIC];
  size_t length;
  uint8_t bytes[LONGEST_COMMAND];
};

class MqttLink {
public:
  /** @param settings and the texts must stay valid. @returns false where the client cannot be made. */
  bool begin(const Settings &settings, const char *device, const char *password, const char *commandTopic);
  bool isBegun() const { return isBegun_; }
  /** Connects where there is a network and no connection. */
  void poll(bool hasNetwork, uint32_t now);
  bool isUp() const;
  /** QoS 1. @returns the message's name, greater than 0; otherwise it was not taken. */
  int publish(const char *topic, const uint8_t *bytes, size_t length);
  /** The name of a message that the broker has acknowledged since the last call. */
  bool takeAcknowledged(int &message);
  bool takeCommand(ReceivedCommand &command);
  /** Messages on the command topic that were too long, or too many at once, to be looked at. */
  uint32_t overlooked() const;

private:
  Backoff backoff_{2000, 120000};
  bool isBegun_ = false;
  bool isStarted_ = false;
};
