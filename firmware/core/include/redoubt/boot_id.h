/** The boot id: 8 random bytes that keep a nonce from coming twice even where the flash was set back. */
#ifndef REDOUBT_BOOT_ID_H
#define REDOUBT_BOOT_ID_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/envelope.h"
#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Fills `out` with bytes that nobody can guess. On the ESP32 that is `esp_fill_random` while the radio is on, or with
 * `bootloader_random_enable`; before that it is a pseudo-random number and not good enough.
 *
 * @return REDOUBT_OK or REDOUBT_RANDOM.
 */
typedef enum redoubt_status (*redoubt_random)(void *context, uint8_t *out, size_t length);

/**
 * Makes the boot id of this start.
 *
 * @param out REDOUBT_BOOT_ID_BYTES.
 * @return REDOUBT_RANDOM where the source fails or gives the same byte eight times: a source that is stuck.
 */
enum redoubt_status redoubt_boot_id_make(redoubt_random random, void *context, uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif
