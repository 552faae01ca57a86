#include "check.h"

#include <stdio.h>
#include <string.h>

static unsigned tests;
static unsigned failed_tests;
static unsigned failures;

void check_that(bool is_true, const char *text, const char *file, int line) {
  if (is_true) return;
  failures++;
  printf("%s:%d: %s is false\n", file, line, text);
}

void check_status(enum redoubt_status actual, enum redoubt_status expected, const char *text, const char *file, int line) {
  if (actual == expected) return;
  failures++;
  printf("%s:%d: %s is %s, not %s\n", file, line, text, redoubt_status_name(actual),
         redoubt_status_name(expected));
}

void check_text(const char *actual, const char *expected, const char *text, const char *file, int line) {
  if (strcmp(actual, expected) == 0) return;
  failures++;
  printf("%s:%d: %s is \"%s\", not \"%s\"\n", file, line, text, actual, expected);
}

void check_run(const char *name, void (*test)(void)) {
  const unsigned before = failures;
  tests++;
  test();
  if (failures == before) {
    printf("ok %s\n", name);
    return;
  }
  failed_tests++;
  printf("FAILED %s\n", name);
}

int check_result(void) {
  printf("%u tests, %u failed\n", tests, failed_tests);
  return failed_tests == 0 && tests > 0 ? 0 : 1;
}

static unsigned digit(char character) {
  return character <= '9' ? (unsigned)(character - '0') : (unsigned)(character - 'a' + 10);
}

size_t from_hex(const char *hex, uint8_t *out, size_t capacity) {
  size_t length = strlen(hex) / 2;
  if (length > capacity) {
    check_that(false, "hex fits", __FILE__, __LINE__);
    return 0;
  }
  for (size_t index = 0; index < length; index++) {
    out[index] = (uint8_t)(digit(hex[2 * index]) * 16 + digit(hex[2 * index + 1]));
  }
  return length;
}

void to_hex(const uint8_t *bytes, size_t length, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t index = 0; index < length; index++) {
    out[2 * index] = digits[bytes[index] >> 4];
    out[2 * index + 1] = digits[bytes[index] & 15U];
  }
  out[2 * length] = '\0';
}

bool is_all_zero(const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  for (size_t index = 0; index < length; index++) {
    if (at[index] != 0) return false;
  }
  return true;
}
