#include "commands.h"

#include <Arduino.h>
#include <redoubt/crypto_port.h>
#include <redoubt/json.h>

#include "options.h"
#include "update/update.h"
#include "wall_clock.h"

namespace {

constexpr size_t LONGEST_URL = 200;

void switchPin(int pin, bool isOn) {
  if (pin < 0) return;
  pinMode(static_cast<uint8_t>(pin), OUTPUT);
  digitalWrite(static_cast<uint8_t>(pin), isOn ? HIGH : LOW);
}

bool argument(const redoubt_command &command, const char *name, redoubt_json_value &value) {
  if (command.arguments == nullptr) return false;
  return redoubt_json_member(command.arguments, command.arguments_length, name, &value) == REDOUBT_OK &&
         value.type != REDOUBT_JSON_NONE;
}

const char *setPeriod(Node &node, const redoubt_command &command) {
  redoubt_json_value value;
  uint64_t period = 0;
  if (!argument(command, "period_ms", value) ||
      redoubt_json_whole_number(&value, LONGEST_PERIOD_MS, &period) != REDOUBT_OK) {
    return "period_ms: 20 to 3600000";
  }
  char text[12];
  snprintf(text, sizeof text, "%lu", static_cast<unsigned long>(period));
  const char *problem = settingsSet("period-ms", text);
  if (problem == nullptr) node.settings.periodMs = static_cast<uint32_t>(period);
  return problem;
}

const char *update(Node &node, const redoubt_command &command) {
  redoubt_json_value value;
  char url[LONGEST_URL];
  if (!argument(command, "url", value) || redoubt_json_plain_text(&value, url, sizeof url) != REDOUBT_OK) {
    return "url: https://host/path of up to 199 characters";
  }
  const char *problem = updateFrom(url, node.settings);
  node.isRestartWanted = problem == nullptr;
  return problem;
}

/** @returns why it was not done; nullptr where it was. */
const char *obey(Node &node, const redoubt_command &command) {
  const auto is = [&command](const char *name) { return strcmp(command.name, name) == 0; };
  if (is("fan_on") || is("fan_off")) switchPin(REDOUBT_PIN_RELAY, is("fan_on"));
  else if (is("led_on") || is("led_off")) switchPin(REDOUBT_PIN_LED, is("led_on"));
  else if (is("read_now")) node.isReadingWanted = true;
  else if (is("restart")) node.isRestartWanted = true;
  else if (is("set_period")) return setPeriod(node, command);
  else if (is("update")) return update(node, command);
  else return "this device does not know it";
  return nullptr;
}

}  // namespace

void commandsHandle(Node &node, const ReceivedCommand &received) {
  static uint8_t plaintext[REDOUBT_MAX_MESSAGE_BYTES];
  redoubt_command command;
  const redoubt_status status = redoubt_device_command(&node.device, received.topic, wallClockMs(), received.bytes,
                                                       received.length, plaintext, sizeof plaintext, &command);
  const redoubt_command_counts &counts = node.device.commands;
  if (status != REDOUBT_OK) {
    // Whoever sent it chose its bytes: none of them is printed.
    Serial.printf("command refused %s (%lu refused)\n", redoubt_status_name(status),
                  static_cast<unsigned long>(counts.refused));
    return;
  }
  const char *problem = obey(node, command);
  Serial.printf("command %s %s%s%s (%lu accepted)\n", command.name, problem == nullptr ? "done" : "not done",
                problem == nullptr ? "" : ": ", problem == nullptr ? "" : problem,
                static_cast<unsigned long>(counts.accepted));
  redoubt_crypto_wipe(plaintext, sizeof plaintext);
}
