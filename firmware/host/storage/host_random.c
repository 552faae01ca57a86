#include "host_random.h"

#include <sys/random.h>

enum redoubt_status redoubt_host_random(void *context, uint8_t *out, size_t length) {
  (void)context;
  return getrandom(out, length, 0) == (ssize_t)length ? REDOUBT_OK : REDOUBT_RANDOM;
}
