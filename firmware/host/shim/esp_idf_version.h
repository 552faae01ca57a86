// The shim has the interfaces of ESP-IDF 5; with REDOUBT_SHIM_IDF4 those of ESP-IDF 4.4, to compile the sketch for both.
#pragma once

#ifdef REDOUBT_SHIM_IDF4
#define ESP_IDF_VERSION_MAJOR 4
#define ESP_IDF_VERSION_MINOR 4
#else
#define ESP_IDF_VERSION_MAJOR 5
#define ESP_IDF_VERSION_MINOR 1
#endif
#define ESP_IDF_VERSION_PATCH 7
#define ESP_IDF_VERSION_VAL(major, minor, patch) (((major) << 16) | ((minor) << 8) | (patch))
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(ESP_IDF_VERSION_MAJOR, ESP_IDF_VERSION_MINOR, ESP_IDF_VERSION_PATCH)
