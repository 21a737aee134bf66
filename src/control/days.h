/* control/days.h - the last 30 days as the store remembers them. */
#ifndef ASSAY_CONTROL_DAYS_H
#define ASSAY_CONTROL_DAYS_H

#include "report/store_stats.h"

struct arena;

#define DAYS_N 30
#define DAYS_MAX_FAILING 10

/* Lives, with all that it holds, in the arena that it was read into.  Keys are
 * as senders chose them. */
struct days_view {
	enum store_status status;
	const char *problem;		/* printable; "" for STORE_OK */
	int64_t read_s;			/* when, wall clock */
	int64_t took_ms;
	uint32_t first_day, last_day;	/* since the epoch, UTC */
	struct store_total days[DAYS_N];	/* those that have any */
	size_t n_days;
	struct store_total domains[DAYS_MAX_FAILING];	/* of authors */
	size_t n_domains;
	struct store_total sources[DAYS_MAX_FAILING];
	size_t n_sources;
};

/* The days up to that of NOW_S; took_ms is left to the caller.  May take
 * seconds (report/store_stats.h).  NULL where the arena is full. */
struct days_view *days_read(struct store *store, int64_t now_s,
    struct arena *arena);

/* What is to be told in place of days: STATUS and why.  NULL as above. */
struct days_view *days_fail(enum store_status status, struct slice problem,
    int64_t now_s, struct arena *arena);

#endif
