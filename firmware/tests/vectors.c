/*
 * Computes what the shared vectors ask for and prints it, one line each, as the gateway's test does: the lines must be
 * the same on every machine. Ends with 1 where one of them is not what the vectors say.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "memory_storage.h"
#include "redoubt/command.h"
#include "redoubt/crypto_port.h"
#include "redoubt/envelope.h"
#include "redoubt/provisioning.h"
#include "redoubt/status.h"
#include "vector_cases.h"

/** A vector's message may be a byte longer than a message. */
#define MOST (REDOUBT_MAX_MESSAGE_BYTES + 64)

static uint8_t message[MOST];
static uint8_t plaintext[MOST];
static uint8_t output[MOST];
static char text[2 * MOST + 1];

static void check_seal(const struct seal_case *vector) {
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  uint8_t boot_id[REDOUBT_BOOT_ID_BYTES];
  size_t length = 0;
  struct redoubt_envelope envelope;
  (void)from_hex(vector->device_key, key, sizeof key);
  (void)from_hex(vector->boot_id, boot_id, sizeof boot_id);
  const struct redoubt_sender sender = {
      .key = key, .device = vector->device, .epoch = vector->epoch, .boot_id = boot_id};
  size_t plaintext_length = from_hex(vector->plaintext, plaintext, sizeof plaintext);
  enum redoubt_status status = redoubt_envelope_seal(&sender, vector->topic, vector->number, plaintext,
                                                     plaintext_length, message, REDOUBT_MAX_MESSAGE_BYTES, &length);
  to_hex(message, length, text);
  printf("seal|%s|%s|%s\n", vector->name, redoubt_status_name(status), text);
  CHECK_STATUS(status, REDOUBT_OK);
  CHECK_TEXT(text, vector->message);
  status = redoubt_envelope_open(key, vector->topic, message, length, output, sizeof output, &length, &envelope);
  to_hex(output, length, text);
  printf("open|%s|%s|%.*s|%" PRIu32 "|%" PRIu64 "|%s\n", vector->name, redoubt_status_name(status),
         (int)envelope.device_length, (const char *)envelope.kid, envelope.epoch, envelope.number, text);
  CHECK_TEXT(text, vector->plaintext);
}

static void check_refused(const struct refused_case *vector) {
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  size_t opened = 0;
  (void)from_hex(vector->device_key, key, sizeof key);
  size_t length = from_hex(vector->message, message, sizeof message);
  memset(output, 0xa5, sizeof output);
  enum redoubt_status status =
      redoubt_envelope_open(key, vector->topic, message, length, output, sizeof output, &opened, NULL);
  printf("refused|%s|%s\n", vector->name, redoubt_status_name(status));
  CHECK_TEXT(redoubt_status_name(status), vector->outcome);
  CHECK(opened == 0 && is_all_zero(output, sizeof output));
}

static void check_command(const struct command_case *vector) {
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  struct memory_storage memory;
  struct redoubt_storage storage;
  struct redoubt_counters counters;
  struct redoubt_command command;
  (void)from_hex(vector->device_key, key, sizeof key);
  size_t length = from_hex(vector->message, message, sizeof message);
  memory_storage_open(&memory, &storage);
  CHECK_STATUS(redoubt_counters_create(&storage, "counters", 1), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, "counters", 1, 1), REDOUBT_OK);
  if (vector->last > 0) CHECK_STATUS(redoubt_counters_take_command(&counters, vector->last), REDOUBT_OK);
  const struct redoubt_command_context context = {
      .key = key, .device = vector->device, .topic = vector->topic, .now_ms = vector->now};
  enum redoubt_status status =
      redoubt_command_open(&context, &counters, message, length, output, sizeof output, &command);
  printf("command|%s|%s|%s|%s|%" PRIu64 "|%" PRId64 "|%.*s\n", vector->name, redoubt_status_name(status), command.name,
         command.id, command.number, command.expires_ms, (int)command.arguments_length,
         command.arguments ? command.arguments : "");
  CHECK_TEXT(redoubt_status_name(status), vector->outcome);
  CHECK_TEXT(command.name, vector->command);
  CHECK_TEXT(command.id, vector->id);
  CHECK(command.number == vector->number && command.expires_ms == vector->expires);
  const char *arguments = vector->arguments ? vector->arguments : "";
  CHECK(command.arguments_length == strlen(arguments) &&
        (!command.arguments || memcmp(command.arguments, arguments, strlen(arguments)) == 0));
  /* What was taken is in the storage, and only that. */
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, "counters", 1, 1), REDOUBT_OK);
  CHECK(counters.command == (status == REDOUBT_OK ? vector->number : vector->last));
  CHECK(status == REDOUBT_OK || is_all_zero(output, sizeof output));
}

static void check_provisioning(const struct provisioning_case *vector) {
  struct redoubt_provisioning record;
  char written[REDOUBT_MAX_PROVISIONING_BYTES + 1];
  size_t length = 0;
  enum redoubt_status status = redoubt_provisioning_parse(vector->text, strlen(vector->text), &record);
  to_hex(record.key, status == REDOUBT_OK ? sizeof record.key : 0, text);
  printf("provisioning|%s|%s|%s|%" PRIu32 "|%s|%s\n", vector->name, redoubt_status_name(status), record.device,
         record.epoch, text, record.password);
  CHECK_TEXT(redoubt_status_name(status), vector->outcome);
  CHECK_TEXT(record.device, vector->device);
  CHECK_TEXT(record.password, vector->password);
  CHECK_TEXT(text, vector->key);
  CHECK(record.epoch == vector->epoch);
  if (status != REDOUBT_OK) {
    CHECK(is_all_zero(&record, sizeof record));
    return;
  }
  CHECK_STATUS(redoubt_provisioning_format(&record, written, sizeof written, &length), REDOUBT_OK);
  CHECK_TEXT(written, vector->text);
  CHECK(length == strlen(vector->text));
}

static void check_reading(const struct reading_case *vector) {
  size_t length = 0;
  const struct redoubt_reading reading = {.device_id = vector->device,
                                          .sequence_no = vector->sequence,
                                          .timestamp_ms = vector->timestamp,
                                          .cpu_usage = vector->cpu,
                                          .battery_level = vector->battery,
                                          .quantities = vector->quantities,
                                          .quantity_count = vector->quantity_count};
  enum redoubt_status status = redoubt_reading_write(&reading, text, sizeof text, &length);
  printf("reading|%s|%s|%s\n", vector->name, redoubt_status_name(status), text);
  CHECK_TEXT(text, vector->json);
  CHECK(length == strlen(vector->json));
}

static void all_vectors(void) {
  CHECK_STATUS(redoubt_crypto_start(), REDOUBT_OK);
  for (size_t index = 0; index < COUNT(seal_cases); index++) check_seal(&seal_cases[index]);
  for (size_t index = 0; index < COUNT(refused_cases); index++) check_refused(&refused_cases[index]);
  for (size_t index = 0; index < COUNT(command_cases); index++) check_command(&command_cases[index]);
  for (size_t index = 0; index < COUNT(provisioning_cases); index++) check_provisioning(&provisioning_cases[index]);
  for (size_t index = 0; index < COUNT(reading_cases); index++) check_reading(&reading_cases[index]);
}

int main(void) {
  RUN(all_vectors);
  return check_result();
}
