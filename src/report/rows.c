/* report/rows.c - see rows.h. */
#include "report/rows.h"

#include <stdlib.h>

#include "base/arena.h"

/* Rows at a time; each is a fact of at most REPORT_FACT_MAX_OCTETS with its
 * struct. */
#define PAGE_ROWS 256
#define PAGE_OCTETS (PAGE_ROWS * (2 * REPORT_FACT_MAX_OCTETS + \
    2 * sizeof(struct report_fact)))

struct report_rows {
	struct store *store;			/* borrowed */
	const struct store_subject *subject;	/* borrowed */
	struct arena *arena;			/* the page */
	struct store_row *page;
	size_t n, next;
	struct store_row last;			/* of the page before */
	bool has_last, is_at_end;
};

struct report_rows *
report_rows_open(struct store *store, const struct store_subject *subject)
{
	struct report_rows *rows = calloc(1, sizeof(*rows));

	if (rows == NULL)
		return NULL;
	rows->store = store;
	rows->subject = subject;
	rows->arena = arena_create(PAGE_OCTETS);
	if (rows->arena == NULL)
		report_rows_close(&rows);
	return rows;
}

void
report_rows_close(struct report_rows **rows)
{
	if (*rows == NULL)
		return;
	arena_destroy(&(*rows)->arena);
	free(*rows);
	*rows = NULL;
}

static enum store_status
load_page(struct report_rows *rows)
{
	enum store_status status;

	arena_reset(rows->arena);
	rows->n = rows->next = 0;
	status = store_list_rows(rows->store, rows->subject,
	    rows->has_last ? &rows->last : NULL, PAGE_ROWS, rows->arena,
	    &rows->page, &rows->n);
	if (status == STORE_OK && rows->n == 0)
		rows->is_at_end = true;
	return status;
}

const struct store_row *
report_rows_peek(struct report_rows *rows, enum store_status *status_out)
{
	*status_out = STORE_OK;
	if (rows->next == rows->n && !rows->is_at_end)
		*status_out = load_page(rows);
	return rows->next < rows->n ? &rows->page[rows->next] : NULL;
}

void
report_rows_skip(struct report_rows *rows)
{
	rows->last = rows->page[rows->next++];
	rows->last.fact = NULL;		/* goes with the page */
	rows->has_last = true;
}
