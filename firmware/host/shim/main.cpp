#include <csignal>

#include "Arduino.h"
#include "board.h"

int main(int argc, char **argv) {
  board::begin(argc, argv);
  // A broken connection is an answer, not the end.
  signal(SIGPIPE, SIG_IGN);
  setup();
  while (true) loop();
}
