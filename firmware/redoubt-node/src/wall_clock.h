#pragma once

#include <stdint.h>

/** Asks for the time (NTP) in the background. @param server empty for the public pool; must stay valid. */
void wallClockBegin(const char *server);

/** Milliseconds since the Unix epoch; 0 until a server has told the time since this start. */
int64_t wallClockMs();
