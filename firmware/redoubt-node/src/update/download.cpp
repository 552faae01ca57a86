#include "download.h"

#include <Arduino.h>
#include <WiFiClientSecure.h>

#include "../watchdog.h"

namespace {

constexpr uint32_t SILENCE_MS = 15000;
constexpr size_t LONGEST_HOST = 100;
constexpr size_t LONGEST_HEAD = 2048;
constexpr char SCHEME[] = "https://";

struct Address {
  char host[LONGEST_HOST];
  uint16_t port;
  const char *path;
};

bool read(const char *url, Address &address) {
  if (strncmp(url, SCHEME, sizeof SCHEME - 1) != 0) return false;
  const char *host = url + sizeof SCHEME - 1;
  const char *path = strchr(host, '/');
  if (path == nullptr) return false;
  // The whole of it goes into a request's first line.
  for (const char *at = host; *at != '\0'; at++) {
    if (*at <= ' ' || *at > '~') return false;
  }
  const size_t length = static_cast<size_t>(path - host);
  if (length == 0 || length >= LONGEST_HOST || memchr(host, '@', length) != nullptr) return false;
  memcpy(address.host, host, length);
  address.host[length] = '\0';
  address.port = 443;
  address.path = path;
  if (char *colon = strchr(address.host, ':')) {
    const unsigned long port = strtoul(colon + 1, nullptr, 10);
    if (port == 0 || port > 65535) return false;
    address.port = static_cast<uint16_t>(port);
    *colon = '\0';
  }
  return true;
}

/** Takes the head of the answer away from in front of the body. */
class Head {
public:
  /** @returns how many of the bytes belong to it; after the last of them {@link isOver}. */
  size_t take(const uint8_t *bytes, size_t length) {
    size_t used = 0;
    while (used < length && !isOver_ && taken_ < LONGEST_HEAD) {
      const char byte = static_cast<char>(bytes[used++]);
      if (taken_ < sizeof start_ - 1) start_[taken_] = byte;
      taken_++;
      lineEnds_ = byte == '\n' ? lineEnds_ + 1 : byte == '\r' ? lineEnds_ : 0;
      isOver_ = lineEnds_ == 2;
    }
    return used;
  }
  bool isOver() const { return isOver_; }
  bool isTooLong() const { return !isOver_ && taken_ >= LONGEST_HEAD; }
  bool isFound() const { return strncmp(start_, "HTTP/1.", 7) == 0 && strncmp(start_ + 8, " 200", 4) == 0; }

private:
  char start_[16] = {};
  size_t taken_ = 0;
  int lineEnds_ = 0;
  bool isOver_ = false;
};

const char *readBody(WiFiClientSecure &client, DownloadTake take, void *context) {
  static uint8_t piece[1024];
  Head head;
  uint32_t heardAt = millis();
  while (client.connected() || client.available() > 0) {
    watchdogFeed();
    const int length = client.available() > 0 ? client.read(piece, sizeof piece) : 0;
    if (length <= 0) {
      if (millis() - heardAt > SILENCE_MS) return "the server is silent";
      delay(5);
      continue;
    }
    heardAt = millis();
    const size_t used = head.isOver() ? 0 : head.take(piece, static_cast<size_t>(length));
    if (head.isTooLong()) return "the server's answer cannot be read";
    if (!head.isOver()) continue;
    if (!head.isFound()) return "the server does not have it";
    if (const char *problem = take(context, piece + used, static_cast<size_t>(length) - used)) return problem;
  }
  return head.isOver() ? nullptr : "the server does not answer";
}

}  // namespace

const char *download(const char *url, const char *authority, DownloadTake take, void *context) {
  Address address;
  if (!read(url, address)) return "only https://host/path";
  WiFiClientSecure client;
  client.setCACert(authority);
  if (!client.connect(address.host, address.port)) return "no connection to a server that can be trusted";
  char request[400];
  const int length = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n",
                              address.path, address.host);
  if (length <= 0 || static_cast<size_t>(length) >= sizeof request) return "the address is too long";
  client.write(reinterpret_cast<const uint8_t *>(request), static_cast<size_t>(length));
  const char *problem = readBody(client, take, context);
  client.stop();
  return problem;
}
