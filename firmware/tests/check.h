/** As much of a test framework as is needed, also where there is no operating system. */
#ifndef REDOUBT_CHECK_H
#define REDOUBT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redoubt/status.h"

/** Fails the running test and goes on with it. */
#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), #actual, __FILE__, __LINE__)
#define RUN(test) check_run(#test, test)

void check_that(bool is_true, const char *text, const char *file, int line);
void check_status(enum redoubt_status actual, enum redoubt_status expected, const char *text, const char *file, int line);
void check_text(const char *actual, const char *expected, const char *text, const char *file, int line);
void check_run(const char *name, void (*test)(void));

/** @return what main returns. Prints how many tests there were. */
int check_result(void);

/** Hex digits to bytes. @return how many bytes there are. */
size_t from_hex(const char *hex, uint8_t *out, size_t capacity);

/** Bytes to hex digits and a NUL. */
void to_hex(const uint8_t *bytes, size_t length, char *out);

bool is_all_zero(const void *bytes, size_t length);

#endif
