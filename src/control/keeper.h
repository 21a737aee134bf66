/* control/keeper.h - the store as the page needs it: its last 30 days, and the
 * columns of the last 24 hours, which are put there so that they are not lost
 * with the process.
 *
 * The store may take seconds, so a thread does it, one thing at a time; the
 * loop only takes what is ready.  Days are read when somebody asks, and what is
 * known is old. */
#ifndef ASSAY_CONTROL_KEEPER_H
#define ASSAY_CONTROL_KEEPER_H

#include "control/days.h"
#include "control/samples.h"

struct keeper;

/* Of the wall clock, as it was set then. */
struct keeper_column {
	int64_t start_s, end_s;
	struct sample counts;
};

/* NULL where memory is out. */
struct keeper *keeper_create(void);

/* From now on the store is that at URL ("" for none), where this host is HOST.
 * What has ended is taken notice of, and what is due begun: call it before the
 * others, and now and then. */
void keeper_turn(struct keeper *keeper, const char *url, const char *host);

/* What was read last: borrowed until the next turn; NULL where there is nothing
 * yet.  *IS_READING_OUT: something newer is on its way. */
const struct days_view *keeper_get_days(struct keeper *keeper,
    bool *is_reading_out);

/* Have it stored, with one of the next turns; a store that is down for long
 * loses the oldest. */
void keeper_save(struct keeper *keeper, const struct keeper_column *column);

/* Once, as soon as the store has told them: the columns of the 24 hours before
 * this process, oldest first; borrowed until the next turn.  Else 0. */
size_t keeper_take_columns(struct keeper *keeper,
    const struct keeper_column **columns_out);

/* Store what is left, and have the thread end; until DEADLINE_MS (monotonic).
 * False where it still runs: what it uses is left to it.  Sets *KEEPER to NULL;
 * NULL there is well. */
bool keeper_destroy(struct keeper **keeper, int64_t deadline_ms);

#endif
