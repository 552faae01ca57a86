#include "redoubt/hkdf.h"

#include <string.h>

#include "redoubt/crypto_port.h"

static enum redoubt_status expand(const uint8_t *prk, const uint8_t *info, size_t info_length, uint8_t *out,
                                  size_t out_length) {
  uint8_t block[REDOUBT_SHA256_BYTES] = {0};
  /* T(i - 1) || info || i */
  uint8_t input[REDOUBT_SHA256_BYTES + REDOUBT_HKDF_MAX_INFO_BYTES + 1];
  size_t previous = 0;
  size_t done = 0;
  enum redoubt_status status = REDOUBT_OK;
  for (uint8_t number = 1; done < out_length && status == REDOUBT_OK; number++) {
    memcpy(input, block, previous);
    if (info_length > 0) memcpy(input + previous, info, info_length);
    input[previous + info_length] = number;
    status = redoubt_crypto_hmac_sha256(prk, REDOUBT_SHA256_BYTES, input, previous + info_length + 1, block);
    if (status != REDOUBT_OK) break;
    size_t part = out_length - done < sizeof block ? out_length - done : sizeof block;
    memcpy(out + done, block, part);
    done += part;
    previous = sizeof block;
  }
  redoubt_crypto_wipe(block, sizeof block);
  redoubt_crypto_wipe(input, sizeof input);
  return status;
}

enum redoubt_status redoubt_hkdf_sha256(const uint8_t *key, size_t key_length, const uint8_t *salt, size_t salt_length,
                                        const uint8_t *info, size_t info_length, uint8_t *out, size_t out_length) {
  static const uint8_t zeros[REDOUBT_SHA256_BYTES] = {0};
  uint8_t prk[REDOUBT_SHA256_BYTES];
  if (out_length > REDOUBT_HKDF_MAX_OUTPUT_BYTES || info_length > REDOUBT_HKDF_MAX_INFO_BYTES) {
    redoubt_crypto_wipe(out, out_length);
    return REDOUBT_SIZE;
  }
  if (salt_length == 0) {
    salt = zeros;
    salt_length = sizeof zeros;
  }
  enum redoubt_status status = redoubt_crypto_hmac_sha256(salt, salt_length, key, key_length, prk);
  if (status == REDOUBT_OK) status = expand(prk, info, info_length, out, out_length);
  if (status != REDOUBT_OK) redoubt_crypto_wipe(out, out_length);
  redoubt_crypto_wipe(prk, sizeof prk);
  return status;
}
