#include "portal.h"

#include <Arduino.h>

#ifdef REDOUBT_SETUP_PASSWORD

#include <DNSServer.h>
#include <WebServer.h>
#include <WiFi.h>

namespace {

constexpr uint32_t OPEN_MS = 600000;
constexpr uint16_t HTTP_PORT = 80;
constexpr uint16_t DNS_PORT = 53;
static_assert(sizeof REDOUBT_SETUP_PASSWORD > 8, "REDOUBT_SETUP_PASSWORD: at least 8 characters");

// No value is ever filled in: the page tells nothing about the device.
constexpr char PAGE[] =
    "<!doctype html><meta name=viewport content=\"width=device-width\"><title>Redoubt</title>"
    "<h1>Set up this device</h1><p>Fields that are left empty stay as they are.</p>"
    "<form method=post action=/save>"
    "<p><label>WiFi name<br><input name=wifi-name maxlength=32></label>"
    "<p><label>WiFi password<br><input name=wifi-password type=password maxlength=64></label>"
    "<p><label>Broker<br><input name=broker placeholder=\"mqtts://host:8883\" maxlength=128></label>"
    "<p><label>Broker's authority (PEM)<br><textarea name=authority rows=6></textarea></label>"
    "<p><label>Provisioning record<br><input name=record type=password maxlength=180></label>"
    "<p><button>Save</button></form>";

WebServer server(HTTP_PORT);
DNSServer names;
Node *owner;
bool isOpen = false;
uint32_t openedAt = 0;

/** Whatever a phone asks for to find out whether there is Internet, it gets the page. */
void showPage() {
  server.sendHeader("Cache-Control", "no-store");
  server.send(200, "text/html; charset=utf-8", PAGE);
}

const char *saveSetting(const char *name) {
  if (!server.hasArg(name)) return nullptr;
  const String value = server.arg(name);
  return value.length() == 0 ? nullptr : settingsSet(name, value.c_str());
}

const char *save() {
  for (const char *name : {"wifi-name", "wifi-password", "broker", "authority"}) {
    const char *problem = saveSetting(name);
    if (problem != nullptr) return problem;
  }
  if (!server.hasArg("record")) return nullptr;
  const String record = server.arg("record");
  if (record.length() == 0) return nullptr;
  const redoubt_status answer = redoubt_device_provision(&owner->device, record.c_str(), record.length());
  return answer == REDOUBT_OK ? nullptr : redoubt_status_name(answer);
}

void onSave() {
  const char *problem = save();
  server.sendHeader("Cache-Control", "no-store");
  server.send(problem == nullptr ? 200 : 400, "text/plain; charset=utf-8",
              problem == nullptr ? "Saved. The device starts again." : problem);
  Serial.printf("setup: %s\n", problem == nullptr ? "saved" : problem);
  owner->isRestartWanted = problem == nullptr;
}

void close() {
  server.stop();
  names.stop();
  WiFi.softAPdisconnect(true);
  WiFi.mode(WIFI_STA);
  isOpen = false;
}

}  // namespace

void portalOpen(Node &node) {
  if (isOpen) return;
  char name[24];
  snprintf(name, sizeof name, "redoubt-%04x", static_cast<unsigned>(ESP.getEfuseMac() >> 32 & 0xffff));
  WiFi.mode(WIFI_AP_STA);
  if (!WiFi.softAP(name, REDOUBT_SETUP_PASSWORD)) {
    Serial.println("setup: no access point");
    return;
  }
  owner = &node;
  names.start(DNS_PORT, "*", WiFi.softAPIP());
  server.on("/save", HTTP_POST, onSave);
  server.onNotFound(showPage);
  server.begin();
  isOpen = true;
  openedAt = millis();
  Serial.printf("setup: WiFi %s, then http://192.168.4.1/\n", name);
}

void portalPoll(Node &, uint32_t now) {
  if (!isOpen) return;
  names.processNextRequest();
  server.handleClient();
  if (now - openedAt > OPEN_MS) close();
}

#else

void portalOpen(Node &) { Serial.println("setup: this firmware has no set-up page; see REDOUBT_SETUP_PASSWORD"); }

void portalPoll(Node &, uint32_t) {}

#endif
