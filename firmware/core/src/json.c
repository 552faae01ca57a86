#include "redoubt/json.h"

#include <stdbool.h>
#include <string.h>

#include "text.h"

/** What is left of the text. */
struct cursor {
  const char *at;
  const char *end;
};

/** Which of the containers around a value are objects; bit 0 is the outermost one. */
struct nesting {
  uint32_t objects;
  unsigned depth;
};

static char peek(const struct cursor *cursor) {
  if (cursor->at >= cursor->end) return '\0';
  return *cursor->at;
}

static bool take(struct cursor *cursor, char character) {
  if (cursor->at >= cursor->end || *cursor->at != character) return false;
  cursor->at++;
  return true;
}

static void skip_space(struct cursor *cursor) {
  while (peek(cursor) == ' ' || peek(cursor) == '\t' || peek(cursor) == '\n' || peek(cursor) == '\r') cursor->at++;
}

static bool take_word(struct cursor *cursor, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0) return false;
  cursor->at += length;
  return true;
}

static bool is_digit(char character) { return character >= '0' && character <= '9'; }

static bool is_hex_digit(char character) {
  return is_digit(character) || (character >= 'a' && character <= 'f') || (character >= 'A' && character <= 'F');
}

static bool skip_digits(struct cursor *cursor) {
  if (!is_digit(peek(cursor))) return false;
  while (is_digit(peek(cursor))) cursor->at++;
  return true;
}

static bool skip_number(struct cursor *cursor) {
  (void)take(cursor, '-');
  if (!take(cursor, '0') && !skip_digits(cursor)) return false;
  if (take(cursor, '.') && !skip_digits(cursor)) return false;
  if (take(cursor, 'e') || take(cursor, 'E')) {
    if (!take(cursor, '+')) (void)take(cursor, '-');
    return skip_digits(cursor);
  }
  return true;
}

static bool skip_escape(struct cursor *cursor) {
  if (!take(cursor, 'u')) {
    char character = peek(cursor);
    if (character == '\0' || strchr("\"\\/bfnrt", character) == NULL) return false;
    cursor->at++;
    return true;
  }
  for (unsigned digit = 0; digit < 4; digit++) {
    if (!is_hex_digit(peek(cursor))) return false;
    cursor->at++;
  }
  return true;
}

/** A string with its quotes; `inside` is what stands between them. */
static bool skip_string(struct cursor *cursor, struct redoubt_json_value *inside) {
  if (!take(cursor, '"')) return false;
  const char *start = cursor->at;
  while (cursor->at < cursor->end && *cursor->at != '"') {
    if ((uint8_t)*cursor->at < 0x20) return false;
    if (take(cursor, '\\')) {
      if (!skip_escape(cursor)) return false;
      continue;
    }
    size_t bytes = redoubt_utf8_sequence((const uint8_t *)cursor->at, (size_t)(cursor->end - cursor->at));
    if (bytes == 0) return false;
    cursor->at += bytes;
  }
  *inside = (struct redoubt_json_value){
      .type = REDOUBT_JSON_STRING, .text = start, .length = (size_t)(cursor->at - start)};
  return take(cursor, '"');
}

/** The name of a member and the colon behind it. */
static bool skip_name(struct cursor *cursor, struct redoubt_json_value *name) {
  skip_space(cursor);
  if (!skip_string(cursor, name)) return false;
  skip_space(cursor);
  return take(cursor, ':');
}

static enum redoubt_json_type scalar_type(struct cursor *cursor) {
  struct redoubt_json_value inside;
  switch (peek(cursor)) {
    case '"':
      return skip_string(cursor, &inside) ? REDOUBT_JSON_STRING : REDOUBT_JSON_NONE;
    case 't':
      return take_word(cursor, "true") ? REDOUBT_JSON_TRUE : REDOUBT_JSON_NONE;
    case 'f':
      return take_word(cursor, "false") ? REDOUBT_JSON_FALSE : REDOUBT_JSON_NONE;
    case 'n':
      return take_word(cursor, "null") ? REDOUBT_JSON_NULL : REDOUBT_JSON_NONE;
    default:
      return skip_number(cursor) ? REDOUBT_JSON_NUMBER : REDOUBT_JSON_NONE;
  }
}

/** Goes into an object or array. @return false where it is too deep. @param is_empty whether it ends at once. */
static bool enter(struct cursor *cursor, struct nesting *nesting, bool *is_empty) {
  bool is_object = take(cursor, '{');
  struct redoubt_json_value name;
  if (!is_object) cursor->at++;
  if (nesting->depth == REDOUBT_JSON_MAX_DEPTH) return false;
  skip_space(cursor);
  *is_empty = take(cursor, is_object ? '}' : ']');
  if (*is_empty) return true;
  uint32_t bit = UINT32_C(1) << nesting->depth++;
  nesting->objects = is_object ? nesting->objects | bit : nesting->objects & ~bit;
  return !is_object || skip_name(cursor, &name);
}

