/** The device's storage on a host: one file for each value, replaced as a whole. */
#ifndef REDOUBT_FILE_STORAGE_H
#define REDOUBT_FILE_STORAGE_H

#include "redoubt/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REDOUBT_MAX_FOLDER 480

/** Where the files are; must live as long as the storage. */
struct redoubt_file_storage {
  char folder[REDOUBT_MAX_FOLDER + 1];
};

/**
 * Files `<name>.bin` of mode 0600 in an existing folder. A value is written beside the old one, synced and renamed
 * over it, and the folder is synced: as the flash does, a power cut leaves the old value or the new one.
 *
 * @return REDOUBT_ARGUMENT for a path that is too long.
 */
enum redoubt_status redoubt_file_storage_open(struct redoubt_file_storage *files, const char *folder,
                                              struct redoubt_storage *storage);

#ifdef __cplusplus
}
#endif

#endif
