#include "board.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <random>

namespace board {

namespace {

struct Options {
  std::string flash;
  std::string sensors = "dht22,ds18b20,motion,light,battery";
  uint32_t seed = 1;
  double nvsFailures = 0;
  int portalPort = 0;
};

Options options;
char **given;
std::mt19937 noise;
std::mt19937 failures;
std::mutex mutex;

[[noreturn]] void usage() {
  fprintf(stderr,
          "redoubt-virtual-device --flash FOLDER [--seed N] [--sensors dht22,ds18b20,motion,light,battery]\n"
          "                       [--nvs-failures 0..1] [--portal-port N]\n"
          "The firmware of firmware/redoubt-node with simulated hardware; its serial line is standard input and output.\n");
  exit(2);
}

double uniform(std::mt19937 &source) { return static_cast<double>(source()) / 4294967296.0; }

double hours() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) / 3600.0 + static_cast<double>(now.tv_nsec) / 3.6e12;
}

/** Mean of some draws: near enough to normal for a sensor's noise. */
double jitter(double width) {
  std::lock_guard<std::mutex> lock(mutex);
  double sum = 0;
  for (int i = 0; i < 6; i++) sum += uniform(noise) - 0.5;
  return sum * width;
}

/** Starts are counted, so that one start's failures are not the next one's. */
uint32_t countStart() {
  std::string content;
  const std::string path = options.flash + "/starts";
  const unsigned long before = readFile(path, content) ? strtoul(content.c_str(), nullptr, 10) : 0;
  const std::string text = std::to_string(before + 1);
  writeFile(path, text.data(), text.size());
  return static_cast<uint32_t>(before);
}

}  // namespace

void begin(int argc, char **argv) {
  given = argv;
  for (int i = 1; i < argc; i++) {
    if (i + 1 >= argc) usage();
    const std::string name = argv[i];
    const char *value = argv[++i];
    if (name == "--flash") options.flash = value;
    else if (name == "--seed") options.seed = static_cast<uint32_t>(strtoul(value, nullptr, 10));
    else if (name == "--sensors") options.sensors = value;
    else if (name == "--nvs-failures") options.nvsFailures = atof(value);
    else if (name == "--portal-port") options.portalPort = atoi(value);
    else usage();
  }
  if (options.flash.empty()) usage();
  mkdir(options.flash.c_str(), 0700);
  const uint32_t start = countStart();
  noise.seed(options.seed);
  failures.seed(options.seed ^ (start * 2654435761u));
}

char **arguments() { return given; }
const std::string &flashFolder() { return options.flash; }
uint32_t seed() { return options.seed; }
int portalPort() { return options.portalPort; }

bool isFitted(const char *sensor) {
  return ("," + options.sensors + ",").find("," + std::string(sensor) + ",") != std::string::npos;
}

bool isWifiDown() { return access((options.flash + "/wifi-down").c_str(), F_OK) == 0; }

WriteFate nextWrite() {
  std::lock_guard<std::mutex> lock(mutex);
  if (uniform(failures) >= options.nvsFailures) return WriteFate::works;
  return uniform(failures) < 0.5 ? WriteFate::fails : WriteFate::failsAfterwards;
}

double temperatureC() {
  const double room = 21 + 6.0 * (options.seed % 97) / 96;
  // Warmest in the afternoon; an air conditioner that switches every twenty minutes.
  return room + 0.4 * sin((hours() - 9) * M_PI / 12) + 0.15 * sin(hours() * 6 * M_PI) + jitter(0.05);
}

double humidityPercent() { return 45 - 1.5 * (temperatureC() - 24) + jitter(0.4); }

bool isMotion() { return jitter(1) > 1.1; }

uint32_t lightMilliVolts() {
  const double sun = sin((hours() - 6) * M_PI / 12);
  return static_cast<uint32_t>(200 + 1800 * (sun > 0 ? sun : 0) + 20 * (jitter(1) + 3));
}

uint32_t batteryMilliVolts() {
  // A lithium cell on its way from full to empty in three weeks, behind a divider of two equal resistors.
  const double used = fmod(hours() / 24 + options.seed % 7, 21) / 21;
  return static_cast<uint32_t>((4150 - 700 * used + jitter(6)) / 2);
}

void setOutput(uint8_t pin, bool isHigh) {
  const std::string path = options.flash + "/pin-" + std::to_string(pin);
  writeFile(path, isHigh ? "1" : "0", 1);
}

bool writeFile(const std::string &path, const void *bytes, size_t length) {
  const std::string temporary = path + ".new";
  const int file = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool isWritten = write(file, bytes, length) == static_cast<ssize_t>(length);
  close(file);
  return isWritten && rename(temporary.c_str(), path.c_str()) == 0;
}

bool readFile(const std::string &path, std::string &content) {
  FILE *file = fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  content.clear();
  char piece[4096];
  for (size_t length; (length = fread(piece, 1, sizeof piece, file)) > 0;) content.append(piece, length);
  fclose(file);
  return true;
}

}  // namespace board
