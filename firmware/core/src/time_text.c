#include "time_text.h"

#include <stddef.h>

#define MS_PER_DAY INT64_C(86400000)
#define FIRST_YEAR 1970U
/** The year after the last one, as at the gateway. */
#define END_YEAR 2200U

static bool is_leap(uint32_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static uint32_t days_of_year(uint32_t year) { return is_leap(year) ? 366 : 365; }

static uint32_t days_of_month(uint32_t year, uint32_t month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void put_digits(char *out, uint32_t value, size_t digits) {
  for (size_t index = digits; index > 0; index--) {
    out[index - 1] = (char)('0' + (char)(value % 10));
    value /= 10;
  }
}

bool redoubt_time_write(int64_t milliseconds, char out[REDOUBT_TIME_TEXT_LENGTH]) {
  static const char form[] = "0000-00-00T00:00:00.000Z";
  uint32_t year = FIRST_YEAR;
  uint32_t month = 1;
  if (milliseconds < 0) return false;
  int64_t days = milliseconds / MS_PER_DAY;
  uint32_t rest = (uint32_t)(milliseconds % MS_PER_DAY);
  while (year < END_YEAR && days >= days_of_year(year)) days -= days_of_year(year++);
  if (year == END_YEAR) return false;
  while (days >= days_of_month(year, month)) days -= days_of_month(year, month++);
  for (size_t index = 0; index < REDOUBT_TIME_TEXT_LENGTH; index++) out[index] = form[index];
  put_digits(out, year, 4);
  put_digits(out + 5, month, 2);
  put_digits(out + 8, (uint32_t)days + 1, 2);
  put_digits(out + 11, rest / 3600000, 2);
  put_digits(out + 14, rest / 60000 % 60, 2);
  put_digits(out + 17, rest / 1000 % 60, 2);
  put_digits(out + 20, rest % 1000, 3);
  return true;
}

static bool digits_at(const char *text, size_t digits, uint32_t *value) {
  *value = 0;
  for (size_t index = 0; index < digits; index++) {
    if (text[index] < '0' || text[index] > '9') return false;
    *value = *value * 10 + (uint32_t)(text[index] - '0');
  }
  return true;
}

bool redoubt_time_read(const char text[REDOUBT_TIME_TEXT_LENGTH], int64_t *milliseconds) {
  uint32_t year = 0;
  uint32_t month = 0;
  uint32_t day = 0;
  uint32_t hour = 0;
  uint32_t minute = 0;
  uint32_t second = 0;
  uint32_t millisecond = 0;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != '.' ||
      text[23] != 'Z') {
    return false;
  }
  if (!digits_at(text, 4, &year) || !digits_at(text + 5, 2, &month) || !digits_at(text + 8, 2, &day) ||
      !digits_at(text + 11, 2, &hour) || !digits_at(text + 14, 2, &minute) || !digits_at(text + 17, 2, &second) ||
      !digits_at(text + 20, 3, &millisecond)) {
    return false;
  }
  if (year < FIRST_YEAR || year >= END_YEAR || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
      hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  int64_t days = day - 1;
  for (uint32_t past = FIRST_YEAR; past < year; past++) days += days_of_year(past);
  for (uint32_t past = 1; past < month; past++) days += days_of_month(year, past);
  *milliseconds =
      days * MS_PER_DAY + (int64_t)hour * 3600000 + (int64_t)minute * 60000 + (int64_t)second * 1000 + millisecond;
  return true;
}
