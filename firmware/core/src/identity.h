/** The identity as it lies in the storage: which key, and where its counters are. */
#ifndef REDOUBT_IDENTITY_H
#define REDOUBT_IDENTITY_H

#include <stdint.h>

#include "redoubt/provisioning.h"
#include "redoubt/storage.h"

#define REDOUBT_SLOTS 2U

/** Name in the storage of the counters in slot 0 or 1. */
const char *redoubt_counters_name(uint8_t slot);

/** @return REDOUBT_NOT_FOUND; REDOUBT_FORMAT where it is damaged; REDOUBT_STORAGE. `*identity` is then all zeros. */
enum redoubt_status redoubt_identity_read(const struct redoubt_storage *storage, struct redoubt_provisioning *identity,
                                          uint8_t *slot);

/** @return REDOUBT_STORAGE. */
enum redoubt_status redoubt_identity_write(const struct redoubt_storage *storage,
                                           const struct redoubt_provisioning *identity, uint8_t slot);

/** Removes the identity and all counters. @return REDOUBT_STORAGE. */
enum redoubt_status redoubt_identity_erase(const struct redoubt_storage *storage);

#endif
