#pragma once

#include <cstdint>

#include "WiFi.h"

/** A captive portal's name server: the host has none, a test asks the portal by its address. */
class DNSServer {
public:
  bool start(uint16_t port, const char *domain, const IPAddress &address);
  void processNextRequest();
  void stop();
};
