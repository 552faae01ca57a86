// Preferences with the limits of ESP-IDF's NVS: names of 15 characters, text of 4,000 bytes. A write is whole or not
// there, as NVS promises; where failures are asked for it may also be there and be reported as failed.
#include "Preferences.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "board.h"

namespace {

constexpr size_t LONGEST_NAME = 15;
constexpr size_t LONGEST_TEXT = 4000;
constexpr size_t LONGEST_BLOB = 8192;

bool isName(const char *name) {
  return name != nullptr && *name != '\0' && strlen(name) <= LONGEST_NAME && strchr(name, '/') == nullptr;
}

}  // namespace

bool Preferences::begin(const char *name, bool readOnly, const char *) {
  if (!isName(name)) return false;
  const std::string nvs = board::flashFolder() + "/nvs";
  folder_ = nvs + "/" + name;
  readOnly_ = readOnly;
  if (readOnly) return access(folder_.c_str(), F_OK) == 0;
  mkdir(nvs.c_str(), 0700);
  mkdir(folder_.c_str(), 0700);
  return access(folder_.c_str(), F_OK) == 0;
}

void Preferences::end() { folder_.clear(); }

std::string Preferences::pathOf(const char *key) const { return folder_ + "/" + key; }

bool Preferences::clear() {
  if (readOnly_ || folder_.empty() || board::nextWrite() != board::WriteFate::works) return false;
  DIR *folder = opendir(folder_.c_str());
  if (folder == nullptr) return false;
  while (const dirent *entry = readdir(folder)) {
    if (entry->d_name[0] != '.') unlink((folder_ + "/" + entry->d_name).c_str());
  }
  closedir(folder);
  return true;
}

bool Preferences::remove(const char *key) {
  if (readOnly_ || folder_.empty() || !isName(key)) return false;
  const board::WriteFate fate = board::nextWrite();
  if (fate == board::WriteFate::fails) return false;
  return unlink(pathOf(key).c_str()) == 0 && fate == board::WriteFate::works;
}

bool Preferences::isKey(const char *key) { return isName(key) && access(pathOf(key).c_str(), F_OK) == 0; }

size_t Preferences::putBytes(const char *key, const void *value, size_t length) {
  if (readOnly_ || folder_.empty() || !isName(key) || length > LONGEST_BLOB) return 0;
  const board::WriteFate fate = board::nextWrite();
  if (fate == board::WriteFate::fails) return 0;
  return board::writeFile(pathOf(key), value, length) && fate == board::WriteFate::works ? length : 0;
}

size_t Preferences::getBytesLength(const char *key) {
  std::string content;
  return isName(key) && board::readFile(pathOf(key), content) ? content.size() : 0;
}

size_t Preferences::getBytes(const char *key, void *buffer, size_t maxLength) {
  std::string content;
  if (!isName(key) || !board::readFile(pathOf(key), content) || content.size() > maxLength) return 0;
  memcpy(buffer, content.data(), content.size());
  return content.size();
}

size_t Preferences::putString(const char *key, const char *value) {
  const size_t length = strlen(value);
  return length < LONGEST_TEXT && putBytes(key, value, length + 1) == length + 1 ? length : 0;
}

size_t Preferences::getString(const char *key, char *value, size_t maxLength) {
  const size_t length = getBytes(key, value, maxLength);
  if (length == 0 || value[length - 1] != '\0') return 0;
  return length;
}

size_t Preferences::putUInt(const char *key, uint32_t value) { return putBytes(key, &value, sizeof value); }

uint32_t Preferences::getUInt(const char *key, uint32_t otherwise) {
  uint32_t value = 0;
  return getBytes(key, &value, sizeof value) == sizeof value ? value : otherwise;
}

size_t Preferences::putULong64(const char *key, uint64_t value) { return putBytes(key, &value, sizeof value); }

uint64_t Preferences::getULong64(const char *key, uint64_t otherwise) {
  uint64_t value = 0;
  return getBytes(key, &value, sizeof value) == sizeof value ? value : otherwise;
}
