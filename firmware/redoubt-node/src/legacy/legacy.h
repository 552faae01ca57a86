// Wire formats of two older systems, to try a gateway's receivers with. Never for a device in use.
//
// REDOUBT_LEGACY=2: `{"temp":20.00,"hum":45.50,"id":"..."}|<CRC-32>` in AES-128-ECB with zeros at its end, on
//   home/sensor/data. Proves nothing, hides little (equal blocks look alike), and copies of it pass.
// REDOUBT_LEGACY=3: JSON with sensors{} and system{}, readable by everybody, signed with HMAC-SHA-256 (`hmac-json`).
#pragma once

#include <redoubt/device.h>

#include "../options.h"

#if REDOUBT_LEGACY
#warning "REDOUBT_LEGACY: a wire format for interoperability tests only; do not use this firmware on a device"

redoubt_status legacySeal(redoubt_device &device, const redoubt_reading &reading, char *json, size_t jsonCapacity,
                          uint8_t *message, size_t capacity, size_t &length, uint64_t &number);
#endif
