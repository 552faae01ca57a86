#include "cbor.h"

#include <string.h>

#define MAJOR_MASK 0xe0U
/** From here on the low bits of a head say how many bytes the value has. */
#define FIRST_LONG 24U
#define ONE_BYTE 24U
#define TWO_BYTES 25U

static void put(struct cbor_writer *writer, const uint8_t *bytes, size_t length) {
  if (writer->is_full || writer->capacity - writer->length < length) {
    writer->is_full = true;
    return;
  }
  if (length > 0) memcpy(writer->out + writer->length, bytes, length);
  writer->length += length;
}

void redoubt_cbor_head(struct cbor_writer *writer, uint8_t major, size_t value) {
  uint8_t head[3] = {0};
  size_t length = 0;
  if (value < FIRST_LONG) {
    head[length++] = (uint8_t)(major | value);
  } else if (value <= UINT8_MAX) {
    head[length++] = (uint8_t)(major | ONE_BYTE);
    head[length++] = (uint8_t)value;
  } else {
    head[length++] = (uint8_t)(major | TWO_BYTES);
    head[length++] = (uint8_t)(value >> 8);
    head[length++] = (uint8_t)value;
  }
  put(writer, head, length);
}

void redoubt_cbor_string(struct cbor_writer *writer, uint8_t major, const uint8_t *bytes, size_t length) {
  redoubt_cbor_head(writer, major, length);
  put(writer, bytes, length);
}

static size_t read_head(struct cbor_reader *reader, uint8_t major) {
  size_t bytes = 1;
  size_t value = 0;
  size_t least = 0;
  if (reader->is_wrong || reader->left == 0 || (reader->at[0] & MAJOR_MASK) != major) goto wrong;
  value = reader->at[0] & (uint8_t)~MAJOR_MASK;
  if (value == ONE_BYTE) {
    bytes = 2;
    least = FIRST_LONG;
  } else if (value == TWO_BYTES) {
    bytes = 3;
    least = UINT8_MAX + 1;
  } else if (value > TWO_BYTES) {
    /* Longer than any message, or of a length that is not told. */
    goto wrong;
  }
  if (reader->left < bytes) goto wrong;
  if (bytes > 1) {
    value = 0;
    for (size_t index = 1; index < bytes; index++) value = (value << 8) | reader->at[index];
  }
  if (value < least) goto wrong;
  reader->at += bytes;
  reader->left -= bytes;
  return value;
wrong:
  reader->is_wrong = true;
  return 0;
}

void redoubt_cbor_expect(struct cbor_reader *reader, uint8_t major, size_t value) {
  if (read_head(reader, major) != value) reader->is_wrong = true;
}

const uint8_t *redoubt_cbor_bytes(struct cbor_reader *reader, size_t *length) {
  *length = 0;
  size_t wanted = read_head(reader, CBOR_BYTES);
  if (reader->is_wrong || reader->left < wanted) {
    reader->is_wrong = true;
    return NULL;
  }
  const uint8_t *bytes = reader->at;
  reader->at += wanted;
  reader->left -= wanted;
  *length = wanted;
  return bytes;
}
