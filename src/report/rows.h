/* report/rows.h - a subject's rows, one after the other, some at a time in
 * memory. */
#ifndef ASSAY_REPORT_ROWS_H
#define ASSAY_REPORT_ROWS_H

#include "report/store.h"

struct report_rows;

/* Both are borrowed.  NULL where memory is out. */
struct report_rows *report_rows_open(struct store *store,
    const struct store_subject *subject);
void report_rows_close(struct report_rows **rows);

/* The row that comes next, borrowed until report_rows_skip; NULL at the end and
 * where the store has failed: *STATUS_OUT tells. */
const struct store_row *report_rows_peek(struct report_rows *rows,
    enum store_status *status_out);
void report_rows_skip(struct report_rows *rows);

#endif
