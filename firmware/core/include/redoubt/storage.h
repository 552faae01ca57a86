/** Where the device keeps what must outlive a restart: NVS on the ESP32, files on a host. */
#ifndef REDOUBT_STORAGE_H
#define REDOUBT_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest name of a value: NVS takes no longer ones. */
#define REDOUBT_STORAGE_MAX_NAME 15
/** The longest value that the core stores. */
#define REDOUBT_STORAGE_MAX_BYTES 192

/** Named values. The core uses the names `identity`, `counters-a` and `counters-b`; the others are the caller's. */
struct redoubt_storage {
  /** Given to each function as it is. */
  void *context;

  /**
   * @param length of what was read.
   * @return REDOUBT_NOT_FOUND; REDOUBT_SIZE where `out` is too small; REDOUBT_STORAGE where nothing can be known.
   */
  enum redoubt_status (*read)(void *context, const char *name, uint8_t *out, size_t capacity, size_t *length);

  /**
   * Replaces a value as a whole: after a power cut at any moment it is the old one or the new one. REDOUBT_OK means
   * that it is in the flash and will be read after a power cut.
   *
   * @return REDOUBT_STORAGE; the value is then the old one or the new one.
   */
  enum redoubt_status (*write)(void *context, const char *name, const uint8_t *value, size_t length);

  /** @return REDOUBT_STORAGE; REDOUBT_OK also where there was nothing. */
  enum redoubt_status (*erase)(void *context, const char *name);
};

#ifdef __cplusplus
}
#endif

#endif
