/** The JSON of a reading, as the gateway's flows expect it. */
#ifndef REDOUBT_READING_H
#define REDOUBT_READING_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of value a quantity has. */
enum redoubt_value_kind { REDOUBT_NUMBER, REDOUBT_BOOLEAN, REDOUBT_TEXT };

/** One member of the reading. */
struct redoubt_quantity {
  /** Such as `temperature`, `humidity`, `motion`, `light`; UTF-8. */
  const char *name;
  enum redoubt_value_kind kind;
  /** The number; of a boolean: 0 is false. A number that is not finite was not measured, and is left out. */
  double number;
  /** Digits after the decimal point that a number is rounded to, at most 6; zeros at its end are left out. */
  uint8_t decimals;
  /** UTF-8; only of REDOUBT_TEXT, where NULL leaves the quantity out. */
  const char *text;
};

/** One reading. */
struct redoubt_reading {
  const char *device_id;
  /** The number of the message that it is sealed in. */
  uint64_t sequence_no;
  /** Milliseconds since the Unix epoch, UTC; 0 or less for a device that does not know the time. */
  int64_t timestamp_ms;
  /** Percent; not finite where it is not measured. */
  double cpu_usage;
  /** Percent; not finite where it is not measured. */
  double battery_level;
  const struct redoubt_quantity *quantities;
  size_t quantity_count;
};

/**
 * Writes `{"device_id","sequence_no","timestamp","cpu_usage"?,"battery_level"?,<quantities>}`. `timestamp` is ISO 8601
 * in UTC with milliseconds, or the number 0 without a clock.
 *
 * @param out text that ends with a NUL, which `*length` does not count.
 * @return REDOUBT_SIZE; REDOUBT_FORMAT for a text that is not UTF-8; REDOUBT_RANGE for a number beyond 9e15 after the
 *         shift by its decimals, or a time after the year 2199; REDOUBT_ARGUMENT for more than 6 decimals or an unknown
 *         kind. `*length` is then 0.
 */
enum redoubt_status redoubt_reading_write(const struct redoubt_reading *reading, char *out, size_t capacity,
                                          size_t *length);

#ifdef __cplusplus
}
#endif

#endif
