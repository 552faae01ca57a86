#include <string.h>

#include "../core/src/bytes.h"
#include "../core/src/text.h"
#include "../core/src/time_text.h"
#include "check.h"
#include "redoubt/status.h"
#include "units.h"

static void names_every_status(void) {
  CHECK_TEXT(redoubt_status_name(REDOUBT_OK), "OK");
  CHECK_TEXT(redoubt_status_name(REDOUBT_STATUS_COUNT), "UNKNOWN");
  for (int first = 0; first < REDOUBT_STATUS_COUNT; first++) {
    const char *name = redoubt_status_name((enum redoubt_status)first);
    CHECK(strcmp(name, "UNKNOWN") != 0);
    for (int other = 0; other < first; other++) CHECK(strcmp(name, redoubt_status_name((enum redoubt_status)other)) != 0);
  }
}

static bool is_identifier(const char *text) { return redoubt_is_identifier(text, strlen(text), '\0'); }

static void knows_identifiers(void) {
  const char *longest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  CHECK(is_identifier("pump-1") && is_identifier(".") && is_identifier("_A9") && is_identifier(longest));
  CHECK(is_identifier("__proto") && !is_identifier("__proto__"));
  CHECK(!is_identifier("") && !is_identifier("a b") && !is_identifier("a/b") && !is_identifier("a:b"));
  CHECK(!is_identifier("S\303\274d") && !is_identifier("a\n") && !is_identifier("@") && !is_identifier("["));
  CHECK(!is_identifier("`") && !is_identifier("{") && !redoubt_is_identifier("a\0b", 3, '\0'));
  CHECK(!redoubt_is_identifier("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", 65, '\0'));
  CHECK(redoubt_is_identifier("a:b", 3, ':') && !redoubt_is_identifier("a;b", 3, ':'));
}

static void reads_and_writes_decimals(void) {
  uint32_t number = 7;
  char digits[21] = {0};
  CHECK(redoubt_decimal_u32("0", 1, 9, &number) && number == 0);
  CHECK(redoubt_decimal_u32("4294967295", 10, UINT32_MAX, &number) && number == UINT32_MAX);
  CHECK(!redoubt_decimal_u32("4294967296", 10, UINT32_MAX, &number) && !redoubt_decimal_u32("10", 2, 9, &number));
  CHECK(!redoubt_decimal_u32("", 0, 9, &number) && !redoubt_decimal_u32("01", 2, 9, &number));
  CHECK(!redoubt_decimal_u32("00000000001", 11, 9, &number) && !redoubt_decimal_u32("-1", 2, 9, &number));
  CHECK(redoubt_decimal(0, digits) == 1 && digits[0] == '0');
  CHECK(redoubt_decimal(UINT64_MAX, digits) == 20);
  CHECK_TEXT(digits, "18446744073709551615");
}

static size_t sequence(const char *bytes) { return redoubt_utf8_sequence((const uint8_t *)bytes, strlen(bytes)); }

static void knows_utf8(void) {
  CHECK(sequence("a") == 1 && sequence("\302\200") == 2 && sequence("\340\240\200") == 3);
  CHECK(sequence("\355\237\277") == 3 && sequence("\357\277\277") == 3 && sequence("\360\220\200\200") == 4);
  CHECK(sequence("\364\217\277\277") == 4 && sequence("\341\200\200") == 3 && sequence("\361\200\200\200") == 4);
  /* A byte that follows none, longer forms than needed, surrogates, beyond U+10FFFF, cut ones. */
  CHECK(sequence("") == 0 && sequence("\200") == 0 && sequence("\300\200") == 0 && sequence("\301\277") == 0);
  CHECK(sequence("\340\237\277") == 0 && sequence("\360\217\277\277") == 0 && sequence("\355\240\200") == 0);
  CHECK(sequence("\364\220\200\200") == 0 && sequence("\365\200\200\200") == 0 && sequence("\377") == 0);
  CHECK(sequence("\303") == 0 && sequence("\303a") == 0 && sequence("\342\202") == 0 && sequence("\342\202a") == 0);
  CHECK(sequence("\360\237\230") == 0 && sequence("\360\237a\200") == 0);
}

