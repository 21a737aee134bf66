/* The cache, before a resolver that answers when it is told to and at a time
 * that does not pass by itself. */
#include "dns/cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "dns/resolver.h"
#include "unit/test.h"

#define NAME "example.org"
#define MAX_HELD 16
#define SOON_MS 20		/* the longest wait for what does not come */

/* The cache has no other way to be told the time. */
static atomic_llong now_ms;

static int64_t
virtual_now_ms(void)
{
	return now_ms;
}

/* ---- the inner resolver -------------------------------------------------- */

struct held {
	void (*done)(void *context, const struct dns_answer *answer);
	void *context;
};

/* Answers at once with the model, or holds its questions back. */
struct inner {
	struct resolver base;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct dns_answer model;
	bool is_holding, is_no_memory;
	struct held held[MAX_HELD];
	unsigned n_held;
	unsigned n_questions, n_prefetches;
};

static const struct dns_answer *
make_answer(const struct inner *inner)
{
	const struct dns_answer *answer = inner->is_no_memory ?
	    &dns_answer_no_memory : dns_answer_create(&inner->model);

	assert_non_null(answer);
	return answer;
}

static void
start_inner(struct resolver *resolver, struct slice name, enum dns_type type,
    bool is_prefetch,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context)
{
	struct inner *inner = (struct inner *)resolver;
	const struct dns_answer *answer = NULL;

	(void)name;
	(void)type;
	pthread_mutex_lock(&inner->lock);
	inner->n_questions++;
	inner->n_prefetches += is_prefetch;
	if (inner->is_holding) {
		assert_true(inner->n_held < MAX_HELD);
		inner->held[inner->n_held++] = (struct held){ done, context };
	} else {
		answer = make_answer(inner);
	}
	pthread_cond_broadcast(&inner->asked);
	pthread_mutex_unlock(&inner->lock);
	if (answer != NULL)
		done(context, answer);
}

/* Give the model to whoever waits. */
static void
let_go(struct inner *inner)
{
	struct held held[MAX_HELD];
	unsigned n;

	pthread_mutex_lock(&inner->lock);
	n = inner->n_held;
	memcpy(held, inner->held, sizeof(held));
	inner->n_held = 0;
	pthread_mutex_unlock(&inner->lock);
	for (unsigned i = 0; i < n; i++)
		held[i].done(held[i].context, make_answer(inner));
}

static void
destroy_inner(struct resolver *resolver)
{
	struct inner *inner = (struct inner *)resolver;

	let_go(inner);
	pthread_cond_destroy(&inner->asked);
	pthread_mutex_destroy(&inner->lock);
	free(inner);
}

static struct inner *
create_inner(void)
{
	static const struct resolver_ops ops = {
		.start = start_inner, .destroy = destroy_inner,
	};
	static const struct dns_record record = { .text = SLICE_INIT("text") };
	struct inner *inner = calloc(1, sizeof(*inner));

	assert_non_null(inner);
	inner->base.ops = &ops;
	assert_int_equal(pthread_mutex_init(&inner->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&inner->asked, NULL), 0);
	inner->model = (struct dns_answer){ .ttl_s = 300, .records = &record,
		.n_records = 1 };
	return inner;
}

static struct resolver *
create_cache(struct inner *inner, unsigned megabytes)
{
	const struct cache_options options = { .megabytes = megabytes,
		.now_ms = virtual_now_ms };
	struct resolver *cache = cache_create(&inner->base, &options);

	assert_non_null(cache);
	return cache;
}

static const struct dns_answer *
query(struct resolver *cache, struct arena *arena, const char *name)
{
	return dns_query(cache, arena, slice_from_cstr(name), DNS_TXT,
	    CLOCK_NEVER_MS);
}

static struct cache_counters
read_counters(const struct resolver *cache)
{
	struct cache_counters counters;

	cache_read_counters(cache, &counters);
	return counters;
}

/* ---- what is kept -------------------------------------------------------- */

