#include "wireless.h"

#include <Arduino.h>
#include <WiFi.h>

void Wireless::begin() {
  // The network's password is in the settings; the WiFi library must not keep a second copy.
  WiFi.persistent(false);
  WiFi.setAutoReconnect(false);
  WiFi.mode(WIFI_STA);
}

void Wireless::poll(const Settings &settings, uint32_t now) {
  isUp_ = WiFi.status() == WL_CONNECTED;
  if (isUp_) {
    backoff_.succeeded();
    return;
  }
  if (settings.wifiName[0] == '\0' || !backoff_.isDue(now)) return;
  backoff_.attempted(now);
  WiFi.disconnect();
  WiFi.begin(settings.wifiName, settings.wifiPassword[0] == '\0' ? nullptr : settings.wifiPassword);
}

int Wireless::strength() const { return WiFi.RSSI(); }