static void computes_crc32(void) {
  /* The check value of the catalogue of CRCs. */
  CHECK(redoubt_crc32((const uint8_t *)"123456789", 9) == UINT32_C(0xcbf43926));
  CHECK(redoubt_crc32((const uint8_t *)"", 0) == 0);
}

static bool reads_time(const char *text, int64_t expected) {
  int64_t milliseconds = -1;
  return strlen(text) == REDOUBT_TIME_TEXT_LENGTH && redoubt_time_read(text, &milliseconds) && milliseconds == expected;
}

static bool refuses_time(const char *text) {
  int64_t milliseconds = -1;
  return strlen(text) == REDOUBT_TIME_TEXT_LENGTH && !redoubt_time_read(text, &milliseconds);
}

static void reads_times(void) {
  CHECK(reads_time("1970-01-01T00:00:00.000Z", 0) && reads_time("2000-02-29T12:34:56.789Z", INT64_C(951827696789)));
  CHECK(reads_time("2199-12-31T23:59:59.999Z", INT64_C(7258118399999)));
  CHECK(refuses_time("1969-12-31T23:59:59.999Z") && refuses_time("2200-01-01T00:00:00.000Z"));
  CHECK(refuses_time("2026-00-01T00:00:00.000Z") && refuses_time("2026-13-01T00:00:00.000Z"));
  CHECK(refuses_time("2026-01-00T00:00:00.000Z") && refuses_time("2026-01-32T00:00:00.000Z"));
  CHECK(refuses_time("2026-02-29T00:00:00.000Z") && refuses_time("2100-02-29T00:00:00.000Z"));
  CHECK(refuses_time("2026-01-01T24:00:00.000Z") && refuses_time("2026-01-01T00:60:00.000Z"));
  CHECK(refuses_time("2026-01-01T00:00:60.000Z") && refuses_time("2026-01-01T00:00:00.000z"));
  CHECK(refuses_time("2026-01-01 00:00:00.000Z") && refuses_time("2026/01/01T00:00:00.000Z"));
  CHECK(refuses_time("2026-01-01T00:00:00,000Z") && refuses_time("2026-01-01T00-00-00.000Z"));
  CHECK(refuses_time("+026-01-01T00:00:00.000Z") && refuses_time("2026-01-01T00:00:00. 00Z"));
  CHECK(refuses_time("2026-1 -01T00:00:00.000Z") && refuses_time("2026-01-0xT00:00:00.000Z"));
  CHECK(refuses_time("2026-01-01Tx0:00:00.000Z") && refuses_time("2026-01-01T00:x0:00.000Z"));
  CHECK(refuses_time("2026-01-01T00:00:x0.000Z") && refuses_time("2026-01-01T00:00:00.00xZ"));
}

static void writes_what_it_reads(void) {
  char text[REDOUBT_TIME_TEXT_LENGTH + 1] = {0};
  /* Every day of 230 years, at another time each. */
  for (int64_t day = 0; day < 84006; day++) {
    const int64_t milliseconds = day * 86400000 + day * 7919 % 86400000;
    int64_t read = -1;
    if (!redoubt_time_write(milliseconds, text) || !redoubt_time_read(text, &read) || read != milliseconds) {
      CHECK_TEXT(text, "the same time");
      return;
    }
  }
  CHECK(!redoubt_time_write(-1, text) && !redoubt_time_write(INT64_C(7258118400000), text));
  CHECK(!redoubt_time_write(INT64_MAX, text));
}

void text_tests(void) {
  RUN(names_every_status);
  RUN(knows_identifiers);
  RUN(reads_and_writes_decimals);
  RUN(knows_utf8);
  RUN(computes_crc32);
  RUN(reads_times);
  RUN(writes_what_it_reads);
}
