/* control/days.h - the last 30 days as the store remembers them.
 *
 * The store may take seconds, so a thread of its own reads it, when somebody
 * asks and what is known is old; the loop only takes what is ready. */
#ifndef ASSAY_CONTROL_DAYS_H
#define ASSAY_CONTROL_DAYS_H

#include "report/store_stats.h"

struct days;

#define DAYS_N 30
#define DAYS_MAX_FAILING 10

/* Keys are UTF-8, as senders chose them. */
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

/* NULL where memory is out. */
struct days *days_create(void);

/* What was read last of the store at URL ("" for none): borrowed until the next
 * call; NULL where there is none yet.  *IS_READING_OUT: something newer is on
 * its way. */
const struct days_view *days_get(struct days *days, const char *url,
    bool *is_reading_out);

/* Tells the thread to stop, and waits for it until DEADLINE_MS (monotonic).
 * False where it still runs: what it uses is left to it.  Sets *DAYS to NULL;
 * NULL there is well. */
bool days_destroy(struct days **days, int64_t deadline_ms);

#endif
