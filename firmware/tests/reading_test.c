#include <math.h>
#include <string.h>

#include "check.h"
#include "redoubt/json.h"
#include "redoubt/reading.h"
#include "units.h"

static char text[512];
static size_t length;

static enum redoubt_status write_quantity(const struct redoubt_quantity *quantity) {
  const struct redoubt_reading reading = {.device_id = "p",
                                          .sequence_no = 1,
                                          .timestamp_ms = 0,
                                          .cpu_usage = (double)NAN,
                                          .battery_level = (double)INFINITY,
                                          .quantities = quantity,
                                          .quantity_count = 1};
  return redoubt_reading_write(&reading, text, sizeof text, &length);
}

static enum redoubt_status write_number(double number, uint8_t decimals) {
  const struct redoubt_quantity quantity = {
      .name = "a", .kind = REDOUBT_NUMBER, .number = number, .decimals = decimals, .text = NULL};
  return write_quantity(&quantity);
}

#define NOTHING "{\"device_id\":\"p\",\"sequence_no\":1,\"timestamp\":0}"
#define WITH(value) "{\"device_id\":\"p\",\"sequence_no\":1,\"timestamp\":0,\"a\":" value "}"

static void leaves_out_what_was_not_measured(void) {
  static const double none[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  for (size_t index = 0; index < 3; index++) {
    const struct redoubt_quantity motion = {
        .name = "a", .kind = REDOUBT_BOOLEAN, .number = none[index], .decimals = 0, .text = NULL};
    CHECK_STATUS(write_number(none[index], 2), REDOUBT_OK);
    CHECK_TEXT(text, NOTHING);
    CHECK_STATUS(write_quantity(&motion), REDOUBT_OK);
    CHECK_TEXT(text, NOTHING);
  }
  const struct redoubt_quantity state = {.name = "a", .kind = REDOUBT_TEXT, .number = 0, .decimals = 0, .text = NULL};
  CHECK_STATUS(write_quantity(&state), REDOUBT_OK);
  CHECK_TEXT(text, NOTHING);
  CHECK(length == strlen(NOTHING));
}

static void rounds_numbers(void) {
  CHECK_STATUS(write_number(21.449, 1), REDOUBT_OK);
  CHECK_TEXT(text, WITH("21.4"));
  CHECK_STATUS(write_number(0.5, 0), REDOUBT_OK);
  CHECK_TEXT(text, WITH("1"));
  CHECK_STATUS(write_number(-0.25, 1), REDOUBT_OK);
  CHECK_TEXT(text, WITH("-0.3"));
  CHECK_STATUS(write_number(-0.0, 3), REDOUBT_OK);
  CHECK_TEXT(text, WITH("0"));
  CHECK_STATUS(write_number(9e9, 6), REDOUBT_OK);
  CHECK_TEXT(text, WITH("9000000000"));
  CHECK_STATUS(write_number(100.001, 6), REDOUBT_OK);
  CHECK_TEXT(text, WITH("100.001"));
}

static void refuses_what_is_no_reading(void) {
  CHECK_STATUS(write_number(9.1e15, 0), REDOUBT_RANGE);
  CHECK(length == 0);
  CHECK_TEXT(text, "");
  CHECK_STATUS(write_number(-9.1e15, 0), REDOUBT_RANGE);
  CHECK_STATUS(write_number(1e300, 6), REDOUBT_RANGE);
  CHECK_STATUS(write_number(1, 7), REDOUBT_ARGUMENT);
  struct redoubt_quantity quantity = {.name = "a", .kind = REDOUBT_TEXT, .number = 0, .decimals = 0, .text = "\377"};
  CHECK_STATUS(write_quantity(&quantity), REDOUBT_FORMAT);
  quantity.text = "b";
  quantity.name = "\303";
  CHECK_STATUS(write_quantity(&quantity), REDOUBT_FORMAT);
  struct redoubt_reading reading = {.device_id = "p",
                                    .sequence_no = 1,
                                    .timestamp_ms = INT64_C(7258118400000),
                                    .cpu_usage = 1,
                                    .battery_level = 1,
                                    .quantities = NULL,
                                    .quantity_count = 0};
  CHECK_STATUS(redoubt_reading_write(&reading, text, sizeof text, &length), REDOUBT_RANGE);
  /* The first problem is the one that is told. */
  CHECK_STATUS(redoubt_reading_write(&reading, text, 60, &length), REDOUBT_RANGE);
  CHECK_STATUS(redoubt_reading_write(&reading, text, 10, &length), REDOUBT_SIZE);
}

static void needs_room(void) {
  const struct redoubt_quantity quantities[] = {
      {.name = "t", .kind = REDOUBT_NUMBER, .number = -1.25, .decimals = 2, .text = NULL},
      {.name = "m", .kind = REDOUBT_BOOLEAN, .number = 1, .decimals = 0, .text = NULL},
      {.name = "s\n", .kind = REDOUBT_TEXT, .number = 0, .decimals = 0, .text = "\001\303\274"}};
  const struct redoubt_reading reading = {.device_id = "p",
                                          .sequence_no = 7,
                                          .timestamp_ms = 1,
                                          .cpu_usage = 1,
                                          .battery_level = 2,
                                          .quantities = quantities,
                                          .quantity_count = 3};
  CHECK_STATUS(redoubt_reading_write(&reading, text, sizeof text, &length), REDOUBT_OK);
  CHECK_STATUS(redoubt_json_check_object(text, length), REDOUBT_OK);
  const size_t needed = length + 1;
  for (size_t capacity = 0; capacity < needed; capacity++) {
    CHECK_STATUS(redoubt_reading_write(&reading, text, capacity, &length), REDOUBT_SIZE);
    CHECK(length == 0 && (capacity == 0 || text[0] == '\0'));
  }
  CHECK_STATUS(redoubt_reading_write(&reading, text, needed, &length), REDOUBT_OK);
}

void reading_tests(void) {
  RUN(leaves_out_what_was_not_measured);
  RUN(rounds_numbers);
  RUN(refuses_what_is_no_reading);
  RUN(needs_room);
}