static void
test_lifetimes(void **state)
{
	static const struct {
		const char *name;
		struct dns_answer model;
		uint32_t kept_s;	/* 0: not at all */
	} cases[] = {
		{ "TTL", { .status = DNS_NOERROR, .ttl_s = 300 }, 300 },
		{ "TTL 1", { .status = DNS_NOERROR, .ttl_s = 1 }, 1 },
		{ "TTL 0", { .status = DNS_NOERROR, .ttl_s = 0 }, 0 },
		{ "a week", { .status = DNS_NOERROR, .ttl_s = 604800 },
		    86400 },
		{ "the longest TTL", { .status = DNS_NOERROR,
		    .ttl_s = UINT32_MAX }, 86400 },
		{ "NXDOMAIN", { .status = DNS_NXDOMAIN, .ttl_s = 60 }, 60 },
		{ "NXDOMAIN of a day", { .status = DNS_NXDOMAIN,
		    .ttl_s = 86400 }, 900 },
		{ "NODATA of a day", { .status = DNS_NODATA,
		    .ttl_s = 86400 }, 900 },
		{ "NODATA without SOA", { .status = DNS_NODATA, .ttl_s = 0 },
		    0 },
		{ "failure of the DNS", { .status = DNS_TEMPFAIL,
		    .ttl_s = DNS_FAILURE_TTL_S, .why = "SERVFAIL" }, 5 },
		{ "failure with a long TTL", { .status = DNS_TEMPFAIL,
		    .ttl_s = 3600, .why = "SERVFAIL" }, 5 },
		{ "failure of ours", { .status = DNS_TEMPFAIL,
		    .why = "too many questions" }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inner *inner = create_inner();
		struct resolver *cache = create_cache(inner, 1);
		struct arena *arena = test_arena();
		const struct dns_answer *answer;
		uint32_t kept_s = cases[i].kept_s;

		now_ms = 1000000;
		inner->model = cases[i].model;
		answer = query(cache, arena, NAME);
		assert_int_equal(answer->status, cases[i].model.status);
		if (kept_s != 0) {
			now_ms += (long long)kept_s * 1000 - 1;
			if (query(cache, arena, NAME) != answer)
				fail_msg("%s: forgotten", cases[i].name);
			now_ms += 1;
		}
		if (query(cache, arena, NAME) == answer ||
		    inner->n_questions != 2)
			fail_msg("%s: kept too long", cases[i].name);
		arena_destroy(&arena);
		dns_destroy_resolver(&cache);
	}
}

/* By name and type; case and the dot at the end do not count. */
static void
test_names(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct arena *arena = test_arena();
	const struct dns_answer *answer = query(cache, arena, NAME);

	(void)state;
	assert_ptr_equal(query(cache, arena, "EXAMPLE.org"), answer);
	assert_ptr_equal(query(cache, arena, "example.org."), answer);
	assert_int_equal(inner->n_questions, 1);
	assert_ptr_not_equal(dns_query(cache, arena, SLICE(NAME), DNS_A,
	    CLOCK_NEVER_MS), answer);
	assert_ptr_not_equal(query(cache, arena, "a.example.org"), answer);
	assert_int_equal(inner->n_questions, 3);
	assert_int_equal(read_counters(cache).n_hits, 2);
	assert_int_equal(read_counters(cache).n_misses, 3);
	assert_int_equal(read_counters(cache).n_entries, 3);
	arena_destroy(&arena);
	dns_destroy_resolver(&cache);
}

/* What a message has in its hands outlives the cache. */
static void
test_outlived(void **state)
{
	struct resolver *cache = create_cache(create_inner(), 1);
	struct arena *arena = test_arena();
	const struct dns_answer *answer = query(cache, arena, NAME);

	(void)state;
	dns_destroy_resolver(&cache);
	test_assert_slice("text", answer->records[0].text, "text");
	arena_destroy(&arena);
}

/* ---- bounds -------------------------------------------------------------- */

static void
ask_numbered(struct resolver *cache, unsigned n)
{
	struct arena *arena = test_arena();
	char name[64];

	snprintf(name, sizeof(name), "n%u.example.org", n);
	query(cache, arena, name);
	arena_destroy(&arena);
}

static void
test_bound(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct cache_counters counters;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		ask_numbered(cache, i);
		counters = read_counters(cache);
		assert_true(counters.octets <= 1024 * 1024);
	}
	assert_true(counters.octets > 900 * 1024);
	assert_true(counters.n_entries > 2000);
	assert_int_equal(counters.n_entries + counters.n_evictions, 20000);
	/* The newest are there. */
	for (unsigned i = 19000; i < 20000; i++)
		ask_numbered(cache, i);
	assert_int_equal(inner->n_questions, 20000);
	dns_destroy_resolver(&cache);
}

/* One that is asked for again and again stays. */
static void
test_recently_used(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		ask_numbered(cache, i);
		if (i % 16 == 0)
			ask_numbered(cache, 0);
	}
	assert_int_equal(inner->n_questions, 20000);
	dns_destroy_resolver(&cache);
}

