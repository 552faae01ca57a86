// Set-up and status on the serial line, one command a line. What is typed is never printed, and no key ever is.
#pragma once

#include "node.h"

void consolePoll(Node &node);
