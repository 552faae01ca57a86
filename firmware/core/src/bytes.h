/** Whole numbers in big-endian bytes, and the CRC-32 of what is stored or typed. */
#ifndef REDOUBT_BYTES_H
#define REDOUBT_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void put_u32(uint8_t *out, uint32_t value) {
  for (unsigned index = 0; index < 4; index++) out[index] = (uint8_t)(value >> (24U - 8U * index));
}

static inline void put_u64(uint8_t *out, uint64_t value) {
  put_u32(out, (uint32_t)(value >> 32));
  put_u32(out + 4, (uint32_t)value);
}

static inline uint32_t get_u32(const uint8_t *bytes) {
  uint32_t value = 0;
  for (unsigned index = 0; index < 4; index++) value = (value << 8) | bytes[index];
  return value;
}

static inline uint64_t get_u64(const uint8_t *bytes) { return ((uint64_t)get_u32(bytes) << 32) | get_u32(bytes + 4); }

/** CRC-32 of IEEE 802.3, as zlib computes it. */
uint32_t redoubt_crc32(const uint8_t *bytes, size_t length);

#endif
