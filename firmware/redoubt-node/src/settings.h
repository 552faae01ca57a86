// Where the device connects to, in NVS. The device's name, key and password are not here but in the core's storage.
#pragma once

#include <stddef.h>
#include <stdint.h>

/** One setting. Secrets are never printed; PEM texts may be given with `\n` for their line ends. */
struct SettingName {
  const char *name;
  bool isSecret;
  bool isPem;
};

struct Settings {
  char wifiName[33];
  char wifiPassword[65];
  /** `mqtts://host:port`. */
  char broker[129];
  /** Authority whose certificates the broker and the update server must have. Nothing is trusted without it. */
  char authority[2049];
  /** Of the device itself, for brokers that ask for one; both or neither. */
  char certificate[2049];
  char certificateKey[2049];
  /** Public key that updates must be signed with; without one there are no updates. */
  char updateKey[513];
  char timeServer[65];
  /** Between two readings. */
  uint32_t periodMs;
};

constexpr uint32_t SHORTEST_PERIOD_MS = 20;
constexpr uint32_t LONGEST_PERIOD_MS = 3600000;
constexpr uint32_t DEFAULT_PERIOD_MS = 10000;

void settingsLoad(Settings &settings);

/** Stores one setting. @returns why it was refused; nullptr where it is stored. */
const char *settingsSet(const char *name, const char *value);

/** Whether MQTT may go to this address: with TLS; without it only as REDOUBT_PLAIN_MQTT_ON_LOOPBACK allows. */
bool settingsBrokerIsAllowed(const char *uri);

/** What is missing for a connection; nullptr where nothing is. */
const char *settingsMissing(const Settings &settings);

const SettingName *settingsNames(size_t &count);
