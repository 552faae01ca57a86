#include "text.h"

#include <string.h>

#define MAX_IDENTIFIER 64
#define MAX_DIGITS 10

static bool is_digit(char character) { return character >= '0' && character <= '9'; }

static bool is_letter(char character) {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
}

bool redoubt_is_identifier(const char *text, size_t length, char extra) {
  static const char hostile[] = "__proto__";
  if (length == 0 || length > MAX_IDENTIFIER) return false;
  if (length == sizeof hostile - 1 && memcmp(text, hostile, length) == 0) return false;
  for (size_t index = 0; index < length; index++) {
    char character = text[index];
    bool is_mark = character == '.' || character == '_' || character == '-';
    bool is_extra = extra != '\0' && character == extra;
    if (!is_letter(character) && !is_digit(character) && !is_mark && !is_extra) return false;
  }
  return true;
}

bool redoubt_decimal_u32(const char *text, size_t length, uint32_t most, uint32_t *number) {
  uint64_t value = 0;
  if (length == 0 || length > MAX_DIGITS || (length > 1 && text[0] == '0')) return false;
  for (size_t index = 0; index < length; index++) {
    if (!is_digit(text[index])) return false;
    value = value * 10 + (uint64_t)(text[index] - '0');
  }
  if (value > most) return false;
  *number = (uint32_t)value;
  return true;
}

size_t redoubt_decimal(uint64_t number, char *out) {
  char reversed[20];
  size_t length = 0;
  do {
    reversed[length++] = (char)('0' + (char)(number % 10));
    number /= 10;
  } while (number > 0);
  for (size_t index = 0; index < length; index++) out[index] = reversed[length - 1 - index];
  return length;
}

size_t redoubt_utf8_sequence(const uint8_t *text, size_t length) {
  if (length == 0) return 0;
  uint8_t first = text[0];
  if (first < 0x80) return 1;
  size_t wanted = 0;
  /* The second byte decides whether the form is the shortest one, no surrogate and not beyond U+10FFFF. */
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    wanted = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    wanted = 3;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    wanted = 4;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (length < wanted || text[1] < low || text[1] > high) return 0;
  for (size_t index = 2; index < wanted; index++) {
    if ((text[index] & 0xc0U) != 0x80) return 0;
  }
  return wanted;
}
