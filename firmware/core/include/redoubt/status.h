/** What the functions of the firmware's core answer. */
#ifndef REDOUBT_STATUS_H
#define REDOUBT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/** Zero is success. The names of refusals are those of the gateway (`redoubt_status_name`). */
enum redoubt_status {
  REDOUBT_OK = 0,
  /** A message or record is longer than its format allows, or the caller's buffer is too small. */
  REDOUBT_SIZE,
  /** Bytes that are not of the expected form. */
  REDOUBT_FORMAT,
  /** A message for another device than its topic's, or a topic that does not end in device/stream. */
  REDOUBT_TOPIC_MISMATCH,
  /** A key epoch that is not above the present one. */
  REDOUBT_EPOCH,
  /** The key does not authenticate the message. */
  REDOUBT_AUTH,
  /** A number that is not above the last one. */
  REDOUBT_REPLAY,
  /** The time until which a command is good has passed. */
  REDOUBT_STALE,
  /** JSON in which something is missing or of the wrong type. */
  REDOUBT_SCHEMA,
  /** A number outside of its range. */
  REDOUBT_RANGE,
  /** An authentic command that names another device inside. */
  REDOUBT_OTHER_DEVICE,
  /** The caller broke a rule that the function's comment states. */
  REDOUBT_ARGUMENT,
  /** Nothing is stored under this name. */
  REDOUBT_NOT_FOUND,
  /** The storage failed: what was to be written must be taken for not written. */
  REDOUBT_STORAGE,
  /** The cryptographic library failed. */
  REDOUBT_CRYPTO,
  /** The source of random bytes failed, or is stuck. */
  REDOUBT_RANDOM,
  /** The device has no key yet. */
  REDOUBT_NOT_PROVISIONED,
  /** A key is there and its counters are not: only a key of a greater epoch makes the device send again. */
  REDOUBT_COUNTER_LOST,
  /** All numbers of this key epoch are used up. */
  REDOUBT_COUNTER_SPENT,
  /** How many there are; no answer. */
  REDOUBT_STATUS_COUNT
};

/** `AUTH` for REDOUBT_AUTH and so on; `UNKNOWN` for what is none. Never NULL. */
const char *redoubt_status_name(enum redoubt_status status);

#ifdef __cplusplus
}
#endif

#endif
