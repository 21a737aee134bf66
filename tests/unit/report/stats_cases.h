/* unit/report/stats_cases.h - sums over a store, whatever the database. */
#ifndef ASSAY_TESTS_UNIT_REPORT_STATS_CASES_H
#define ASSAY_TESTS_UNIT_REPORT_STATS_CASES_H

/* URL names a database with nothing in it. */
void stats_cases_check(const char *url);

#endif
