#include "faulty_storage.h"

/** Marsaglia's xorshift32: tests need no better one. */
static uint32_t draw(struct redoubt_faulty_storage *faulty) {
  uint32_t state = faulty->state;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  faulty->state = state;
  return state;
}

static enum redoubt_status faulty_read(void *context, const char *name, uint8_t *out, size_t capacity, size_t *length) {
  struct redoubt_faulty_storage *faulty = context;
  return faulty->inner.read(faulty->inner.context, name, out, capacity, length);
}

static enum redoubt_status faulty_write(void *context, const char *name, const uint8_t *value, size_t length) {
  struct redoubt_faulty_storage *faulty = context;
  const uint32_t fate = draw(faulty) % 1000;
  faulty->writes++;
  if (fate >= faulty->per_mille) return faulty->inner.write(faulty->inner.context, name, value, length);
  faulty->failures++;
  if (fate % 2 == 0) (void)faulty->inner.write(faulty->inner.context, name, value, length);
  return REDOUBT_STORAGE;
}

static enum redoubt_status faulty_erase(void *context, const char *name) {
  struct redoubt_faulty_storage *faulty = context;
  const uint32_t fate = draw(faulty) % 1000;
  faulty->writes++;
  if (fate >= faulty->per_mille) return faulty->inner.erase(faulty->inner.context, name);
  faulty->failures++;
  if (fate % 2 == 0) (void)faulty->inner.erase(faulty->inner.context, name);
  return REDOUBT_STORAGE;
}

void redoubt_faulty_storage_open(struct redoubt_faulty_storage *faulty, const struct redoubt_storage *inner,
                                 uint32_t seed, uint32_t per_mille, struct redoubt_storage *storage) {
  *faulty = (struct redoubt_faulty_storage){
      .inner = *inner, .state = seed == 0 ? 1 : seed, .per_mille = per_mille, .writes = 0, .failures = 0};
  *storage =
      (struct redoubt_storage){.context = faulty, .read = faulty_read, .write = faulty_write, .erase = faulty_erase};
}