static void
test_large_answer(void **state)
{
	static const struct {
		const char *name;
		size_t octets;
		bool is_kept;
	} cases[] = {
		{ "large", 15 * 1024, true },
		{ "too large", 16 * 1024, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inner *inner = create_inner();
		struct resolver *cache = create_cache(inner, 1);
		struct arena *arena = test_arena();
		char *text = calloc(1, cases[i].octets);
		const struct dns_record record = { .text = { text,
		    cases[i].octets } };

		inner->model.records = &record;
		assert_int_equal(query(cache, arena, NAME)->records[0].text.len,
		    cases[i].octets);
		query(cache, arena, NAME);
		if ((inner->n_questions == 1) != cases[i].is_kept)
			fail_msg("%s: kept or not", cases[i].name);
		free(text);
		arena_destroy(&arena);
		dns_destroy_resolver(&cache);
	}
}

static bool
is_known(struct resolver *cache, const char *name, enum dns_type type)
{
	return cache->ops->is_known(cache, slice_from_cstr(name), type);
}

/* What is on its way, and what is kept until it expires, is known. */
static void
test_known(void **state)
{
	struct arena *arena = test_arena();
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);

	(void)state;
	inner->is_holding = true;
	assert_false(is_known(cache, NAME, DNS_TXT));
	assert_int_equal(inner->n_questions, 0);
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	assert_true(is_known(cache, NAME, DNS_TXT));
	assert_false(is_known(cache, NAME, DNS_A));
	assert_false(is_known(cache, "a." NAME, DNS_TXT));
	let_go(inner);
	assert_true(is_known(cache, NAME, DNS_TXT));
	now_ms += 299999;
	assert_true(is_known(cache, NAME, DNS_TXT));
	now_ms += 1;
	assert_false(is_known(cache, NAME, DNS_TXT));
	/* What nobody may keep. */
	inner->is_holding = false;
	inner->model.ttl_s = 0;
	query(cache, arena, NAME);
	assert_false(is_known(cache, NAME, DNS_TXT));
	dns_destroy_resolver(&cache);
	arena_destroy(&arena);
}

struct ballast {
	struct dns_attachment attachment;
	unsigned *n_destroyed;
};

static void
destroy_ballast(struct dns_attachment *attachment)
{
	struct ballast *ballast = (struct ballast *)attachment;

	(*ballast->n_destroyed)++;
	free(ballast);
}

/* What is attached counts as well, and goes with its answer. */
static void
test_attached(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	unsigned n_destroyed = 0, n_kept;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct arena *arena = test_arena();
		struct ballast *ballast = malloc(sizeof(*ballast));
		char name[64];

		assert_non_null(ballast);
		*ballast = (struct ballast){ { .destroy = destroy_ballast,
		    .octets = 4096 },
		    &n_destroyed };
		snprintf(name, sizeof(name), "n%u.example.org", i);
		assert_true(dns_attach(query(cache, arena, name),
		    &ballast->attachment));
		arena_destroy(&arena);
	}
	/* Another question to each shard, or many, drops what is too much. */
	for (unsigned i = 2000; i < 2200; i++)
		ask_numbered(cache, i);
	assert_true(read_counters(cache).octets <= 1024 * 1024);
	n_kept = (unsigned)read_counters(cache).n_entries;
	assert_true(n_kept > 100 + 200);
	assert_true(n_destroyed > 1700 && n_destroyed < 1900);
	dns_destroy_resolver(&cache);
	assert_int_equal(n_destroyed, 2000);
}

/* ---- what is on its way -------------------------------------------------- */

struct asker {
	struct resolver *cache;
	struct arena *arena;
	int64_t deadline_ms;
	pthread_t thread;
	const struct dns_answer *answer;
};

static void *
run_asker(void *arg)
{
	struct asker *asker = arg;

	asker->answer = dns_query(asker->cache, asker->arena, SLICE(NAME),
	    DNS_TXT, asker->deadline_ms);
	return NULL;
}

static void
start_asker(struct asker *asker, struct resolver *cache, int64_t deadline_ms)
{
	*asker = (struct asker){ .cache = cache, .arena = test_arena(),
		.deadline_ms = deadline_ms };
	assert_int_equal(pthread_create(&asker->thread, NULL, run_asker,
	    asker), 0);
}

static const struct dns_answer *
join_asker(struct asker *asker)
{
	pthread_join(asker->thread, NULL);
	return asker->answer;
}

static void
wait_for_questions(struct inner *inner, unsigned n)
{
	pthread_mutex_lock(&inner->lock);
	while (inner->n_questions < n)
		pthread_cond_wait(&inner->asked, &inner->lock);
	pthread_mutex_unlock(&inner->lock);
}

