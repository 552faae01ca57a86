/** Times as the gateway writes them: `YYYY-MM-DDThh:mm:ss.mmmZ`. */
#ifndef REDOUBT_TIME_TEXT_H
#define REDOUBT_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define REDOUBT_TIME_TEXT_LENGTH 24

/** @param milliseconds since the Unix epoch. @param out no NUL is written. @return false outside of 1970..2199. */
bool redoubt_time_write(int64_t milliseconds, char out[REDOUBT_TIME_TEXT_LENGTH]);

/** @return false for another form, or what is no time of the calendar from 1970 to 2199. */
bool redoubt_time_read(const char text[REDOUBT_TIME_TEXT_LENGTH], int64_t *milliseconds);

#endif
