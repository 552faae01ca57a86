/** A storage in memory that fails when it is told to. */
#ifndef REDOUBT_MEMORY_STORAGE_H
#define REDOUBT_MEMORY_STORAGE_H

#include <stdbool.h>

#include "redoubt/storage.h"

#define MEMORY_VALUES 4

struct memory_value {
  char name[REDOUBT_STORAGE_MAX_NAME + 1];
  uint8_t bytes[REDOUBT_STORAGE_MAX_BYTES];
  size_t length;
};

struct memory_storage {
  struct memory_value values[MEMORY_VALUES];
  unsigned reads;
  unsigned writes;
  /** The calls from this one on fail; 0: none does. */
  unsigned read_fails_at;
  unsigned write_fails_at;
  /** A write that fails has taken place nevertheless. */
  bool writes_all_the_same;
};

/** Empties the memory and connects the storage with it. */
void memory_storage_open(struct memory_storage *memory, struct redoubt_storage *storage);

/** The value of this name; NULL where there is none. */
struct memory_value *memory_value(struct memory_storage *memory, const char *name);

#endif
