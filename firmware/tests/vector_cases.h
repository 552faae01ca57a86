/** The shared vectors (test/vectors/cose-a128gcm.json) as tables; bytes are hex. */
#ifndef REDOUBT_VECTOR_CASES_H
#define REDOUBT_VECTOR_CASES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "redoubt/reading.h"

struct seal_case {
  const char *name, *device_key, *device;
  uint32_t epoch;
  uint64_t number;
  const char *boot_id, *topic, *plaintext, *message;
};

struct refused_case {
  const char *name, *device_key, *topic, *message, *outcome;
};

struct command_case {
  const char *name, *device_key, *device, *topic;
  int64_t now;
  uint64_t last;
  const char *message, *outcome, *command, *id;
  uint64_t number;
  int64_t expires;
  const char *arguments;
};

struct provisioning_case {
  const char *name, *text, *outcome, *device;
  uint32_t epoch;
  const char *key, *password;
};

struct reading_case {
  const char *name, *device;
  uint64_t sequence;
  int64_t timestamp;
  double cpu, battery;
  const struct redoubt_quantity *quantities;
  size_t quantity_count;
  const char *json;
};

#include "vectors.h"

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

#endif
