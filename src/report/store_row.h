/* report/store_row.h - a row of facts as columns, and back. */
#ifndef ASSAY_REPORT_STORE_ROW_H
#define ASSAY_REPORT_STORE_ROW_H

#include "report/sql.h"

/* The columns in their order, the first five the key. */
#define STORE_ROW_COLUMNS \
	"day, is_reportable, policy_domain, configuration_id, digest," \
	" author_domain, source, envelope_from, envelope_to, disposition," \
	" is_dkim_aligned, is_spf_aligned, reasons, spf_domain, spf_result," \
	" signatures, dmarc_result, arc_result, action, wanted, rule," \
	" shadow_rule, shadow_wanted, evidence, count, first_s, last_s"
#define STORE_ROW_N_COLUMNS 27

/* VALUES has room for as many.  They borrow ROW, and ARENA where a text had to
 * be made; false where that is full. */
bool store_bind_row(struct arena *arena, const struct store_row *row,
    int64_t configuration_id, struct sql_value *values);

/* The row that SQL stands on, all of it in ARENA; false where that is full.
 * *FACT_OUT is the row's, its configuration the caller's to fill in. */
bool store_read_row(struct sql *sql, struct arena *arena,
    struct store_row *row_out, struct report_fact **fact_out);

#endif
