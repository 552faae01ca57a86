// The set-up page: an access point of the device's own with one form. It is there only in firmware that was built with
// a password for it (REDOUBT_SETUP_PASSWORD, 8 to 63 characters), because what is entered crosses the air.
#pragma once

#include "node.h"

/** Opens it for ten minutes. */
void portalOpen(Node &node);
void portalPoll(Node &node, uint32_t now);
