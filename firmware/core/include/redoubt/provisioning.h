/**
 * The provisioning record: one line of ASCII that gives a device its name, its key and its password at the broker, by
 * QR code, serial line or the set-up page,
 *
 *     redoubt1 <device> <epoch> <key, 64 lower-case hex digits> <password, or -> <CRC-32, 8 lower-case hex digits>
 *
 * with single spaces. The CRC-32 (IEEE 802.3) covers everything before the last space; it finds typing errors and
 * proves nothing. Whoever has the line has the key.
 */
#ifndef REDOUBT_PROVISIONING_H
#define REDOUBT_PROVISIONING_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/envelope.h"
#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** With the colon and an epoch of five digits it fits into a key identifier. */
#define REDOUBT_MAX_DEVICE_NAME 26
#define REDOUBT_MAX_EPOCH 99999
#define REDOUBT_MAX_PASSWORD 64
/** The longest record, without a NUL. */
#define REDOUBT_MAX_PROVISIONING_BYTES 180

/** What a record says. Holds secrets: wipe it after use (`redoubt_crypto_wipe`). */
struct redoubt_provisioning {
  /** 1 to 26 of `A-Z a-z 0-9 . _ -`, also the user name at the broker; ends with a NUL. */
  char device[REDOUBT_MAX_DEVICE_NAME + 1];
  /** 1 to 99,999. */
  uint32_t epoch;
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  /** Printable ASCII without spaces; empty for none. Ends with a NUL. */
  char password[REDOUBT_MAX_PASSWORD + 1];
};

/**
 * Reads a record. There is one spelling of each: no other white space, no line end, no leading zeros.
 *
 * @param out all zeros after any answer but REDOUBT_OK.
 * @return REDOUBT_SIZE, REDOUBT_FORMAT; REDOUBT_RANGE for an epoch or a key that is none (all bytes equal, or each one
 *         greater by the same step).
 */
enum redoubt_status redoubt_provisioning_parse(const char *text, size_t length, struct redoubt_provisioning *out);

/**
 * Writes a record; its inverse is `redoubt_provisioning_parse`.
 *
 * @param out ends with a NUL, which `*length` does not count.
 * @return REDOUBT_SIZE; REDOUBT_FORMAT and REDOUBT_RANGE for what the parser would refuse.
 */
enum redoubt_status redoubt_provisioning_format(const struct redoubt_provisioning *record, char *out, size_t capacity,
                                                size_t *length);

#ifdef __cplusplus
}
#endif

#endif
