// The device: its parts, and what they share.
#pragma once

#include <redoubt/device.h>

#include "mqtt_link.h"
#include "outbox.h"
#include "settings.h"
#include "wireless.h"

struct Node {
  Settings settings;
  redoubt_device device;
  /** What the core answered when it was opened or given a key. */
  redoubt_status state;
  /** Why the last reading could not be sealed, if it could not. */
  redoubt_status sealed;
  Wireless wireless;
  MqttLink link;
  Outbox outbox;
  char dataTopic[LONGEST_TOPIC];
  char commandTopic[LONGEST_TOPIC];
  /** Readings for which no number could be had: nothing was sent. */
  uint32_t unsealed;
  /** A reading is wanted now, whatever the period says. */
  bool isReadingWanted;
  bool isRestartWanted;
};

/** Opens the core's storage; again where that failed. A core that is open must not be opened again: it costs numbers. */
void nodeOpen(Node &node);

/** Names the topics and makes the MQTT client, once there is a key and every setting. */
void nodeConnect(Node &node);

/** Measures, seals and puts into the outbox. @returns false where nothing could be sealed. */
bool nodeMeasure(Node &node);

/** Hands readings over to MQTT, and forgets those that were acknowledged. */
void nodeDeliver(Node &node, uint32_t now);
