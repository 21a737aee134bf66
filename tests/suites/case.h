/* suites/case.h - what the cases of all suites are made of. */
#ifndef ASSAY_TESTS_SUITES_CASE_H
#define ASSAY_TESTS_SUITES_CASE_H

#include "base/slice.h"

struct arena;
struct inspect;
struct yaml_value;

/* The number under KEY; FALLBACK where there is none.  Fails the test where it
 * is no number. */
uint64_t case_get_number(const struct yaml_value *map, const char *key,
    uint64_t fallback);

/* False where KEY says false, else true; the same the other way round. */
bool case_is_not_false(const struct yaml_value *map, const char *key);
bool case_is_true(const struct yaml_value *map, const char *key);

/* A block's line ends are LF where mail has CRLF. */
struct slice case_with_crlf(struct arena *arena, struct slice text);

/* The message: "message" (a block) or "message-base64"; where there is a
 * "repeat", its "text" so many "times" in the place of its "mark". */
struct slice case_get_message(struct arena *arena,
    const struct yaml_value *test);

/* MESSAGE as an MTA hands it over, field by field, up to the end of its
 * body. */
void case_feed_message(struct inspect *in, struct arena *arena,
    struct slice message);

/* A session with one message, up to the end of its body: "client", "helo",
 * "mailfrom" without its brackets, and the message as above. */
void case_feed_session(struct inspect *in, struct arena *arena,
    const struct yaml_value *test, struct slice authserv_id);

#endif
