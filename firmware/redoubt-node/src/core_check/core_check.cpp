// For boards that run the core alone (ESP8266): seals a message of test/vectors/cose-a128gcm.json, and prints whether
// the bytes are right.
#include <Arduino.h>
#include <redoubt/crypto_port.h>
#include <redoubt/envelope.h>

namespace {

constexpr uint8_t KEY[] = {0x5b, 0xd1, 0xe6, 0xa2, 0xf7, 0x0c, 0x94, 0x38, 0x3a, 0xe8, 0x1f, 0x6d, 0x02, 0xb7, 0xc4, 0x59,
                           0xd8, 0x0e, 0x63, 0xf4, 0x12, 0x95, 0xab, 0x7c, 0x0f, 0xd3, 0x4e, 0x86, 0x61, 0xb9, 0x0a, 0x27};
constexpr uint8_t BOOT_ID[] = {0x9f, 0x3b, 0x27, 0xc5, 0xe0, 0x81, 0xd4, 0x6a};
constexpr char READING[] = "{\"device_id\":\"pump-1\",\"sequence_no\":1,\"temperature\":21.5}";
constexpr char EXPECTED[] =
    "d08343a10101a3044870756d702d313a31064800000000000000010a489f3b27c5e081d46a584941098b3d468d786c176c9f48570a8961ab0c"
    "12bf37c251b97fd3d4aac4b05181564ce0da96e85646f0fe471d1442e8401b0b723034cb1749096553c24ca2d76ccb3cec59610cee1f83";

bool isRight() {
  static uint8_t message[REDOUBT_MAX_MESSAGE_BYTES];
  size_t length = 0;
  const redoubt_sender sender = {KEY, "pump-1", 1, BOOT_ID};
  if (redoubt_crypto_start() != REDOUBT_OK ||
      redoubt_envelope_seal(&sender, "iot/devices/pump-1/data", 1, reinterpret_cast<const uint8_t *>(READING),
                            sizeof READING - 1, message, sizeof message, &length) != REDOUBT_OK ||
      2 * length != sizeof EXPECTED - 1) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    char hex[3];
    snprintf(hex, sizeof hex, "%02x", message[i]);
    if (hex[0] != EXPECTED[2 * i] || hex[1] != EXPECTED[2 * i + 1]) return false;
  }
  return true;
}

}  // namespace

void setup() {
  Serial.begin(115200);
  Serial.println(isRight() ? "core: the bytes are right" : "core: FAILED");
}

void loop() { delay(1000); }
