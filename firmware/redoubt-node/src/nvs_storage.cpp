#include "nvs_storage.h"

#include <Arduino.h>
#include <Preferences.h>

namespace {

constexpr char NAMESPACE[] = "redoubt";

/** Opens the namespace for one operation: nothing stays open that a failure could leave half done. */
class Opened {
public:
  explicit Opened(bool readOnly) : isOpen_(preferences.begin(NAMESPACE, readOnly)) {}
  ~Opened() {
    if (isOpen_) preferences.end();
  }
  Opened(const Opened &) = delete;
  Opened &operator=(const Opened &) = delete;
  explicit operator bool() const { return isOpen_; }
  Preferences preferences;

private:
  bool isOpen_;
};

redoubt_status readValue(void *, const char *name, uint8_t *out, size_t capacity, size_t *length) {
  *length = 0;
  // For reading and writing: a namespace that was never written cannot be opened for reading alone.
  Opened nvs(false);
  if (!nvs) return REDOUBT_STORAGE;
  if (!nvs.preferences.isKey(name)) return REDOUBT_NOT_FOUND;
  const size_t stored = nvs.preferences.getBytesLength(name);
  if (stored == 0) return REDOUBT_STORAGE;
  if (stored > capacity) return REDOUBT_SIZE;
  *length = nvs.preferences.getBytes(name, out, capacity);
  return *length == stored ? REDOUBT_OK : REDOUBT_STORAGE;
}

redoubt_status writeValue(void *, const char *name, const uint8_t *value, size_t length) {
  Opened nvs(false);
  return nvs && nvs.preferences.putBytes(name, value, length) == length ? REDOUBT_OK : REDOUBT_STORAGE;
}

redoubt_status eraseValue(void *, const char *name) {
  Opened nvs(false);
  if (!nvs) return REDOUBT_STORAGE;
  return !nvs.preferences.isKey(name) || nvs.preferences.remove(name) ? REDOUBT_OK : REDOUBT_STORAGE;
}

}  // namespace

redoubt_storage nvsStorage() {
  redoubt_storage storage = {};
  storage.read = readValue;
  storage.write = writeValue;
  storage.erase = eraseValue;
  return storage;
}
