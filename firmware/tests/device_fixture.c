#include "device_fixture.h"

#include <string.h>

#include "check.h"

struct memory_storage memory;
struct redoubt_storage storage;
struct redoubt_device device;

enum redoubt_status counting_random(void *context, uint8_t *out, size_t length) {
  static uint8_t count;
  (void)context;
  memset(out, 0x5a, length);
  out[0] = count++;
  out[1] = (uint8_t)~out[0];
  return REDOUBT_OK;
}

enum redoubt_status start(void) { return redoubt_device_open(&device, &storage, counting_random, NULL, 4); }

void erase_and_start(void) {
  memory_storage_open(&memory, &storage);
  CHECK_STATUS(start(), REDOUBT_NOT_PROVISIONED);
}

void key_of(uint8_t first, uint8_t *key) {
  for (size_t index = 0; index < REDOUBT_DEVICE_KEY_BYTES; index++) key[index] = (uint8_t)(first + index * index);
}

enum redoubt_status provision(const char *name, uint32_t epoch, uint8_t key, const char *password) {
  struct redoubt_provisioning record;
  char text[REDOUBT_MAX_PROVISIONING_BYTES + 1];
  size_t length = 0;
  memset(&record, 0, sizeof record);
  strncpy(record.device, name, REDOUBT_MAX_DEVICE_NAME);
  strncpy(record.password, password, REDOUBT_MAX_PASSWORD);
  record.epoch = epoch;
  key_of(key, record.key);
  CHECK_STATUS(redoubt_provisioning_format(&record, text, sizeof text, &length), REDOUBT_OK);
  return redoubt_device_provision(&device, text, length);
}

uint64_t send(enum redoubt_status expected) {
  static char json[256];
  static uint8_t message[512];
  static const struct redoubt_reading reading = {.device_id = "another",
                                                 .sequence_no = 4711,
                                                 .timestamp_ms = 0,
                                                 .cpu_usage = 12,
                                                 .battery_level = 90,
                                                 .quantities = NULL,
                                                 .quantity_count = 0};
  size_t length = 99;
  uint64_t number = 99;
  enum redoubt_status status =
      redoubt_device_seal(&device, DATA_TOPIC, &reading, json, sizeof json, message, sizeof message, &length, &number);
  CHECK_STATUS(status, expected);
  CHECK((length == 0 && number == 0) == (status != REDOUBT_OK));
  if (status == REDOUBT_OK) CHECK(strstr(json, "\"device_id\":\"pump-1\"") != NULL && !strstr(json, "4711"));
  return number;
}