/* Until N threads have come to wait for a flight that was there. */
static void
wait_for_merged(const struct resolver *cache, unsigned n)
{
	while (read_counters(cache).n_merged < n)
		sched_yield();
}

static void
test_merging(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct asker askers[8];

	(void)state;
	inner->is_holding = true;
	for (size_t i = 0; i < N_ELEMENTS(askers); i++)
		start_asker(&askers[i], cache, CLOCK_NEVER_MS);
	wait_for_merged(cache, N_ELEMENTS(askers) - 1);
	let_go(inner);
	for (size_t i = 0; i < N_ELEMENTS(askers); i++) {
		assert_int_equal(join_asker(&askers[i])->status, DNS_NOERROR);
		assert_ptr_equal(askers[i].answer, askers[0].answer);
	}
	assert_int_equal(inner->n_questions, 1);
	for (size_t i = 0; i < N_ELEMENTS(askers); i++)
		arena_destroy(&askers[i].arena);
	dns_destroy_resolver(&cache);
}

/* The one who asked gives up: the other still gets the answer, and whoever
 * comes later. */
static void
test_own_deadline(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct arena *arena = test_arena();
	struct asker hasty, patient;

	(void)state;
	inner->is_holding = true;
	start_asker(&hasty, cache, clock_monotonic_ms() + SOON_MS);
	wait_for_questions(inner, 1);
	start_asker(&patient, cache, CLOCK_NEVER_MS);
	assert_string_equal(join_asker(&hasty)->why, "timeout");
	wait_for_merged(cache, 1);
	let_go(inner);
	assert_int_equal(join_asker(&patient)->status, DNS_NOERROR);
	assert_ptr_equal(query(cache, arena, NAME), patient.answer);
	assert_int_equal(inner->n_questions, 1);
	arena_destroy(&hasty.arena);
	arena_destroy(&patient.arena);
	arena_destroy(&arena);
	dns_destroy_resolver(&cache);
}

/* Nobody waits for a resolver that stands still, whatever time he has. */
static void
test_patience(void **state)
{
	const struct cache_options options = { .megabytes = 1,
		.now_ms = virtual_now_ms, .patience_ms = SOON_MS };
	struct inner *inner = create_inner();
	struct resolver *cache = cache_create(&inner->base, &options);
	struct arena *arena = test_arena();
	struct asker asker;

	(void)state;
	assert_non_null(cache);
	inner->is_holding = true;
	start_asker(&asker, cache, CLOCK_NEVER_MS);
	assert_string_equal(join_asker(&asker)->why, "timeout");
	let_go(inner);
	assert_int_equal(query(cache, arena, NAME)->status, DNS_NOERROR);
	assert_int_equal(inner->n_questions, 1);
	arena_destroy(&asker.arena);
	arena_destroy(&arena);
	dns_destroy_resolver(&cache);
}

/* What is at hand; nothing is asked for it. */
static void
test_at_hand(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct arena *arena = test_arena();

	(void)state;
	inner->is_holding = true;
	assert_int_equal(dns_query(cache, arena, SLICE(NAME), DNS_TXT,
	    DNS_AT_HAND_MS)->status, DNS_TEMPFAIL);
	assert_int_equal(inner->n_questions, 0);
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	assert_int_equal(dns_query(cache, arena, SLICE(NAME), DNS_TXT,
	    DNS_AT_HAND_MS)->status, DNS_TEMPFAIL);
	assert_int_equal(inner->n_prefetches, 1);
	let_go(inner);
	assert_int_equal(dns_query(cache, arena, SLICE(NAME), DNS_TXT,
	    DNS_AT_HAND_MS)->status, DNS_NOERROR);
	assert_int_equal(inner->n_questions, 1);
	arena_destroy(&arena);
	dns_destroy_resolver(&cache);
}

static void
test_prefetch(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct asker asker;

	(void)state;
	inner->is_holding = true;
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	dns_prefetch(cache, SLICE("Example.Org"), DNS_TXT);
	start_asker(&asker, cache, CLOCK_NEVER_MS);
	wait_for_merged(cache, 1);
	let_go(inner);
	assert_int_equal(join_asker(&asker)->status, DNS_NOERROR);
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	assert_int_equal(inner->n_questions, 1);
	assert_int_equal(inner->n_prefetches, 1);
	assert_int_equal(read_counters(cache).n_prefetches, 1);
	assert_int_equal(read_counters(cache).n_misses, 0);
	/* An answer is asked for again when it has expired. */
	now_ms += 300 * 1000;
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	assert_int_equal(inner->n_prefetches, 2);
	let_go(inner);
	arena_destroy(&asker.arena);
	dns_destroy_resolver(&cache);
}

