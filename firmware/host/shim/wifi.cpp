#include "WiFi.h"

#include "Arduino.h"
#include "DNSServer.h"
#include "board.h"

WiFiClass WiFi;

namespace {
/** An access point takes the device in after this. */
constexpr uint32_t JOIN_MS = 30;
}  // namespace

bool WiFiClass::mode(wifi_mode_t) { return true; }

void WiFiClass::persistent(bool) {}

bool WiFiClass::setAutoReconnect(bool) { return true; }

bool WiFiClass::setHostname(const char *) { return true; }

wl_status_t WiFiClass::begin(const char *ssid, const char *) {
  isStarted_ = ssid[0] != '\0' && !board::isWifiDown();
  since_ = millis();
  return status();
}

bool WiFiClass::disconnect(bool) {
  isStarted_ = false;
  return true;
}

wl_status_t WiFiClass::status() {
  if (board::isWifiDown()) isStarted_ = false;
  return isStarted_ && millis() - since_ >= JOIN_MS ? WL_CONNECTED : WL_DISCONNECTED;
}

int8_t WiFiClass::RSSI() { return static_cast<int8_t>(-55 - static_cast<int>(board::seed() % 20)); }

bool WiFiClass::softAP(const char *, const char *password) { return password != nullptr && strlen(password) >= 8; }

bool WiFiClass::softAPdisconnect(bool) { return true; }

IPAddress WiFiClass::softAPIP() { return IPAddress(192, 168, 4, 1); }

bool DNSServer::start(uint16_t, const char *, const IPAddress &) { return true; }

void DNSServer::processNextRequest() {}

void DNSServer::stop() {}
