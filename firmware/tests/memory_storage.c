#include "memory_storage.h"

#include <string.h>

struct memory_value *memory_value(struct memory_storage *memory, const char *name) {
  for (size_t index = 0; index < MEMORY_VALUES; index++) {
    if (strcmp(memory->values[index].name, name) == 0) return &memory->values[index];
  }
  return NULL;
}

static enum redoubt_status memory_read(void *context, const char *name, uint8_t *out, size_t capacity, size_t *length) {
  struct memory_storage *memory = context;
  *length = 0;
  memory->reads++;
  if (memory->read_fails_at != 0 && memory->reads >= memory->read_fails_at) return REDOUBT_STORAGE;
  const struct memory_value *value = memory_value(memory, name);
  if (!value) return REDOUBT_NOT_FOUND;
  if (value->length > capacity) return REDOUBT_SIZE;
  memcpy(out, value->bytes, value->length);
  *length = value->length;
  return REDOUBT_OK;
}

static void replace(struct memory_storage *memory, const char *name, const uint8_t *bytes, size_t length) {
  struct memory_value *value = memory_value(memory, name);
  if (!value) value = memory_value(memory, "");
  if (!value || length > sizeof value->bytes) return;
  strncpy(value->name, name, REDOUBT_STORAGE_MAX_NAME);
  memcpy(value->bytes, bytes, length);
  value->length = length;
}

static bool fails(struct memory_storage *memory) {
  memory->writes++;
  return memory->write_fails_at != 0 && memory->writes >= memory->write_fails_at;
}

static enum redoubt_status memory_write(void *context, const char *name, const uint8_t *bytes, size_t length) {
  struct memory_storage *memory = context;
  const bool is_failing = fails(memory);
  if (!is_failing || memory->writes_all_the_same) replace(memory, name, bytes, length);
  return is_failing ? REDOUBT_STORAGE : REDOUBT_OK;
}

static enum redoubt_status memory_erase(void *context, const char *name) {
  struct memory_storage *memory = context;
  if (fails(memory)) return REDOUBT_STORAGE;
  struct memory_value *value = memory_value(memory, name);
  if (value) memset(value, 0, sizeof *value);
  return REDOUBT_OK;
}

void memory_storage_open(struct memory_storage *memory, struct redoubt_storage *storage) {
  memset(memory, 0, sizeof *memory);
  *storage =
      (struct redoubt_storage){.context = memory, .read = memory_read, .write = memory_write, .erase = memory_erase};
}
