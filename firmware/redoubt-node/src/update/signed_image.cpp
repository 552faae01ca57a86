#include "signed_image.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <string.h>

namespace {

constexpr char MAGIC[] = "RDBTOTA1";
constexpr size_t MAGIC_BYTES = sizeof MAGIC - 1;
constexpr size_t SIGNED_HEADER_BYTES = MAGIC_BYTES + 8;
constexpr size_t HASH_BYTES = 32;
constexpr size_t CURVE_BITS = 256;

uint32_t number(const uint8_t *bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
         static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
}

}  // namespace

SignedImage::SignedImage(const char *key, uint32_t newerThan) : key_(key), newerThan_(newerThan) {
  mbedtls_md_init(&hash_);
}

SignedImage::~SignedImage() {
  if (isOpen_) esp_ota_abort(handle_);
  mbedtls_md_free(&hash_);
}

const char *SignedImage::take(const uint8_t *bytes, size_t length) {
  while (length > 0 && headerLength_ < FIXED_BYTES + signatureLength_) {
    header_[headerLength_++] = *bytes++;
    length--;
    if (headerLength_ != FIXED_BYTES) continue;
    if (const char *problem = readHeader()) return problem;
  }
  return length == 0 ? nullptr : write(bytes, length);
}

const char *SignedImage::readHeader() {
  if (memcmp(header_, MAGIC, MAGIC_BYTES) != 0) return "not an update";
  version_ = number(header_ + MAGIC_BYTES);
  imageLength_ = number(header_ + MAGIC_BYTES + 4);
  signatureLength_ = static_cast<size_t>(header_[16]) << 8 | header_[17];
  if (signatureLength_ == 0 || signatureLength_ > MOST_SIGNATURE_BYTES) return "not an update";
  if (version_ <= newerThan_) return "not newer";
  partition_ = esp_ota_get_next_update_partition(nullptr);
  if (partition_ == nullptr) return "there is no partition for it";
  if (imageLength_ == 0 || imageLength_ > partition_->size) return "too large";
  const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  if (mbedtls_md_setup(&hash_, sha256, 0) != 0 || mbedtls_md_starts(&hash_) != 0 ||
      mbedtls_md_update(&hash_, header_, SIGNED_HEADER_BYTES) != 0) {
    return "the hash failed";
  }
  if (esp_ota_begin(partition_, imageLength_, &handle_) != ESP_OK) return "the flash cannot be written";
  isOpen_ = true;
  return nullptr;
}

const char *SignedImage::write(const uint8_t *bytes, size_t length) {
  if (length > imageLength_ - written_) return "longer than it says";
  if (mbedtls_md_update(&hash_, bytes, length) != 0) return "the hash failed";
  if (esp_ota_write(handle_, bytes, length) != ESP_OK) return "the flash cannot be written";
  written_ += static_cast<uint32_t>(length);
  return nullptr;
}

const char *SignedImage::finish() {
  if (!isOpen_ || written_ != imageLength_) return "it is not complete";
  if (!isSigned()) return "the signature is wrong";
  isOpen_ = false;
  // These check the image's own form, and with secure boot the signature that the boot loader asks for.
  if (esp_ota_end(handle_) != ESP_OK) return "the image is damaged";
  return esp_ota_set_boot_partition(partition_) == ESP_OK ? nullptr : "it cannot be started";
}

bool SignedImage::isSigned() {
  uint8_t hash[HASH_BYTES];
  if (mbedtls_md_finish(&hash_, hash) != 0) return false;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  // PEM is read with the NUL at its end.
  const bool isKey =
      mbedtls_pk_parse_public_key(&key, reinterpret_cast<const uint8_t *>(key_), strlen(key_) + 1) == 0 &&
      mbedtls_pk_can_do(&key, MBEDTLS_PK_ECDSA) != 0 && mbedtls_pk_get_bitlen(&key) == CURVE_BITS;
  const bool isRight = isKey && mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, sizeof hash, header_ + FIXED_BYTES,
                                                  signatureLength_) == 0;
  mbedtls_pk_free(&key);
  return isRight;
}
