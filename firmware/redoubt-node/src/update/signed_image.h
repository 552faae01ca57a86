// A signed update, read piece by piece into the partition that is not running:
//
//     "RDBTOTA1"  version (4 bytes)  length (4)  length of the signature (2)  signature  image
//
// Numbers are big-endian. The signature is ECDSA with P-256 and SHA-256, in DER, over magic, version, length and image.
// Until it has been checked nothing of the image can be started.
#pragma once

#include <esp_ota_ops.h>
#include <mbedtls/md.h>
#include <stddef.h>
#include <stdint.h>

class SignedImage {
public:
  /** @param key public key, PEM. @param newerThan an update's version must be greater. */
  SignedImage(const char *key, uint32_t newerThan);
  ~SignedImage();
  SignedImage(const SignedImage &) = delete;
  SignedImage &operator=(const SignedImage &) = delete;

  /** @returns why it is refused; nullptr to go on. */
  const char *take(const uint8_t *bytes, size_t length);
  /** After the last byte: checks, and makes it the one to start. @returns why it is refused. */
  const char *finish();
  uint32_t version() const { return version_; }

private:
  static constexpr size_t FIXED_BYTES = 18;
  static constexpr size_t MOST_SIGNATURE_BYTES = 80;

  const char *readHeader();
  const char *write(const uint8_t *bytes, size_t length);
  bool isSigned();

  const char *key_;
  uint32_t newerThan_;
  uint8_t header_[FIXED_BYTES + MOST_SIGNATURE_BYTES] = {};
  size_t headerLength_ = 0;
  size_t signatureLength_ = 0;
  uint32_t version_ = 0;
  uint32_t imageLength_ = 0;
  uint32_t written_ = 0;
  bool isOpen_ = false;
  const esp_partition_t *partition_ = nullptr;
  esp_ota_handle_t handle_ = 0;
  mbedtls_md_context_t hash_;
};
