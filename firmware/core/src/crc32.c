#include "bytes.h"

/** The generator polynomial, its bits in reverse order. */
#define POLYNOMIAL UINT32_C(0xedb88320)

uint32_t redoubt_crc32(const uint8_t *bytes, size_t length) {
  uint32_t crc = UINT32_MAX;
  for (size_t index = 0; index < length; index++) {
    crc ^= bytes[index];
    for (unsigned bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? POLYNOMIAL : 0U);
  }
  return ~crc;
}
