#include "update.h"

#include <Arduino.h>
#include <Preferences.h>
#include <esp_ota_ops.h>

#include "../options.h"
#include "download.h"
#include "signed_image.h"

namespace {

constexpr char NAMESPACE[] = "redoubt-fw";
constexpr char NEWEST[] = "newest";

/** The newest version that has ever worked on this device. */
uint32_t newestVersion() {
  Preferences nvs;
  nvs.begin(NAMESPACE, false);
  const uint32_t stored = nvs.getUInt(NEWEST, 0);
  nvs.end();
  return stored > REDOUBT_FIRMWARE_VERSION ? stored : REDOUBT_FIRMWARE_VERSION;
}

const char *take(void *context, const uint8_t *bytes, size_t length) {
  return static_cast<SignedImage *>(context)->take(bytes, length);
}

}  // namespace

const char *updateFrom(const char *url, const Settings &settings) {
  if (settings.updateKey[0] == '\0') return "there is no update-key";
  if (settings.authority[0] == '\0') return "there is no authority";
  SignedImage image(settings.updateKey, newestVersion());
  const char *problem = download(url, settings.authority, take, &image);
  if (problem == nullptr) problem = image.finish();
  if (problem == nullptr) Serial.printf("update: version %lu\n", static_cast<unsigned long>(image.version()));
  return problem;
}

void updateConfirm() {
  static bool isConfirmed = false;
  if (isConfirmed) return;
  Preferences nvs;
  if (!nvs.begin(NAMESPACE, false)) return;
  const bool isKnown = nvs.getUInt(NEWEST, 0) >= REDOUBT_FIRMWARE_VERSION;
  // Once for each version; where it fails the next start tries again.
  if (!isKnown) nvs.putUInt(NEWEST, REDOUBT_FIRMWARE_VERSION);
  nvs.end();
  // Until this the boot loader goes back to the version before at the next restart.
  esp_ota_mark_app_valid_cancel_rollback();
  isConfirmed = true;
}
