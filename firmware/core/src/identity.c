#include "identity.h"

#include <string.h>

#include "bytes.h"
#include "redoubt/crypto_port.h"

/** `RDI1`, slot, the record as text and its length. The text has a CRC-32 of its own; the slot is covered by it. */
static const char name[] = "identity";
static const uint8_t magic[] = {'R', 'D', 'I', '1'};

#define SLOT_AT sizeof magic
#define TEXT_AT (SLOT_AT + 1U)
#define CRC_BYTES 4U
#define MAX_BYTES (TEXT_AT + REDOUBT_MAX_PROVISIONING_BYTES + 1U + CRC_BYTES)

_Static_assert(MAX_BYTES <= REDOUBT_STORAGE_MAX_BYTES, "an identity fits into a value of the storage");

const char *redoubt_counters_name(uint8_t slot) { return slot == 0 ? "counters-a" : "counters-b"; }

static enum redoubt_status decode(const uint8_t *value, size_t length, struct redoubt_provisioning *identity,
                                  uint8_t *slot) {
  if (length < TEXT_AT + CRC_BYTES || memcmp(value, magic, sizeof magic) != 0 || value[SLOT_AT] >= REDOUBT_SLOTS ||
      get_u32(value + length - CRC_BYTES) != redoubt_crc32(value, length - CRC_BYTES)) {
    return REDOUBT_FORMAT;
  }
  *slot = value[SLOT_AT];
  const char *text = (const char *)value + TEXT_AT;
  return redoubt_provisioning_parse(text, length - TEXT_AT - CRC_BYTES, identity) == REDOUBT_OK ? REDOUBT_OK
                                                                                                : REDOUBT_FORMAT;
}

enum redoubt_status redoubt_identity_read(const struct redoubt_storage *storage, struct redoubt_provisioning *identity,
                                          uint8_t *slot) {
  uint8_t value[MAX_BYTES];
  size_t length = 0;
  memset(identity, 0, sizeof *identity);
  *slot = 0;
  enum redoubt_status status = storage->read(storage->context, name, value, sizeof value, &length);
  if (status == REDOUBT_OK) {
    status = decode(value, length, identity, slot);
  } else if (status == REDOUBT_SIZE) {
    status = REDOUBT_FORMAT;
  } else if (status != REDOUBT_NOT_FOUND) {
    status = REDOUBT_STORAGE;
  }
  redoubt_crypto_wipe(value, sizeof value);
  return status;
}

enum redoubt_status redoubt_identity_write(const struct redoubt_storage *storage,
                                           const struct redoubt_provisioning *identity, uint8_t slot) {
  uint8_t value[MAX_BYTES];
  size_t length = 0;
  memcpy(value, magic, sizeof magic);
  value[SLOT_AT] = slot;
  enum redoubt_status status = redoubt_provisioning_format(identity, (char *)value + TEXT_AT,
                                                           REDOUBT_MAX_PROVISIONING_BYTES + 1, &length);
  if (status == REDOUBT_OK) {
    put_u32(value + TEXT_AT + length, redoubt_crc32(value, TEXT_AT + length));
    status = storage->write(storage->context, name, value, TEXT_AT + length + CRC_BYTES);
  }
  redoubt_crypto_wipe(value, sizeof value);
  return status == REDOUBT_OK ? REDOUBT_OK : REDOUBT_STORAGE;
}

enum redoubt_status redoubt_identity_erase(const struct redoubt_storage *storage) {
  /* The key goes first: counters without a key do no harm. */
  if (storage->erase(storage->context, name) != REDOUBT_OK) return REDOUBT_STORAGE;
  for (uint8_t slot = 0; slot < REDOUBT_SLOTS; slot++) {
    if (storage->erase(storage->context, redoubt_counters_name(slot)) != REDOUBT_OK) return REDOUBT_STORAGE;
  }
  return REDOUBT_OK;
}
