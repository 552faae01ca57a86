// Updates over the air: fetched by HTTPS from a server of the settings' authority, and started only if signed.
#pragma once

#include "../settings.h"

/**
 * Fetches an update, checks it and makes it the next to start.
 *
 * @param url `https://host[:port]/path`.
 * @returns why nothing was changed; nullptr where the device is to be restarted.
 */
const char *updateFrom(const char *url, const Settings &settings);

/** This firmware works: it is kept, and no older one is taken any more. Safe to call often. */
void updateConfirm();
