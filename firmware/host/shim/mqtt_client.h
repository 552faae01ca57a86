// Interface of ESP-IDF's MQTT client as far as the sketch uses it, over libmosquitto; see mqtt_client.cpp.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"
#include "esp_idf_version.h"

typedef struct esp_mqtt_client *esp_mqtt_client_handle_t;

typedef enum {
  MQTT_EVENT_ANY = -1,
  MQTT_EVENT_ERROR = 0,
  MQTT_EVENT_CONNECTED,
  MQTT_EVENT_DISCONNECTED,
  MQTT_EVENT_SUBSCRIBED,
  MQTT_EVENT_UNSUBSCRIBED,
  MQTT_EVENT_PUBLISHED,
  MQTT_EVENT_DATA,
} esp_mqtt_event_id_t;

typedef struct {
  esp_mqtt_event_id_t event_id;
  esp_mqtt_client_handle_t client;
  char *data;
  int data_len;
  int total_data_len;
  int current_data_offset;
  char *topic;
  int topic_len;
  int msg_id;
} esp_mqtt_event_t;

typedef esp_mqtt_event_t *esp_mqtt_event_handle_t;

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
typedef struct {
  struct {
    struct {
      const char *uri;
    } address;
    struct {
      const char *certificate;
    } verification;
  } broker;
  struct {
    const char *username;
    const char *client_id;
    struct {
      const char *password;
      const char *certificate;
      const char *key;
    } authentication;
  } credentials;
  struct {
    bool disable_clean_session;
    int keepalive;
  } session;
  struct {
    int timeout_ms;
    bool disable_auto_reconnect;
  } network;
  struct {
    int size;
  } buffer;
} esp_mqtt_client_config_t;
#else
typedef struct {
  const char *uri;
  const char *client_id;
  const char *username;
  const char *password;
  const char *cert_pem;
  const char *client_cert_pem;
  const char *client_key_pem;
  int disable_clean_session;
  int keepalive;
  bool disable_auto_reconnect;
  int buffer_size;
  int network_timeout_ms;
} esp_mqtt_client_config_t;
#endif

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config);
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t handler, void *argument);
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_reconnect(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t client);
int esp_mqtt_client_subscribe(esp_mqtt_client_handle_t client, const char *topic, int qos);
int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int length, int qos,
                            int retain);
