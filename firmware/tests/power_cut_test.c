/* Kills a device at random moments while its storage fails at random: no number may come twice, no command be obeyed twice. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "device_fixture.h"
#include "faulty_storage.h"
#include "file_storage.h"
#include "host_random.h"
#include "units.h"

#define ROUNDS 200
#define BLOCK 4
#define MOST_NUMBERS 2000000
#define FAILURES_PER_MILLE 200

/** What a device tells: the number of a message that it sends, or of a command that it obeys. */
struct event {
  uint64_t number;
  uint64_t is_command;
};

static uint8_t seen[MOST_NUMBERS];

static void tell(int out, uint64_t number, uint64_t is_command) {
  const struct event event = {.number = number, .is_command = is_command};
  if (write(out, &event, sizeof event) != (ssize_t)sizeof event) _exit(3);
}

/** A device that counts and takes commands until it is killed. */
static void live(const char *folder, uint32_t seed, uint64_t first_command, int out) {
  struct redoubt_file_storage files;
  struct redoubt_faulty_storage faulty;
  struct redoubt_storage inner;
  struct redoubt_storage outer;
  struct redoubt_device own;
  if (redoubt_file_storage_open(&files, folder, &inner) != REDOUBT_OK) _exit(4);
  redoubt_faulty_storage_open(&faulty, &inner, seed, FAILURES_PER_MILLE, &outer);
  if (redoubt_device_open(&own, &outer, redoubt_host_random, NULL, BLOCK) != REDOUBT_OK) _exit(5);
  for (uint64_t command = first_command;; command++) {
    uint64_t number = 0;
    if (redoubt_counters_next(&own.counters, &number) == REDOUBT_OK) tell(out, number, 0);
    /* Each command comes twice, as a broker may bring it. */
    for (unsigned copy = 0; copy < 2; copy++) {
      if (redoubt_counters_take_command(&own.counters, command / 2 + 1) == REDOUBT_OK) tell(out, command / 2 + 1, 1);
    }
  }
}

static void provision_in(const char *folder) {
  struct redoubt_file_storage files;
  char text[REDOUBT_MAX_PROVISIONING_BYTES + 1];
  size_t length = 0;
  struct redoubt_provisioning record;
  memset(&record, 0, sizeof record);
  memcpy(record.device, "pump-1", 7);
  record.epoch = 1;
  key_of(10, record.key);
  CHECK_STATUS(redoubt_provisioning_format(&record, text, sizeof text, &length), REDOUBT_OK);
  CHECK_STATUS(redoubt_file_storage_open(&files, folder, &storage), REDOUBT_OK);
  CHECK_STATUS(redoubt_device_open(&device, &storage, redoubt_host_random, NULL, BLOCK), REDOUBT_NOT_PROVISIONED);
  CHECK_STATUS(redoubt_device_provision(&device, text, length), REDOUBT_OK);
}

struct totals {
  unsigned messages;
  unsigned repeated;
  unsigned commands;
  unsigned obeyed_twice;
  uint64_t last_command;
};

/** Reads until the end, or `most` events. */
static void take_down(int in, unsigned most, struct totals *totals) {
  struct event event;
  while (most-- > 0 && read(in, &event, sizeof event) == (ssize_t)sizeof event) {
    if (event.is_command != 0) {
      totals->commands++;
      if (event.number <= totals->last_command) totals->obeyed_twice++;
      totals->last_command = event.number;
    } else {
      totals->messages++;
      CHECK(event.number < MOST_NUMBERS);
      if (event.number < MOST_NUMBERS && seen[event.number]++ > 0) totals->repeated++;
    }
  }
}

/** One life of the device: until it has done something, or nothing, and up to two milliseconds more. */
static void one_round(const char *folder, unsigned round, struct totals *totals) {
  int ends[2];
  int status = 0;
  CHECK(pipe(ends) == 0);
  (void)fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    (void)close(ends[0]);
    live(folder, round + 1, totals->last_command * 2, ends[1]);
  }
  CHECK(child > 0);
  (void)close(ends[1]);
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)(round * 7919U % 61U) * 32000L};
  take_down(ends[0], round % 5, totals);
  (void)nanosleep(&pause, NULL);
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  take_down(ends[0], UINT32_MAX, totals);
  (void)close(ends[0]);
}

static void repeats_nothing_when_it_is_killed(void) {
  /* In memory where that can be had: a kill, other than a power cut, undoes nothing that waits for the disk. */
  char in_memory[] = "/dev/shm/redoubt-power-XXXXXX";
  char on_disk[] = "/tmp/redoubt-power-XXXXXX";
  char *folder = access("/dev/shm", W_OK) == 0 ? in_memory : on_disk;
  char path[sizeof in_memory + 32];
  static const char *const names[] = {"identity.bin", "identity.new", "counters-a.bin", "counters-a.new"};
  struct totals totals;
  memset(&totals, 0, sizeof totals);
  CHECK(mkdtemp(folder) != NULL);
  provision_in(folder);
  for (unsigned round = 0; round < ROUNDS; round++) one_round(folder, round, &totals);
  CHECK(totals.repeated == 0 && totals.obeyed_twice == 0);
  CHECK(totals.messages > ROUNDS && totals.commands > ROUNDS);
  (void)fprintf(stderr, "%d kills: %u messages, %u commands; repeated: %u and %u\n", ROUNDS, totals.messages,
                totals.commands, totals.repeated, totals.obeyed_twice);
  for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[index]);
    (void)unlink(path);
  }
  CHECK(rmdir(folder) == 0);
}

void power_cut_tests(void) { RUN(repeats_nothing_when_it_is_killed); }
