#include "redoubt/device.h"

#include <string.h>

#include "identity.h"
#include "redoubt/crypto_port.h"

static enum redoubt_status open_counters(struct redoubt_device *device) {
  enum redoubt_status status =
      redoubt_counters_open(&device->counters, &device->storage, redoubt_counters_name(device->slot),
                            device->identity.epoch, device->block);
  device->is_ready = status == REDOUBT_OK;
  return status;
}

enum redoubt_status redoubt_device_open(struct redoubt_device *device, const struct redoubt_storage *storage,
                                        redoubt_random random, void *random_context, uint32_t block) {
  memset(device, 0, sizeof *device);
  if (block == 0) return REDOUBT_ARGUMENT;
  device->storage = *storage;
  device->block = block;
  if (redoubt_crypto_start() != REDOUBT_OK) return REDOUBT_CRYPTO;
  enum redoubt_status status = redoubt_boot_id_make(random, random_context, device->boot_id);
  if (status != REDOUBT_OK) return status;
  status = redoubt_identity_read(&device->storage, &device->identity, &device->slot);
  if (status == REDOUBT_NOT_FOUND) return REDOUBT_NOT_PROVISIONED;
  if (status != REDOUBT_OK) return status;
  device->is_provisioned = true;
  return open_counters(device);
}

/** The record of the key that the device has already. */
static enum redoubt_status renew_password(struct redoubt_device *device, const struct redoubt_provisioning *record) {
  const struct redoubt_provisioning *present = &device->identity;
  if (!redoubt_crypto_equal(record->key, present->key, sizeof present->key)) return REDOUBT_EPOCH;
  if (!device->is_ready) return REDOUBT_COUNTER_LOST;
  if (strcmp(record->password, present->password) == 0) return REDOUBT_OK;
  enum redoubt_status status = redoubt_identity_write(&device->storage, record, device->slot);
  if (status == REDOUBT_OK) device->identity = *record;
  return status;
}

/** A first key, or one of a greater epoch. The write of the identity is the moment from which on it counts. */
static enum redoubt_status take_key(struct redoubt_device *device, const struct redoubt_provisioning *record) {
  const uint8_t slot = device->is_provisioned ? (uint8_t)(1 - device->slot) : 0;
  const char *name = redoubt_counters_name(slot);
  struct redoubt_counters counters;
  enum redoubt_status status = redoubt_counters_create(&device->storage, name, record->epoch);
  /* Read again before the old key is given up: what cannot be read back was not written. */
  if (status == REDOUBT_OK) {
    status = redoubt_counters_open(&counters, &device->storage, name, record->epoch, device->block);
  }
  if (status == REDOUBT_OK) status = redoubt_identity_write(&device->storage, record, slot);
  if (status != REDOUBT_OK) return REDOUBT_STORAGE;
  device->identity = *record;
  device->slot = slot;
  device->counters = counters;
  device->is_provisioned = true;
  device->is_ready = true;
  return REDOUBT_OK;
}

enum redoubt_status redoubt_device_provision(struct redoubt_device *device, const char *text, size_t length) {
  struct redoubt_provisioning record;
  enum redoubt_status status = redoubt_provisioning_parse(text, length, &record);
  if (status != REDOUBT_OK) return status;
  const bool is_other = device->is_provisioned && strcmp(record.device, device->identity.device) != 0;
  if (is_other) {
    status = REDOUBT_OTHER_DEVICE;
  } else if (!device->is_provisioned || record.epoch > device->identity.epoch) {
    status = take_key(device, &record);
  } else if (record.epoch == device->identity.epoch) {
    status = renew_password(device, &record);
  } else {
    status = REDOUBT_EPOCH;
  }
  redoubt_crypto_wipe(&record, sizeof record);
  return status;
}

enum redoubt_status redoubt_device_forget(struct redoubt_device *device) {
  device->is_ready = false;
  device->is_provisioned = false;
  device->slot = 0;
  redoubt_crypto_wipe(&device->identity, sizeof device->identity);
  redoubt_crypto_wipe(&device->counters, sizeof device->counters);
  return redoubt_identity_erase(&device->storage);
}

static enum redoubt_status readiness(const struct redoubt_device *device) {
  if (device->is_ready) return REDOUBT_OK;
  return device->is_provisioned ? REDOUBT_COUNTER_LOST : REDOUBT_NOT_PROVISIONED;
}

enum redoubt_status redoubt_device_seal(struct redoubt_device *device, const char *topic,
                                        const struct redoubt_reading *reading, char *json, size_t json_capacity,
                                        uint8_t *message, size_t message_capacity, size_t *length, uint64_t *number) {
  uint64_t taken = 0;
  size_t json_length = 0;
  *length = 0;
  if (number) *number = 0;
  enum redoubt_status status = readiness(device);
  if (status == REDOUBT_OK) status = redoubt_counters_next(&device->counters, &taken);
  if (status != REDOUBT_OK) return status;
  struct redoubt_reading numbered = *reading;
  numbered.device_id = device->identity.device;
  numbered.sequence_no = taken;
  status = redoubt_reading_write(&numbered, json, json_capacity, &json_length);
  if (status != REDOUBT_OK) return status;
  const struct redoubt_sender sender = {.key = device->identity.key,
                                        .device = device->identity.device,
                                        .epoch = device->identity.epoch,
                                        .boot_id = device->boot_id};
  status = redoubt_envelope_seal(&sender, topic, taken, (const uint8_t *)json, json_length, message, message_capacity,
                                 length);
  if (status == REDOUBT_OK && number) *number = taken;
  return status;
}

enum redoubt_status redoubt_device_command(struct redoubt_device *device, const char *topic, int64_t now_ms,
                                           const uint8_t *message, size_t length, uint8_t *plaintext,
                                           size_t plaintext_capacity, struct redoubt_command *command) {
  const struct redoubt_command_context context = {
      .key = device->identity.key, .device = device->identity.device, .topic = topic, .now_ms = now_ms};
  memset(command, 0, sizeof *command);
  enum redoubt_status status = readiness(device);
  if (status == REDOUBT_OK) {
    status = redoubt_command_open(&context, &device->counters, message, length, plaintext, plaintext_capacity, command);
  }
  if (status == REDOUBT_OK) {
    device->commands.accepted++;
  } else {
    device->commands.refused++;
    device->commands.by_reason[status]++;
  }
  return status;
}
