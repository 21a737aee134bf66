/* control/self_test.h - whether messages whose results are known get them, as
 * far as this process can tell: a crypto policy or a library that breaks
 * verification, or lets everything pass, is to be noticed before mail is
 * refused, or let in, for it.
 *
 * The messages go through inspect/ and policy/ as the milter's do, each twice:
 * with keys and a digest that were made when the test was, as the cache
 * keeps them for mail, and with all of it looked up anew. */
#ifndef ASSAY_CONTROL_SELF_TEST_H
#define ASSAY_CONTROL_SELF_TEST_H

#include <stdbool.h>

struct dkim_sha256;
struct self_test;
struct strbuf;

/* SHA256 is what the sessions share (dkim/hash.h), borrowed; NULL where they
 * have none.  NULL where memory is out. */
struct self_test *self_test_create(const struct dkim_sha256 *sha256);
void self_test_destroy(struct self_test **test);

/* Any thread, one at a time; asks no network, takes some milliseconds of CPU.
 * False, with one line appended that says which message got what, where
 * verification cannot be relied on.  True with a line appended where it can be,
 * but something is amiss that defers single messages only. */
bool self_test_run(struct self_test *test, struct strbuf *problem);

/* Which message the last run failed at; and its name, "" where there is none of
 * that number. */
unsigned self_test_failed_case(const struct self_test *test);
const char *self_test_case_name(unsigned number);

#endif
