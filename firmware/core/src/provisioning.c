#include "redoubt/provisioning.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "redoubt/crypto_port.h"
#include "text.h"

static const char record_type[] = "redoubt1";

#define FIELDS 6U
#define KEY_DIGITS ((size_t)2 * REDOUBT_DEVICE_KEY_BYTES)
#define CRC_DIGITS 8U

/** A part of the text. */
struct field {
  const char *text;
  size_t length;
};

static int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

static bool read_hex(struct field field, uint8_t *out, size_t length) {
  if (field.length != 2 * length) return false;
  for (size_t index = 0; index < length; index++) {
    int high = hex_digit(field.text[2 * index]);
    int low = hex_digit(field.text[2 * index + 1]);
    if (high < 0 || low < 0) return false;
    out[index] = (uint8_t)((unsigned)high * 16U + (unsigned)low);
  }
  return true;
}

static void write_hex(const uint8_t *bytes, size_t length, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t index = 0; index < length; index++) {
    *out++ = digits[bytes[index] >> 4];
    *out++ = digits[bytes[index] & 15U];
  }
}

/** All bytes equal, or each one greater by the same step, as in `00 01 02 …`: an example and no key. */
static bool is_pattern(const uint8_t *key) {
  const uint8_t step = (uint8_t)(key[1] - key[0]);
  unsigned other = 0;
  for (size_t index = 1; index < REDOUBT_DEVICE_KEY_BYTES; index++) {
    other |= (unsigned)(uint8_t)(key[index] - key[index - 1]) ^ step;
  }
  return other == 0;
}

/** Exactly six fields between single spaces. */
static bool split(const char *text, size_t length, struct field fields[FIELDS]) {
  size_t count = 0;
  size_t start = 0;
  for (size_t index = 0; index <= length; index++) {
    if (index < length && text[index] != ' ') continue;
    if (count == FIELDS || index == start) return false;
    fields[count++] = (struct field){.text = text + start, .length = index - start};
    start = index + 1;
  }
  return count == FIELDS;
}

/** Printable ASCII without spaces; not `-`, which stands for none. */
static bool is_password(const char *text, size_t length) {
  if (length > REDOUBT_MAX_PASSWORD || (length == 1 && text[0] == '-')) return false;
  for (size_t index = 0; index < length; index++) {
    if (text[index] <= ' ' || text[index] > '~') return false;
  }
  return true;
}

static enum redoubt_status check_values(uint32_t epoch, const uint8_t *key) {
  return epoch < 1 || epoch > REDOUBT_MAX_EPOCH || is_pattern(key) ? REDOUBT_RANGE : REDOUBT_OK;
}

static enum redoubt_status read_fields(const struct field fields[FIELDS], struct redoubt_provisioning *out) {
  const struct field device = fields[1];
  const struct field password = fields[4];
  bool has_password = password.length != 1 || password.text[0] != '-';
  if (fields[0].length != sizeof record_type - 1 || memcmp(fields[0].text, record_type, fields[0].length) != 0 ||
      device.length > REDOUBT_MAX_DEVICE_NAME || !redoubt_is_identifier(device.text, device.length, '\0') ||
      !redoubt_decimal_u32(fields[2].text, fields[2].length, UINT32_MAX, &out->epoch) ||
      !read_hex(fields[3], out->key, sizeof out->key) ||
      (has_password && !is_password(password.text, password.length))) {
    return REDOUBT_FORMAT;
  }
  memcpy(out->device, device.text, device.length);
  if (has_password) memcpy(out->password, password.text, password.length);
  return check_values(out->epoch, out->key);
}

enum redoubt_status redoubt_provisioning_parse(const char *text, size_t length, struct redoubt_provisioning *out) {
  struct field fields[FIELDS];
  uint8_t crc[4];
  memset(out, 0, sizeof *out);
  if (length > REDOUBT_MAX_PROVISIONING_BYTES) return REDOUBT_SIZE;
  if (!split(text, length, fields) || !read_hex(fields[5], crc, sizeof crc) ||
      get_u32(crc) != redoubt_crc32((const uint8_t *)text, length - CRC_DIGITS - 1)) {
    return REDOUBT_FORMAT;
  }
  enum redoubt_status status = read_fields(fields, out);
  if (status != REDOUBT_OK) redoubt_crypto_wipe(out, sizeof *out);
  return status;
}

static size_t put(char *out, size_t at, const char *text, size_t length) {
  memcpy(out + at, text, length);
  return at + length;
}

enum redoubt_status redoubt_provisioning_format(const struct redoubt_provisioning *record, char *out, size_t capacity,
                                                size_t *length) {
  char digits[20];
  uint8_t crc[4];
  size_t at = 0;
  *length = 0;
  if (capacity <= REDOUBT_MAX_PROVISIONING_BYTES) return REDOUBT_SIZE;
  const char *device_end = memchr(record->device, '\0', sizeof record->device);
  const char *password_end = memchr(record->password, '\0', sizeof record->password);
  if (!device_end || !password_end ||
      !redoubt_is_identifier(record->device, (size_t)(device_end - record->device), '\0') ||
      !is_password(record->password, (size_t)(password_end - record->password))) {
    return REDOUBT_FORMAT;
  }
  if (check_values(record->epoch, record->key) != REDOUBT_OK) return REDOUBT_RANGE;
  at = put(out, at, record_type, sizeof record_type - 1);
  out[at++] = ' ';
  at = put(out, at, record->device, (size_t)(device_end - record->device));
  out[at++] = ' ';
  at = put(out, at, digits, redoubt_decimal(record->epoch, digits));
  out[at++] = ' ';
  write_hex(record->key, sizeof record->key, out + at);
  at += KEY_DIGITS;
  out[at++] = ' ';
  if (password_end == record->password) out[at++] = '-';
  at = put(out, at, record->password, (size_t)(password_end - record->password));
  put_u32(crc, redoubt_crc32((const uint8_t *)out, at));
  out[at++] = ' ';
  write_hex(crc, sizeof crc, out + at);
  at += CRC_DIGITS;
  out[at] = '\0';
  *length = at;
  return REDOUBT_OK;
}
