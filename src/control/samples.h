/* control/samples.h - what has been counted in the last 24 hours, in columns
 * of five minutes.
 *
 * Times are of the monotonic clock: a clock that is set moves no column. */
#ifndef ASSAY_CONTROL_SAMPLES_H
#define ASSAY_CONTROL_SAMPLES_H

#include "base/slice.h"
#include "control/sum.h"

struct samples;
struct strbuf;

#define SAMPLES_STEP_S 300
#define SAMPLES_DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* Those of struct sum that only grow, and nothing but counts. */
struct sample {
	uint64_t n_messages, n_aborted, n_failures, n_turned_away;
	uint64_t actions[MILTER_N_ACTIONS], wanted[MILTER_N_ACTIONS];
	uint64_t spf[MILTER_N_SPF], dkim[MILTER_N_DKIM];
	uint64_t arc[MILTER_N_ARC], dmarc[MILTER_N_DMARC];
	struct sum_histogram end;	/* MILTER_STAGE_END */
	uint64_t answers[DNS_N_STATUSES], n_timeouts;
	struct sum_histogram dns_time;
	uint64_t cache_hits, cache_merged, cache_misses, cache_prefetches;
};

struct samples_column {
	int64_t start_ms, end_ms;	/* monotonic */
	struct sample counts;
};

/* NULL where memory is out. */
struct samples *samples_create(void);
void samples_destroy(struct samples **samples);

/* A sample as text, and back: false where TEXT is none of this assay's. */
void samples_append(struct strbuf *out, const struct sample *sample);
bool samples_parse(struct slice text, struct sample *sample_out);

void samples_describe(const struct sum *sum, struct sample *sample_out);

/* Once each SAMPLES_STEP_S, the first time at the start: what was counted
 * before is not of these 24 hours.  True, and the column, where one is full
 * with that; one that was missed makes the next one wider. */
bool samples_take(struct samples *samples, const struct sample *now,
    int64_t now_ms, struct samples_column *column_out);

/* Those that another process had, before us; oldest first. */
void samples_restore(struct samples *samples,
    const struct samples_column *columns, size_t n);

/* The columns of the 24 hours before NOW_MS, oldest first; the last one ends
 * now, and is not full.  Those that begin earlier are left out. */
size_t samples_count(const struct samples *samples, int64_t now_ms);
void samples_get_column(const struct samples *samples,
    const struct sample *now, int64_t now_ms, size_t i,
    struct samples_column *column_out);

/* All of them as one. */
void samples_get_total(const struct samples *samples,
    const struct sample *now, int64_t now_ms,
    struct samples_column *column_out);

#endif
