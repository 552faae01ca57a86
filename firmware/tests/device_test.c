#include <math.h>
#include <string.h>

#include "check.h"
#include "crypto_faults.h"
#include "device_fixture.h"
#include "units.h"

static void starts_without_a_key(void) {
  erase_and_start();
  CHECK(!device.is_provisioned && !device.is_ready);
  (void)send(REDOUBT_NOT_PROVISIONED);
  CHECK_STATUS(redoubt_device_open(&device, &storage, counting_random, NULL, 0), REDOUBT_ARGUMENT);
}

static enum redoubt_status no_random(void *context, uint8_t *out, size_t length) {
  (void)context;
  memset(out, 0, length);
  return REDOUBT_RANDOM;
}

static void starts_only_with_all_it_needs(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  CHECK_STATUS(redoubt_device_open(&device, &storage, no_random, NULL, 4), REDOUBT_RANDOM);
  (void)send(REDOUBT_NOT_PROVISIONED);
  crypto_fails_at(1);
  CHECK_STATUS(start(), REDOUBT_CRYPTO);
  crypto_fails_at(0);
  for (unsigned read = 1; read <= 2; read++) {
    memory.reads = 0;
    memory.read_fails_at = read;
    CHECK_STATUS(start(), REDOUBT_STORAGE);
    CHECK(!device.is_ready);
  }
  memory.read_fails_at = 0;
  CHECK_STATUS(start(), REDOUBT_OK);
}

static void sends_and_goes_on_after_a_restart(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, "secret"), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1 && send(REDOUBT_OK) == 2);
  uint8_t boot_id[REDOUBT_BOOT_ID_BYTES];
  memcpy(boot_id, device.boot_id, sizeof boot_id);
  CHECK_STATUS(start(), REDOUBT_OK);
  CHECK(memcmp(boot_id, device.boot_id, sizeof boot_id) != 0);
  CHECK_TEXT(device.identity.device, "pump-1");
  CHECK_TEXT(device.identity.password, "secret");
  CHECK(device.identity.epoch == 1 && send(REDOUBT_OK) == 5);
}

static void sends_nothing_that_cannot_be_sealed(void) {
  char json[256];
  uint8_t message[512];
  size_t length = 0;
  struct redoubt_reading reading = {.device_id = NULL,
                                    .sequence_no = 0,
                                    .timestamp_ms = 0,
                                    .cpu_usage = (double)NAN,
                                    .battery_level = (double)NAN,
                                    .quantities = NULL,
                                    .quantity_count = 0};
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  CHECK_STATUS(redoubt_device_seal(&device, DATA_TOPIC, &reading, json, 10, message, sizeof message, &length, NULL),
               REDOUBT_SIZE);
  CHECK_STATUS(redoubt_device_seal(&device, "pump-2/data", &reading, json, sizeof json, message, sizeof message, &length,
                                   NULL),
               REDOUBT_TOPIC_MISMATCH);
  CHECK_STATUS(redoubt_device_seal(&device, DATA_TOPIC, &reading, json, sizeof json, message, 20, &length, NULL),
               REDOUBT_SIZE);
  crypto_fails_at(1);
  CHECK_STATUS(
      redoubt_device_seal(&device, DATA_TOPIC, &reading, json, sizeof json, message, sizeof message, &length, NULL),
      REDOUBT_CRYPTO);
  crypto_fails_at(0);
  CHECK(length == 0);
  memory.write_fails_at = memory.writes + 1;
  (void)send(REDOUBT_STORAGE);
  memory.write_fails_at = 0;
  CHECK_STATUS(
      redoubt_device_seal(&device, DATA_TOPIC, &reading, json, sizeof json, message, sizeof message, &length, NULL),
      REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 6);
}

static void rotates_to_a_greater_epoch(void) {
  uint8_t key[REDOUBT_DEVICE_KEY_BYTES];
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 3, 10, "first"), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1);
  CHECK_STATUS(provision("pump-1", 2, 20, "first"), REDOUBT_EPOCH);
  CHECK_STATUS(provision("pump-1", 3, 20, "first"), REDOUBT_EPOCH);
  CHECK_STATUS(provision("pump-2", 4, 20, "first"), REDOUBT_OTHER_DEVICE);
  CHECK_STATUS(redoubt_device_provision(&device, "redoubt1", 8), REDOUBT_FORMAT);
  CHECK(device.identity.epoch == 3 && send(REDOUBT_OK) == 2);
  CHECK_STATUS(provision("pump-1", 4, 20, "second"), REDOUBT_OK);
  key_of(20, key);
  CHECK(device.identity.epoch == 4 && memcmp(device.identity.key, key, sizeof key) == 0);
  /* Another key: its numbers begin anew. */
  CHECK(send(REDOUBT_OK) == 1);
  CHECK_STATUS(start(), REDOUBT_OK);
  CHECK_TEXT(device.identity.password, "second");
  CHECK(device.identity.epoch == 4 && send(REDOUBT_OK) == 5);
  CHECK_STATUS(provision("pump-1", 9, 30, "third"), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1);
  CHECK_STATUS(start(), REDOUBT_OK);
  CHECK(device.identity.epoch == 9 && send(REDOUBT_OK) == 5);
}

