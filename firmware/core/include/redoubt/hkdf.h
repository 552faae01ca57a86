/** Key derivation: HKDF-SHA-256 (RFC 5869) over the crypto port's HMAC. */
#ifndef REDOUBT_HKDF_H
#define REDOUBT_HKDF_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDOUBT_HKDF_MAX_INFO_BYTES 128
#define REDOUBT_HKDF_MAX_OUTPUT_BYTES 8160

/**
 * @param salt may be NULL with a length of 0: then it is 32 zeros.
 * @param info at most REDOUBT_HKDF_MAX_INFO_BYTES.
 * @param out `out_length` bytes, at most REDOUBT_HKDF_MAX_OUTPUT_BYTES; zeros after any answer but REDOUBT_OK.
 * @return REDOUBT_SIZE, REDOUBT_CRYPTO.
 */
enum redoubt_status redoubt_hkdf_sha256(const uint8_t *key, size_t key_length, const uint8_t *salt, size_t salt_length,
                                        const uint8_t *info, size_t info_length, uint8_t *out, size_t out_length);

#ifdef __cplusplus
}
#endif

#endif
