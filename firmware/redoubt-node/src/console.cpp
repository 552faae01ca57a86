#include "console.h"

#include <Arduino.h>
#include <redoubt/crypto_port.h>

#include <memory>

#include "options.h"
#include "portal.h"

namespace {

/** A certificate is the longest value. */
constexpr size_t LONGEST_LINE = 4200;

char line[LONGEST_LINE];
size_t lineLength = 0;
bool isTooLong = false;

void help() {
  Serial.println("provision RECORD   the line of: redoubt keys provision NAME --role sensor --profile cose-a128gcm");
  Serial.println("set NAME VALUE     see show; \\n for the line ends of a certificate");
  Serial.println("show | status      what is set; how it goes");
  Serial.println("setup              opens the set-up page, where the firmware has one");
  Serial.println("forget             removes the key; the next one must have a greater epoch");
  Serial.println("restart            takes over what was set");
}

void show() {
  size_t count = 0;
  const SettingName *names = settingsNames(count);
  // What is stored, which a restart takes over; too large for the stack.
  const std::unique_ptr<Settings> stored(new Settings);
  settingsLoad(*stored);
  const Settings &settings = *stored;
  const char *values[] = {settings.wifiName,       settings.wifiPassword, settings.broker,
                          settings.authority,      settings.certificate,  settings.certificateKey,
                          settings.updateKey,      settings.timeServer};
  for (size_t i = 0; i < count - 1; i++) {
    const bool isHidden = names[i].isSecret || names[i].isPem;
    const bool isSet = values[i][0] != '\0';
    Serial.printf("%s: %s\n", names[i].name, !isSet ? "not set" : isHidden ? "set" : values[i]);
  }
  Serial.printf("%s: %lu\n", names[count - 1].name, static_cast<unsigned long>(settings.periodMs));
  redoubt_crypto_wipe(stored.get(), sizeof *stored);
}

void status(const Node &node) {
  const redoubt_device &device = node.device;
  const char *missing = settingsMissing(node.settings);
  Serial.printf("firmware %d, device %s, epoch %lu, %s\n", REDOUBT_FIRMWARE_VERSION,
                device.is_provisioned ? device.identity.device : "-",
                static_cast<unsigned long>(device.is_provisioned ? device.identity.epoch : 0),
                redoubt_status_name(node.state));
  Serial.printf("wifi %s, mqtt %s%s%s\n", node.wireless.isUp() ? "up" : "down", node.link.isUp() ? "up" : "down",
                missing == nullptr ? "" : ", missing: ", missing == nullptr ? "" : missing);
  const Outbox &outbox = node.outbox;
  Serial.printf("readings: %lu delivered, %lu waiting, %lu dropped, %lu not sealed (%s)\n",
                static_cast<unsigned long>(outbox.delivered()), static_cast<unsigned long>(outbox.waiting()),
                static_cast<unsigned long>(outbox.dropped()), static_cast<unsigned long>(node.unsealed),
                redoubt_status_name(node.sealed));
  Serial.printf("commands: %lu accepted, %lu refused, %lu overlooked", static_cast<unsigned long>(device.commands.accepted),
                static_cast<unsigned long>(device.commands.refused), static_cast<unsigned long>(node.link.overlooked()));
  for (int code = 0; code < REDOUBT_STATUS_COUNT; code++) {
    const uint32_t times = device.commands.by_reason[code];
    if (times > 0) {
      Serial.printf(", %s %lu", redoubt_status_name(static_cast<redoubt_status>(code)),
                    static_cast<unsigned long>(times));
    }
  }
  Serial.println("");
}

void provision(Node &node, const char *record) {
  const redoubt_status answer = redoubt_device_provision(&node.device, record, strlen(record));
  if (answer == REDOUBT_OK) {
    node.state = REDOUBT_OK;
    Serial.printf("provisioned: %s, epoch %lu\n", node.device.identity.device,
                  static_cast<unsigned long>(node.device.identity.epoch));
  } else {
    Serial.printf("not provisioned: %s\n", redoubt_status_name(answer));
  }
}

void set(char *rest) {
  char *space = strchr(rest, ' ');
  if (space != nullptr) *space = '\0';
  const char *problem = settingsSet(rest, space == nullptr ? "" : space + 1);
  Serial.printf("set %s\n", problem == nullptr ? "ok" : problem);
}

void run(Node &node) {
  char *rest = strchr(line, ' ');
  if (rest != nullptr) *rest++ = '\0';
  else rest = line + strlen(line);
  const auto is = [](const char *name) { return strcmp(line, name) == 0; };
  if (is("provision")) provision(node, rest);
  else if (is("set")) set(rest);
  else if (is("show")) show();
  else if (is("status")) status(node);
  else if (is("setup")) portalOpen(node);
  else if (is("forget")) {
    const redoubt_status answer = redoubt_device_forget(&node.device);
    Serial.printf("forget %s\n", redoubt_status_name(answer));
    node.isRestartWanted = answer == REDOUBT_OK;
  } else if (is("restart")) node.isRestartWanted = true;
  else help();
}

}  // namespace

void consolePoll(Node &node) {
  while (Serial.available() > 0) {
    const int byte = Serial.read();
    if (byte == '\r' || byte < 0) continue;
    if (byte != '\n') {
      if (lineLength + 1 < LONGEST_LINE) line[lineLength++] = static_cast<char>(byte);
      else isTooLong = true;
      continue;
    }
    line[lineLength] = '\0';
    if (isTooLong) Serial.println("the line is too long");
    else if (lineLength > 0) run(node);
    // It may have held a key.
    redoubt_crypto_wipe(line, sizeof line);
    lineLength = 0;
    isTooLong = false;
  }
}
