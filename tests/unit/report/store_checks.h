/* unit/report/store_checks.h - the cases of store_cases.h, by their subject.
 * URL names a database with nothing in it. */
#ifndef ASSAY_TESTS_UNIT_REPORT_STORE_CHECKS_H
#define ASSAY_TESTS_UNIT_REPORT_STORE_CHECKS_H

/* store_row_cases.c */
void store_check_rows(const char *url);
void store_check_subjects(const char *url);
void store_check_long(const char *url);

/* store_day_cases.c */
void store_check_days(const char *url);
void store_check_prune(const char *url);
void store_check_passes(const char *url);
void store_check_many_passes(const char *url);
void store_check_failures(const char *url);

/* store_ledger_cases.c */
void store_check_deliveries(const char *url);
void store_check_claims(const char *url);
void store_check_lock_of_killed(const char *url);
void store_check_lock(const char *url);
void store_check_suppressions(const char *url);
void store_check_mta_sts(const char *url);

#endif
