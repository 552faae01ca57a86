#pragma once

#include <stddef.h>
#include <stdint.h>

/** @returns why to stop; nullptr to go on. */
typedef const char *(*DownloadTake)(void *context, const uint8_t *bytes, size_t length);

/**
 * One HTTPS request (HTTP/1.0: the body ends with the connection).
 *
 * @param authority whose certificate the server must have, PEM.
 * @returns what went wrong, or what `take` returned; nullptr for a whole body.
 */
const char *download(const char *url, const char *authority, DownloadTake take, void *context);
