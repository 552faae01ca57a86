/** Random bytes of the host's kernel, as `redoubt_random`. */
#ifndef REDOUBT_HOST_RANDOM_H
#define REDOUBT_HOST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @param context not used. @param length at most 256. @return REDOUBT_RANDOM. */
enum redoubt_status redoubt_host_random(void *context, uint8_t *out, size_t length);

#ifdef __cplusplus
}
#endif

#endif
