#include "node.h"

#include <Arduino.h>

#include "legacy/legacy.h"
#include "nvs_storage.h"
#include "processor_load.h"
#include "sensors.h"
#include "wall_clock.h"

namespace {

constexpr size_t LONGEST_JSON = 400;

redoubt_status fillRandom(void *, uint8_t *out, size_t length) {
  esp_fill_random(out, length);
  return REDOUBT_OK;
}

bool seal(Node &node, const redoubt_reading &reading, size_t &length, uint64_t &number) {
  static char json[LONGEST_JSON];
#if REDOUBT_LEGACY
  node.sealed = legacySeal(node.device, reading, json, sizeof json, node.outbox.place(), LONGEST_READING, length, number);
#else
  node.sealed = redoubt_device_seal(&node.device, node.dataTopic, &reading, json, sizeof json, node.outbox.place(),
                                   LONGEST_READING, &length, &number);
#endif
  return node.sealed == REDOUBT_OK;
}

}  // namespace

void nodeOpen(Node &node) {
  const redoubt_storage storage = nvsStorage();
  node.state = redoubt_device_open(&node.device, &storage, fillRandom, nullptr, REDOUBT_DEFAULT_BLOCK);
}

void nodeConnect(Node &node) {
  static bool isTried = false;
  if (isTried || node.link.isBegun() || settingsMissing(node.settings) != nullptr) return;
  isTried = true;
  const char *name = node.device.identity.device;
  snprintf(node.commandTopic, sizeof node.commandTopic, "iot/devices/%s/cmd", name);
#if REDOUBT_LEGACY == 2
  snprintf(node.dataTopic, sizeof node.dataTopic, "home/sensor/data");
#else
  snprintf(node.dataTopic, sizeof node.dataTopic, "iot/devices/%s/data", name);
#endif
  if (!node.link.begin(node.settings, name, node.device.identity.password, node.commandTopic)) {
    Serial.println("mqtt: cannot be set up with these settings");
  }
}

bool nodeMeasure(Node &node) {
  Measured measured;
  sensorsRead(node.wireless.isUp() ? node.wireless.strength() : 0, measured);
  sensorsPrepare();
  redoubt_reading reading = {};
  reading.timestamp_ms = wallClockMs();
  reading.cpu_usage = processorLoad();
  reading.battery_level = measured.battery;
  reading.quantities = measured.quantities;
  reading.quantity_count = measured.count;
  size_t length = 0;
  uint64_t number = 0;
  if (!seal(node, reading, length, number)) {
    node.unsealed++;
    return false;
  }
  node.outbox.commit(number, length);
  return true;
}

void nodeDeliver(Node &node, uint32_t now) {
  int message = 0;
  while (node.link.takeAcknowledged(message)) node.outbox.acknowledged(message);
  if (!node.link.isUp()) return;
  while (WaitingReading *reading = node.outbox.next(now)) {
    const int sent = node.link.publish(node.dataTopic, reading->bytes, reading->length);
    if (sent <= 0) return;
    node.outbox.sent(*reading, sent, now);
  }
}
