/* dns/cache.c - see cache.h.
 *
 * A question's hash, under a key that nobody knows, says which shard it belongs
 * to.  A shard's lock is held to look, to note and to wait on a condition, but
 * never while the inner resolver is called.
 *
 * What is on its way is a flight: counted by the callback that will end it and
 * by each thread that waits for it.  Nobody's deadline ends it, so no thread
 * can come by another's failure to wait: a flight ends with what the DNS says,
 * with the resolver's own timeout, which is the DNS's silence and is as good as
 * kept, or with a failure of ours, such as too many questions.  The last says
 * nothing of the name (a prefetch may be refused where a question is not): so
 * whoever only joined asks again, once. */
#include "dns/cache.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/siphash.h"
#include "dns/metrics.h"
#include "dns/resolver.h"
#include "dns/shard.h"

#define SHARD_BITS 4
#define N_SHARDS (1U << SHARD_BITS)

struct cache {
	struct resolver resolver;
	struct resolver *inner;		/* owned */
	struct cache_options options;
	struct dns_metrics *metrics;	/* borrowed, or NULL */
	struct siphash_key key;
	pthread_condattr_t monotonic;
	struct shard shards[N_SHARDS];
};

/* All of it is guarded by its shard's lock, but what never changes. */
struct flight {
	struct cache *cache;
	struct shard *shard;
	struct shard_entry *entry;	/* until it is done */
	unsigned n_references;
	bool is_done;
	const struct dns_answer *answer;	/* owned */
	pthread_cond_t answered;
};

/* Who asks what, and what has to be done behind the lock. */
struct question {
	struct cache *cache;
	struct shard *shard;
	uint64_t hash;
	struct slice name;
	enum dns_type type;
};

static struct question
make_question(struct cache *cache, struct slice name, enum dns_type type)
{
	/* One name's types differ without a key's help: they are few. */
	uint64_t hash = siphash(&cache->key, name) +
	    (uint64_t)type * 0x9e3779b97f4a7c15;

	return (struct question){ .cache = cache, .hash = hash, .name = name,
		.shard = &cache->shards[hash >> (64 - SHARD_BITS)],
		.type = type };
}

static void
count(atomic_ullong *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter,
	    memory_order_relaxed) + 1, memory_order_relaxed);
}

/* ---- flights, under the lock --------------------------------------------- */

/* Put the question on its way, with N_REFERENCES.  NULL: memory is out. */
static struct flight *
create_flight(const struct question *q, unsigned n_references)
{
	struct flight *flight = malloc(sizeof(*flight));

	if (flight == NULL)
		return NULL;
	*flight = (struct flight){ .cache = q->cache, .shard = q->shard,
		.n_references = n_references };
	if (pthread_cond_init(&flight->answered, &q->cache->monotonic) != 0) {
		free(flight);
		return NULL;
	}
	flight->entry = shard_add(q->shard, q->hash, q->name, q->type, flight);
	if (flight->entry == NULL) {
		pthread_cond_destroy(&flight->answered);
		free(flight);
		return NULL;
	}
	return flight;
}

