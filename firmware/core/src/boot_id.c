#include "redoubt/boot_id.h"

#include <string.h>

enum redoubt_status redoubt_boot_id_make(redoubt_random random, void *context, uint8_t *out) {
  memset(out, 0, REDOUBT_BOOT_ID_BYTES);
  if (random(context, out, REDOUBT_BOOT_ID_BYTES) != REDOUBT_OK) return REDOUBT_RANDOM;
  for (size_t index = 1; index < REDOUBT_BOOT_ID_BYTES; index++) {
    if (out[index] != out[0]) return REDOUBT_OK;
  }
  return REDOUBT_RANDOM;
}
