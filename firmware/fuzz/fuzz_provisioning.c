/* A provisioning record: whatever is read is written as exactly the same text again. */
#include <stdlib.h>
#include <string.h>

#include "../core/src/bytes.h"
#include "redoubt/provisioning.h"

#define CRC_DIGITS 8

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void must(int is_true) {
  if (!is_true) abort();
}

/** Mends the CRC-32 of half of the inputs: behind it lies the rest of the parser. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  static const char digits[] = "0123456789abcdef";
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 2 == 0 || size < CRC_DIGITS + 1) return size;
  uint32_t crc = redoubt_crc32(data, size - CRC_DIGITS - 1);
  data[size - CRC_DIGITS - 1] = ' ';
  for (size_t index = 0; index < CRC_DIGITS; index++) {
    data[size - CRC_DIGITS + index] = (uint8_t)digits[(crc >> (28U - 4U * (unsigned)index)) & 15U];
  }
  return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct redoubt_provisioning record;
  memset(&record, 0xa5, sizeof record);
  if (redoubt_provisioning_parse((const char *)data, size, &record) == REDOUBT_OK) {
    char text[REDOUBT_MAX_PROVISIONING_BYTES + 1];
    size_t length = 0;
    must(redoubt_provisioning_format(&record, text, sizeof text, &length) == REDOUBT_OK);
    must(length == size && memcmp(text, data, size) == 0);
    return 0;
  }
  const uint8_t *bytes = (const uint8_t *)&record;
  for (size_t index = 0; index < sizeof record; index++) must(bytes[index] == 0);
  return 0;
}
