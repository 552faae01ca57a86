/** Writes JSON into the caller's buffer. */
#ifndef REDOUBT_JSON_WRITER_H
#define REDOUBT_JSON_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

/** After the first problem, which `status` tells, nothing is written any more. */
struct json_writer {
  char *out;
  size_t capacity;
  size_t length;
  enum redoubt_status status;
};

/** Text as it is. */
void redoubt_json_put(struct json_writer *writer, const char *text, size_t length);

/** A string with its quotes, escaped as JSON.stringify does; FORMAT for what is not UTF-8. */
void redoubt_json_put_string(struct json_writer *writer, const char *text);

/** A whole number. */
void redoubt_json_put_whole(struct json_writer *writer, uint64_t number);

/** A finite number, rounded half away from zero; RANGE where it is too great, ARGUMENT for more than 6 decimals. */
void redoubt_json_put_number(struct json_writer *writer, double number, uint8_t decimals);

#endif
