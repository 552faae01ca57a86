// Whether the sketch's loop or the idle task "runs" at present.
#pragma once

#include <atomic>

namespace running {
extern std::atomic<bool> isIdle;
}
