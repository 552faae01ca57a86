/** A device over a storage in memory. */
#ifndef REDOUBT_DEVICE_FIXTURE_H
#define REDOUBT_DEVICE_FIXTURE_H

#include "memory_storage.h"
#include "redoubt/device.h"

#define DATA_TOPIC "iot/devices/pump-1/data"
#define COMMAND_TOPIC "iot/devices/pump-1/cmd"

extern struct memory_storage memory;
extern struct redoubt_storage storage;
extern struct redoubt_device device;

/** Another boot id each time. */
enum redoubt_status counting_random(void *context, uint8_t *out, size_t length);

/** Starts the device on what is stored. */
enum redoubt_status start(void);

/** An empty storage, and a start. */
void erase_and_start(void);

/** Provisions with a record; `key` is the first byte of a key. */
enum redoubt_status provision(const char *name, uint32_t epoch, uint8_t key, const char *password);

/** Seals a reading. @return the number; 0 where it is refused as expected. */
uint64_t send(enum redoubt_status expected);

/** The key that `provision` makes. */
void key_of(uint8_t first, uint8_t *key);

#endif
