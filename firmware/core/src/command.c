#include "redoubt/command.h"

#include <string.h>

#include "redoubt/crypto_port.h"
#include "redoubt/envelope.h"
#include "redoubt/json.h"
#include "text.h"
#include "time_text.h"

/** Reads a member that must be a text without escapes. */
static enum redoubt_status text_member(const char *text, size_t length, const char *name, char *out, size_t capacity) {
  struct redoubt_json_value value;
  enum redoubt_status status = redoubt_json_member(text, length, name, &value);
  if (status != REDOUBT_OK) return status;
  /* A text that is longer than its field can hold is none of the field's. */
  return redoubt_json_plain_text(&value, out, capacity) == REDOUBT_OK ? REDOUBT_OK : REDOUBT_SCHEMA;
}

static enum redoubt_status read_device(const char *text, size_t length, const char *device) {
  char named[REDOUBT_MAX_COMMAND_NAME + 1];
  enum redoubt_status status = text_member(text, length, "device_id", named, sizeof named);
  if (status != REDOUBT_OK) return status;
  return strcmp(named, device) == 0 ? REDOUBT_OK : REDOUBT_OTHER_DEVICE;
}

static enum redoubt_status read_name(const char *text, size_t length, struct redoubt_command *command) {
  enum redoubt_status status = text_member(text, length, "command", command->name, sizeof command->name);
  if (status != REDOUBT_OK) return status;
  return redoubt_is_identifier(command->name, strlen(command->name), ':') ? REDOUBT_OK : REDOUBT_SCHEMA;
}

static enum redoubt_status read_id(const char *text, size_t length, struct redoubt_command *command) {
  struct redoubt_json_value value;
  enum redoubt_status status = redoubt_json_member(text, length, "command_id", &value);
  if (status != REDOUBT_OK || value.type == REDOUBT_JSON_NONE) return status;
  return redoubt_json_plain_text(&value, command->id, sizeof command->id) == REDOUBT_OK ? REDOUBT_OK : REDOUBT_SCHEMA;
}

static enum redoubt_status read_arguments(const char *text, size_t length, struct redoubt_command *command) {
  struct redoubt_json_value value;
  enum redoubt_status status = redoubt_json_member(text, length, "arguments", &value);
  if (status != REDOUBT_OK || value.type == REDOUBT_JSON_NONE) return status;
  /* A text is handed on with its quotes: it is JSON. */
  size_t quotes = value.type == REDOUBT_JSON_STRING ? 1 : 0;
  command->arguments = value.text - quotes;
  command->arguments_length = value.length + 2 * quotes;
  return REDOUBT_OK;
}

static enum redoubt_status read_number(const char *text, size_t length, struct redoubt_command *command) {
  struct redoubt_json_value value;
  enum redoubt_status status = redoubt_json_member(text, length, "counter", &value);
  return status == REDOUBT_OK ? redoubt_json_whole_number(&value, REDOUBT_MAX_NUMBER, &command->number) : status;
}

static enum redoubt_status read_expiry(const char *text, size_t length, int64_t now_ms,
                                       struct redoubt_command *command) {
  char time[REDOUBT_TIME_TEXT_LENGTH + 1];
  enum redoubt_status status = text_member(text, length, "expires", time, sizeof time);
  if (status != REDOUBT_OK) return status;
  if (strlen(time) != REDOUBT_TIME_TEXT_LENGTH || !redoubt_time_read(time, &command->expires_ms)) {
    return REDOUBT_FORMAT;
  }
  return now_ms > 0 && now_ms > command->expires_ms ? REDOUBT_STALE : REDOUBT_OK;
}

enum redoubt_status redoubt_command_parse(const char *text, size_t length, const char *device, int64_t now_ms,
                                          struct redoubt_command *command) {
  memset(command, 0, sizeof *command);
  enum redoubt_status status = redoubt_json_check_object(text, length);
  if (status == REDOUBT_OK) status = read_device(text, length, device);
  if (status == REDOUBT_OK) status = read_name(text, length, command);
  if (status == REDOUBT_OK) status = read_id(text, length, command);
  if (status == REDOUBT_OK) status = read_arguments(text, length, command);
  if (status == REDOUBT_OK) status = read_number(text, length, command);
  if (status == REDOUBT_OK) status = read_expiry(text, length, now_ms, command);
  if (status != REDOUBT_OK) memset(command, 0, sizeof *command);
  return status;
}

enum redoubt_status redoubt_command_open(const struct redoubt_command_context *context,
                                         struct redoubt_counters *counters, const uint8_t *message, size_t length,
                                         uint8_t *plaintext, size_t plaintext_capacity,
                                         struct redoubt_command *command) {
  size_t opened = 0;
  memset(command, 0, sizeof *command);
  enum redoubt_status status = redoubt_envelope_open(context->key, context->topic, message, length, plaintext,
                                                     plaintext_capacity, &opened, NULL);
  if (status != REDOUBT_OK) return status;
  status = redoubt_command_parse((const char *)plaintext, opened, context->device, context->now_ms, command);
  if (status == REDOUBT_OK) status = redoubt_counters_take_command(counters, command->number);
  if (status == REDOUBT_OK) return REDOUBT_OK;
  memset(command, 0, sizeof *command);
  redoubt_crypto_wipe(plaintext, plaintext_capacity);
  return status;
}
