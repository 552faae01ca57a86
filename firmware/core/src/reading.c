#include "redoubt/reading.h"

#include <math.h>
#include <string.h>

#include "json_writer.h"
#include "time_text.h"

/** Digits that a load or a battery is worth telling. */
#define PERCENT_DECIMALS 1

static void put_literal(struct json_writer *writer, const char *text) { redoubt_json_put(writer, text, strlen(text)); }

static void put_name(struct json_writer *writer, const char *name) {
  put_literal(writer, ",");
  redoubt_json_put_string(writer, name);
  put_literal(writer, ":");
}

static void put_time(struct json_writer *writer, int64_t milliseconds) {
  char text[REDOUBT_TIME_TEXT_LENGTH];
  if (milliseconds <= 0) {
    put_literal(writer, "0");
    return;
  }
  if (!redoubt_time_write(milliseconds, text)) {
    if (writer->status == REDOUBT_OK) writer->status = REDOUBT_RANGE;
    return;
  }
  put_literal(writer, "\"");
  redoubt_json_put(writer, text, sizeof text);
  put_literal(writer, "\"");
}

static void put_quantity(struct json_writer *writer, const struct redoubt_quantity *quantity) {
  switch (quantity->kind) {
    case REDOUBT_NUMBER:
      if (!isfinite(quantity->number)) return;
      put_name(writer, quantity->name);
      redoubt_json_put_number(writer, quantity->number, quantity->decimals);
      return;
    case REDOUBT_BOOLEAN:
      if (!isfinite(quantity->number)) return;
      put_name(writer, quantity->name);
      put_literal(writer, quantity->number != 0 ? "true" : "false");
      return;
    case REDOUBT_TEXT:
      if (quantity->text == NULL) return;
      put_name(writer, quantity->name);
      redoubt_json_put_string(writer, quantity->text);
      return;
  }
  if (writer->status == REDOUBT_OK) writer->status = REDOUBT_ARGUMENT;
}

static void put_percent(struct json_writer *writer, const char *name, double value) {
  const struct redoubt_quantity quantity = {
      .name = name, .kind = REDOUBT_NUMBER, .number = value, .decimals = PERCENT_DECIMALS, .text = NULL};
  put_quantity(writer, &quantity);
}

enum redoubt_status redoubt_reading_write(const struct redoubt_reading *reading, char *out, size_t capacity,
                                          size_t *length) {
  struct json_writer writer = {.out = out, .capacity = capacity, .length = 0, .status = REDOUBT_OK};
  *length = 0;
  put_literal(&writer, "{\"device_id\":");
  redoubt_json_put_string(&writer, reading->device_id);
  put_name(&writer, "sequence_no");
  redoubt_json_put_whole(&writer, reading->sequence_no);
  put_name(&writer, "timestamp");
  put_time(&writer, reading->timestamp_ms);
  put_percent(&writer, "cpu_usage", reading->cpu_usage);
  put_percent(&writer, "battery_level", reading->battery_level);
  for (size_t index = 0; index < reading->quantity_count; index++) put_quantity(&writer, &reading->quantities[index]);
  redoubt_json_put(&writer, "}", sizeof "}");
  if (writer.status != REDOUBT_OK) {
    if (capacity > 0) out[0] = '\0';
    return writer.status;
  }
  *length = writer.length - 1;
  return REDOUBT_OK;
}
