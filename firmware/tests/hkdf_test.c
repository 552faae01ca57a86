#include <string.h>

#include "check.h"
#include "crypto_faults.h"
#include "redoubt/boot_id.h"
#include "redoubt/crypto_port.h"
#include "redoubt/hkdf.h"
#include "units.h"

/** RFC 5869, appendix A.1 to A.3. */
static void derives_as_the_rfc_does(void) {
  uint8_t ramp[256];
  uint8_t out[82];
  char text[2 * sizeof out + 1];
  uint8_t key[22];
  for (unsigned index = 0; index < sizeof ramp; index++) ramp[index] = (uint8_t)index;
  memset(key, 0x0b, sizeof key);
  CHECK_STATUS(redoubt_hkdf_sha256(key, 22, ramp, 13, ramp + 0xf0, 10, out, 42), REDOUBT_OK);
  to_hex(out, 42, text);
  CHECK_TEXT(text, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK_STATUS(redoubt_hkdf_sha256(ramp, 80, ramp + 0x60, 80, ramp + 0xb0, 80, out, 82), REDOUBT_OK);
  to_hex(out, 82, text);
  CHECK_TEXT(text,
             "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c"
             "2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK_STATUS(redoubt_hkdf_sha256(key, 22, NULL, 0, NULL, 0, out, 42), REDOUBT_OK);
  to_hex(out, 42, text);
  CHECK_TEXT(text, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

static void refuses_what_it_cannot_derive(void) {
  static uint8_t long_out[REDOUBT_HKDF_MAX_OUTPUT_BYTES + 1];
  uint8_t info[REDOUBT_HKDF_MAX_INFO_BYTES + 1] = {0};
  uint8_t out[16];
  memset(out, 0xa5, sizeof out);
  CHECK_STATUS(redoubt_hkdf_sha256(info, 1, NULL, 0, info, sizeof info, out, sizeof out), REDOUBT_SIZE);
  CHECK(is_all_zero(out, sizeof out));
  CHECK_STATUS(redoubt_hkdf_sha256(info, 1, NULL, 0, NULL, 0, long_out, sizeof long_out), REDOUBT_SIZE);
  CHECK_STATUS(redoubt_hkdf_sha256(info, 1, NULL, 0, NULL, 0, long_out, sizeof long_out - 1), REDOUBT_OK);
  for (unsigned call = 1; call <= 3; call++) {
    memset(long_out, 0xa5, 40);
    crypto_fails_at(call);
    CHECK_STATUS(redoubt_hkdf_sha256(info, 1, NULL, 0, NULL, 0, long_out, 40), REDOUBT_CRYPTO);
    CHECK(is_all_zero(long_out, 40));
  }
  crypto_fails_at(0);
}

static void compares_and_wipes_secrets(void) {
  uint8_t secret[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const uint8_t same[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const uint8_t other[8] = {1, 2, 3, 4, 5, 6, 7, 9};
  CHECK(redoubt_crypto_equal(secret, same, 8) && !redoubt_crypto_equal(secret, other, 8));
  redoubt_crypto_wipe(secret, sizeof secret);
  CHECK(is_all_zero(secret, sizeof secret));
}

static enum redoubt_status random_of(void *context, uint8_t *out, size_t length) {
  if (!context) return REDOUBT_RANDOM;
  memcpy(out, context, length);
  return REDOUBT_OK;
}

static void makes_boot_ids(void) {
  uint8_t good[REDOUBT_BOOT_ID_BYTES] = {0, 0, 0, 0, 0, 0, 0, 1};
  uint8_t stuck[REDOUBT_BOOT_ID_BYTES];
  uint8_t boot_id[REDOUBT_BOOT_ID_BYTES];
  CHECK_STATUS(redoubt_boot_id_make(random_of, good, boot_id), REDOUBT_OK);
  CHECK(memcmp(boot_id, good, sizeof good) == 0);
  CHECK_STATUS(redoubt_boot_id_make(random_of, NULL, boot_id), REDOUBT_RANDOM);
  for (unsigned byte = 0; byte < 256; byte += 85) {
    memset(stuck, (int)byte, sizeof stuck);
    CHECK_STATUS(redoubt_boot_id_make(random_of, stuck, boot_id), REDOUBT_RANDOM);
  }
}

void hkdf_tests(void) {
  RUN(derives_as_the_rfc_does);
  RUN(refuses_what_it_cannot_derive);
  RUN(compares_and_wipes_secrets);
  RUN(makes_boot_ids);
}
