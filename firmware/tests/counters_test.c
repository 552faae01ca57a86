#include <string.h>

#include "check.h"
#include "memory_storage.h"
#include "redoubt/counters.h"
#include "redoubt/envelope.h"
#include "units.h"

#define NAME "counters-a"
#define BLOCK 8

static struct memory_storage memory;
static struct redoubt_storage storage;

static void fresh(struct redoubt_counters *counters, uint32_t block) {
  memory_storage_open(&memory, &storage);
  CHECK_STATUS(redoubt_counters_create(&storage, NAME, 3), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_open(counters, &storage, NAME, 3, block), REDOUBT_OK);
}

static uint64_t next(struct redoubt_counters *counters) {
  uint64_t number = 0;
  CHECK_STATUS(redoubt_counters_next(counters, &number), REDOUBT_OK);
  return number;
}

static void counts_from_one_and_writes_once_a_block(void) {
  struct redoubt_counters counters;
  fresh(&counters, BLOCK);
  for (uint64_t number = 1; number <= 3 * BLOCK; number++) CHECK(next(&counters) == number);
  CHECK(memory.writes == 1 + 3);
}

static void skips_the_rest_of_a_block_after_a_restart(void) {
  struct redoubt_counters counters;
  fresh(&counters, BLOCK);
  CHECK(next(&counters) == 1);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_OK);
  CHECK(next(&counters) == 1 + BLOCK);
  /* A restart that sent nothing skips nothing more. */
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_OK);
  CHECK(next(&counters) == 1 + 2 * BLOCK);
}

static void gives_no_number_that_is_not_reserved(void) {
  for (unsigned takes_place = 0; takes_place <= 1; takes_place++) {
    struct redoubt_counters counters;
    uint64_t number = 99;
    fresh(&counters, BLOCK);
    memory.writes_all_the_same = takes_place == 1;
    memory.write_fails_at = memory.writes + 1;
    for (unsigned attempt = 0; attempt < 3; attempt++) {
      CHECK_STATUS(redoubt_counters_next(&counters, &number), REDOUBT_STORAGE);
      CHECK(number == 99);
    }
    memory.write_fails_at = 0;
    CHECK(next(&counters) == 1);
    memory.write_fails_at = memory.writes + 1;
    /* What is reserved needs no write. */
    for (uint64_t used = 2; used <= BLOCK; used++) CHECK(next(&counters) == used);
    CHECK_STATUS(redoubt_counters_next(&counters, &number), REDOUBT_STORAGE);
    CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_OK);
    memory.write_fails_at = 0;
    CHECK(next(&counters) > BLOCK);
  }
}

static void ends_after_the_greatest_number(void) {
  struct redoubt_counters counters;
  uint64_t number = 0;
  fresh(&counters, BLOCK);
  counters.next = REDOUBT_MAX_NUMBER - 2;
  counters.end = counters.next;
  for (uint64_t left = 3; left > 0; left--) CHECK(next(&counters) == REDOUBT_MAX_NUMBER + 1 - left);
  CHECK_STATUS(redoubt_counters_next(&counters, &number), REDOUBT_COUNTER_SPENT);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, UINT32_MAX), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_next(&counters, &number), REDOUBT_COUNTER_SPENT);
}

static void takes_each_command_once(void) {
  struct redoubt_counters counters;
  fresh(&counters, BLOCK);
  CHECK(next(&counters) == 1);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 0), REDOUBT_REPLAY);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 1), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 1), REDOUBT_REPLAY);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 65), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 64), REDOUBT_REPLAY);
  CHECK_STATUS(redoubt_counters_take_command(&counters, REDOUBT_MAX_NUMBER + 1), REDOUBT_RANGE);
  memory.write_fails_at = memory.writes + 1;
  CHECK_STATUS(redoubt_counters_take_command(&counters, 66), REDOUBT_STORAGE);
  memory.write_fails_at = 0;
  /* Nobody acted on it yet. */
  CHECK_STATUS(redoubt_counters_take_command(&counters, 66), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_OK);
  CHECK_STATUS(redoubt_counters_take_command(&counters, 66), REDOUBT_REPLAY);
  CHECK_STATUS(redoubt_counters_take_command(&counters, REDOUBT_MAX_NUMBER), REDOUBT_OK);
  CHECK(next(&counters) == 1 + BLOCK);
}

static void knows_counters_that_are_lost(void) {
  struct redoubt_counters counters;
  fresh(&counters, BLOCK);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, 0), REDOUBT_ARGUMENT);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 4, BLOCK), REDOUBT_COUNTER_LOST);
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, "counters-b", 3, BLOCK), REDOUBT_COUNTER_LOST);
  struct memory_value *value = memory_value(&memory, NAME);
  CHECK(value != NULL);
  if (!value) return;
  const size_t length = value->length;
  for (size_t bit = 0; bit < length * 8; bit++) {
    value->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_COUNTER_LOST);
    value->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t other = 0; other <= length + 1; other++) {
    value->length = other;
    CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK),
                 other == length ? REDOUBT_OK : REDOUBT_COUNTER_LOST);
  }
  value->length = length;
  memory.read_fails_at = memory.reads + 1;
  CHECK_STATUS(redoubt_counters_open(&counters, &storage, NAME, 3, BLOCK), REDOUBT_STORAGE);
}

void counters_tests(void) {
  RUN(counts_from_one_and_writes_once_a_block);
  RUN(skips_the_rest_of_a_block_after_a_restart);
  RUN(gives_no_number_that_is_not_reserved);
  RUN(ends_after_the_greatest_number);
  RUN(takes_each_command_once);
  RUN(knows_counters_that_are_lost);
}
