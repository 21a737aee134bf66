/* unit/report/temporary.h - a store in a folder of this program's own. */
#ifndef ASSAY_TESTS_UNIT_REPORT_TEMPORARY_H
#define ASSAY_TESTS_UNIT_REPORT_TEMPORARY_H

/* For cmocka_run_group_tests. */
int temporary_make(void **state);
int temporary_remove(void **state);

/* All that is in the folder goes; for between two tests. */
void temporary_clear(void);

/* "sqlite:/...", where there was nothing when the program began. */
const char *temporary_url(void);

/* That folder. */
const char *temporary_folder(void);

#endif
