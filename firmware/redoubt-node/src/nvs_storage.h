// The core's storage interface over the ESP32's NVS.
#pragma once

#include <redoubt/storage.h>

/** In the namespace `redoubt`. A blob is written as a whole by NVS, and is in the flash when the write returns. */
redoubt_storage nvsStorage();
