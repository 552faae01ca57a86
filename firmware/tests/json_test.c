#include <string.h>

#include "check.h"
#include "redoubt/json.h"
#include "units.h"

static enum redoubt_status object(const char *text) { return redoubt_json_check_object(text, strlen(text)); }

static void takes_json_objects(void) {
  static const char *const good[] = {"{}",
                                     " \t\r\n{ } ",
                                     "{\"a\":1}",
                                     "{\"a\" : -0.5e+10 , \"b\":[1,[],{},\"\",true,false,null]}",
                                     "{\"\":{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fC\":\"S\303\274d\"}}",
                                     "{\"a\":0,\"b\":-0,\"c\":1E5,\"d\":10.25,\"e\":1e-3}",
                                     "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}",
                                     "{\"a\":{\"b\":[{\"c\":[]},{\"d\":{}}]},\"e\":[{}]}"};
  static const char *const bad[] = {
      "",         " ",         "{",           "}",          "{]",          "{\"a\"}",      "{\"a\":}",
      "{a:1}",    "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{}{}",  "{} x",         "{\"a\":01}",
      "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":-}",   "{\"a\":0x1}",
      "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":nul", "{\"a\":falsy}", "{\"a\":\"}", "{\"a\":\"\\x\"}",
      "{\"a\":\"\\u00g0\"}", "{\"a\":\"\\u00", "{\"a\":\"\\", "{\"a\":\"\n\"}", "{\"a\":\"\200\"}", "{\"a\":\"\355\240\200\"}",
      "{\"a\":'b'}", "{\"a\":[1,]}", "{\"a\":[1}", "{\"a\":[1]]", "{\"a\":[1 2]}", "{\"a\":{\"b\"}}",
      "{\"a\":{\"b\":1]}", "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "\357\273\277{}", "{\"a\":1}\302", "{1:2}",
      "{\"a\":{1:2}}", "{\"a\":[{\"b\":1,2}]}"};
  static const char *const others[] = {"[]", "1", "\"{}\"", "true", "false", "null", "[{}]"};
  for (size_t index = 0; index < sizeof good / sizeof good[0]; index++) CHECK_STATUS(object(good[index]), REDOUBT_OK);
  for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
    if (object(bad[index]) != REDOUBT_FORMAT) CHECK_TEXT(bad[index], "refused");
  }
  for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
    CHECK_STATUS(object(others[index]), REDOUBT_SCHEMA);
  }
  CHECK_STATUS(redoubt_json_check_object("{\"a\":\"\0\"}", 9), REDOUBT_FORMAT);
  CHECK_STATUS(redoubt_json_check_object("{}\0", 3), REDOUBT_FORMAT);
}

static void cuts_no_text_short(void) {
  static const char text[] = "{\"a\":[-1.5e+3,\"\\u00fc \303\274\",{\"b\":null}],\"c\":true,\"d\":false}";
  for (size_t length = 0; length < sizeof text - 1; length++) {
    struct redoubt_json_value value;
    CHECK_STATUS(redoubt_json_check_object(text, length), REDOUBT_FORMAT);
    CHECK_STATUS(redoubt_json_member(text, length, "none", &value), REDOUBT_FORMAT);
  }
  CHECK_STATUS(redoubt_json_check_object(text, sizeof text - 1), REDOUBT_OK);
}

static struct redoubt_json_value member(const char *text, const char *name, enum redoubt_status expected) {
  struct redoubt_json_value value;
  CHECK_STATUS(redoubt_json_member(text, strlen(text), name, &value), expected);
  return value;
}

