#include "redoubt/status.h"

const char *redoubt_status_name(enum redoubt_status status) {
  switch (status) {
    case REDOUBT_OK:
      return "OK";
    case REDOUBT_SIZE:
      return "SIZE";
    case REDOUBT_FORMAT:
      return "FORMAT";
    case REDOUBT_TOPIC_MISMATCH:
      return "TOPIC_MISMATCH";
    case REDOUBT_EPOCH:
      return "EPOCH";
    case REDOUBT_AUTH:
      return "AUTH";
    case REDOUBT_REPLAY:
      return "REPLAY";
    case REDOUBT_STALE:
      return "STALE";
    case REDOUBT_SCHEMA:
      return "SCHEMA";
    case REDOUBT_RANGE:
      return "RANGE";
    case REDOUBT_OTHER_DEVICE:
      return "OTHER_DEVICE";
    case REDOUBT_ARGUMENT:
      return "ARGUMENT";
    case REDOUBT_NOT_FOUND:
      return "NOT_FOUND";
    case REDOUBT_STORAGE:
      return "STORAGE";
    case REDOUBT_CRYPTO:
      return "CRYPTO";
    case REDOUBT_RANDOM:
      return "RANDOM";
    case REDOUBT_NOT_PROVISIONED:
      return "NOT_PROVISIONED";
    case REDOUBT_COUNTER_LOST:
      return "COUNTER_LOST";
    case REDOUBT_COUNTER_SPENT:
      return "COUNTER_SPENT";
    case REDOUBT_STATUS_COUNT:
      break;
  }
  return "UNKNOWN";
}
