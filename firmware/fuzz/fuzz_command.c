/*
 * The first byte chooses: a command's JSON as a gateway could have sealed it, or a whole message from the network. The
 * first must be taken and refused by the rules whatever it is; of the latter none may be obeyed.
 */
#include <stdlib.h>
#include <string.h>

#include "redoubt/command.h"
#include "redoubt/envelope.h"
#include "redoubt/json.h"

#define DEVICE "pump-1"
#define TOPIC "iot/devices/pump-1/cmd"
#define LAST_COMMAND 64

static unsigned writes;

static void must(int is_true) {
  if (!is_true) abort();
}

static enum redoubt_status count_write(void *context, const char *name, const uint8_t *value, size_t length) {
  (void)context;
  (void)name;
  (void)value;
  (void)length;
  writes++;
  return REDOUBT_OK;
}

static void check_plaintext(const char *text, size_t length) {
  struct redoubt_command command;
  enum redoubt_status status = redoubt_command_parse(text, length, DEVICE, INT64_C(1780315205000), &command);
  if (status != REDOUBT_OK) {
    const uint8_t *bytes = (const uint8_t *)&command;
    for (size_t index = 0; index < sizeof command; index++) must(bytes[index] == 0);
    return;
  }
  size_t name = strlen(command.name);
  must(name >= 1 && name <= REDOUBT_MAX_COMMAND_NAME && command.number <= REDOUBT_MAX_NUMBER);
  must(redoubt_json_check_object(text, length) == REDOUBT_OK);
  if (!command.arguments) return;
  /* A piece of the text, and JSON by itself. */
  must(command.arguments >= text && command.arguments + command.arguments_length <= text + length);
  struct redoubt_json_value value;
  (void)redoubt_json_member(command.arguments, command.arguments_length, "seconds", &value);
}

static void check_message(const uint8_t *message, size_t length) {
  static const uint8_t key[REDOUBT_DEVICE_KEY_BYTES] = {0x9e, 0x02, 0x41, 0x77, 0x5a, 0xc3};
  static const struct redoubt_storage storage = {.context = NULL, .read = NULL, .write = count_write, .erase = NULL};
  const struct redoubt_command_context context = {.key = key, .device = DEVICE, .topic = TOPIC, .now_ms = 0};
  struct redoubt_counters counters = {.storage = &storage, .name = "c", .epoch = 1, .block = 1, .next = 1, .end = 1,
                                      .command = LAST_COMMAND};
  uint8_t plaintext[REDOUBT_MAX_MESSAGE_BYTES];
  struct redoubt_command command;
  enum redoubt_status status =
      redoubt_command_open(&context, &counters, message, length, plaintext, sizeof plaintext, &command);
  /* Nobody has this key. */
  must(status != REDOUBT_OK && writes == 0 && counters.command == LAST_COMMAND && command.name[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    check_plaintext((const char *)data + 1, size - 1);
  } else {
    check_message(data + 1, size - 1);
  }
  return 0;
}