static void finds_members(void) {
  static const char text[] = " { \"a\" : [1] , \"b\":\"x\\n\",\"c\":{\"a\":2},\"d\":-1,\"e\":true,\"f\":false,\"g\":null } ";
  struct redoubt_json_value value = member(text, "a", REDOUBT_OK);
  CHECK(value.type == REDOUBT_JSON_ARRAY && value.length == 3 && memcmp(value.text, "[1]", 3) == 0);
  value = member(text, "b", REDOUBT_OK);
  CHECK(value.type == REDOUBT_JSON_STRING && value.length == 3 && memcmp(value.text, "x\\n", 3) == 0);
  value = member(text, "c", REDOUBT_OK);
  CHECK(value.type == REDOUBT_JSON_OBJECT && value.length == 7);
  CHECK(member(text, "d", REDOUBT_OK).type == REDOUBT_JSON_NUMBER);
  CHECK(member(text, "e", REDOUBT_OK).type == REDOUBT_JSON_TRUE);
  CHECK(member(text, "f", REDOUBT_OK).type == REDOUBT_JSON_FALSE);
  CHECK(member(text, "g", REDOUBT_OK).type == REDOUBT_JSON_NULL);
  CHECK(member(text, "h", REDOUBT_OK).type == REDOUBT_JSON_NONE);
  CHECK(member("{}", "a", REDOUBT_OK).type == REDOUBT_JSON_NONE);
  (void)member("{\"a\":1,\"b\":2,\"a\":1}", "a", REDOUBT_SCHEMA);
  (void)member("[]", "a", REDOUBT_FORMAT);
  (void)member("{\"a\":1", "a", REDOUBT_FORMAT);
}

static void reads_whole_numbers(void) {
  uint64_t number = 0;
  struct redoubt_json_value value = member("{\"a\":18446744073709551615}", "a", REDOUBT_OK);
  CHECK_STATUS(redoubt_json_whole_number(&value, UINT64_MAX, &number), REDOUBT_OK);
  CHECK(number == UINT64_MAX);
  CHECK_STATUS(redoubt_json_whole_number(&value, UINT64_MAX - 1, &number), REDOUBT_RANGE);
  value = member("{\"a\":18446744073709551616}", "a", REDOUBT_OK);
  CHECK_STATUS(redoubt_json_whole_number(&value, UINT64_MAX, &number), REDOUBT_RANGE);
  value = member("{\"a\":5}", "a", REDOUBT_OK);
  CHECK_STATUS(redoubt_json_whole_number(&value, 3, &number), REDOUBT_RANGE);
  CHECK_STATUS(redoubt_json_whole_number(&value, 5, &number), REDOUBT_OK);
  CHECK(number == 5);
  static const char *const others[] = {"{\"a\":-1}", "{\"a\":1.0}", "{\"a\":1e3}", "{\"a\":\"1\"}", "{\"a\":null}", "{}"};
  for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
    value = member(others[index], "a", REDOUBT_OK);
    CHECK_STATUS(redoubt_json_whole_number(&value, UINT64_MAX, &number), REDOUBT_SCHEMA);
  }
}

static void reads_plain_texts(void) {
  char text[6];
  struct redoubt_json_value value = member("{\"a\":\"12 ~!\"}", "a", REDOUBT_OK);
  CHECK_STATUS(redoubt_json_plain_text(&value, text, sizeof text), REDOUBT_OK);
  CHECK_TEXT(text, "12 ~!");
  CHECK_STATUS(redoubt_json_plain_text(&value, text, 5), REDOUBT_SIZE);
  CHECK_STATUS(redoubt_json_plain_text(&value, text, 0), REDOUBT_SIZE);
  static const char *const others[] = {"{\"a\":1}", "{\"a\":\"\\n\"}", "{\"a\":\"\303\274\"}", "{\"a\":\"\177\"}", "{}"};
  for (size_t index = 0; index < sizeof others / sizeof others[0]; index++) {
    value = member(others[index], "a", REDOUBT_OK);
    CHECK_STATUS(redoubt_json_plain_text(&value, text, sizeof text), REDOUBT_SCHEMA);
  }
}

void json_tests(void) {
  RUN(takes_json_objects);
  RUN(cuts_no_text_short);
  RUN(finds_members);
  RUN(reads_whole_numbers);
  RUN(reads_plain_texts);
}
