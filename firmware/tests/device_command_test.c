#include <stdio.h>
#include <string.h>

#include "check.h"
#include "device_fixture.h"
#include "redoubt/envelope.h"
#include "units.h"

static uint8_t message[512];
static uint8_t plaintext[512];
static size_t length;
static struct redoubt_command command;

/** What the gateway sends. */
static void seal_command(const char *to, uint8_t key_first, const char *topic, uint64_t number) {
  static const uint8_t boot_id[REDOUBT_BOOT_ID_BYTES] = {8, 7, 6, 5, 4, 3, 2, 1};
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  char text[256];
  key_of(key_first, key);
  const struct redoubt_sender sender = {.key = key, .device = to, .epoch = 1, .boot_id = boot_id};
  (void)snprintf(text, sizeof text,
                 "{\"device_id\":\"%s\",\"command_id\":\"a1\",\"command\":\"fan_on\",\"counter\":%u,\"expires\":"
                 "\"2026-06-01T12:00:30.000Z\"}",
                 to, (unsigned)number);
  CHECK_STATUS(redoubt_envelope_seal(&sender, topic, number, (const uint8_t *)text, strlen(text), message,
                                     sizeof message, &length),
               REDOUBT_OK);
}

static enum redoubt_status receive(int64_t now_ms) {
  return redoubt_device_command(&device, COMMAND_TOPIC, now_ms, message, length, plaintext, sizeof plaintext, &command);
}

static void obeys_once(void) {
  erase_and_start();
  seal_command("pump-1", 10, COMMAND_TOPIC, 7);
  CHECK_STATUS(receive(0), REDOUBT_NOT_PROVISIONED);
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  CHECK_STATUS(receive(0), REDOUBT_OK);
  CHECK_TEXT(command.name, "fan_on");
  CHECK_STATUS(receive(0), REDOUBT_REPLAY);
  CHECK_TEXT(command.name, "");
  CHECK_STATUS(start(), REDOUBT_OK);
  CHECK_STATUS(receive(0), REDOUBT_REPLAY);
  seal_command("pump-1", 10, COMMAND_TOPIC, 6);
  CHECK_STATUS(receive(0), REDOUBT_REPLAY);
  seal_command("pump-1", 10, COMMAND_TOPIC, 8);
  CHECK_STATUS(receive(0), REDOUBT_OK);
}

static void counts_what_it_ignores_by_reason(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  seal_command("pump-1", 10, COMMAND_TOPIC, 1);
  message[length - 1] ^= 1;
  CHECK_STATUS(receive(0), REDOUBT_AUTH);
  CHECK_STATUS(receive(0), REDOUBT_AUTH);
  seal_command("pump-2", 20, "iot/devices/pump-2/cmd", 1);
  CHECK_STATUS(receive(0), REDOUBT_TOPIC_MISMATCH);
  seal_command("pump-1", 20, COMMAND_TOPIC, 1);
  CHECK_STATUS(receive(0), REDOUBT_AUTH);
  seal_command("pump-1", 10, DATA_TOPIC, 1);
  CHECK_STATUS(receive(0), REDOUBT_AUTH);
  seal_command("pump-1", 10, COMMAND_TOPIC, 1);
  CHECK_STATUS(receive(INT64_C(1780315230001)), REDOUBT_STALE);
  CHECK_STATUS(receive(INT64_C(1780315230000)), REDOUBT_OK);
  CHECK_STATUS(receive(0), REDOUBT_REPLAY);
  length = 3;
  CHECK_STATUS(receive(0), REDOUBT_FORMAT);
  const struct redoubt_command_counts *counts = &device.commands;
  CHECK(counts->accepted == 1 && counts->refused == 8);
  CHECK(counts->by_reason[REDOUBT_AUTH] == 4 && counts->by_reason[REDOUBT_TOPIC_MISMATCH] == 1);
  CHECK(counts->by_reason[REDOUBT_STALE] == 1 && counts->by_reason[REDOUBT_REPLAY] == 1);
  uint32_t sum = 0;
  for (size_t reason = 0; reason < REDOUBT_STATUS_COUNT; reason++) sum += counts->by_reason[reason];
  CHECK(sum == counts->refused && counts->by_reason[REDOUBT_OK] == 0);
}

static void obeys_nothing_that_it_cannot_remember(void) {
  for (unsigned takes_place = 0; takes_place <= 1; takes_place++) {
    erase_and_start();
    CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
    seal_command("pump-1", 10, COMMAND_TOPIC, 1);
    memory.writes_all_the_same = takes_place == 1;
    memory.write_fails_at = memory.writes + 1;
    CHECK_STATUS(receive(0), REDOUBT_STORAGE);
    CHECK(is_all_zero(&command, sizeof command) && is_all_zero(plaintext, sizeof plaintext));
    memory.write_fails_at = 0;
    /* The broker brings it again: it was not obeyed yet. */
    CHECK_STATUS(receive(0), REDOUBT_OK);
    CHECK_STATUS(receive(0), REDOUBT_REPLAY);
    CHECK(device.commands.by_reason[REDOUBT_STORAGE] == 1);
  }
}

static void ignores_commands_of_an_old_key(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  seal_command("pump-1", 10, COMMAND_TOPIC, 1);
  CHECK_STATUS(provision("pump-1", 2, 20, ""), REDOUBT_OK);
  CHECK_STATUS(receive(0), REDOUBT_AUTH);
}

void device_command_tests(void) {
  RUN(obeys_once);
  RUN(counts_what_it_ignores_by_reason);
  RUN(obeys_nothing_that_it_cannot_remember);
  RUN(ignores_commands_of_an_old_key);
}