/** After a value: to the next one, or out of the containers that end here. */
static bool go_on(struct cursor *cursor, struct nesting *nesting) {
  struct redoubt_json_value name;
  while (nesting->depth > 0) {
    bool is_object = ((nesting->objects >> (nesting->depth - 1)) & 1U) != 0;
    skip_space(cursor);
    if (take(cursor, ',')) return !is_object || skip_name(cursor, &name);
    if (!take(cursor, is_object ? '}' : ']')) return false;
    nesting->depth--;
  }
  return true;
}

/** One value of any kind; without recursion, so that hostile text cannot use up the stack. */
static bool skip_value(struct cursor *cursor, struct redoubt_json_value *value) {
  struct nesting nesting = {.objects = 0, .depth = 0};
  memset(value, 0, sizeof *value);
  skip_space(cursor);
  const char *start = cursor->at;
  char first = peek(cursor);
  do {
    bool is_empty = true;
    skip_space(cursor);
    if (peek(cursor) == '{' || peek(cursor) == '[') {
      if (!enter(cursor, &nesting, &is_empty)) return false;
      if (!is_empty) continue;
    } else {
      enum redoubt_json_type type = scalar_type(cursor);
      if (type == REDOUBT_JSON_NONE) return false;
      value->type = type;
    }
    if (!go_on(cursor, &nesting)) return false;
  } while (nesting.depth > 0);
  value->text = start;
  value->length = (size_t)(cursor->at - start);
  if (first == '{') value->type = REDOUBT_JSON_OBJECT;
  if (first == '[') value->type = REDOUBT_JSON_ARRAY;
  if (first == '"') {
    value->text++;
    value->length -= 2;
  }
  return true;
}

enum redoubt_status redoubt_json_check_object(const char *text, size_t length) {
  struct cursor cursor = {.at = text, .end = text + length};
  struct redoubt_json_value value;
  if (!skip_value(&cursor, &value)) return REDOUBT_FORMAT;
  skip_space(&cursor);
  if (cursor.at != cursor.end) return REDOUBT_FORMAT;
  return value.type == REDOUBT_JSON_OBJECT ? REDOUBT_OK : REDOUBT_SCHEMA;
}

enum redoubt_status redoubt_json_member(const char *object, size_t length, const char *name,
                                        struct redoubt_json_value *value) {
  struct cursor cursor = {.at = object, .end = object + length};
  size_t name_length = strlen(name);
  memset(value, 0, sizeof *value);
  skip_space(&cursor);
  if (!take(&cursor, '{')) return REDOUBT_FORMAT;
  skip_space(&cursor);
  if (take(&cursor, '}')) return REDOUBT_OK;
  do {
    struct redoubt_json_value found_name;
    struct redoubt_json_value found;
    if (!skip_name(&cursor, &found_name) || !skip_value(&cursor, &found)) return REDOUBT_FORMAT;
    if (found_name.length == name_length && memcmp(found_name.text, name, name_length) == 0) {
      bool is_second = value->type != REDOUBT_JSON_NONE;
      *value = found;
      if (is_second) return REDOUBT_SCHEMA;
    }
    skip_space(&cursor);
  } while (take(&cursor, ','));
  return take(&cursor, '}') ? REDOUBT_OK : REDOUBT_FORMAT;
}

enum redoubt_status redoubt_json_whole_number(const struct redoubt_json_value *value, uint64_t most, uint64_t *number) {
  if (value->type != REDOUBT_JSON_NUMBER) return REDOUBT_SCHEMA;
  for (size_t index = 0; index < value->length; index++) {
    if (!is_digit(value->text[index])) return REDOUBT_SCHEMA;
  }
  uint64_t sum = 0;
  for (size_t index = 0; index < value->length; index++) {
    uint64_t digit = (uint64_t)(value->text[index] - '0');
    if (digit > most || sum > (most - digit) / 10) return REDOUBT_RANGE;
    sum = sum * 10 + digit;
  }
  *number = sum;
  return REDOUBT_OK;
}

enum redoubt_status redoubt_json_plain_text(const struct redoubt_json_value *value, char *out, size_t capacity) {
  if (value->type != REDOUBT_JSON_STRING) return REDOUBT_SCHEMA;
  for (size_t index = 0; index < value->length; index++) {
    char character = value->text[index];
    if (character < 0x20 || character > 0x7e || character == '\\') return REDOUBT_SCHEMA;
  }
  if (value->length >= capacity) return REDOUBT_SIZE;
  memcpy(out, value->text, value->length);
  out[value->length] = '\0';
  return REDOUBT_OK;
}
