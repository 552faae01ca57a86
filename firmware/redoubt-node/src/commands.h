#pragma once

#include "node.h"

/** Acts on a message of the command topic if the core says that it is authentic, for this device and new. */
void commandsHandle(Node &node, const ReceivedCommand &received);
