/**
 * Commands: JSON `{"device_id", "command_id", "command", "arguments"?, "counter", "timestamp", "expires"}` that the
 * gateway seals for one device, on `iot/devices/<id>/cmd`.
 */
#ifndef REDOUBT_COMMAND_H
#define REDOUBT_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "redoubt/counters.h"
#include "redoubt/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDOUBT_MAX_COMMAND_NAME 64
#define REDOUBT_MAX_COMMAND_ID 64

/** A command that passed every check. */
struct redoubt_command {
  /** 1 to 64 of `A-Z a-z 0-9 . _ : -`; ends with a NUL. */
  char name[REDOUBT_MAX_COMMAND_NAME + 1];
  /** The gateway's name for it; empty where there is none. */
  char id[REDOUBT_MAX_COMMAND_ID + 1];
  uint64_t number;
  /** Milliseconds since the Unix epoch. */
  int64_t expires_ms;
  /** JSON as it came, a span of the plaintext; NULL where there are none. For `redoubt_json_member` if an object. */
  const char *arguments;
  size_t arguments_length;
};

/** What a device checks a command against. */
struct redoubt_command_context {
  /** REDOUBT_DEVICE_KEY_BYTES. */
  const uint8_t *key;
  const char *device;
  /** The whole topic on which the message came. */
  const char *topic;
  /** Milliseconds since the Unix epoch; 0 or less without a clock: then `expires` is read and not compared. */
  int64_t now_ms;
};

/**
 * Reads a command's plaintext. Members that are not known are passed over; known ones are there once.
 *
 * @return REDOUBT_FORMAT (not JSON, or an expiry that is not `YYYY-MM-DDThh:mm:ss.mmmZ`), REDOUBT_SCHEMA,
 *         REDOUBT_RANGE, REDOUBT_OTHER_DEVICE, REDOUBT_STALE.
 */
enum redoubt_status redoubt_command_parse(const char *text, size_t length, const char *device, int64_t now_ms,
                                          struct redoubt_command *command);

/**
 * Opens and checks a message of the command topic, in this order: form, topic, authenticity, JSON, device, expiry,
 * number. The number is in the flash when this answers REDOUBT_OK; only then may the device act, and it never has to
 * act twice. Nothing that is not authentic moves the number.
 *
 * @param plaintext the caller's buffer, into which `command->arguments` points; must not overlap the message.
 * @return as `redoubt_envelope_open`, `redoubt_command_parse` and `redoubt_counters_take_command` do; `*command` is
 *         then all zeros.
 */
enum redoubt_status redoubt_command_open(const struct redoubt_command_context *context,
                                         struct redoubt_counters *counters, const uint8_t *message, size_t length,
                                         uint8_t *plaintext, size_t plaintext_capacity,
                                         struct redoubt_command *command);

#ifdef __cplusplus
}
#endif

#endif
