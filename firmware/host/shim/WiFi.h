#pragma once

#include <cstdint>

typedef enum {
  WL_IDLE_STATUS = 0,
  WL_NO_SSID_AVAIL = 1,
  WL_CONNECTED = 3,
  WL_CONNECT_FAILED = 4,
  WL_DISCONNECTED = 6
} wl_status_t;

typedef enum { WIFI_OFF = 0, WIFI_STA = 1, WIFI_AP = 2, WIFI_AP_STA = 3 } wifi_mode_t;

class IPAddress {
public:
  explicit IPAddress(uint8_t a = 0, uint8_t b = 0, uint8_t c = 0, uint8_t d = 0) : octets_{a, b, c, d} {}
  uint8_t operator[](int index) const { return octets_[index]; }

private:
  uint8_t octets_[4];
};

/** A station that is connected soon after `begin`; while the file `wifi-down` is in the flash folder it is not. */
class WiFiClass {
public:
  bool mode(wifi_mode_t mode);
  void persistent(bool isPersistent);
  bool setAutoReconnect(bool isOn);
  bool setHostname(const char *name);
  wl_status_t begin(const char *ssid, const char *password = nullptr);
  bool disconnect(bool off = false);
  wl_status_t status();
  int8_t RSSI();
  bool softAP(const char *ssid, const char *password = nullptr);
  bool softAPdisconnect(bool off = false);
  IPAddress softAPIP();

private:
  uint32_t since_ = 0;
  bool isStarted_ = false;
};

extern WiFiClass WiFi;
