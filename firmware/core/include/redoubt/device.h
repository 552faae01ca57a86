/**
 * A whole device: identity, counters, boot id, sealing and commands in one. The other headers are its parts; a sketch
 * needs this one.
 *
 *     redoubt_device_open()        at each start
 *     redoubt_device_provision()   with a line from the serial port or the set-up page
 *     redoubt_device_seal()        for each reading
 *     redoubt_device_command()     for each message of the command topic
 */
#ifndef REDOUBT_DEVICE_H
#define REDOUBT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redoubt/boot_id.h"
#include "redoubt/command.h"
#include "redoubt/counters.h"
#include "redoubt/provisioning.h"
#include "redoubt/reading.h"
#include "redoubt/status.h"
#include "redoubt/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What became of the messages on the command topic, since the start. */
struct redoubt_command_counts {
  uint32_t accepted;
  uint32_t refused;
  /** By reason: `by_reason[REDOUBT_REPLAY]` and so on; they add up to `refused`. */
  uint32_t by_reason[REDOUBT_STATUS_COUNT];
};

/** A device. `identity.device`, `identity.password`, `boot_id` and `commands` may be read; the rest is its own. */
struct redoubt_device {
  struct redoubt_storage storage;
  uint32_t block;
  /** Whether it has a key. */
  bool is_provisioned;
  /** Whether it has a key and counters, and so can send. */
  bool is_ready;
  struct redoubt_provisioning identity;
  /** Which of both names the counters of this epoch have, 0 or 1. */
  uint8_t slot;
  struct redoubt_counters counters;
  uint8_t boot_id[REDOUBT_BOOT_ID_BYTES];
  struct redoubt_command_counts commands;
};

/**
 * Starts a device: makes the boot id and reads what is stored. Must not be copied or moved afterwards.
 *
 * @param storage copied; its context must stay valid.
 * @param block numbers that one write reserves, such as REDOUBT_DEFAULT_BLOCK.
 * @return REDOUBT_OK: can send. REDOUBT_NOT_PROVISIONED and REDOUBT_COUNTER_LOST: can be provisioned, and in the latter
 *         case only with a greater epoch. REDOUBT_STORAGE, REDOUBT_RANDOM, REDOUBT_CRYPTO, REDOUBT_ARGUMENT: cannot be
 *         used; try again. REDOUBT_FORMAT: the identity is damaged; `redoubt_device_forget` and provision anew, with a
 *         greater epoch.
 */
enum redoubt_status redoubt_device_open(struct redoubt_device *device, const struct redoubt_storage *storage,
                                        redoubt_random random, void *random_context, uint32_t block);

/**
 * Gives a device its first key, or the key of a greater epoch (rotation). A power cut leaves the old identity with its
 * counters or the new one with its own. The record of the present key again changes nothing but the password.
 *
 * @param text a provisioning record (`redoubt/provisioning.h`) without a line end; the caller wipes it.
 * @return REDOUBT_EPOCH for an epoch that is not above the present one, with another key; REDOUBT_OTHER_DEVICE for
 *         another name: `redoubt_device_forget` first; REDOUBT_STORAGE; and what `redoubt_provisioning_parse` answers.
 *         The device then goes on as before.
 */
enum redoubt_status redoubt_device_provision(struct redoubt_device *device, const char *text, size_t length);

/**
 * Forgets key, password and counters. The same key must not be given to it again: its numbers would begin at 1 and be
 * refused. Take a greater epoch (`redoubt keys rotate`).
 *
 * @return REDOUBT_STORAGE: some of it may still be there; call again.
 */
enum redoubt_status redoubt_device_forget(struct redoubt_device *device);

/**
 * Takes the next number, writes the reading's JSON with it and seals that.
 *
 * @param topic such as `iot/devices/<device>/data`.
 * @param reading its `device_id` and `sequence_no` are set here, whatever they are.
 * @param json the caller's buffer for the JSON, which is left in it as text with a NUL.
 * @param number of the message; may be NULL.
 * @return REDOUBT_NOT_PROVISIONED, REDOUBT_COUNTER_LOST, and what `redoubt_counters_next`, `redoubt_reading_write` and
 *         `redoubt_envelope_seal` answer. Then nothing may be sent, and `*length` is 0; a number may have been skipped.
 */
enum redoubt_status redoubt_device_seal(struct redoubt_device *device, const char *topic,
                                        const struct redoubt_reading *reading, char *json, size_t json_capacity,
                                        uint8_t *message, size_t message_capacity, size_t *length, uint64_t *number);

/**
 * Checks a message of the command topic and counts it, see `redoubt_command_open`.
 *
 * @param plaintext the caller's buffer; REDOUBT_MAX_MESSAGE_BYTES are always enough.
 * @return REDOUBT_OK: act on it, now and once. Anything else: ignore it.
 */
enum redoubt_status redoubt_device_command(struct redoubt_device *device, const char *topic, int64_t now_ms,
                                           const uint8_t *message, size_t length, uint8_t *plaintext,
                                           size_t plaintext_capacity, struct redoubt_command *command);

#ifdef __cplusplus
}
#endif

#endif
