/** A storage whose writes fail at random, for tests: half of them before anything was written, half of them after. */
#ifndef REDOUBT_FAULTY_STORAGE_H
#define REDOUBT_FAULTY_STORAGE_H

#include <stdint.h>

#include "redoubt/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Must live as long as the storage. */
struct redoubt_faulty_storage {
  struct redoubt_storage inner;
  /** Of the generator, never 0. */
  uint32_t state;
  /** Of 1,000 writes and erasures so many fail. */
  uint32_t per_mille;
  uint32_t writes;
  uint32_t failures;
};

/** @param inner copied. @param seed equal seeds give equal failures. */
void redoubt_faulty_storage_open(struct redoubt_faulty_storage *faulty, const struct redoubt_storage *inner,
                                 uint32_t seed, uint32_t per_mille, struct redoubt_storage *storage);

#ifdef __cplusplus
}
#endif

#endif