static void
release_flight(struct flight *flight)
{
	if (--flight->n_references != 0)
		return;
	dns_answer_release(flight->answer);
	pthread_cond_destroy(&flight->answered);
	free(flight);
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* For how long the answer may be kept; 0: not at all. */
static uint32_t
limit_ttl(const struct dns_answer *answer)
{
	if (dns_answer_octets(answer) > SHARD_MAX_ANSWER_OCTETS)
		return 0;
	switch (answer->status) {
	case DNS_NOERROR:
		return min_u32(answer->ttl_s, CACHE_MAX_TTL_S);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return min_u32(answer->ttl_s, CACHE_MAX_NEGATIVE_TTL_S);
	case DNS_TEMPFAIL:
		return min_u32(answer->ttl_s, DNS_FAILURE_TTL_S);
	}
	return 0;
}

/* The inner resolver's callback. */
static void
end_flight(void *context, const struct dns_answer *answer)
{
	struct flight *flight = context;
	struct shard *shard = flight->shard;
	struct shard_entry *dropped = NULL;
	uint32_t ttl_s = limit_ttl(answer);
	int64_t now_ms = flight->cache->options.now_ms();

	pthread_mutex_lock(&shard->lock);
	if (ttl_s != 0)
		shard_keep(shard, flight->entry, dns_answer_retain(answer),
		    now_ms + (int64_t)ttl_s * 1000, &dropped);
	else
		shard_forget(shard, flight->entry, &dropped);
	flight->entry = NULL;
	flight->answer = answer;
	flight->is_done = true;
	pthread_cond_broadcast(&flight->answered);
	release_flight(flight);
	pthread_mutex_unlock(&shard->lock);
	shard_free_dropped(dropped);
}

/* ---- questions ----------------------------------------------------------- */

/* What is known of a question, under the lock: an answer, a flight, or
 * neither. */
static void
look_up(const struct question *q, const struct dns_answer **answer_out,
    struct flight **flight_out, struct shard_entry **dropped)
{
	struct shard_entry *entry = shard_find(q->shard, q->hash, q->name,
	    q->type);

	*answer_out = NULL;
	*flight_out = entry != NULL ? entry->flight : NULL;
	if (entry == NULL || entry->flight != NULL)
		return;
	if (q->cache->options.now_ms() < entry->expires_ms) {
		*answer_out = dns_answer_retain(entry->answer);
		shard_touch(q->shard, entry, dropped);
	} else {
		shard_forget(q->shard, entry, dropped);
	}
}

enum step {
	STEP_ANSWERED,
	STEP_JOINED,		/* a flight that was there */
	STEP_TOOK_OFF,		/* a new one, which is to be started */
	STEP_FAILED,		/* memory is out */
};

static enum step
begin_query(const struct question *q, const struct dns_answer **answer_out,
    struct flight **flight_out)
{
	struct shard_counters *counters = &q->shard->counters;
	struct shard_entry *dropped = NULL;
	enum step step = STEP_FAILED;

	pthread_mutex_lock(&q->shard->lock);
	look_up(q, answer_out, flight_out, &dropped);
	if (*answer_out != NULL) {
		step = STEP_ANSWERED;
		count(&counters->n_hits);
	} else if (*flight_out != NULL) {
		step = STEP_JOINED;
		(*flight_out)->n_references++;
		count(&counters->n_merged);
	} else if ((*flight_out = create_flight(q, 2)) != NULL) {
		step = STEP_TOOK_OFF;
		count(&counters->n_misses);
	}
	pthread_mutex_unlock(&q->shard->lock);
	shard_free_dropped(dropped);
	return step;
}

static void
start(const struct question *q, struct flight *flight, bool is_prefetch)
{
	struct resolver *inner = q->cache->inner;

	inner->ops->start(inner, q->name, q->type, is_prefetch, end_flight,
	    flight);
}

/* What the flight brings until the deadline.  IS_OURS: it has ended, with a
 * failure that says nothing of the name. */
static const struct dns_answer *
wait_for_flight(const struct question *q, struct flight *flight,
    int64_t deadline_ms, bool *is_ours_out)
{
	const struct dns_answer *answer = &dns_answer_timeout;
	struct timespec deadline;
	int error = 0;

	clock_to_timespec(deadline_ms, &deadline);
	pthread_mutex_lock(&q->shard->lock);
	while (!flight->is_done && error == 0)
		error = pthread_cond_timedwait(&flight->answered,
		    &q->shard->lock, &deadline);
	if (flight->is_done)
		answer = dns_answer_retain(flight->answer);
	*is_ours_out = flight->is_done && answer->status == DNS_TEMPFAIL &&
	    answer->ttl_s == 0;
	release_flight(flight);
	pthread_mutex_unlock(&q->shard->lock);
	return answer;
}

static int64_t
limit_deadline(const struct cache *cache, int64_t deadline_ms)
{
	int64_t own_ms = clock_monotonic_ms() + cache->options.patience_ms;

	return cache->options.patience_ms != 0 && own_ms < deadline_ms ?
	    own_ms : deadline_ms;
}

static const struct dns_answer *
measure_wait(const struct question *q, struct flight *flight,
    int64_t deadline_ms, bool *is_ours_out)
{
	int64_t start_us = clock_monotonic_us();
	const struct dns_answer *answer = wait_for_flight(q, flight,
	    limit_deadline(q->cache, deadline_ms), is_ours_out);

	if (q->cache->metrics != NULL)
		histogram_add(&q->cache->metrics->wait,
		    (uint64_t)(clock_monotonic_us() - start_us));
	return answer;
}

static const struct dns_answer *
query_in_time(const struct question *q, int64_t deadline_ms)
{
	const struct dns_answer *answer = NULL;
	bool is_last = false, is_ours;
	struct flight *flight;

	do {
		dns_answer_release(answer);
		switch (begin_query(q, &answer, &flight)) {
		case STEP_ANSWERED:
			return answer;
		case STEP_JOINED:
			break;
		case STEP_TOOK_OFF:
			is_last = true;
			start(q, flight, false);
			break;
		case STEP_FAILED:
			return &dns_answer_no_memory;
		}
		answer = measure_wait(q, flight, deadline_ms, &is_ours);
		if (is_last || !is_ours)
			return answer;
		is_last = true;
	} while (true);
}

static const struct dns_answer *
take_at_hand(const struct question *q)
{
	const struct dns_answer *answer;
	struct shard_entry *dropped = NULL;
	struct flight *flight;

	pthread_mutex_lock(&q->shard->lock);
	look_up(q, &answer, &flight, &dropped);
	if (answer != NULL)
		count(&q->shard->counters.n_hits);
	pthread_mutex_unlock(&q->shard->lock);
	shard_free_dropped(dropped);
	return answer != NULL ? answer : &dns_answer_timeout;
}

static const struct dns_answer *
query_cache(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct question q = make_question((struct cache *)resolver, name,
	    type);

	return deadline_ms == DNS_AT_HAND_MS ? take_at_hand(&q) :
	    query_in_time(&q, deadline_ms);
}

static void
prefetch_cache(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct question q = make_question((struct cache *)resolver, name,
	    type);
	const struct dns_answer *answer;
	struct shard_entry *dropped = NULL;
	struct flight *flight, *mine = NULL;

	pthread_mutex_lock(&q.shard->lock);
	look_up(&q, &answer, &flight, &dropped);
	if (answer == NULL && flight == NULL &&
	    (mine = create_flight(&q, 1)) != NULL)
		count(&q.shard->counters.n_prefetches);
	pthread_mutex_unlock(&q.shard->lock);
	shard_free_dropped(dropped);
	dns_answer_release(answer);
	if (mine != NULL)
		start(&q, mine, true);
}

static bool
is_known(struct resolver *resolver, struct slice name, enum dns_type type)
{
	struct question q = make_question((struct cache *)resolver, name,
	    type);
	const struct shard_entry *entry;
	bool is_known;

	pthread_mutex_lock(&q.shard->lock);
	entry = shard_find(q.shard, q.hash, name, type);
	is_known = entry != NULL && (entry->flight != NULL ||
	    q.cache->options.now_ms() < entry->expires_ms);
	pthread_mutex_unlock(&q.shard->lock);
	return is_known;
}

/* ---- from beginning to end ----------------------------------------------- */

static void
free_cache(struct cache *cache, unsigned n_shards)
{
	for (unsigned i = 0; i < n_shards; i++)
		shard_clear(&cache->shards[i]);
	pthread_condattr_destroy(&cache->monotonic);
	free(cache);
}

/* The inner resolver ends all flights: no thread may wait for one any more. */
static void
destroy_cache(struct resolver *resolver)
{
	struct cache *cache = (struct cache *)resolver;

	dns_destroy_resolver(&cache->inner);
	free_cache(cache, N_SHARDS);
}

static const struct resolver_ops cache_ops = {
	.query = query_cache,
	.prefetch = prefetch_cache,
	.is_known = is_known,
	.destroy = destroy_cache,
};

static struct cache *
alloc_cache(void)
{
	struct cache *cache = aligned_alloc(_Alignof(struct cache),
	    sizeof(*cache));

	if (cache == NULL)
		return NULL;
	memset(cache, 0, sizeof(*cache));
	if (!siphash_make_key(&cache->key) ||
	    pthread_condattr_init(&cache->monotonic) != 0) {
		free(cache);
		return NULL;
	}
	return cache;
}

struct resolver *
cache_create(struct resolver *inner, const struct cache_options *options)
{
	struct cache *cache = alloc_cache();
	size_t max_octets = (size_t)options->megabytes * 1024 * 1024;
	unsigned n_shards = 0;

	if (cache == NULL)
		return NULL;
	cache->resolver.ops = &cache_ops;
	cache->inner = inner;
	cache->options = *options;
	if (pthread_condattr_setclock(&cache->monotonic,
	    CLOCK_MONOTONIC) == 0)
		while (n_shards < N_SHARDS && shard_init(
		    &cache->shards[n_shards], max_octets / N_SHARDS))
			n_shards++;
	if (n_shards == N_SHARDS)
		return &cache->resolver;
	free_cache(cache, n_shards);
	return NULL;
}

void
cache_set_metrics(struct resolver *resolver, struct dns_metrics *metrics)
{
	((struct cache *)resolver)->metrics = metrics;
}

void
cache_read_counters(const struct resolver *resolver,
    struct cache_counters *out)
{
	const struct cache *cache = (const struct cache *)resolver;

	*out = (struct cache_counters){ .n_hits = 0 };
	for (unsigned i = 0; i < N_SHARDS; i++) {
		const struct shard *shard = &cache->shards[i];
		const struct shard_counters *c = &shard->counters;

		out->n_hits += atomic_load(&c->n_hits);
		out->n_misses += atomic_load(&c->n_misses);
		out->n_merged += atomic_load(&c->n_merged);
		out->n_prefetches += atomic_load(&c->n_prefetches);
		out->n_evictions += atomic_load(&c->n_evictions);
		out->n_entries += atomic_load(&c->n_entries);
		out->octets += atomic_load(&c->octets) +
		    dns_account_octets(shard->account);
	}
}
