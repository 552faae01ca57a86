#include "legacy.h"

#if REDOUBT_LEGACY

#include <cmath>
#include <redoubt/crypto_port.h>
#include <stdio.h>
#include <string.h>

#if REDOUBT_LEGACY == 2
#include <mbedtls/aes.h>
#endif

namespace {

double valueOf(const redoubt_reading &reading, const char *name) {
  for (size_t i = 0; i < reading.quantity_count; i++) {
    if (strcmp(reading.quantities[i].name, name) == 0) return reading.quantities[i].number;
  }
  return NAN;
}

}  // namespace

#if REDOUBT_LEGACY == 2

namespace {

constexpr size_t BLOCK = 16;
constexpr unsigned KEY_BITS = 128;

/** CRC-32 of IEEE 802.3. */
uint32_t crc32(const char *text, size_t length) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < length; i++) {
    crc ^= static_cast<uint8_t>(text[i]);
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

}  // namespace

/** The key is the first 16 bytes of the device's. */
redoubt_status legacySeal(redoubt_device &device, const redoubt_reading &reading, char *json, size_t jsonCapacity,
                          uint8_t *message, size_t capacity, size_t &length, uint64_t &number) {
  const redoubt_status counted = redoubt_counters_next(&device.counters, &number);
  if (counted != REDOUBT_OK) return counted;
  const double temperature = valueOf(reading, "temperature");
  const double humidity = valueOf(reading, "humidity");
  if (!std::isfinite(temperature) || !std::isfinite(humidity)) return REDOUBT_RANGE;
  int size = snprintf(json, jsonCapacity, "{\"temp\":%.2f,\"hum\":%.2f,\"id\":\"%s\"}", temperature, humidity,
                      device.identity.device);
  if (size < 0 || static_cast<size_t>(size) + 2 * BLOCK > jsonCapacity) return REDOUBT_SIZE;
  size += snprintf(json + size, jsonCapacity - size, "|%lX",
                   static_cast<unsigned long>(crc32(json, static_cast<size_t>(size))));
  length = (static_cast<size_t>(size) + BLOCK - 1) / BLOCK * BLOCK;
  if (length > capacity || length > jsonCapacity) return REDOUBT_SIZE;
  memset(json + size, 0, length - static_cast<size_t>(size));
  mbedtls_aes_context aes;
  mbedtls_aes_init(&aes);
  int failed = mbedtls_aes_setkey_enc(&aes, device.identity.key, KEY_BITS);
  for (size_t at = 0; failed == 0 && at < length; at += BLOCK) {
    failed = mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, reinterpret_cast<const uint8_t *>(json) + at, message + at);
  }
  mbedtls_aes_free(&aes);
  return failed == 0 ? REDOUBT_OK : REDOUBT_CRYPTO;
}

#else

redoubt_status legacySeal(redoubt_device &device, const redoubt_reading &reading, char *json, size_t jsonCapacity,
                          uint8_t *message, size_t capacity, size_t &length, uint64_t &number) {
  const redoubt_status counted = redoubt_counters_next(&device.counters, &number);
  if (counted != REDOUBT_OK) return counted;
  const double temperature = valueOf(reading, "temperature");
  const double humidity = valueOf(reading, "humidity");
  if (!std::isfinite(temperature) || !std::isfinite(humidity)) return REDOUBT_RANGE;
  int size = snprintf(json, jsonCapacity,
                      "{\"device_id\":\"%s\",\"user_id\":\"legacy\",\"timestamp\":%lld,\"sequence_number\":%llu,"
                      "\"sensors\":{\"temperature\":%.2f,\"humidity\":%.2f},\"system\":{",
                      device.identity.device, static_cast<long long>(reading.timestamp_ms),
                      static_cast<unsigned long long>(number), temperature, humidity);
  if (size < 0 || static_cast<size_t>(size) + 64 > jsonCapacity) return REDOUBT_SIZE;
  const bool hasBattery = std::isfinite(reading.battery_level);
  if (hasBattery) size += snprintf(json + size, jsonCapacity - size, "\"battery_level\":%.1f", reading.battery_level);
  if (std::isfinite(reading.cpu_usage)) {
    size += snprintf(json + size, jsonCapacity - size, "%s\"cpu_usage\":%.1f", hasBattery ? "," : "",
                     reading.cpu_usage);
  }
  size += snprintf(json + size, jsonCapacity - size, "}");
  uint8_t tag[REDOUBT_SHA256_BYTES];
  const redoubt_status signedStatus =
      redoubt_crypto_hmac_sha256(device.identity.key, sizeof device.identity.key,
                                 reinterpret_cast<const uint8_t *>(json), static_cast<size_t>(size), tag);
  if (signedStatus != REDOUBT_OK) return signedStatus;
  length = static_cast<size_t>(size) + 8 + 2 * sizeof tag + 2;
  if (length + 1 > capacity) return REDOUBT_SIZE;
  memcpy(message, json, static_cast<size_t>(size));
  char *at = reinterpret_cast<char *>(message) + size;
  at += sprintf(at, ",\"sig\":\"");
  for (uint8_t byte : tag) at += sprintf(at, "%02x", byte);
  sprintf(at, "\"}");
  return REDOUBT_OK;
}

#endif
#endif
