/* The crypto port over PSA Crypto: Mbed TLS 4, whose own functions for AES and HMAC are no longer public. */
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#include "redoubt/crypto_port.h"

enum redoubt_status redoubt_crypto_start(void) {
  return psa_crypto_init() == PSA_SUCCESS ? REDOUBT_OK : REDOUBT_CRYPTO;
}

/** A key that is gone after a restart; `psa_destroy_key` takes it back. */
static psa_status_t import_key(const uint8_t *key, size_t length, psa_key_type_t type, psa_algorithm_t algorithm,
                               psa_key_usage_t usage, psa_key_id_t *id) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, type);
  psa_set_key_algorithm(&attributes, algorithm);
  psa_set_key_usage_flags(&attributes, usage);
  return psa_import_key(&attributes, key, length, id);
}

enum redoubt_status redoubt_crypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message,
                                               size_t message_length, uint8_t *out) {
  const psa_algorithm_t algorithm = PSA_ALG_HMAC(PSA_ALG_SHA_256);
  psa_key_id_t id = 0;
  size_t length = 0;
  if (import_key(key, key_length, PSA_KEY_TYPE_HMAC, algorithm, PSA_KEY_USAGE_SIGN_MESSAGE, &id) != PSA_SUCCESS) {
    return REDOUBT_CRYPTO;
  }
  psa_status_t done = psa_mac_compute(id, algorithm, message, message_length, out, REDOUBT_SHA256_BYTES, &length);
  psa_status_t destroyed = psa_destroy_key(id);
  return done == PSA_SUCCESS && destroyed == PSA_SUCCESS ? REDOUBT_OK : REDOUBT_CRYPTO;
}

enum redoubt_status redoubt_crypto_aes128_gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *plaintext,
                                                   size_t plaintext_length, uint8_t *out) {
  psa_key_id_t id = 0;
  size_t length = 0;
  if (import_key(key, REDOUBT_AES128_KEY_BYTES, PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_ENCRYPT, &id) !=
      PSA_SUCCESS) {
    return REDOUBT_CRYPTO;
  }
  psa_status_t done = psa_aead_encrypt(id, PSA_ALG_GCM, nonce, REDOUBT_GCM_NONCE_BYTES, aad, aad_length, plaintext,
                                       plaintext_length, out, plaintext_length + REDOUBT_GCM_TAG_BYTES, &length);
  psa_status_t destroyed = psa_destroy_key(id);
  return done == PSA_SUCCESS && destroyed == PSA_SUCCESS ? REDOUBT_OK : REDOUBT_CRYPTO;
}

enum redoubt_status redoubt_crypto_aes128_gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                   size_t aad_length, const uint8_t *sealed, size_t sealed_length,
                                                   uint8_t *out) {
  const size_t most = sealed_length - REDOUBT_GCM_TAG_BYTES;
  psa_key_id_t id = 0;
  size_t length = 0;
  psa_status_t done =
      import_key(key, REDOUBT_AES128_KEY_BYTES, PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_DECRYPT, &id);
  if (done == PSA_SUCCESS) {
    done = psa_aead_decrypt(id, PSA_ALG_GCM, nonce, REDOUBT_GCM_NONCE_BYTES, aad, aad_length, sealed, sealed_length,
                            out, most, &length);
    psa_status_t destroyed = psa_destroy_key(id);
    if (done == PSA_SUCCESS) done = destroyed;
  }
  if (done == PSA_SUCCESS) return REDOUBT_OK;
  mbedtls_platform_zeroize(out, most);
  return done == PSA_ERROR_INVALID_SIGNATURE ? REDOUBT_AUTH : REDOUBT_CRYPTO;
}

bool redoubt_crypto_equal(const uint8_t *a, const uint8_t *b, size_t length) {
  return mbedtls_ct_memcmp(a, b, length) == 0;
}

void redoubt_crypto_wipe(void *secret, size_t length) { mbedtls_platform_zeroize(secret, length); }
