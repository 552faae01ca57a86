#include "file_storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "host_random.h"
#include "units.h"

static struct redoubt_file_storage files;
static struct redoubt_storage storage;
static char folder[] = "/tmp/redoubt-firmware-XXXXXX";
static uint8_t bytes[REDOUBT_STORAGE_MAX_BYTES];
static size_t length;

static enum redoubt_status read_value(const char *name, size_t capacity) {
  return storage.read(storage.context, name, bytes, capacity, &length);
}

static void keeps_values_in_private_files(void) {
  struct stat info;
  char path[sizeof folder + 32];
  CHECK(mkdtemp(folder) != NULL);
  CHECK_STATUS(redoubt_file_storage_open(&files, folder, &storage), REDOUBT_OK);
  CHECK_STATUS(read_value("identity", sizeof bytes), REDOUBT_NOT_FOUND);
  CHECK_STATUS(storage.erase(storage.context, "identity"), REDOUBT_OK);
  CHECK_STATUS(storage.write(storage.context, "identity", (const uint8_t *)"first", 5), REDOUBT_OK);
  CHECK_STATUS(storage.write(storage.context, "identity", (const uint8_t *)"second", 6), REDOUBT_OK);
  CHECK_STATUS(read_value("identity", 6), REDOUBT_OK);
  CHECK(length == 6 && memcmp(bytes, "second", 6) == 0);
  CHECK_STATUS(read_value("identity", 5), REDOUBT_SIZE);
  (void)snprintf(path, sizeof path, "%s/identity.bin", folder);
  CHECK(stat(path, &info) == 0 && (info.st_mode & 0777U) == 0600U);
  CHECK_STATUS(storage.erase(storage.context, "identity"), REDOUBT_OK);
  CHECK_STATUS(read_value("identity", 6), REDOUBT_NOT_FOUND);
  CHECK(rmdir(folder) == 0);
}

static void says_when_it_cannot_store(void) {
  char long_path[REDOUBT_MAX_FOLDER + 2];
  CHECK_STATUS(storage.write(storage.context, "identity", bytes, 1), REDOUBT_STORAGE);
  CHECK_STATUS(redoubt_file_storage_open(&files, "/dev/null", &storage), REDOUBT_OK);
  CHECK_STATUS(read_value("identity", 1), REDOUBT_STORAGE);
  CHECK_STATUS(storage.erase(storage.context, "identity"), REDOUBT_STORAGE);
  memset(long_path, 'a', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = '\0';
  CHECK_STATUS(redoubt_file_storage_open(&files, long_path, &storage), REDOUBT_ARGUMENT);
}

static void has_random_bytes(void) {
  uint8_t first[16] = {0};
  uint8_t second[16] = {0};
  CHECK_STATUS(redoubt_host_random(NULL, first, sizeof first), REDOUBT_OK);
  CHECK_STATUS(redoubt_host_random(NULL, second, sizeof second), REDOUBT_OK);
  CHECK(memcmp(first, second, sizeof first) != 0);
}

void file_storage_tests(void) {
  RUN(keeps_values_in_private_files);
  RUN(says_when_it_cannot_store);
  RUN(has_random_bytes);
}
