/** As much of CBOR (RFC 8949) as the envelope has: heads of one form each, and byte strings. */
#ifndef REDOUBT_CBOR_H
#define REDOUBT_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Major types, in the three upper bits of a head. */
#define CBOR_UNSIGNED 0x00U
#define CBOR_BYTES 0x40U
#define CBOR_TEXT 0x60U
#define CBOR_ARRAY 0x80U
#define CBOR_MAP 0xa0U
#define CBOR_TAG 0xc0U

/** Where the next byte goes; after the first one that does not fit, nothing is written any more. */
struct cbor_writer {
  uint8_t *out;
  size_t capacity;
  size_t length;
  bool is_full;
};

/** The rest of what is read; after the first mistake nothing is read any more. */
struct cbor_reader {
  const uint8_t *at;
  size_t left;
  bool is_wrong;
};

/** A head in its shortest form; `value` is at most 65,535. */
void redoubt_cbor_head(struct cbor_writer *writer, uint8_t major, size_t value);

/** A byte or text string. */
void redoubt_cbor_string(struct cbor_writer *writer, uint8_t major, const uint8_t *bytes, size_t length);

/** A head in its shortest form, of this type and with this value. */
void redoubt_cbor_expect(struct cbor_reader *reader, uint8_t major, size_t value);

/** A byte string; its bytes stay where they are. NULL and a length of 0 after a mistake. */
const uint8_t *redoubt_cbor_bytes(struct cbor_reader *reader, size_t *length);

#endif