static void takes_its_own_record_again(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, "secret"), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1);
  const unsigned writes = memory.writes;
  CHECK_STATUS(provision("pump-1", 1, 10, "secret"), REDOUBT_OK);
  CHECK(memory.writes == writes && send(REDOUBT_OK) == 2);
  memory.write_fails_at = writes + 1;
  CHECK_STATUS(provision("pump-1", 1, 10, "renewed"), REDOUBT_STORAGE);
  CHECK_TEXT(device.identity.password, "secret");
  memory.write_fails_at = 0;
  CHECK_STATUS(provision("pump-1", 1, 10, "renewed"), REDOUBT_OK);
  CHECK_STATUS(start(), REDOUBT_OK);
  CHECK_TEXT(device.identity.password, "renewed");
  CHECK(send(REDOUBT_OK) == 5);
}

static void survives_a_power_cut_while_it_rotates(void) {
  for (unsigned cut = 1; cut <= 2; cut++) {
    for (unsigned takes_place = 0; takes_place <= 1; takes_place++) {
      erase_and_start();
      CHECK_STATUS(provision("pump-1", 1, 10, "first"), REDOUBT_OK);
      CHECK(send(REDOUBT_OK) == 1);
      memory.writes_all_the_same = takes_place == 1;
      memory.write_fails_at = memory.writes + cut;
      CHECK_STATUS(provision("pump-1", 2, 20, "second"), REDOUBT_STORAGE);
      memory.write_fails_at = 0;
      CHECK(device.identity.epoch == 1 && send(REDOUBT_OK) == 2);
      CHECK_STATUS(start(), REDOUBT_OK);
      const bool is_new = cut == 2 && takes_place == 1;
      CHECK(device.identity.epoch == (is_new ? 2 : 1));
      CHECK(send(REDOUBT_OK) == (is_new ? 1 : 5));
      CHECK_STATUS(provision("pump-1", 2, 20, "second"), REDOUBT_OK);
      CHECK(device.identity.epoch == 2 && send(REDOUBT_OK) == (is_new ? 2 : 1));
    }
  }
  /* Counters that cannot be read back were not written. */
  erase_and_start();
  memory.read_fails_at = memory.reads + 1;
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_STORAGE);
  CHECK(!device.is_provisioned);
}

static void needs_a_greater_epoch_when_its_counters_are_lost(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1);
  CHECK_STATUS(storage.erase(&memory, "counters-a"), REDOUBT_OK);
  CHECK_STATUS(start(), REDOUBT_COUNTER_LOST);
  (void)send(REDOUBT_COUNTER_LOST);
  CHECK_STATUS(provision("pump-1", 1, 10, ""), REDOUBT_COUNTER_LOST);
  CHECK_STATUS(provision("pump-1", 1, 20, ""), REDOUBT_EPOCH);
  (void)send(REDOUBT_COUNTER_LOST);
  CHECK_STATUS(provision("pump-1", 2, 20, ""), REDOUBT_OK);
  CHECK(send(REDOUBT_OK) == 1);
}

static void knows_a_damaged_identity(void) {
  erase_and_start();
  CHECK_STATUS(provision("pump-1", 1, 10, "secret"), REDOUBT_OK);
  struct memory_value *value = memory_value(&memory, "identity");
  CHECK(value != NULL);
  if (!value) return;
  for (size_t bit = 0; bit < value->length * 8; bit++) {
    value->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CHECK_STATUS(start(), REDOUBT_FORMAT);
    CHECK(!device.is_provisioned && is_all_zero(&device.identity, sizeof device.identity));
    value->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  const size_t length = value->length;
  for (size_t cut = 0; cut < length; cut++) {
    value->length = cut;
    CHECK_STATUS(start(), REDOUBT_FORMAT);
  }
  value->length = REDOUBT_STORAGE_MAX_BYTES;
  CHECK_STATUS(start(), REDOUBT_FORMAT);
  (void)send(REDOUBT_NOT_PROVISIONED);
  CHECK_STATUS(redoubt_device_forget(&device), REDOUBT_OK);
  CHECK_STATUS(start(), REDOUBT_NOT_PROVISIONED);
}

static void forgets_everything(void) {
  for (unsigned failure = 1; failure <= 3; failure++) {
    erase_and_start();
    CHECK_STATUS(provision("pump-1", 1, 10, "secret"), REDOUBT_OK);
    CHECK_STATUS(provision("pump-1", 2, 20, "secret"), REDOUBT_OK);
    memory.write_fails_at = memory.writes + failure;
    CHECK_STATUS(redoubt_device_forget(&device), REDOUBT_STORAGE);
    (void)send(REDOUBT_NOT_PROVISIONED);
    memory.write_fails_at = 0;
    CHECK_STATUS(redoubt_device_forget(&device), REDOUBT_OK);
    CHECK(is_all_zero(&device.identity, sizeof device.identity));
    for (size_t index = 0; index < MEMORY_VALUES; index++) {
      CHECK(is_all_zero(&memory.values[index], sizeof memory.values[index]));
    }
    CHECK_STATUS(start(), REDOUBT_NOT_PROVISIONED);
  }
}

void device_tests(void) {
  RUN(starts_without_a_key);
  RUN(starts_only_with_all_it_needs);
  RUN(sends_and_goes_on_after_a_restart);
  RUN(sends_nothing_that_cannot_be_sealed);
  RUN(rotates_to_a_greater_epoch);
  RUN(takes_its_own_record_again);
  RUN(survives_a_power_cut_while_it_rotates);
  RUN(needs_a_greater_epoch_when_its_counters_are_lost);
  RUN(knows_a_damaged_identity);
  RUN(forgets_everything);
}
