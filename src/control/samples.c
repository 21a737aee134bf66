/* control/samples.c - see samples.h. */
#include "control/samples.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* 24 hours, and the one that reaches back a little further. */
#define N_KEPT (24 * 60 * 60 / SAMPLES_STEP_S + 1)

#define N_COUNTS (sizeof(struct sample) / sizeof(uint64_t))
static_assert(sizeof(struct sample) == N_COUNTS * sizeof(uint64_t),
    "a sample is counts and nothing else");

struct samples {
	bool is_open;			/* a column is being filled: */
	int64_t open_ms;		/* since then, and ... */
	struct sample open;		/* ... these were the sums */
	size_t first, n;		/* a ring of those that are full */
	struct samples_column columns[N_KEPT];
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
	out->cache_merged = sum->cache_merged;
	out->cache_misses = sum->cache_misses;
	out->cache_prefetches = sum->cache_prefetches;
}

void
samples_append(struct strbuf *out, const struct sample *sample)
{
	uint64_t counts[N_COUNTS];

	memcpy(counts, sample, sizeof(counts));
	for (size_t i = 0; i < N_COUNTS; i++) {
		if (i != 0)
			strbuf_append_char(out, ' ');
		strbuf_append_uint(out, counts[i]);
	}
}

bool
samples_parse(struct slice text, struct sample *sample_out)
{
	uint64_t counts[N_COUNTS];
	size_t n = 0;

	while (n < N_COUNTS && text.len != 0) {
		struct slice word = slice_head(text, slice_find(text, ' '));

		if (!slice_parse_uint(word, UINT64_MAX, &counts[n++]))
			return false;
		text = slice_from(text, word.len + 1);
	}
	if (n < N_COUNTS || text.len != 0)
		return false;
	memcpy(sample_out, counts, sizeof(counts));
	return true;
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

static void
add(struct sample *sum, const struct sample *what)
{
	uint64_t a[N_COUNTS], b[N_COUNTS];

	memcpy(a, sum, sizeof(a));
	memcpy(b, what, sizeof(b));
	for (size_t i = 0; i < N_COUNTS; i++)
		a[i] += b[i];
	memcpy(sum, a, sizeof(a));
}

static const struct samples_column *
get_full(const struct samples *samples, size_t i)
{
	return &samples->columns[(samples->first + i) % N_KEPT];
}

static void
keep(struct samples *samples, const struct samples_column *column)
{
	if (samples->n == N_KEPT)
		samples->first = (samples->first + 1) % N_KEPT;
	else
		samples->n++;
	samples->columns[(samples->first + samples->n - 1) % N_KEPT] = *column;
}

void
samples_restore(struct samples *samples,
    const struct samples_column *columns, size_t n)
{
	size_t room = N_KEPT - samples->n;
	size_t skipped = n > room ? n - room : 0;

	columns += skipped;
	n -= skipped;
	samples->first = (samples->first + N_KEPT - n) % N_KEPT;
	samples->n += n;
	for (size_t i = 0; i < n; i++)
		samples->columns[(samples->first + i) % N_KEPT] = columns[i];
}

bool
samples_take(struct samples *samples, const struct sample *now,
    int64_t now_ms, struct samples_column *column_out)
{
	bool is_full = samples->is_open;

	if (is_full) {
		*column_out = (struct samples_column){ samples->open_ms,
			now_ms, { 0 } };
		subtract(now, &samples->open, &column_out->counts);
		keep(samples, column_out);
	}
	samples->is_open = true;
	samples->open_ms = now_ms;
	samples->open = *now;
	return is_full;
}

/* The first that is not too old. */
static size_t
find_first(const struct samples *samples, int64_t now_ms)
{
	size_t i = 0;

	while (i < samples->n &&
	    get_full(samples, i)->start_ms < now_ms - SAMPLES_DAY_MS)
		i++;
	return i;
}

size_t
samples_count(const struct samples *samples, int64_t now_ms)
{
	return samples->n - find_first(samples, now_ms) + samples->is_open;
}

void
samples_get_column(const struct samples *samples,
    const struct sample *now, int64_t now_ms, size_t i,
    struct samples_column *column_out)
{
	size_t at = find_first(samples, now_ms) + i;

	if (at < samples->n) {
		*column_out = *get_full(samples, at);
		return;
	}
	assert(at == samples->n && samples->is_open);
	*column_out = (struct samples_column){ samples->open_ms, now_ms,
		{ 0 } };
	subtract(now, &samples->open, &column_out->counts);
}

void
samples_get_total(const struct samples *samples, const struct sample *now,
    int64_t now_ms, struct samples_column *column_out)
{
	size_t n = samples_count(samples, now_ms);

	*column_out = (struct samples_column){ now_ms, now_ms, { 0 } };
	for (size_t i = 0; i < n; i++) {
		struct samples_column column;

		samples_get_column(samples, now, now_ms, i, &column);
		if (i == 0)
			column_out->start_ms = column.start_ms;
		add(&column_out->counts, &column.counts);
	}
}
