// TLS 1.2 by mbedtls, as on the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

class WiFiClientSecure {
public:
  WiFiClientSecure();
  ~WiFiClientSecure();
  void setCACert(const char *pem);
  int connect(const char *host, uint16_t port);
  size_t write(const uint8_t *bytes, size_t length);
  /** Bytes that can be read at once. */
  int available();
  /** @returns bytes read; -1 where there are none now. */
  int read(uint8_t *buffer, size_t length);
  uint8_t connected();
  void stop();

private:
  struct Session;
  std::unique_ptr<Session> session_;
};
