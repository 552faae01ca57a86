#include "redoubt/envelope.h"

#include <string.h>

#include "bytes.h"
#include "cbor.h"
#include "redoubt/crypto_port.h"
#include "redoubt/hkdf.h"
#include "text.h"

#define ENCRYPT0_TAG 16U
/** Header labels: RFC 9052, section 3.1, and RFC 8613, section 3.2 (kid context). */
#define LABEL_KID 4U
#define LABEL_PARTIAL_IV 6U
#define LABEL_KID_CONTEXT 10U
#define NUMBER_BYTES 8U
#define EPOCH_DIGITS 10U

/** `{1: 1}`: A128GCM (RFC 9053, section 4.1), as the bytes that are authenticated. */
static const uint8_t protected_header[] = {0xa1, 0x01, 0x01};
static const char structure_context[] = "Encrypt0";
static const char info_prefix[] = "env/v1";

#define INFO_PREFIX_BYTES (sizeof info_prefix - 1)
/** Heads of at most two bytes, three strings. */
#define MAX_AAD_BYTES (1 + 1 + sizeof structure_context - 1 + 1 + sizeof protected_header + 2 + REDOUBT_MAX_BOUND_TOPIC_BYTES)

/** What seals the messages of one boot. Secret. */
struct session {
  uint8_t key[REDOUBT_AES128_KEY_BYTES];
  uint8_t nonce[REDOUBT_GCM_NONCE_BYTES];
};

/** The two last levels of a topic. */
struct binding {
  const char *text;
  size_t length;
  size_t device_length;
};

static bool bind_topic(const char *topic, struct binding *binding) {
  size_t length = strlen(topic);
  size_t start = length;
  size_t slashes = 0;
  size_t slash = 0;
  while (start > 0) {
    if (topic[start - 1] == '/') {
      if (++slashes == 2) break;
      slash = start - 1;
    }
    start--;
  }
  if (slashes == 0 || length - start > REDOUBT_MAX_BOUND_TOPIC_BYTES) return false;
  *binding = (struct binding){.text = topic + start, .length = length - start, .device_length = slash - start};
  return true;
}

/** RFC 9052, section 5.3: `["Encrypt0", protected header, external data]`. */
static size_t write_aad(const struct binding *binding, uint8_t *out) {
  struct cbor_writer writer = {.out = out, .capacity = MAX_AAD_BYTES, .length = 0, .is_full = false};
  redoubt_cbor_head(&writer, CBOR_ARRAY, 3);
  redoubt_cbor_string(&writer, CBOR_TEXT, (const uint8_t *)structure_context, sizeof structure_context - 1);
  redoubt_cbor_string(&writer, CBOR_BYTES, protected_header, sizeof protected_header);
  redoubt_cbor_string(&writer, CBOR_BYTES, (const uint8_t *)binding->text, binding->length);
  return writer.length;
}

/** Key and nonce of one message; wiped where it fails. */
static enum redoubt_status derive(const uint8_t *key, const uint8_t *boot_id, const uint8_t *kid, size_t kid_length,
                                  uint32_t epoch, uint64_t number, struct session *session) {
  uint8_t info[INFO_PREFIX_BYTES + 1 + REDOUBT_MAX_KID_BYTES + 4];
  uint8_t derived[sizeof session->key + sizeof session->nonce];
  memcpy(info, info_prefix, INFO_PREFIX_BYTES);
  info[INFO_PREFIX_BYTES] = (uint8_t)kid_length;
  memcpy(info + INFO_PREFIX_BYTES + 1, kid, kid_length);
  put_u32(info + INFO_PREFIX_BYTES + 1 + kid_length, epoch);
  enum redoubt_status status =
      redoubt_hkdf_sha256(key, REDOUBT_DEVICE_KEY_BYTES, boot_id, REDOUBT_BOOT_ID_BYTES, info,
                          INFO_PREFIX_BYTES + 1 + kid_length + 4, derived, sizeof derived);
  memcpy(session->key, derived, sizeof session->key);
  memcpy(session->nonce, derived + sizeof session->key, sizeof session->nonce);
  /* RFC 9052, section 3.1: the partial IV, padded with zeros on its left, xor the common IV. */
  uint8_t *low = session->nonce + sizeof session->nonce - NUMBER_BYTES;
  put_u64(low, get_u64(low) ^ number);
  redoubt_crypto_wipe(derived, sizeof derived);
  return status;
}

