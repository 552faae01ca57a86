// The MQTT task of the device is a thread here: events come from another thread than the sketch's, as on the device.
#include "mqtt_client.h"

#include <mosquitto.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "board.h"

namespace {

struct Settings {
  std::string host;
  int port = 0;
  bool isTls = false;
  std::string clientId, user, password, authority, certificate, key;
  int keepaliveSec = 120;
};

std::string textOf(const char *text) { return text == nullptr ? "" : text; }

bool readUri(const std::string &uri, Settings &settings) {
  const size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return false;
  settings.isTls = uri.compare(0, scheme, "mqtts") == 0;
  if (!settings.isTls && uri.compare(0, scheme, "mqtt") != 0) return false;
  const std::string rest = uri.substr(scheme + 3);
  const size_t colon = rest.rfind(':');
  settings.host = rest.substr(0, colon);
  settings.port = colon == std::string::npos ? (settings.isTls ? 8883 : 1883) : atoi(rest.c_str() + colon + 1);
  return !settings.host.empty() && settings.port > 0;
}

Settings settingsOf(const esp_mqtt_client_config_t &config) {
  Settings settings;
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
  const char *uri = config.broker.address.uri;
  settings.authority = textOf(config.broker.verification.certificate);
  settings.clientId = textOf(config.credentials.client_id);
  settings.user = textOf(config.credentials.username);
  settings.password = textOf(config.credentials.authentication.password);
  settings.certificate = textOf(config.credentials.authentication.certificate);
  settings.key = textOf(config.credentials.authentication.key);
  settings.keepaliveSec = config.session.keepalive;
#else
  const char *uri = config.uri;
  settings.authority = textOf(config.cert_pem);
  settings.clientId = textOf(config.client_id);
  settings.user = textOf(config.username);
  settings.password = textOf(config.password);
  settings.certificate = textOf(config.client_cert_pem);
  settings.key = textOf(config.client_key_pem);
  settings.keepaliveSec = config.keepalive;
#endif
  if (!readUri(textOf(uri), settings)) settings.port = 0;
  return settings;
}

}  // namespace

struct esp_mqtt_client {
  Settings settings;
  mosquitto *connection = nullptr;
  esp_event_handler_t handler = nullptr;
  void *argument = nullptr;
  std::thread task;
  std::mutex mutex;
  std::condition_variable wake;
  bool isWanted = false;
  bool isEnded = false;
  std::atomic<bool> isConnected{false};

  void tell(esp_mqtt_event_t &event) {
    event.client = this;
    if (handler != nullptr) handler(argument, "MQTT_EVENTS", event.event_id, &event);
  }

  void tell(esp_mqtt_event_id_t id, int message = 0) {
    esp_mqtt_event_t event = {};
    event.event_id = id;
    event.msg_id = message;
    tell(event);
  }

  bool applyTls() {
    if (!settings.isTls) return true;
    const std::string folder = board::flashFolder();
    const auto file = [&folder](const char *name, const std::string &text) {
      const std::string path = folder + "/" + name;
      return board::writeFile(path, text.data(), text.size()) ? path : std::string();
    };
    // libmosquitto reads certificates from files only.
    const std::string authority = file("tls-ca.pem", settings.authority);
    const std::string certificate = settings.certificate.empty() ? "" : file("tls-cert.pem", settings.certificate);
    const std::string key = settings.key.empty() ? "" : file("tls-key.pem", settings.key);
    if (authority.empty()) return false;
    return mosquitto_tls_set(connection, authority.c_str(), nullptr, certificate.empty() ? nullptr : certificate.c_str(),
                             key.empty() ? nullptr : key.c_str(), nullptr) == MOSQ_ERR_SUCCESS;
  }

  void run() {
    while (true) {
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [this] { return isWanted || isEnded; });
        if (isEnded) return;
        isWanted = false;
      }
      // libmosquitto keeps what is unacknowledged and sends it again, as the device's outbox does.
      int problem = board::isWifiDown() ? MOSQ_ERR_NO_CONN
                                        : mosquitto_connect(connection, settings.host.c_str(), settings.port,
                                                            settings.keepaliveSec);
      while (problem == MOSQ_ERR_SUCCESS && !ended() && !board::isWifiDown()) problem = mosquitto_loop(connection, 50, 1);
      if (ended()) {
        mosquitto_disconnect(connection);
        mosquitto_loop(connection, 50, 1);
        return;
      }
      if (problem != MOSQ_ERR_SUCCESS && problem != MOSQ_ERR_CONN_LOST) {
        fprintf(stderr, "mqtt: %s\n", mosquitto_strerror(problem));
      }
      if (board::isWifiDown()) mosquitto_disconnect(connection);
      isConnected = false;
      tell(MQTT_EVENT_ERROR);
      tell(MQTT_EVENT_DISCONNECTED);
    }
  }

  bool ended() {
    std::lock_guard<std::mutex> lock(mutex);
    return isEnded;
  }
};

