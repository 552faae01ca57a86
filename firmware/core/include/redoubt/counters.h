/**
 * The numbers of a device and key epoch: of the messages that it sends, and of the last command that it took.
 *
 * The end of a block of numbers is in the flash before the first of them is used (RFC 8613, appendix B.1.1): a restart,
 * a power cut or a failed write skips numbers and repeats none.
 */
#ifndef REDOUBT_COUNTERS_H
#define REDOUBT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"
#include "redoubt/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers that one write reserves: one write in 17 minutes at one message a second. */
#define REDOUBT_DEFAULT_BLOCK 1024

/** Of one key epoch. The fields are the functions' own. */
struct redoubt_counters {
  const struct redoubt_storage *storage;
  /** Name of the value in the storage. */
  const char *name;
  uint32_t epoch;
  uint32_t block;
  /** The next number, and the end of the block that is reserved, which is not part of it. */
  uint64_t next;
  uint64_t end;
  /** Of the last command that was taken. */
  uint64_t command;
};

/**
 * Stores the counters of a new key epoch: numbers from 1 on, no command yet.
 *
 * @return REDOUBT_STORAGE.
 */
enum redoubt_status redoubt_counters_create(const struct redoubt_storage *storage, const char *name, uint32_t epoch);

/**
 * Reads the counters of a key epoch.
 *
 * @param block numbers that one write reserves, at least 1.
 * @return REDOUBT_COUNTER_LOST where they are missing, damaged or of another epoch; REDOUBT_STORAGE where they cannot
 *         be read now; REDOUBT_ARGUMENT.
 */
enum redoubt_status redoubt_counters_open(struct redoubt_counters *counters, const struct redoubt_storage *storage,
                                          const char *name, uint32_t epoch, uint32_t block);

/**
 * The number of the next message, from 1 on.
 *
 * @return REDOUBT_STORAGE where the next block could not be reserved: then nothing may be sent, and the caller may ask
 *         again later; REDOUBT_COUNTER_SPENT after REDOUBT_MAX_NUMBER.
 */
enum redoubt_status redoubt_counters_next(struct redoubt_counters *counters, uint64_t *number);

/**
 * Takes down the number of a command that was authenticated; only after REDOUBT_OK may the device act on it.
 *
 * @return REDOUBT_REPLAY for a number that is not above the last one; REDOUBT_RANGE above REDOUBT_MAX_NUMBER;
 *         REDOUBT_STORAGE.
 */
enum redoubt_status redoubt_counters_take_command(struct redoubt_counters *counters, uint64_t number);

#ifdef __cplusplus
}
#endif

#endif
