#include <string.h>

#include "check.h"
#include "redoubt/provisioning.h"
#include "units.h"

static char text[REDOUBT_MAX_PROVISIONING_BYTES + 1];
static size_t length;

static struct redoubt_provisioning record_of(const char *device, uint32_t epoch, const char *password) {
  struct redoubt_provisioning record;
  memset(&record, 0, sizeof record);
  strncpy(record.device, device, sizeof record.device);
  strncpy(record.password, password, sizeof record.password);
  record.epoch = epoch;
  for (size_t index = 0; index < sizeof record.key; index++) record.key[index] = (uint8_t)(index * index + 3);
  return record;
}

static enum redoubt_status format(struct redoubt_provisioning record) {
  length = 99;
  return redoubt_provisioning_format(&record, text, sizeof text, &length);
}

static void writes_only_what_it_reads(void) {
  struct redoubt_provisioning read;
  struct redoubt_provisioning record = record_of("pump-1", 1, "secret");
  CHECK_STATUS(format(record), REDOUBT_OK);
  CHECK_STATUS(redoubt_provisioning_parse(text, length, &read), REDOUBT_OK);
  CHECK(memcmp(&read, &record, sizeof read) == 0);
  CHECK_STATUS(redoubt_provisioning_format(&record, text, sizeof text - 1, &length), REDOUBT_SIZE);
  CHECK(length == 0);
  CHECK_STATUS(format(record_of("pump 1", 1, "")), REDOUBT_FORMAT);
  CHECK_STATUS(format(record_of("", 1, "")), REDOUBT_FORMAT);
  CHECK_STATUS(format(record_of("pump-1", 1, "two words")), REDOUBT_FORMAT);
  CHECK_STATUS(format(record_of("pump-1", 1, "-")), REDOUBT_FORMAT);
  CHECK_STATUS(format(record_of("pump-1", 0, "")), REDOUBT_RANGE);
  CHECK_STATUS(format(record_of("pump-1", REDOUBT_MAX_EPOCH + 1, "")), REDOUBT_RANGE);
  memset(record.key, 0x77, sizeof record.key);
  CHECK_STATUS(format(record), REDOUBT_RANGE);
  /* Texts without their end. */
  record = record_of("pump-1", 1, "");
  memset(record.device, 'a', sizeof record.device);
  CHECK_STATUS(format(record), REDOUBT_FORMAT);
  record = record_of("pump-1", 1, "");
  memset(record.password, 'a', sizeof record.password);
  CHECK_STATUS(format(record), REDOUBT_FORMAT);
  CHECK(length == 0);
}

static void finds_every_changed_character(void) {
  struct redoubt_provisioning read;
  CHECK_STATUS(format(record_of("pump-1", 12, "secret")), REDOUBT_OK);
  for (size_t bit = 0; bit < length * 8; bit++) {
    text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ (1U << bit % 8));
    memset(&read, 0xa5, sizeof read);
    CHECK_STATUS(redoubt_provisioning_parse(text, length, &read), REDOUBT_FORMAT);
    CHECK(is_all_zero(&read, sizeof read));
    text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ (1U << bit % 8));
  }
  for (size_t cut = 0; cut < length; cut++) {
    CHECK_STATUS(redoubt_provisioning_parse(text, cut, &read), REDOUBT_FORMAT);
  }
  CHECK_STATUS(redoubt_provisioning_parse(text, length, &read), REDOUBT_OK);
}

void provisioning_tests(void) {
  RUN(writes_only_what_it_reads);
  RUN(finds_every_changed_character);
}
