/* control/samples.c - see samples.h. */
#include "control/samples.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* 24 hours, and the column that is just being filled. */
#define N_KEPT (24 * 60 * 60 / SAMPLES_STEP_S + 1)

#define N_COUNTS (sizeof(struct sample) / sizeof(uint64_t))
static_assert(sizeof(struct sample) == N_COUNTS * sizeof(uint64_t),
    "a sample is counts and nothing else");

struct kept {
	int64_t time_ms;
	struct sample sample;
};

struct samples {
	size_t first, n;	/* a ring */
	struct kept kept[N_KEPT];
};

struct samples *
samples_create(void)
{
	return calloc(1, sizeof(struct samples));
}

void
samples_destroy(struct samples **samples)
{
	free(*samples);
	*samples = NULL;
}

void
samples_describe(const struct sum *sum, struct sample *sample_out)
{
	struct sample *out = sample_out;

	out->n_messages = sum->n_messages;
	out->n_aborted = sum->n_aborted;
	out->n_failures = sum->n_failures;
	out->n_turned_away = sum->n_turned_away;
	memcpy(out->actions, sum->actions, sizeof(out->actions));
	memcpy(out->wanted, sum->wanted, sizeof(out->wanted));
	memcpy(out->spf, sum->spf, sizeof(out->spf));
	memcpy(out->dkim, sum->dkim, sizeof(out->dkim));
	memcpy(out->arc, sum->arc, sizeof(out->arc));
	memcpy(out->dmarc, sum->dmarc, sizeof(out->dmarc));
	out->end = sum->stages[MILTER_STAGE_END];
	memcpy(out->answers, sum->answers, sizeof(out->answers));
	out->n_timeouts = sum->n_timeouts;
	out->dns_time = sum->dns_time;
	out->cache_hits = sum->cache_hits;
	out->cache_misses = sum->cache_misses;
}

static const struct kept *
get_kept(const struct samples *samples, size_t i)
{
	return &samples->kept[(samples->first + i) % N_KEPT];
}

void
samples_take(struct samples *samples, const struct sample *now,
    int64_t now_ms)
{
	struct kept *kept;

	if (samples->n == N_KEPT)
		samples->first = (samples->first + 1) % N_KEPT;
	else
		samples->n++;
	kept = &samples->kept[(samples->first + samples->n - 1) % N_KEPT];
	kept->time_ms = now_ms;
	kept->sample = *now;
}

/* The first that is not too old. */
static size_t
find_first(const struct samples *samples, int64_t now_ms)
{
	size_t i = 0;

	while (i < samples->n &&
	    get_kept(samples, i)->time_ms < now_ms - SAMPLES_DAY_MS)
		i++;
	return i;
}

size_t
samples_count(const struct samples *samples, int64_t now_ms)
{
	return samples->n - find_first(samples, now_ms);
}

/* Counters do not run backwards; should one, it is no huge number. */
static void
subtract(const struct sample *from, const struct sample *what,
    struct sample *difference_out)
{
	uint64_t a[N_COUNTS], b[N_COUNTS];

	memcpy(a, from, sizeof(a));
	memcpy(b, what, sizeof(b));
	for (size_t i = 0; i < N_COUNTS; i++)
		a[i] = a[i] > b[i] ? a[i] - b[i] : 0;
	memcpy(difference_out, a, sizeof(a));
}

void
samples_get_column(const struct samples *samples,
    const struct sample *now, int64_t now_ms, size_t i,
    struct samples_column *column_out)
{
	size_t at = find_first(samples, now_ms) + i;
	const struct kept *start = get_kept(samples, at);
	const struct kept *end = at + 1 < samples->n ?
	    get_kept(samples, at + 1) : NULL;

	assert(at < samples->n);
	column_out->start_ms = start->time_ms;
	column_out->end_ms = end != NULL ? end->time_ms : now_ms;
	subtract(end != NULL ? &end->sample : now, &start->sample,
	    &column_out->counts);
}

void
samples_get_total(const struct samples *samples, const struct sample *now,
    int64_t now_ms, struct samples_column *column_out)
{
	size_t first = find_first(samples, now_ms);
	const struct kept *start;

	*column_out = (struct samples_column){ now_ms, now_ms, { 0 } };
	if (first == samples->n)
		return;
	start = get_kept(samples, first);
	column_out->start_ms = start->time_ms;
	subtract(now, &start->sample, &column_out->counts);
}