/* A failure of ours ends a flight: who joined it asks for himself, once; one of
 * the DNS is everybody's. */
static void
test_failures(void **state)
{
	static const struct {
		const char *name;
		struct dns_answer model;
		bool is_no_memory;
		unsigned n_questions;
	} cases[] = {
		{ "of the DNS", { .status = DNS_TEMPFAIL, .ttl_s = 5,
		    .why = "SERVFAIL" }, false, 1 },
		{ "no room", { .status = DNS_TEMPFAIL,
		    .why = "too many questions" }, false, 2 },
		{ "no memory", { .status = DNS_TEMPFAIL }, true, 2 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inner *inner = create_inner();
		struct resolver *cache = create_cache(inner, 1);
		struct asker asker;

		inner->is_holding = true;
		inner->model = cases[i].model;
		inner->is_no_memory = cases[i].is_no_memory;
		dns_prefetch(cache, SLICE(NAME), DNS_TXT);
		start_asker(&asker, cache, CLOCK_NEVER_MS);
		wait_for_merged(cache, 1);
		let_go(inner);
		if (cases[i].n_questions == 2) {
			wait_for_questions(inner, 2);
			let_go(inner);
		}
		if (join_asker(&asker)->status != DNS_TEMPFAIL ||
		    inner->n_questions != cases[i].n_questions)
			fail_msg("%s: %u questions", cases[i].name,
			    inner->n_questions);
		arena_destroy(&asker.arena);
		dns_destroy_resolver(&cache);
	}
}

/* What nobody waits for any more ends with the resolver. */
static void
test_abandoned(void **state)
{
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);

	(void)state;
	inner->is_holding = true;
	dns_prefetch(cache, SLICE(NAME), DNS_TXT);
	dns_prefetch(cache, SLICE("a.example.org"), DNS_TXT);
	dns_destroy_resolver(&cache);
	assert_null(cache);
}

/* ---- many threads -------------------------------------------------------- */

#define N_THREADS 8
#define DEFAULT_QUERIES 2000	/* of each; ASSAY_CACHE_QUERIES: more */
#define N_NAMES 5000

struct worker {
	struct resolver *cache;
	pthread_t thread;
	unsigned n_queries, seed;
};

static void
work(struct worker *worker, unsigned i)
{
	struct arena *arena = test_arena();
	char name[64];

	worker->seed = worker->seed * 1664525 + 1013904223;
	/* Some names come much oftener than others. */
	snprintf(name, sizeof(name), "n%u.example.org", i % 2 == 0 ?
	    worker->seed >> 16 & 15 : (worker->seed >> 8) % N_NAMES);
	if (i % 3 == 0)
		dns_prefetch(worker->cache, slice_from_cstr(name), DNS_TXT);
	if (query(worker->cache, arena, name)->status != DNS_NOERROR)
		abort();	/* cmocka knows one thread only */
	if (i % 64 == 0)
		now_ms += 1000;
	arena_destroy(&arena);
}

static void *
run_worker(void *arg)
{
	struct worker *worker = arg;

	for (unsigned i = 0; i < worker->n_queries; i++)
		work(worker, i);
	return NULL;
}

static void
test_threads(void **state)
{
	const char *text = getenv("ASSAY_CACHE_QUERIES");
	unsigned n = text != NULL ? (unsigned)strtoul(text, NULL, 10) :
	    DEFAULT_QUERIES;
	struct inner *inner = create_inner();
	struct resolver *cache = create_cache(inner, 1);
	struct worker workers[N_THREADS];
	struct cache_counters counters;

	(void)state;
	for (unsigned i = 0; i < N_THREADS; i++) {
		workers[i] = (struct worker){ .cache = cache, .seed = i,
		    .n_queries = n };
		assert_int_equal(pthread_create(&workers[i].thread, NULL,
		    run_worker, &workers[i]), 0);
	}
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	counters = read_counters(cache);
	assert_int_equal(counters.n_hits + counters.n_misses +
	    counters.n_merged, N_THREADS * n);
	assert_int_equal(counters.n_misses + counters.n_prefetches,
	    inner->n_questions);
	assert_true(counters.n_hits > 0 && counters.octets <= 1024 * 1024);
	dns_destroy_resolver(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_outlived),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_recently_used),
		cmocka_unit_test(test_large_answer),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_attached),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_own_deadline),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_at_hand),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
