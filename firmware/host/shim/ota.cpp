// Two partitions as files; the program itself stays what it is, so that the version does not change with a new image.
#include <cstdio>
#include <cstring>
#include <string>

#include "board.h"
#include "esp_ota_ops.h"

namespace {

constexpr uint32_t PARTITION_BYTES = 1900544;
const esp_partition_t RUNNING = {"app0", PARTITION_BYTES};
const esp_partition_t OTHER = {"app1", PARTITION_BYTES};
FILE *image;

std::string pathOf(const esp_partition_t &partition) { return board::flashFolder() + "/" + partition.label; }

}  // namespace

const esp_partition_t *esp_ota_get_running_partition() { return &RUNNING; }

const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *) { return &OTHER; }

esp_err_t esp_ota_begin(const esp_partition_t *partition, size_t, esp_ota_handle_t *handle) {
  image = fopen(pathOf(*partition).c_str(), "wb");
  *handle = 1;
  return image == nullptr ? ESP_FAIL : ESP_OK;
}

esp_err_t esp_ota_write(esp_ota_handle_t, const void *bytes, size_t length) {
  return fwrite(bytes, 1, length, image) == length ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_ota_end(esp_ota_handle_t) {
  const bool isWritten = fclose(image) == 0;
  image = nullptr;
  return isWritten ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_ota_abort(esp_ota_handle_t) {
  if (image != nullptr) fclose(image);
  image = nullptr;
  return ESP_OK;
}

esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition) {
  const std::string path = board::flashFolder() + "/boot-partition";
  return board::writeFile(path, partition->label, strlen(partition->label)) ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_ota_mark_app_valid_cancel_rollback() { return ESP_OK; }
