// A sensor that seals, numbers and signs what it measures: the device side of a Redoubt gateway.
#include <Arduino.h>

#include "commands.h"
#include "console.h"
#include "node.h"
#include "options.h"
#include "portal.h"
#include "processor_load.h"
#include "sensors.h"
#include "update/update.h"
#include "wall_clock.h"
#include "watchdog.h"

namespace {

constexpr uint32_t IDLE_MS = 10;
/** How long the flash may refuse the core before it is asked again. */
constexpr uint32_t OPEN_AGAIN_MS = 1000;
/** What is on its way still leaves before a restart. */
constexpr uint32_t BEFORE_RESTART_MS = 1000;

Node node;
uint32_t readingDueAt = 0;
uint32_t openedAt = 0;
uint32_t restartAt = 0;
ReceivedCommand received;

bool isPast(uint32_t now, uint32_t at) { return static_cast<int32_t>(now - at) >= 0; }

bool isWithoutKey() { return node.state == REDOUBT_NOT_PROVISIONED || node.state == REDOUBT_COUNTER_LOST; }

/** Flash that fails for a while, or a random source that does: without either nothing can be sealed, so try again. */
void openAgain(uint32_t now) {
  if (isWithoutKey() || now - openedAt < OPEN_AGAIN_MS) return;
  openedAt = now;
  nodeOpen(node);
}

void measure(uint32_t now) {
  if (!node.device.is_ready || !(isPast(now, readingDueAt) || node.isReadingWanted)) return;
  node.isReadingWanted = false;
  // After a pause it goes on instead of catching up.
  readingDueAt = now - readingDueAt > node.settings.periodMs ? now + node.settings.periodMs
                                                             : readingDueAt + node.settings.periodMs;
  nodeMeasure(node);
}

void restartIfWanted(uint32_t now) {
  if (!node.isRestartWanted) return;
  if (restartAt == 0) restartAt = now + BEFORE_RESTART_MS;
  if (!isPast(now, restartAt) && node.outbox.waiting() > 0) return;
  Serial.println("restarting");
  Serial.flush();
  ESP.restart();
}

}  // namespace

void setup() {
  Serial.begin(115200);
  watchdogBegin();
  settingsLoad(node.settings);
  // The radio first: random numbers are random only while it is on.
  node.wireless.begin();
  nodeOpen(node);
  openedAt = millis();
  sensorsBegin();
  processorLoadBegin();
  wallClockBegin(node.settings.timeServer);
#if REDOUBT_PIN_SETUP >= 0
  pinMode(REDOUBT_PIN_SETUP, INPUT_PULLUP);
  if (digitalRead(REDOUBT_PIN_SETUP) == LOW) portalOpen(node);
#endif
  readingDueAt = millis() + node.settings.periodMs;
  const char *missing = settingsMissing(node.settings);
  Serial.printf("redoubt firmware %d: %s%s%s\n", REDOUBT_FIRMWARE_VERSION, redoubt_status_name(node.state),
                missing == nullptr ? "" : ", missing: ", missing == nullptr ? "" : missing);
}

void loop() {
  const uint32_t now = millis();
  watchdogFeed();
  consolePoll(node);
  portalPoll(node, now);
  if (node.device.is_ready) nodeConnect(node);
  else openAgain(now);
  node.wireless.poll(node.settings, now);
  node.link.poll(node.wireless.isUp(), now);
  while (node.link.takeCommand(received)) commandsHandle(node, received);
  measure(now);
  nodeDeliver(node, now);
  if (node.link.isUp()) updateConfirm();
  restartIfWanted(now);
  delay(IDLE_MS);
}
