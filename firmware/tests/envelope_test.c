#include <string.h>

#include "check.h"
#include "crypto_faults.h"
#include "redoubt/envelope.h"
#include "units.h"

#define TOPIC "iot/devices/pump-1/data"

static const uint8_t key[REDOUBT_DEVICE_KEY_BYTES] = {7, 1, 9, 4, 4, 2};
static const uint8_t boot_id[REDOUBT_BOOT_ID_BYTES] = {3, 1, 4, 1, 5, 9, 2, 6};
static const char reading[] = "{\"temperature\":21.5}";
#define READING_BYTES (sizeof reading - 1)

static uint8_t message[REDOUBT_MAX_MESSAGE_BYTES];
static uint8_t plaintext[REDOUBT_MAX_MESSAGE_BYTES];

static enum redoubt_status seal(const char *device, const char *topic, uint64_t number, size_t capacity,
                                size_t *length) {
  const struct redoubt_sender sender = {.key = key, .device = device, .epoch = 1, .boot_id = boot_id};
  return redoubt_envelope_seal(&sender, topic, number, (const uint8_t *)reading, READING_BYTES, message, capacity,
                               length);
}

static enum redoubt_status open_message(const uint8_t *bytes, size_t length, const char *topic) {
  size_t opened = 0;
  memset(plaintext, 0xa5, sizeof plaintext);
  enum redoubt_status status =
      redoubt_envelope_open(key, topic, bytes, length, plaintext, sizeof plaintext, &opened, NULL);
  if (status != REDOUBT_OK) CHECK(opened == 0 && is_all_zero(plaintext, sizeof plaintext));
  return status;
}

static void seals_only_what_may_be_sent(void) {
  size_t length = 99;
  CHECK_STATUS(seal("pump-1", TOPIC, 1, sizeof message, &length), REDOUBT_OK);
  const size_t needed = length;
  CHECK(needed > READING_BYTES && needed - READING_BYTES <= REDOUBT_MAX_OVERHEAD_BYTES);
  CHECK_STATUS(open_message(message, length, TOPIC), REDOUBT_OK);
  CHECK(memcmp(plaintext, reading, READING_BYTES) == 0);
  for (size_t capacity = 0; capacity < needed; capacity++) {
    length = 99;
    CHECK_STATUS(seal("pump-1", TOPIC, 1, capacity, &length), REDOUBT_SIZE);
    CHECK(length == 0);
  }
  CHECK_STATUS(seal("pump-1", TOPIC, 1, needed, &length), REDOUBT_OK);
  CHECK_STATUS(seal("pump-1", TOPIC, REDOUBT_MAX_NUMBER, needed, &length), REDOUBT_OK);
  CHECK_STATUS(seal("pump-1", TOPIC, REDOUBT_MAX_NUMBER + 1, needed, &length), REDOUBT_RANGE);
  CHECK_STATUS(seal("pump 1", "pump 1/data", 1, needed, &length), REDOUBT_ARGUMENT);
  CHECK_STATUS(seal("", "/data", 1, needed, &length), REDOUBT_ARGUMENT);
  CHECK_STATUS(seal("abcdefghijklmnopqrstuvwxyz.0123", TOPIC, 1, needed, &length), REDOUBT_ARGUMENT);
  const struct redoubt_sender sender = {.key = key, .device = "p", .epoch = 1, .boot_id = boot_id};
  CHECK_STATUS(redoubt_envelope_seal(&sender, "p/data", 1, plaintext, SIZE_MAX, message, sizeof message, &length),
               REDOUBT_SIZE);
}

