/* The crypto port over Mbed TLS 2.28 and 3.x. */
#include <mbedtls/constant_time.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#include "redoubt/crypto_port.h"

#define AES128_KEY_BITS (REDOUBT_AES128_KEY_BYTES * 8)

enum redoubt_status redoubt_crypto_start(void) { return REDOUBT_OK; }

enum redoubt_status redoubt_crypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message,
                                               size_t message_length, uint8_t *out) {
  const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  return mbedtls_md_hmac(sha256, key, key_length, message, message_length, out) == 0 ? REDOUBT_OK : REDOUBT_CRYPTO;
}

enum redoubt_status redoubt_crypto_aes128_gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *plaintext,
                                                   size_t plaintext_length, uint8_t *out) {
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int error = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, AES128_KEY_BITS);
  if (error == 0) {
    error = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, plaintext_length, nonce, REDOUBT_GCM_NONCE_BYTES, aad,
                                      aad_length, plaintext, out, REDOUBT_GCM_TAG_BYTES, out + plaintext_length);
  }
  mbedtls_gcm_free(&gcm);
  return error == 0 ? REDOUBT_OK : REDOUBT_CRYPTO;
}

enum redoubt_status redoubt_crypto_aes128_gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *sealed, size_t sealed_length,
                                                   uint8_t *out) {
  size_t length = sealed_length - REDOUBT_GCM_TAG_BYTES;
  mbedtls_gcm_context gcm;
  mbedtls_gcm_init(&gcm);
  int error = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, AES128_KEY_BITS);
  if (error == 0) {
    error = mbedtls_gcm_auth_decrypt(&gcm, length, nonce, REDOUBT_GCM_NONCE_BYTES, aad, aad_length, sealed + length,
                                     REDOUBT_GCM_TAG_BYTES, sealed, out);
  }
  mbedtls_gcm_free(&gcm);
  if (error == 0) return REDOUBT_OK;
  mbedtls_platform_zeroize(out, length);
  return error == MBEDTLS_ERR_GCM_AUTH_FAILED ? REDOUBT_AUTH : REDOUBT_CRYPTO;
}

bool redoubt_crypto_equal(const uint8_t *a, const uint8_t *b, size_t length) {
  return mbedtls_ct_memcmp(a, b, length) == 0;
}

void redoubt_crypto_wipe(void *secret, size_t length) { mbedtls_platform_zeroize(secret, length); }
