// What the virtual device's hardware is: given by the command line, the same for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace board {

/** Reads `--flash`, `--seed`, `--sensors`, `--nvs-failures` and `--portal-port`; ends the process with usage otherwise. */
void begin(int argc, char **argv);
char **arguments();

/** Folder of everything that stays over a restart. */
const std::string &flashFolder();
uint32_t seed();
int portalPort();

/** Whether a sensor is wired: `dht22`, `ds18b20`, `motion`, `light` or `battery`. */
bool isFitted(const char *sensor);
/** Whether the file `wifi-down` is in the flash folder. */
bool isWifiDown();
/** What becomes of an NVS write; a failure may be one of the answer only. */
enum class WriteFate { works, fails, failsAfterwards };
/** Of the next write, drawn as `--nvs-failures` says; both failures are equally likely. */
WriteFate nextWrite();

/** Simulated surroundings, at the present time. */
double temperatureC();
double humidityPercent();
bool isMotion();
uint32_t lightMilliVolts();
uint32_t batteryMilliVolts();
void setOutput(uint8_t pin, bool isHigh);

/** Atomic: another process sees the old content or the new one. */
bool writeFile(const std::string &path, const void *bytes, size_t length);
/** @returns false where there is none. */
bool readFile(const std::string &path, std::string &content);

}  // namespace board
