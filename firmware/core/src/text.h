/** What names, topics and texts must look like. */
#ifndef REDOUBT_TEXT_H
#define REDOUBT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Whether a text is 1 to 64 of `A-Z a-z 0-9 . _ -` (and of `extra`, where that is no NUL), as the gateway's
 * identifiers are; `__proto__` is none.
 */
bool redoubt_is_identifier(const char *text, size_t length, char extra);

/** A decimal number of 1 to 10 digits without leading zeros, at most `most`. */
bool redoubt_decimal_u32(const char *text, size_t length, uint32_t most, uint32_t *number);

/** Writes a number in decimal; `out` has room for 20 digits. @return how many there are. */
size_t redoubt_decimal(uint64_t number, char *out);

/** Length of the UTF-8 sequence (RFC 3629) that a text begins with; 0 where it begins with none. */
size_t redoubt_utf8_sequence(const uint8_t *text, size_t length);

#endif
