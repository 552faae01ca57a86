/**
 * All the cryptography that the core needs, behind one small interface. A build links exactly one backend:
 * `crypto_mbedtls.c` (Mbed TLS 2.28 and 3.x; ESP-IDF 4 and 5) or `crypto_psa.c` (PSA Crypto; Mbed TLS 4, ESP-IDF 6).
 *
 * Every function answers REDOUBT_OK or REDOUBT_CRYPTO, `redoubt_crypto_aes128_gcm_open` also REDOUBT_AUTH. Backends
 * leave no copy of keys on the stack. Input and output buffers must not overlap.
 */
#ifndef REDOUBT_CRYPTO_PORT_H
#define REDOUBT_CRYPTO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDOUBT_SHA256_BYTES 32
#define REDOUBT_AES128_KEY_BYTES 16
#define REDOUBT_GCM_NONCE_BYTES 12
#define REDOUBT_GCM_TAG_BYTES 16

/** Once, before any other function of this file. Safe to call again. */
enum redoubt_status redoubt_crypto_start(void);

/** HMAC-SHA-256 (RFC 2104). `key_length` is at least 1; `out` has REDOUBT_SHA256_BYTES. */
enum redoubt_status redoubt_crypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message,
                                               size_t message_length, uint8_t *out);

/**
 * AES-128-GCM (NIST SP 800-38D) with a nonce of 12 bytes.
 *
 * @param out ciphertext followed by the tag: `plaintext_length` + REDOUBT_GCM_TAG_BYTES bytes.
 */
enum redoubt_status redoubt_crypto_aes128_gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *plaintext,
                                                   size_t plaintext_length, uint8_t *out);

/**
 * The inverse; the library compares the tag in constant time.
 *
 * @param sealed ciphertext followed by the tag, at least REDOUBT_GCM_TAG_BYTES bytes.
 * @param out `sealed_length` - REDOUBT_GCM_TAG_BYTES bytes; zeros after any answer but REDOUBT_OK.
 * @return REDOUBT_AUTH for a tag that is wrong.
 */
enum redoubt_status redoubt_crypto_aes128_gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *sealed, size_t sealed_length,
                                                   uint8_t *out);

/** Whether two secrets are equal, in a time that does not depend on their bytes. */
bool redoubt_crypto_equal(const uint8_t *a, const uint8_t *b, size_t length);

/** Overwrites a secret with zeros in a way that no compiler leaves out. */
void redoubt_crypto_wipe(void *secret, size_t length);

#ifdef __cplusplus
}
#endif

#endif