static void write_header(struct cbor_writer *writer, const uint8_t *kid, size_t kid_length, uint64_t number,
                         const uint8_t *boot_id, size_t ciphertext_length) {
  uint8_t partial_iv[NUMBER_BYTES];
  put_u64(partial_iv, number);
  redoubt_cbor_head(writer, CBOR_TAG, ENCRYPT0_TAG);
  redoubt_cbor_head(writer, CBOR_ARRAY, 3);
  redoubt_cbor_string(writer, CBOR_BYTES, protected_header, sizeof protected_header);
  redoubt_cbor_head(writer, CBOR_MAP, 3);
  redoubt_cbor_head(writer, CBOR_UNSIGNED, LABEL_KID);
  redoubt_cbor_string(writer, CBOR_BYTES, kid, kid_length);
  redoubt_cbor_head(writer, CBOR_UNSIGNED, LABEL_PARTIAL_IV);
  redoubt_cbor_string(writer, CBOR_BYTES, partial_iv, sizeof partial_iv);
  redoubt_cbor_head(writer, CBOR_UNSIGNED, LABEL_KID_CONTEXT);
  redoubt_cbor_string(writer, CBOR_BYTES, boot_id, REDOUBT_BOOT_ID_BYTES);
  redoubt_cbor_head(writer, CBOR_BYTES, ciphertext_length);
}

/** `<device>:<epoch>`; 0 where it would be too long. */
static size_t write_kid(const char *device, uint32_t epoch, uint8_t *kid) {
  char digits[20];
  size_t name = strlen(device);
  size_t count = redoubt_decimal(epoch, digits);
  if (name + 1 + count > REDOUBT_MAX_KID_BYTES) return 0;
  memcpy(kid, device, name);
  kid[name] = ':';
  memcpy(kid + name + 1, digits, count);
  return name + 1 + count;
}

enum redoubt_status redoubt_envelope_seal(const struct redoubt_sender *sender, const char *topic, uint64_t number,
                                          const uint8_t *plaintext, size_t plaintext_length, uint8_t *out,
                                          size_t out_capacity, size_t *out_length) {
  struct binding binding;
  uint8_t kid[REDOUBT_MAX_KID_BYTES];
  struct session session;
  *out_length = 0;
  size_t name = strlen(sender->device);
  if (!redoubt_is_identifier(sender->device, name, '\0')) return REDOUBT_ARGUMENT;
  size_t kid_length = write_kid(sender->device, sender->epoch, kid);
  if (kid_length == 0) return REDOUBT_ARGUMENT;
  if (!bind_topic(topic, &binding) || binding.device_length != name || memcmp(binding.text, kid, name) != 0) {
    return REDOUBT_TOPIC_MISMATCH;
  }
  if (number > REDOUBT_MAX_NUMBER) return REDOUBT_RANGE;
  if (plaintext_length > REDOUBT_MAX_MESSAGE_BYTES) return REDOUBT_SIZE;
  size_t capacity = out_capacity < REDOUBT_MAX_MESSAGE_BYTES ? out_capacity : REDOUBT_MAX_MESSAGE_BYTES;
  size_t ciphertext_length = plaintext_length + REDOUBT_GCM_TAG_BYTES;
  struct cbor_writer writer = {.out = out, .capacity = capacity, .length = 0, .is_full = false};
  write_header(&writer, kid, kid_length, number, sender->boot_id, ciphertext_length);
  if (writer.is_full || capacity - writer.length < ciphertext_length) return REDOUBT_SIZE;
  enum redoubt_status status =
      derive(sender->key, sender->boot_id, kid, kid_length, sender->epoch, number, &session);
  if (status == REDOUBT_OK) {
    uint8_t aad[MAX_AAD_BYTES];
    status = redoubt_crypto_aes128_gcm_seal(session.key, session.nonce, aad, write_aad(&binding, aad), plaintext,
                                            plaintext_length, out + writer.length);
  }
  redoubt_crypto_wipe(&session, sizeof session);
  if (status == REDOUBT_OK) *out_length = writer.length + ciphertext_length;
  return status;
}

