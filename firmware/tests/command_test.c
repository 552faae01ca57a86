#include <stdio.h>
#include <string.h>

#include "check.h"
#include "redoubt/command.h"
#include "redoubt/json.h"
#include "units.h"

#define EXPIRES "2026-06-01T12:00:30.000Z"
#define EXPIRES_MS INT64_C(1780315230000)

static struct redoubt_command command;

static enum redoubt_status parse(const char *text) {
  memset(&command, 0xa5, sizeof command);
  enum redoubt_status status = redoubt_command_parse(text, strlen(text), "pump-1", EXPIRES_MS, &command);
  if (status != REDOUBT_OK) CHECK(is_all_zero(&command, sizeof command));
  return status;
}

/** A command with these members more. */
static enum redoubt_status with(const char *members) {
  static char text[512];
  (void)snprintf(text, sizeof text, "{\"device_id\":\"pump-1\",\"counter\":5,\"expires\":\"" EXPIRES "\"%s}", members);
  return parse(text);
}

static void reads_the_least(void) {
  CHECK_STATUS(with(",\"command\":\"fan_on\""), REDOUBT_OK);
  CHECK_TEXT(command.name, "fan_on");
  CHECK_TEXT(command.id, "");
  CHECK(command.number == 5 && command.expires_ms == EXPIRES_MS && !command.arguments);
}

static void hands_arguments_on(void) {
  struct redoubt_json_value value;
  uint64_t seconds = 0;
  CHECK_STATUS(with(",\"command\":\"blink\",\"arguments\":{\"seconds\":30}"), REDOUBT_OK);
  CHECK_STATUS(redoubt_json_member(command.arguments, command.arguments_length, "seconds", &value), REDOUBT_OK);
  CHECK_STATUS(redoubt_json_whole_number(&value, 3600, &seconds), REDOUBT_OK);
  CHECK(seconds == 30);
  CHECK_STATUS(with(",\"command\":\"blink\",\"arguments\":\"fast\""), REDOUBT_OK);
  CHECK(command.arguments_length == 6 && memcmp(command.arguments, "\"fast\"", 6) == 0);
}

static void refuses_names_that_are_none(void) {
  static const char *const bad[] = {
      ",\"command\":\"\"",
      ",\"command\":\"fan on\"",
      ",\"command\":\"fan/on\"",
      ",\"command\":\"f\\u0061n\"",
      ",\"command\":\"S\303\274d\"",
      ",\"command\":null",
      ",\"command\":[\"fan_on\"]",
      ",\"command\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
      ",\"command\":\"fan_on\",\"command\":\"fan_off\"",
      ",\"command\":\"fan_on\",\"command_id\":5",
      ",\"command\":\"fan_on\",\"command_id\":\"\\n\"",
      ",\"command\":\"fan_on\",\"command_id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
      ",\"command\":\"fan_on\",\"command_id\":\"a\",\"command_id\":\"a\"",
      ",\"command\":\"fan_on\",\"arguments\":1,\"arguments\":2",
      ",\"command\":\"fan_on\",\"counter\":6",
      ",\"command\":\"fan_on\",\"expires\":\"" EXPIRES "\"",
      ",\"command\":\"fan_on\",\"device_id\":\"pump-1\""};
  for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
    if (with(bad[index]) != REDOUBT_SCHEMA) CHECK_TEXT(bad[index], "refused");
  }
}

static void reads_one_form_of_time(void) {
  static const char *const formats[] = {"2026-06-01T12:00:30Z", "2026-06-01 12:00:30.000Z", "2026-06-31T12:00:30.000Z",
                                        "2026-06-01T12:00:30.00+0", ""};
  static char text[256];
  for (size_t index = 0; index < sizeof formats / sizeof formats[0]; index++) {
    (void)snprintf(text, sizeof text, "{\"device_id\":\"pump-1\",\"command\":\"a\",\"counter\":5,\"expires\":\"%s\"}",
                   formats[index]);
    CHECK_STATUS(parse(text), REDOUBT_FORMAT);
  }
  CHECK_STATUS(parse("{\"device_id\":\"pump-1\",\"command\":\"a\",\"counter\":5,\"expires\":1780315230000}"),
               REDOUBT_SCHEMA);
  CHECK_STATUS(parse("{\"device_id\":\"pump-1\",\"command\":\"a\",\"counter\":5,\"expires\":\"2026-06-01T12:00:30.0000Z\"}"),
               REDOUBT_SCHEMA);
  CHECK_STATUS(parse("{\"device_id\":\"pump-1\",\"command\":\"a\",\"counter\":5,\"expires\":\"2026-06-01T12:00:29.999Z\"}"),
               REDOUBT_STALE);
}

void command_tests(void) {
  RUN(reads_the_least);
  RUN(hands_arguments_on);
  RUN(refuses_names_that_are_none);
  RUN(reads_one_form_of_time);
}
