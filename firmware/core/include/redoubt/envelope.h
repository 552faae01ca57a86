/**
 * The envelope `cose-a128gcm`: COSE_Encrypt0 (RFC 9052, section 5.2) of one fixed shape,
 *
 *     16([h'A10101', {4: kid, 6: number (8 bytes), 10: boot id (8 bytes)}, ciphertext || tag (16 bytes)])
 *
 * with kid = `<device>:<key epoch>`; key and common IV are HKDF-SHA-256 of the device's key (salt: boot id, info:
 * `env/v1`, length of kid, kid, epoch in 4 bytes); the nonce is the common IV xor the number; bound to the topic's two
 * last levels. Byte for byte what the gateway makes: `test/vectors/cose-a128gcm.json`.
 */
#ifndef REDOUBT_ENVELOPE_H
#define REDOUBT_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDOUBT_DEVICE_KEY_BYTES 32
#define REDOUBT_BOOT_ID_BYTES 8
/** The longest message of the format, and so the most that a buffer for one ever needs. */
#define REDOUBT_MAX_MESSAGE_BYTES 2048
/** `<device>:<epoch>`. */
#define REDOUBT_MAX_KID_BYTES 32
/** Of a topic that a message is bound to: its two last levels together with the slash. */
#define REDOUBT_MAX_BOUND_TOPIC_BYTES 128
/** A message is longer than its plaintext by at most this. */
#define REDOUBT_MAX_OVERHEAD_BYTES 81
/** The greatest number that a gateway takes. */
#define REDOUBT_MAX_NUMBER UINT64_C(9007199254740991)

/** Who seals. The pointers are the caller's and must stay valid during the call only. */
struct redoubt_sender {
  /** REDOUBT_DEVICE_KEY_BYTES. */
  const uint8_t *key;
  /** 1 to 30 of `A-Z a-z 0-9 . _ -`. */
  const char *device;
  uint32_t epoch;
  /** REDOUBT_BOOT_ID_BYTES, random at each start. */
  const uint8_t *boot_id;
};

/** A message in its parts; they point into the message. Nothing of it is proved. */
struct redoubt_envelope {
  const uint8_t *kid;
  size_t kid_length;
  /** How many bytes of `kid`, from its start, are the device's name. */
  size_t device_length;
  uint32_t epoch;
  uint64_t number;
  /** REDOUBT_BOOT_ID_BYTES. */
  const uint8_t *boot_id;
  /** Ciphertext and tag. */
  const uint8_t *ciphertext;
  size_t ciphertext_length;
};

/**
 * Seals one payload.
 *
 * @param topic the whole MQTT topic, of which the two last levels are bound; the first of them must be the device.
 * @param number never twice with one key (`redoubt_counters_next`), at most REDOUBT_MAX_NUMBER.
 * @param out must not overlap the plaintext.
 * @return REDOUBT_TOPIC_MISMATCH, REDOUBT_RANGE (number), REDOUBT_ARGUMENT (device), REDOUBT_SIZE, REDOUBT_CRYPTO;
 *         `out` then holds nothing that may be sent and `*out_length` is 0.
 */
enum redoubt_status redoubt_envelope_seal(const struct redoubt_sender *sender, const char *topic, uint64_t number,
                                          const uint8_t *plaintext, size_t plaintext_length, uint8_t *out,
                                          size_t out_capacity, size_t *out_length);

/**
 * Takes a message apart. There is one encoding of each: shortest lengths, labels in order, nothing after the end.
 *
 * @return REDOUBT_SIZE, REDOUBT_FORMAT.
 */
enum redoubt_status redoubt_envelope_parse(const uint8_t *message, size_t length, struct redoubt_envelope *out);

/**
 * Opens a message that came on a topic. Whether its number was seen before is for the caller to judge, afterwards.
 *
 * @param key REDOUBT_DEVICE_KEY_BYTES.
 * @param plaintext must not overlap the message; zeros up to the capacity after any answer but REDOUBT_OK.
 * @param envelope the parts, authenticated; may be NULL.
 * @return REDOUBT_SIZE, REDOUBT_FORMAT, REDOUBT_TOPIC_MISMATCH, REDOUBT_AUTH, REDOUBT_CRYPTO.
 */
enum redoubt_status redoubt_envelope_open(const uint8_t *key, const char *topic, const uint8_t *message, size_t length,
                                          uint8_t *plaintext, size_t plaintext_capacity, size_t *plaintext_length,
                                          struct redoubt_envelope *envelope);

#ifdef __cplusplus
}
#endif

#endif
