#include "crypto_faults.h"

#include <stdbool.h>
#include <string.h>

#include "redoubt/crypto_port.h"

/* The names are the linker's. */
enum redoubt_status __real_redoubt_crypto_start(void);
enum redoubt_status __wrap_redoubt_crypto_start(void);
enum redoubt_status __real_redoubt_crypto_hmac_sha256(const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
enum redoubt_status __wrap_redoubt_crypto_hmac_sha256(const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
enum redoubt_status __real_redoubt_crypto_aes128_gcm_seal(const uint8_t *, const uint8_t *, const uint8_t *, size_t,
                                                          const uint8_t *, size_t, uint8_t *);
enum redoubt_status __wrap_redoubt_crypto_aes128_gcm_seal(const uint8_t *, const uint8_t *, const uint8_t *, size_t,
                                                          const uint8_t *, size_t, uint8_t *);

static unsigned fails_at;
static unsigned calls;

void crypto_fails_at(unsigned call) {
  fails_at = call;
  calls = 0;
}

static bool fails(void) { return ++calls >= fails_at && fails_at != 0; }

enum redoubt_status __wrap_redoubt_crypto_start(void) {
  return fails() ? REDOUBT_CRYPTO : __real_redoubt_crypto_start();
}

enum redoubt_status __wrap_redoubt_crypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message,
                                                      size_t message_length, uint8_t *out) {
  if (!fails()) return __real_redoubt_crypto_hmac_sha256(key, key_length, message, message_length, out);
  memset(out, 0xa5, REDOUBT_SHA256_BYTES);
  return REDOUBT_CRYPTO;
}

enum redoubt_status __wrap_redoubt_crypto_aes128_gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                                                          size_t aad_length, const uint8_t *plaintext,
                                                          size_t plaintext_length, uint8_t *out) {
  if (fails()) return REDOUBT_CRYPTO;
  return __real_redoubt_crypto_aes128_gcm_seal(key, nonce, aad, aad_length, plaintext, plaintext_length, out);
}
