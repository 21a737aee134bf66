/* unit/report/store_cases.h - what a store must do whatever the database; the
 * tests of each driver play all of it. */
#ifndef ASSAY_TESTS_UNIT_REPORT_STORE_CASES_H
#define ASSAY_TESTS_UNIT_REPORT_STORE_CASES_H

#include "report/store.h"
#include "unit/test.h"

#define STORE_TEST_DAY 20000u
#define STORE_TEST_DOMAINS 5u	/* that store_cases_domain gives */

/* Open it; fails the test where that fails. */
struct store *store_cases_open(const char *url);

/* Fails the test, with what STORE says, unless STATUS is STORE_OK. */
void assert_ok(const struct store *store, enum store_status status);

/* The name of a domain, another for each number below STORE_TEST_DOMAINS; lives
 * as long as the program. */
struct slice store_cases_domain(unsigned domain);

/* A row of the day above that the numbers tell apart.  FACT is filled in. */
struct store_row store_cases_row(struct report_fact *fact, unsigned domain,
    unsigned n);

/* Write N rows of one domain, each with one message. */
enum store_status store_cases_write(struct store *store, unsigned domain,
    unsigned first, unsigned n);

/* Reportable messages of the day. */
uint64_t store_cases_count(struct store *store);

/* All cases.  FRESH gives the URL of a database with nothing in it, the same
 * each time; it lives as long as the program. */
void store_cases_run(const char *(*fresh)(void));

#endif