static void binds_the_topic(void) {
  static char topic[200];
  size_t length = 0;
  static const char *const others[] = {"data",         "",     "/",        "pump-1",          "pump-1/",
                                       "pump-2/data",  "/data", "ump-1/data", "x/pump-11/data", "iot/devices/pump-/data",
                                       "pump-1/data/"};
  for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
    CHECK_STATUS(seal("pump-1", others[index], 1, sizeof message, &length),
                 strcmp(others[index], "pump-1/") == 0 ? REDOUBT_OK : REDOUBT_TOPIC_MISMATCH);
  }
  CHECK_STATUS(seal("pump-1", "pump-1/data", 1, sizeof message, &length), REDOUBT_OK);
  CHECK_STATUS(open_message(message, length, TOPIC), REDOUBT_OK);
  CHECK_STATUS(open_message(message, length, "pump-1/dato"), REDOUBT_AUTH);
  CHECK_STATUS(open_message(message, length, "pump-1/"), REDOUBT_AUTH);
  CHECK_STATUS(open_message(message, length, "pump-2/data"), REDOUBT_TOPIC_MISMATCH);
  CHECK_STATUS(open_message(message, length, "data"), REDOUBT_TOPIC_MISMATCH);
  /* As long as a bound topic can be, and a character more. */
  memset(topic, 'x', sizeof topic);
  memcpy(topic, "a/pump-1/", 9);
  topic[2 + REDOUBT_MAX_BOUND_TOPIC_BYTES] = '\0';
  CHECK_STATUS(seal("pump-1", topic, 1, sizeof message, &length), REDOUBT_OK);
  CHECK_STATUS(open_message(message, length, topic), REDOUBT_OK);
  topic[2 + REDOUBT_MAX_BOUND_TOPIC_BYTES] = 'x';
  topic[3 + REDOUBT_MAX_BOUND_TOPIC_BYTES] = '\0';
  CHECK_STATUS(seal("pump-1", topic, 1, sizeof message, &length), REDOUBT_TOPIC_MISMATCH);
  CHECK_STATUS(open_message(message, 0, topic), REDOUBT_FORMAT);
}

static void opens_no_forgery(void) {
  static uint8_t forged[256];
  size_t length = 0;
  unsigned forgeries = 0;
  CHECK_STATUS(seal("pump-1", TOPIC, 1, sizeof message, &length), REDOUBT_OK);
  for (size_t bit = 0; bit < length * 8; bit++, forgeries++) {
    memcpy(forged, message, length);
    forged[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CHECK(open_message(forged, length, TOPIC) != REDOUBT_OK);
  }
  for (size_t cut = 0; cut < length; cut++, forgeries++) CHECK(open_message(message, cut, TOPIC) != REDOUBT_OK);
  for (size_t at = 0; at <= length; at++) {
    static const uint8_t bytes[] = {0x00, 0x01, 0x40, 0xff};
    for (size_t index = 0; index < sizeof bytes; index++, forgeries++) {
      memcpy(forged, message, at);
      forged[at] = bytes[index];
      memcpy(forged + at + 1, message + at, length - at);
      CHECK(open_message(forged, length + 1, TOPIC) != REDOUBT_OK);
    }
  }
  CHECK(forgeries > 900);
  CHECK_STATUS(open_message(message, length, TOPIC), REDOUBT_OK);
}

static void needs_room_for_the_plaintext(void) {
  size_t length = 0;
  size_t opened = 0;
  struct redoubt_envelope envelope;
  CHECK_STATUS(seal("pump-1", TOPIC, 5, sizeof message, &length), REDOUBT_OK);
  CHECK_STATUS(redoubt_envelope_open(key, TOPIC, message, length, plaintext, READING_BYTES - 1, &opened, &envelope),
               REDOUBT_SIZE);
  CHECK(opened == 0 && is_all_zero(&envelope, sizeof envelope));
  CHECK_STATUS(redoubt_envelope_open(key, TOPIC, message, length, plaintext, READING_BYTES, &opened, &envelope),
               REDOUBT_OK);
  CHECK(opened == READING_BYTES && envelope.number == 5 && envelope.epoch == 1 && envelope.device_length == 6);
  CHECK(envelope.kid_length == 8 && memcmp(envelope.kid, "pump-1:1", 8) == 0);
  CHECK(memcmp(envelope.boot_id, boot_id, sizeof boot_id) == 0);
}

static void sends_nothing_when_the_crypto_fails(void) {
  size_t length = 0;
  CHECK_STATUS(seal("pump-1", TOPIC, 1, sizeof message, &length), REDOUBT_OK);
  const size_t sealed = length;
  for (unsigned call = 1; call <= 3; call++) {
    length = 99;
    crypto_fails_at(call);
    CHECK_STATUS(seal("pump-1", TOPIC, 1, sizeof message, &length), REDOUBT_CRYPTO);
    CHECK(length == 0);
  }
  crypto_fails_at(1);
  CHECK_STATUS(open_message(message, sealed, TOPIC), REDOUBT_CRYPTO);
  crypto_fails_at(0);
}

void envelope_tests(void) {
  RUN(seals_only_what_may_be_sent);
  RUN(binds_the_topic);
  RUN(opens_no_forgery);
  RUN(needs_room_for_the_plaintext);
  RUN(sends_nothing_when_the_crypto_fails);
}
