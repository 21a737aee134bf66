/* cli/feedback_table.h - an aggregate report for people. */
#ifndef ASSAY_CLI_FEEDBACK_TABLE_H
#define ASSAY_CLI_FEEDBACK_TABLE_H

#include <stdio.h>

#include "report/feedback.h"

struct arena;

enum {
	FEEDBACK_TABLE_COLUMNS = 7,
	/* The columns' widths are those of the first rows. */
	FEEDBACK_TABLE_HELD = 500,
};

struct feedback_cells {
	struct slice texts[FEEDBACK_TABLE_COLUMNS];
	bool has_passed;
};

struct feedback_table {
	FILE *out;
	unsigned width;		/* of the terminal; 0: no terminal */
	bool has_colour;
	struct arena *arena;	/* for the cells */
	struct feedback_cells held[FEEDBACK_TABLE_HELD];
	size_t n_held;
	bool is_begun;		/* the widths are fixed */
	unsigned widths[FEEDBACK_TABLE_COLUMNS];
	uint64_t n_records, n_messages, n_passed;
	uint64_t n_quarantine, n_reject;
};

/* ARENA is reset as it goes. */
void feedback_table_init(struct feedback_table *table, FILE *out,
    unsigned width, bool has_colour, struct arena *arena);

/* The callbacks of a feedback_visitor whose context is a table. */
void feedback_table_head(void *context, const struct feedback *feedback);
void feedback_table_record(void *context,
    const struct feedback_record *record);

/* What is held back, and the totals. */
void feedback_table_end(struct feedback_table *table);

#endif
