#include "redoubt/counters.h"

#include <string.h>

#include "bytes.h"
#include "redoubt/envelope.h"

/** `RDC1`, epoch, end of the reserved block, last command, CRC-32. */
#define MAGIC UINT32_C(0x52444331)
#define RECORD_BYTES 28U
#define CRC_AT (RECORD_BYTES - 4U)
#define FIRST_NUMBER 1U

static enum redoubt_status write_record(const struct redoubt_storage *storage, const char *name, uint32_t epoch,
                                        uint64_t end, uint64_t command) {
  uint8_t record[RECORD_BYTES];
  put_u32(record, MAGIC);
  put_u32(record + 4, epoch);
  put_u64(record + 8, end);
  put_u64(record + 16, command);
  put_u32(record + CRC_AT, redoubt_crc32(record, CRC_AT));
  return storage->write(storage->context, name, record, sizeof record) == REDOUBT_OK ? REDOUBT_OK : REDOUBT_STORAGE;
}

enum redoubt_status redoubt_counters_create(const struct redoubt_storage *storage, const char *name, uint32_t epoch) {
  return write_record(storage, name, epoch, FIRST_NUMBER, 0);
}

enum redoubt_status redoubt_counters_open(struct redoubt_counters *counters, const struct redoubt_storage *storage,
                                          const char *name, uint32_t epoch, uint32_t block) {
  uint8_t record[RECORD_BYTES];
  size_t length = 0;
  memset(counters, 0, sizeof *counters);
  if (block == 0) return REDOUBT_ARGUMENT;
  enum redoubt_status status = storage->read(storage->context, name, record, sizeof record, &length);
  if (status != REDOUBT_OK && status != REDOUBT_NOT_FOUND && status != REDOUBT_SIZE) return REDOUBT_STORAGE;
  if (status != REDOUBT_OK || length != sizeof record || get_u32(record) != MAGIC ||
      get_u32(record + CRC_AT) != redoubt_crc32(record, CRC_AT) || get_u32(record + 4) != epoch) {
    return REDOUBT_COUNTER_LOST;
  }
  counters->storage = storage;
  counters->name = name;
  counters->epoch = epoch;
  counters->block = block;
  counters->next = get_u64(record + 8);
  counters->end = counters->next;
  counters->command = get_u64(record + 16);
  return REDOUBT_OK;
}

enum redoubt_status redoubt_counters_next(struct redoubt_counters *counters, uint64_t *number) {
  if (counters->next > REDOUBT_MAX_NUMBER) return REDOUBT_COUNTER_SPENT;
  if (counters->next >= counters->end) {
    uint64_t left = REDOUBT_MAX_NUMBER + 1 - counters->next;
    uint64_t end = counters->next + (left < counters->block ? left : counters->block);
    /* A number is used only after its block is in the flash. */
    if (write_record(counters->storage, counters->name, counters->epoch, end, counters->command) != REDOUBT_OK) {
      return REDOUBT_STORAGE;
    }
    counters->end = end;
  }
  *number = counters->next++;
  return REDOUBT_OK;
}

enum redoubt_status redoubt_counters_take_command(struct redoubt_counters *counters, uint64_t number) {
  if (number > REDOUBT_MAX_NUMBER) return REDOUBT_RANGE;
  if (number <= counters->command) return REDOUBT_REPLAY;
  /* A failed write may have reserved more numbers than are known here; those that were used are below `end`. */
  if (write_record(counters->storage, counters->name, counters->epoch, counters->end, number) != REDOUBT_OK) {
    return REDOUBT_STORAGE;
  }
  counters->command = number;
  return REDOUBT_OK;
}