namespace {

void onConnect(mosquitto *, void *object, int code) {
  auto *client = static_cast<esp_mqtt_client *>(object);
  if (code != 0) return;
  client->isConnected = true;
  client->tell(MQTT_EVENT_CONNECTED);
}

void onPublish(mosquitto *, void *object, int message) {
  static_cast<esp_mqtt_client *>(object)->tell(MQTT_EVENT_PUBLISHED, message);
}

void onSubscribe(mosquitto *, void *object, int message, int, const int *) {
  static_cast<esp_mqtt_client *>(object)->tell(MQTT_EVENT_SUBSCRIBED, message);
}

/** In pieces of the device's buffer, as the device gets a long message. */
constexpr int PIECE = 1024;

void onMessage(mosquitto *, void *object, const mosquitto_message *message) {
  auto *client = static_cast<esp_mqtt_client *>(object);
  for (int offset = 0; offset == 0 || offset < message->payloadlen; offset += PIECE) {
    esp_mqtt_event_t event = {};
    event.event_id = MQTT_EVENT_DATA;
    event.topic = offset == 0 ? message->topic : nullptr;
    event.topic_len = offset == 0 ? static_cast<int>(strlen(message->topic)) : 0;
    event.data = static_cast<char *>(message->payload) + offset;
    event.data_len = message->payloadlen - offset < PIECE ? message->payloadlen - offset : PIECE;
    event.total_data_len = message->payloadlen;
    event.current_data_offset = offset;
    client->tell(event);
  }
}

}  // namespace

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config) {
  static const int ready = mosquitto_lib_init();
  (void)ready;
  auto *client = new esp_mqtt_client;
  client->settings = settingsOf(*config);
  client->connection = mosquitto_new(client->settings.clientId.c_str(), true, client);
  if (client->connection == nullptr || client->settings.port == 0 || !client->applyTls()) {
    if (client->connection != nullptr) mosquitto_destroy(client->connection);
    delete client;
    return nullptr;
  }
  mosquitto_threaded_set(client->connection, true);
  mosquitto_max_inflight_messages_set(client->connection, 0);
  if (!client->settings.user.empty()) {
    mosquitto_username_pw_set(client->connection, client->settings.user.c_str(), client->settings.password.c_str());
  }
  mosquitto_connect_callback_set(client->connection, onConnect);
  mosquitto_publish_callback_set(client->connection, onPublish);
  mosquitto_subscribe_callback_set(client->connection, onSubscribe);
  mosquitto_message_callback_set(client->connection, onMessage);
  return client;
}

esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t,
                                         esp_event_handler_t handler, void *argument) {
  client->handler = handler;
  client->argument = argument;
  return ESP_OK;
}

esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client) {
  client->isWanted = true;
  client->task = std::thread([client] { client->run(); });
  return ESP_OK;
}

esp_err_t esp_mqtt_client_reconnect(esp_mqtt_client_handle_t client) {
  if (client->isConnected) return ESP_FAIL;
  std::lock_guard<std::mutex> lock(client->mutex);
  client->isWanted = true;
  client->wake.notify_one();
  return ESP_OK;
}

esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t client) {
  {
    std::lock_guard<std::mutex> lock(client->mutex);
    client->isEnded = true;
    client->wake.notify_one();
  }
  if (client->task.joinable()) client->task.join();
  return ESP_OK;
}

int esp_mqtt_client_subscribe(esp_mqtt_client_handle_t client, const char *topic, int qos) {
  int message = 0;
  return mosquitto_subscribe(client->connection, &message, topic, qos) == MOSQ_ERR_SUCCESS ? message : -1;
}

int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int length, int qos,
                            int retain) {
  int message = 0;
  const int size = length == 0 ? static_cast<int>(strlen(data)) : length;
  const int problem = mosquitto_publish(client->connection, &message, topic, size, data, qos, retain != 0);
  // Without connection libmosquitto keeps a message of QoS 1 as well.
  return problem == MOSQ_ERR_SUCCESS || problem == MOSQ_ERR_NO_CONN ? message : -1;
}
