#include "json_writer.h"

#include <stdbool.h>
#include <string.h>

#include "text.h"

#define MAX_DECIMALS 6U
/** Below 2^53, so that a whole number of this size is exact. */
#define MOST 9.0e15

void redoubt_json_put(struct json_writer *writer, const char *text, size_t length) {
  if (writer->status != REDOUBT_OK) return;
  if (writer->capacity - writer->length < length) {
    writer->status = REDOUBT_SIZE;
    return;
  }
  memcpy(writer->out + writer->length, text, length);
  writer->length += length;
}

static void put_escaped(struct json_writer *writer, char character) {
  static const char short_form[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  static const char hex[] = "0123456789abcdef";
  for (size_t index = 0; index + 1 < sizeof short_form; index += 2) {
    if (short_form[index] != character) continue;
    const char escaped[2] = {'\\', short_form[index + 1]};
    redoubt_json_put(writer, escaped, sizeof escaped);
    return;
  }
  const char escaped[6] = {'\\', 'u', '0', '0', hex[((uint8_t)character >> 4) & 15U], hex[(uint8_t)character & 15U]};
  redoubt_json_put(writer, escaped, sizeof escaped);
}

void redoubt_json_put_string(struct json_writer *writer, const char *text) {
  size_t left = strlen(text);
  redoubt_json_put(writer, "\"", 1);
  while (left > 0) {
    size_t bytes = redoubt_utf8_sequence((const uint8_t *)text, left);
    if (bytes == 0) {
      if (writer->status == REDOUBT_OK) writer->status = REDOUBT_FORMAT;
      return;
    }
    if (bytes == 1 && ((uint8_t)*text < 0x20 || *text == '"' || *text == '\\')) {
      put_escaped(writer, *text);
    } else {
      redoubt_json_put(writer, text, bytes);
    }
    text += bytes;
    left -= bytes;
  }
  redoubt_json_put(writer, "\"", 1);
}

void redoubt_json_put_whole(struct json_writer *writer, uint64_t number) {
  char digits[20];
  redoubt_json_put(writer, digits, redoubt_decimal(number, digits));
}

void redoubt_json_put_number(struct json_writer *writer, double number, uint8_t decimals) {
  double shifted = number;
  if (writer->status != REDOUBT_OK) return;
  if (decimals > MAX_DECIMALS) {
    writer->status = REDOUBT_ARGUMENT;
    return;
  }
  for (uint8_t place = 0; place < decimals; place++) shifted *= 10;
  bool is_negative = shifted < 0;
  if (is_negative) shifted = -shifted;
  if (!(shifted <= MOST)) {
    writer->status = REDOUBT_RANGE;
    return;
  }
  uint64_t whole = (uint64_t)shifted;
  if (shifted - (double)whole >= 0.5) whole++;
  while (decimals > 0 && whole % 10 == 0) {
    whole /= 10;
    decimals--;
  }
  uint64_t scale = 1;
  for (uint8_t place = 0; place < decimals; place++) scale *= 10;
  if (is_negative && whole > 0) redoubt_json_put(writer, "-", 1);
  redoubt_json_put_whole(writer, whole / scale);
  if (decimals == 0) return;
  redoubt_json_put(writer, ".", 1);
  for (uint64_t place = scale / 10; place > 0; place /= 10) {
    const char digit = (char)('0' + (char)(whole / place % 10));
    redoubt_json_put(writer, &digit, 1);
  }
}
