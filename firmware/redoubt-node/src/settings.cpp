#include "settings.h"

#include <Arduino.h>
#include <Preferences.h>

#include "options.h"

namespace {

constexpr char NAMESPACE[] = "redoubt-net";
constexpr char PERIOD[] = "period-ms";

constexpr SettingName NAMES[] = {
    {"wifi-name", false, false},   {"wifi-password", true, false}, {"broker", false, false},
    {"authority", false, true},    {"certificate", false, true},   {"certificate-key", true, true},
    {"update-key", false, true},   {"time-server", false, false},  {PERIOD, false, false},
};

struct Target {
  const char *name;
  char *text;
  size_t capacity;
};

/** NVS takes names of up to 15 characters; all of these are. */
void loadText(Preferences &nvs, const Target &target) {
  target.text[0] = '\0';
  if (nvs.isKey(target.name) && nvs.getString(target.name, target.text, target.capacity) == 0) target.text[0] = '\0';
}

size_t capacityOf(const char *name) {
  const Settings *none = nullptr;
  if (strcmp(name, "wifi-name") == 0) return sizeof none->wifiName;
  if (strcmp(name, "wifi-password") == 0) return sizeof none->wifiPassword;
  if (strcmp(name, "broker") == 0) return sizeof none->broker;
  if (strcmp(name, "time-server") == 0) return sizeof none->timeServer;
  if (strcmp(name, "update-key") == 0) return sizeof none->updateKey;
  return sizeof none->authority;
}

bool startsWith(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

/** Whether the host part of an address is exactly this, with or without a port. */
bool isHost(const char *rest, const char *host) {
  if (!startsWith(rest, host)) return false;
  const char *port = rest + strlen(host);
  if (*port == '\0') return true;
  return *port == ':' && port[1] != '\0' && strspn(port + 1, "0123456789") == strlen(port + 1);
}

const char *checkPeriod(const char *value, uint32_t &period) {
  char *end = nullptr;
  const unsigned long number = strtoul(value, &end, 10);
  if (end == value || *end != '\0' || number < SHORTEST_PERIOD_MS || number > LONGEST_PERIOD_MS) {
    return "20 to 3600000 milliseconds";
  }
  period = static_cast<uint32_t>(number);
  return nullptr;
}

/** Copies a PEM text, with line ends for each `\n`. */
bool unescape(const char *value, char *out, size_t capacity) {
  size_t length = 0;
  for (const char *at = value; *at != '\0'; at++) {
    if (length + 2 > capacity) return false;
    const bool isLineEnd = at[0] == '\\' && at[1] == 'n';
    out[length++] = isLineEnd ? '\n' : *at;
    if (isLineEnd) at++;
  }
  out[length] = '\0';
  return true;
}

}  // namespace

const SettingName *settingsNames(size_t &count) {
  count = sizeof NAMES / sizeof *NAMES;
  return NAMES;
}

void settingsLoad(Settings &settings) {
  memset(&settings, 0, sizeof settings);
  Preferences nvs;
  nvs.begin(NAMESPACE, false);
  const Target targets[] = {
      {"wifi-name", settings.wifiName, sizeof settings.wifiName},
      {"wifi-password", settings.wifiPassword, sizeof settings.wifiPassword},
      {"broker", settings.broker, sizeof settings.broker},
      {"authority", settings.authority, sizeof settings.authority},
      {"certificate", settings.certificate, sizeof settings.certificate},
      {"certificate-key", settings.certificateKey, sizeof settings.certificateKey},
      {"update-key", settings.updateKey, sizeof settings.updateKey},
      {"time-server", settings.timeServer, sizeof settings.timeServer},
  };
  for (const Target &target : targets) loadText(nvs, target);
  settings.periodMs = nvs.getUInt(PERIOD, DEFAULT_PERIOD_MS);
  nvs.end();
  if (settings.periodMs < SHORTEST_PERIOD_MS || settings.periodMs > LONGEST_PERIOD_MS) {
    settings.periodMs = DEFAULT_PERIOD_MS;
  }
}

const char *settingsSet(const char *name, const char *value) {
  const SettingName *found = nullptr;
  for (const SettingName &each : NAMES) {
    if (strcmp(each.name, name) == 0) found = &each;
  }
  if (found == nullptr) return "there is no such setting";
  static char text[sizeof(Settings::authority)];
  uint32_t period = 0;
  const bool isPeriod = strcmp(name, PERIOD) == 0;
  if (isPeriod) {
    const char *problem = checkPeriod(value, period);
    if (problem != nullptr) return problem;
  } else if (strlen(value) >= sizeof text || (found->isPem ? !unescape(value, text, sizeof text) : false)) {
    return "too long";
  } else if (!found->isPem) {
    strcpy(text, value);
  }
  if (!isPeriod && strlen(text) >= capacityOf(name)) return "too long";
  if (found->isPem && text[0] != '\0' && !startsWith(text, "-----BEGIN ")) return "not a PEM text";
  if (strcmp(name, "broker") == 0 && !settingsBrokerIsAllowed(text)) return "only mqtts://host:port";
  Preferences nvs;
  if (!nvs.begin(NAMESPACE, false)) return "the flash cannot be written";
  const bool isStored = isPeriod ? nvs.putUInt(PERIOD, period) == sizeof period
                                 : nvs.putString(name, text) == strlen(text);
  nvs.end();
  memset(text, 0, sizeof text);
  return isStored ? nullptr : "the flash cannot be written";
}

bool settingsBrokerIsAllowed(const char *uri) {
  if (startsWith(uri, "mqtts://")) return uri[8] != '\0' && strpbrk(uri + 8, "/@?# ") == nullptr;
#if REDOUBT_PLAIN_MQTT_ON_LOOPBACK
  if (startsWith(uri, "mqtt://")) return isHost(uri + 7, "127.0.0.1") || isHost(uri + 7, "localhost");
#else
  (void)isHost;
#endif
  return false;
}

const char *settingsMissing(const Settings &settings) {
  if (settings.wifiName[0] == '\0') return "wifi-name";
  if (!settingsBrokerIsAllowed(settings.broker)) return "broker";
  if (startsWith(settings.broker, "mqtts://") && settings.authority[0] == '\0') return "authority";
  if ((settings.certificate[0] == '\0') != (settings.certificateKey[0] == '\0')) return "certificate and its key";
  return nullptr;
}
