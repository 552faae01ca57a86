/** A strict reader of JSON (RFC 8259) that keeps nothing: values are spans of the caller's text. */
#ifndef REDOUBT_JSON_H
#define REDOUBT_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Objects and arrays within each other, as at the gateway. */
#define REDOUBT_JSON_MAX_DEPTH 16

enum redoubt_json_type {
  REDOUBT_JSON_NONE = 0,
  REDOUBT_JSON_OBJECT,
  REDOUBT_JSON_ARRAY,
  REDOUBT_JSON_STRING,
  REDOUBT_JSON_NUMBER,
  REDOUBT_JSON_TRUE,
  REDOUBT_JSON_FALSE,
  REDOUBT_JSON_NULL
};

/** One value as it stands in the text; a string without its quotes and with its escapes as they are. */
struct redoubt_json_value {
  enum redoubt_json_type type;
  const char *text;
  size_t length;
};

/**
 * Checks that a text is one JSON object and nothing else: UTF-8 (RFC 3629), at most REDOUBT_JSON_MAX_DEPTH deep, white
 * space only where it may be.
 *
 * @return REDOUBT_FORMAT; REDOUBT_SCHEMA for another JSON value.
 */
enum redoubt_status redoubt_json_check_object(const char *text, size_t length);

/**
 * Finds a member of an object that `redoubt_json_check_object` has passed.
 *
 * @param name without characters that JSON escapes.
 * @param value its type is REDOUBT_JSON_NONE where there is no such member.
 * @return REDOUBT_SCHEMA where it is there twice; REDOUBT_FORMAT for what is no object.
 */
enum redoubt_status redoubt_json_member(const char *object, size_t length, const char *name,
                                        struct redoubt_json_value *value);

/**
 * A whole number without sign, point and exponent.
 *
 * @return REDOUBT_SCHEMA for anything else; REDOUBT_RANGE above `most`.
 */
enum redoubt_status redoubt_json_whole_number(const struct redoubt_json_value *value, uint64_t most, uint64_t *number);

/**
 * A string of printable ASCII in which nothing is escaped, as names and times are.
 *
 * @param out ends with a NUL.
 * @return REDOUBT_SCHEMA for anything else; REDOUBT_SIZE.
 */
enum redoubt_status redoubt_json_plain_text(const struct redoubt_json_value *value, char *out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
