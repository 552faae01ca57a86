#include "file_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PATH (REDOUBT_MAX_FOLDER + REDOUBT_STORAGE_MAX_NAME + 8)

static void path_of(const struct redoubt_file_storage *files, const char *name, const char *suffix,
                    char path[MAX_PATH]) {
  (void)snprintf(path, MAX_PATH, "%s/%.*s%s", files->folder, REDOUBT_STORAGE_MAX_NAME, name, suffix);
}

/** Reads until the end or until `capacity` bytes are there. @return -1 on failure. */
static ssize_t read_all(int file, uint8_t *out, size_t capacity) {
  size_t done = 0;
  while (done < capacity) {
    ssize_t bytes = read(file, out + done, capacity - done);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return -1;
    if (bytes == 0) break;
    done += (size_t)bytes;
  }
  return (ssize_t)done;
}

static enum redoubt_status file_read(void *context, const char *name, uint8_t *out, size_t capacity, size_t *length) {
  char path[MAX_PATH];
  uint8_t more = 0;
  *length = 0;
  path_of(context, name, ".bin", path);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? REDOUBT_NOT_FOUND : REDOUBT_STORAGE;
  ssize_t bytes = read_all(file, out, capacity);
  ssize_t rest = bytes < 0 ? -1 : read_all(file, &more, 1);
  (void)close(file);
  if (bytes < 0 || rest < 0) return REDOUBT_STORAGE;
  if (rest > 0) return REDOUBT_SIZE;
  *length = (size_t)bytes;
  return REDOUBT_OK;
}

static bool write_all(int file, const uint8_t *value, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t bytes = write(file, value + done, length - done);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return false;
    done += (size_t)bytes;
  }
  return true;
}

static bool sync_folder(const char *folder) {
  int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  bool is_synced = fsync(file) == 0;
  return close(file) == 0 && is_synced;
}

static enum redoubt_status file_write(void *context, const char *name, const uint8_t *value, size_t length) {
  const struct redoubt_file_storage *files = context;
  char path[MAX_PATH];
  char fresh[MAX_PATH];
  path_of(files, name, ".bin", path);
  path_of(files, name, ".new", fresh);
  int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return REDOUBT_STORAGE;
  bool is_written = write_all(file, value, length) && fsync(file) == 0;
  is_written = close(file) == 0 && is_written;
  if (!is_written || rename(fresh, path) != 0 || !sync_folder(files->folder)) return REDOUBT_STORAGE;
  return REDOUBT_OK;
}

static enum redoubt_status file_erase(void *context, const char *name) {
  const struct redoubt_file_storage *files = context;
  char path[MAX_PATH];
  path_of(files, name, ".bin", path);
  if (unlink(path) != 0) return errno == ENOENT ? REDOUBT_OK : REDOUBT_STORAGE;
  return sync_folder(files->folder) ? REDOUBT_OK : REDOUBT_STORAGE;
}

enum redoubt_status redoubt_file_storage_open(struct redoubt_file_storage *files, const char *folder,
                                              struct redoubt_storage *storage) {
  size_t length = strlen(folder);
  if (length > REDOUBT_MAX_FOLDER) return REDOUBT_ARGUMENT;
  memcpy(files->folder, folder, length + 1);
  *storage = (struct redoubt_storage){.context = files, .read = file_read, .write = file_write, .erase = file_erase};
  return REDOUBT_OK;
}
