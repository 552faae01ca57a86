// NVS as files, one for each key; see nvs.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

class Preferences {
public:
  bool begin(const char *name, bool readOnly = false, const char *partition = nullptr);
  void end();
  bool clear();
  bool remove(const char *key);
  bool isKey(const char *key);
  size_t putBytes(const char *key, const void *value, size_t length);
  size_t getBytesLength(const char *key);
  size_t getBytes(const char *key, void *buffer, size_t maxLength);
  size_t putString(const char *key, const char *value);
  size_t getString(const char *key, char *value, size_t maxLength);
  size_t putUInt(const char *key, uint32_t value);
  uint32_t getUInt(const char *key, uint32_t otherwise = 0);
  size_t putULong64(const char *key, uint64_t value);
  uint64_t getULong64(const char *key, uint64_t otherwise = 0);

private:
  std::string pathOf(const char *key) const;
  std::string folder_;
  bool readOnly_ = true;
};