/** Takes `<device>:<epoch>` apart. */
static bool read_kid(struct redoubt_envelope *envelope) {
  const char *kid = (const char *)envelope->kid;
  size_t colon = envelope->kid_length;
  while (colon > 0 && kid[colon - 1] != ':') colon--;
  if (colon == 0 || envelope->kid_length - colon > EPOCH_DIGITS) return false;
  envelope->device_length = colon - 1;
  return redoubt_is_identifier(kid, colon - 1, '\0') &&
         redoubt_decimal_u32(kid + colon, envelope->kid_length - colon, UINT32_MAX, &envelope->epoch);
}

enum redoubt_status redoubt_envelope_parse(const uint8_t *message, size_t length, struct redoubt_envelope *out) {
  struct cbor_reader reader = {.at = message, .left = length, .is_wrong = false};
  size_t header_length = 0;
  size_t number_length = 0;
  size_t boot_id_length = 0;
  memset(out, 0, sizeof *out);
  if (length > REDOUBT_MAX_MESSAGE_BYTES) return REDOUBT_SIZE;
  redoubt_cbor_expect(&reader, CBOR_TAG, ENCRYPT0_TAG);
  redoubt_cbor_expect(&reader, CBOR_ARRAY, 3);
  const uint8_t *header = redoubt_cbor_bytes(&reader, &header_length);
  redoubt_cbor_expect(&reader, CBOR_MAP, 3);
  redoubt_cbor_expect(&reader, CBOR_UNSIGNED, LABEL_KID);
  out->kid = redoubt_cbor_bytes(&reader, &out->kid_length);
  redoubt_cbor_expect(&reader, CBOR_UNSIGNED, LABEL_PARTIAL_IV);
  const uint8_t *number = redoubt_cbor_bytes(&reader, &number_length);
  redoubt_cbor_expect(&reader, CBOR_UNSIGNED, LABEL_KID_CONTEXT);
  out->boot_id = redoubt_cbor_bytes(&reader, &boot_id_length);
  out->ciphertext = redoubt_cbor_bytes(&reader, &out->ciphertext_length);
  bool is_right = !reader.is_wrong && reader.left == 0 && header_length == sizeof protected_header &&
                  memcmp(header, protected_header, sizeof protected_header) == 0 &&
                  out->kid_length <= REDOUBT_MAX_KID_BYTES && number_length == NUMBER_BYTES &&
                  boot_id_length == REDOUBT_BOOT_ID_BYTES && out->ciphertext_length >= REDOUBT_GCM_TAG_BYTES &&
                  read_kid(out);
  if (!is_right) {
    memset(out, 0, sizeof *out);
    return REDOUBT_FORMAT;
  }
  out->number = get_u64(number);
  return REDOUBT_OK;
}

enum redoubt_status redoubt_envelope_open(const uint8_t *key, const char *topic, const uint8_t *message, size_t length,
                                          uint8_t *plaintext, size_t plaintext_capacity, size_t *plaintext_length,
                                          struct redoubt_envelope *envelope) {
  struct redoubt_envelope parsed;
  struct binding binding;
  struct session session;
  *plaintext_length = 0;
  memset(plaintext, 0, plaintext_capacity);
  if (envelope) memset(envelope, 0, sizeof *envelope);
  enum redoubt_status status = redoubt_envelope_parse(message, length, &parsed);
  if (status != REDOUBT_OK) return status;
  if (!bind_topic(topic, &binding) || binding.device_length != parsed.device_length ||
      memcmp(binding.text, parsed.kid, parsed.device_length) != 0) {
    return REDOUBT_TOPIC_MISMATCH;
  }
  size_t opened = parsed.ciphertext_length - REDOUBT_GCM_TAG_BYTES;
  if (opened > plaintext_capacity) return REDOUBT_SIZE;
  status = derive(key, parsed.boot_id, parsed.kid, parsed.kid_length, parsed.epoch, parsed.number, &session);
  if (status == REDOUBT_OK) {
    uint8_t aad[MAX_AAD_BYTES];
    status = redoubt_crypto_aes128_gcm_open(session.key, session.nonce, aad, write_aad(&binding, aad),
                                            parsed.ciphertext, parsed.ciphertext_length, plaintext);
  }
  redoubt_crypto_wipe(&session, sizeof session);
  if (status != REDOUBT_OK) return status;
  *plaintext_length = opened;
  if (envelope) *envelope = parsed;
  return REDOUBT_OK;
}
