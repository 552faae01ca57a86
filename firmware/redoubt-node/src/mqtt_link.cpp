#include "mqtt_link.h"

#include <Arduino.h>
#include <esp_idf_version.h>
#include <mqtt_client.h>

#include <atomic>
#include <mutex>

namespace {

constexpr int KEEPALIVE_SEC = 60;
constexpr int NETWORK_TIMEOUT_MS = 10000;
constexpr int BUFFER_BYTES = 2304;
constexpr size_t MOST_ACKNOWLEDGED = 32;
constexpr size_t MOST_COMMANDS = 2;

/** Shared with the client's own task, which calls onEvent. */
struct Shared {
  std::mutex mutex;
  int acknowledged[MOST_ACKNOWLEDGED];
  size_t acknowledgedCount = 0;
  ReceivedCommand commands[MOST_COMMANDS];
  size_t commandCount = 0;
  /** The message that comes in at present, in pieces. */
  ReceivedCommand incoming;
  bool isIncoming = false;
};

Shared shared;
std::atomic<bool> isConnected{false};
std::atomic<bool> hasFailed{false};
std::atomic<uint32_t> overlookedCount{0};
esp_mqtt_client_handle_t client;
const char *subscription;

void startIncoming(const esp_mqtt_event_t &event) {
  const bool fits = event.topic_len > 0 && static_cast<size_t>(event.topic_len) < LONGEST_TOPIC &&
                    event.total_data_len >= 0 && static_cast<size_t>(event.total_data_len) <= LONGEST_COMMAND;
  shared.isIncoming = fits;
  if (!fits) {
    overlookedCount++;
    return;
  }
  memcpy(shared.incoming.topic, event.topic, event.topic_len);
  shared.incoming.topic[event.topic_len] = '\0';
  shared.incoming.length = 0;
}

void onData(const esp_mqtt_event_t &event) {
  if (event.current_data_offset == 0) startIncoming(event);
  if (!shared.isIncoming || event.data_len < 0) return;
  ReceivedCommand &incoming = shared.incoming;
  const size_t offset = static_cast<size_t>(event.current_data_offset);
  if (offset != incoming.length || incoming.length + event.data_len > LONGEST_COMMAND) {
    shared.isIncoming = false;
    overlookedCount++;
    return;
  }
  memcpy(incoming.bytes + incoming.length, event.data, event.data_len);
  incoming.length += event.data_len;
  if (incoming.length < static_cast<size_t>(event.total_data_len)) return;
  shared.isIncoming = false;
  if (shared.commandCount == MOST_COMMANDS) {
    overlookedCount++;
    return;
  }
  shared.commands[shared.commandCount++] = incoming;
}

void onPublished(int message) {
  // Where nobody takes them the reading is sent again: a copy is refused by its number, a loss would be for good.
  if (shared.acknowledgedCount < MOST_ACKNOWLEDGED) shared.acknowledged[shared.acknowledgedCount++] = message;
}

void onEvent(void *, esp_event_base_t, int32_t id, void *data) {
  const esp_mqtt_event_t &event = *static_cast<esp_mqtt_event_t *>(data);
  if (id == MQTT_EVENT_CONNECTED) {
    esp_mqtt_client_subscribe(client, subscription, 1);
    isConnected = true;
  } else if (id == MQTT_EVENT_DISCONNECTED) {
    isConnected = false;
    hasFailed = true;
  } else if (id == MQTT_EVENT_PUBLISHED || id == MQTT_EVENT_DATA) {
    std::lock_guard<std::mutex> lock(shared.mutex);
    if (id == MQTT_EVENT_PUBLISHED) onPublished(event.msg_id);
    else onData(event);
  }
}

const char *orNull(const char *text) { return text[0] == '\0' ? nullptr : text; }

esp_mqtt_client_config_t configOf(const Settings &settings, const char *device, const char *password) {
  esp_mqtt_client_config_t config = {};
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
  config.broker.address.uri = settings.broker;
  config.broker.verification.certificate = orNull(settings.authority);
  config.credentials.client_id = device;
  config.credentials.username = device;
  config.credentials.authentication.password = orNull(password);
  config.credentials.authentication.certificate = orNull(settings.certificate);
  config.credentials.authentication.key = orNull(settings.certificateKey);
  config.session.keepalive = KEEPALIVE_SEC;
  config.network.timeout_ms = NETWORK_TIMEOUT_MS;
  config.network.disable_auto_reconnect = true;
  config.buffer.size = BUFFER_BYTES;
#else
  config.uri = settings.broker;
  config.cert_pem = orNull(settings.authority);
  config.client_id = device;
  config.username = device;
  config.password = orNull(password);
  config.client_cert_pem = orNull(settings.certificate);
  config.client_key_pem = orNull(settings.certificateKey);
  config.keepalive = KEEPALIVE_SEC;
  config.network_timeout_ms = NETWORK_TIMEOUT_MS;
  config.disable_auto_reconnect = true;
  config.buffer_size = BUFFER_BYTES;
#endif
  return config;
}

}  // namespace

bool MqttLink::begin(const Settings &settings, const char *device, const char *password, const char *commandTopic) {
  if (settingsMissing(settings) != nullptr) return false;
  subscription = commandTopic;
  const esp_mqtt_client_config_t config = configOf(settings, device, password);
  client = esp_mqtt_client_init(&config);
  if (client == nullptr) return false;
  isBegun_ = esp_mqtt_client_register_event(client, MQTT_EVENT_ANY, onEvent, nullptr) == ESP_OK;
  return isBegun_;
}

void MqttLink::poll(bool hasNetwork, uint32_t now) {
  if (isConnected) {
    backoff_.succeeded();
    return;
  }
  if (!isBegun_ || !hasNetwork || !backoff_.isDue(now)) return;
  // While an attempt is on its way there is nothing to repeat.
  if (isStarted_ && !hasFailed.exchange(false)) return;
  backoff_.attempted(now);
  if (isStarted_) esp_mqtt_client_reconnect(client);
  else isStarted_ = esp_mqtt_client_start(client) == ESP_OK;
}

bool MqttLink::isUp() const { return isConnected; }

int MqttLink::publish(const char *topic, const uint8_t *bytes, size_t length) {
  return esp_mqtt_client_publish(client, topic, reinterpret_cast<const char *>(bytes), static_cast<int>(length), 1, 0);
}

bool MqttLink::takeAcknowledged(int &message) {
  std::lock_guard<std::mutex> lock(shared.mutex);
  if (shared.acknowledgedCount == 0) return false;
  message = shared.acknowledged[--shared.acknowledgedCount];
  return true;
}

bool MqttLink::takeCommand(ReceivedCommand &command) {
  std::lock_guard<std::mutex> lock(shared.mutex);
  if (shared.commandCount == 0) return false;
  command = shared.commands[0];
  shared.commandCount--;
  for (size_t i = 0; i < shared.commandCount; i++) shared.commands[i] = shared.commands[i + 1];
  return true;
}

uint32_t MqttLink::overlooked() const { return overlookedCount; }
