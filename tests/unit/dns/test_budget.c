/* tests/unit/dns/test_budget.c - what one message may ask, and be told. */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limit.h"
#include "dns/budget.h"
#include "dns/cache.h"
#include "dns/resolver.h"
#include "dns/throttle.h"
#include "unit/asked.h"

static const struct ip_address client = { IP_V4, { 192, 0, 2, 1 } };

static const char zone[] =
    "a.example TXT 0123456789\n"
    "b.example TXT 01234567890\n"
    "many.example TXT 1\n"
    "many.example TXT 2\n"
    "many.example TXT 3\n"
    "many.example TXT 4\n"
    "full.example TXT 01234\n"
    "full.example TXT 56789\n"
    "full.example TXT \n"
    "over.example TXT 01234\n"
    "over.example TXT 567890\n";

static const struct dns_answer *
ask_until(struct resolver *budget, struct arena *arena, unsigned i,
    int64_t deadline_ms)
{
	char name[40];

	snprintf(name, sizeof(name), "%u.example", i);
	return dns_query(budget, arena, slice_from_cstr(name), DNS_TXT,
	    deadline_ms);
}

static const struct dns_answer *
ask(struct resolver *budget, struct arena *arena, unsigned i)
{
	return ask_until(budget, arena, i, CLOCK_NEVER_MS);
}

static void
prefetch(struct resolver *budget, unsigned i)
{
	char name[40];

	snprintf(name, sizeof(name), "%u.example", i);
	dns_prefetch(budget, slice_from_cstr(name), DNS_TXT);
}

static void
test_questions(void **state)
{
	const struct budget_options options = { .max_questions = 10,
		.max_answer_octets = 100, .max_answer_records = 10 };
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(zone));
	struct resolver *budget = budget_create(arena, asked, &options, NULL,
	    &client);
	const struct dns_answer *answer;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ask(budget, arena, i)->status, DNS_NXDOMAIN);
	assert_int_equal(budget_limits_hit(budget), 0);
	answer = ask(budget, arena, 10);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "too many questions for one message");
	assert_int_equal(budget_limits_hit(budget),
	    limit_bit(LIMIT_QUESTIONS));
	/* What was asked before may be asked again, in any case. */
	assert_int_equal(ask(budget, arena, 9)->status, DNS_NXDOMAIN);
	assert_int_equal(dns_query(budget, arena, SLICE("0.EXAMPLE."),
	    DNS_TXT, CLOCK_NEVER_MS)->status, DNS_NXDOMAIN);
	/* Another type is another question. */
	assert_int_equal(dns_query(budget, arena, SLICE("0.example"), DNS_A,
	    CLOCK_NEVER_MS)->status, DNS_TEMPFAIL);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 10);
	assert_int_equal(asked_count(asked, DNS_A, SLICE_EMPTY), 0);
	arena_destroy(&arena);
	dns_destroy_resolver(&asked);
}

/* However much is prefetched, half is left for what is needed. */
static void
test_prefetches(void **state)
{
	const struct budget_options options = { .max_questions = 10,
		.max_answer_octets = 100, .max_answer_records = 10 };
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(zone));
	struct resolver *budget = budget_create(arena, asked, &options, NULL,
	    &client);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		prefetch(budget, i);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 5);
	assert_int_equal(budget_limits_hit(budget), 0);
	/* The five that are on their way, and five more. */
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ask(budget, arena, i)->status, DNS_NXDOMAIN);
	assert_int_equal(ask(budget, arena, 10)->status, DNS_TEMPFAIL);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 10);
	arena_destroy(&arena);
	dns_destroy_resolver(&asked);
}

/* What is at hand counts as a prefetch does, and is TEMPFAIL beyond. */
static void
test_looks(void **state)
{
	const struct budget_options options = { .max_questions = 4,
		.max_answer_octets = 100, .max_answer_records = 10 };
	static const struct {
		const char *name;
		enum dns_status status;
	} looks[] = {
		{ "0.example", DNS_NXDOMAIN },
		{ "0.example", DNS_NXDOMAIN },
		{ "1.example", DNS_NXDOMAIN },
		{ "2.example", DNS_TEMPFAIL },
		{ "1.example", DNS_NXDOMAIN },
	};
	struct arena *arena = test_arena();
	struct resolver *inner = test_zone(zone);
	struct resolver *budget = budget_create(arena, inner, &options, NULL,
	    &client);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(looks); i++)
		assert_int_equal(dns_query(budget, arena,
		    slice_from_cstr(looks[i].name), DNS_TXT,
		    DNS_AT_HAND_MS)->status, looks[i].status);
	assert_int_equal(budget_limits_hit(budget), 0);
	assert_int_equal(ask(budget, arena, 2)->status, DNS_NXDOMAIN);
	assert_int_equal(ask(budget, arena, 3)->status, DNS_NXDOMAIN);
	assert_int_equal(ask(budget, arena, 4)->status, DNS_TEMPFAIL);
	arena_destroy(&arena);
	dns_destroy_resolver(&inner);
}

/* Counts what it is told of, and knows nothing. */
struct deaf {
	struct resolver base;
	unsigned n_looks, n_prefetches;
};

static const struct dns_answer *
deaf_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	(void)name;
	(void)type;
	(void)deadline_ms;
	((struct deaf *)resolver)->n_looks++;
	return &dns_answer_timeout;
}

static void
deaf_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	(void)name;
	(void)type;
	((struct deaf *)resolver)->n_prefetches++;
}

/* A message has a question prefetched once, though its answer be one that
 * nobody keeps; to look for what is not there costs it nothing. */
static void
test_prefetched_once(void **state)
{
	static const struct resolver_ops ops = {
		.query = deaf_query, .prefetch = deaf_prefetch,
	};
	const struct budget_options options = { .max_questions = 4,
		.max_answer_octets = 100, .max_answer_records = 10 };
	struct deaf deaf = { .base = { &ops } };
	struct arena *arena = test_arena();
	struct resolver *budget = budget_create(arena, &deaf.base, &options,
	    NULL, &client);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(dns_query(budget, arena, SLICE("0.example"),
		    DNS_TXT, DNS_AT_HAND_MS)->status, DNS_TEMPFAIL);
		prefetch(budget, 0);
		prefetch(budget, 1);
	}
	assert_int_equal(deaf.n_looks, 10);
	assert_int_equal(deaf.n_prefetches, 2);
	arena_destroy(&arena);
}

static void
test_answers(void **state)
{
	static const struct {
		const char *name;
		enum dns_status status;
		unsigned limits;
	} cases[] = {
		{ "a.example", DNS_NOERROR, 0 },
		{ "b.example", DNS_TEMPFAIL, 1U << LIMIT_ANSWER_OCTETS },
		{ "many.example", DNS_TEMPFAIL, 1U << LIMIT_ANSWER_RECORDS },
		{ "full.example", DNS_NOERROR, 0 },
		{ "over.example", DNS_TEMPFAIL, 1U << LIMIT_ANSWER_OCTETS },
		{ "none.example", DNS_NXDOMAIN, 0 },
	};
	const struct budget_options options = { .max_questions = 10,
		.max_answer_octets = 10, .max_answer_records = 3 };
	struct resolver *inner = test_zone(zone);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *budget = budget_create(arena, inner,
		    &options, NULL, &client);
		const struct dns_answer *answer = dns_query(budget, arena,
		    slice_from_cstr(cases[i].name), DNS_TXT, CLOCK_NEVER_MS);

		if (answer->status != cases[i].status)
			fail_msg("%s: %s", cases[i].name,
			    dns_status_name(answer->status));
		assert_int_equal(answer->why != NULL,
		    answer->status == DNS_TEMPFAIL);
		assert_int_equal(budget_limits_hit(budget), cases[i].limits);
		arena_destroy(&arena);
	}
	dns_destroy_resolver(&inner);
}

static void
test_network(void **state)
{
	const struct budget_options options = BUDGET_OPTIONS_DEFAULT;
	struct throttle *throttle = throttle_create(
	    &(struct throttle_options){ 1, 8 });
	struct resolver *inner = test_zone(zone);
	unsigned n_refused = 0;

	(void)state;
	assert_non_null(throttle);
	/* Three messages of one network, four questions each. */
	for (unsigned message = 0; message < 3; message++) {
		struct arena *arena = test_arena();
		struct resolver *budget = budget_create(arena, inner,
		    &options, throttle, &client);

		for (unsigned i = 0; i < 4; i++)
			if (ask(budget, arena, i)->status == DNS_TEMPFAIL)
				n_refused++;
		assert_int_equal(budget_limits_hit(budget), message < 2 ? 0 :
		    limit_bit(LIMIT_NETWORK_QUESTIONS));
		arena_destroy(&arena);
	}
	/* Slow machines have a token more. */
	assert_true(n_refused == 3 || n_refused == 4);
	throttle_destroy(&throttle);
	dns_destroy_resolver(&inner);
}

/* ---- what goes out, and what a cache has --------------------------------- */

#define MAX_HELD 32

/* Asks nobody until it is told to. */
struct slow {
	struct resolver base;
	uint32_t ttl_s;
	struct {
		void (*done)(void *context, const struct dns_answer *answer);
		void *context;
	} held[MAX_HELD];
	size_t n_held, n_started;
	bool is_holding;
};

static void
answer_held(struct slow *slow)
{
	while (slow->n_held > 0) {
		slow->n_held--;
		slow->held[slow->n_held].done(
		    slow->held[slow->n_held].context,
		    dns_answer_create(&(struct dns_answer){
		    .status = DNS_NXDOMAIN, .ttl_s = slow->ttl_s }));
	}
}

static void
slow_start(struct resolver *resolver, struct slice name, enum dns_type type,
    bool is_prefetch,
    void (*done)(void *context, const struct dns_answer *answer),
    void *context)
{
	struct slow *slow = (struct slow *)resolver;

	(void)name;
	(void)type;
	(void)is_prefetch;
	assert_true(slow->n_held < MAX_HELD);
	slow->n_started++;
	slow->held[slow->n_held].done = done;
	slow->held[slow->n_held++].context = context;
	if (!slow->is_holding)
		answer_held(slow);
}

static void
slow_destroy(struct resolver *resolver)
{
	answer_held((struct slow *)resolver);
}

enum act {
	ASK,
	PREFETCH,
	LOOK,
};

/* One client's messages, one after the other, at a cache; its network may have
 * four questions asked, of which two may be prefetches. */
static const struct {
	const char *name;
	struct {
		enum act act;
		unsigned question;
	} acts[12];		/* of each message */
	size_t n_acts, n_messages;
	uint32_t ttl_s;
	bool is_holding;	/* no answer comes for now */
	size_t n_started, n_refused;	/* questions, in all messages */
} nets[] = {
	{ "cached answers are free", { { ASK, 0 }, { ASK, 1 }, { ASK, 2 },
	    { ASK, 3 } }, 4, 100, 300, false, 4, 0 },
	{ "to prefetch them is free", { { PREFETCH, 0 }, { PREFETCH, 1 },
	    { ASK, 0 }, { ASK, 1 }, { ASK, 2 }, { ASK, 3 } }, 6, 100, 300,
	    false, 4, 0 },
	{ "to look at them is free", { { ASK, 0 }, { ASK, 1 }, { ASK, 2 },
	    { ASK, 3 }, { LOOK, 0 }, { LOOK, 1 }, { LOOK, 2 }, { LOOK, 3 } },
	    8, 100, 300, false, 4, 0 },
	{ "others count", { { ASK, 0 }, { ASK, 1 }, { ASK, 2 }, { ASK, 3 },
	    { ASK, 4 }, { ASK, 5 } }, 6, 10, 300, false, 4, 20 },
	{ "what is on its way is free", { { PREFETCH, 0 }, { PREFETCH, 1 },
	    { PREFETCH, 0 } }, 3, 100, 300, true, 2, 0 },
	{ "prefetches leave half", { { PREFETCH, 0 }, { PREFETCH, 1 },
	    { PREFETCH, 2 }, { PREFETCH, 3 }, { ASK, 4 }, { ASK, 5 },
	    { ASK, 6 } }, 7, 1, 300, false, 4, 1 },
	{ "what is not kept counts each time", { { ASK, 0 }, { ASK, 0 },
	    { ASK, 0 }, { ASK, 0 } }, 4, 10, 0, false, 4, 36 },
	{ "to look for nothing is free", { { LOOK, 0 }, { LOOK, 1 },
	    { LOOK, 2 }, { LOOK, 3 }, { LOOK, 4 }, { ASK, 0 } }, 6, 4, 300,
	    false, 1, 0 },
};

static unsigned
act_once(struct resolver *budget, struct arena *arena, enum act act,
    unsigned question)
{
	const struct dns_answer *answer;

	switch (act) {
	case ASK:
		answer = ask(budget, arena, question);
		if (answer->status != DNS_TEMPFAIL)
			return 0;
		assert_string_equal(answer->why,
		    "too many questions by the client's network");
		return 1;
	case PREFETCH:
		prefetch(budget, question);
		return 0;
	case LOOK:
		ask_until(budget, arena, question, DNS_AT_HAND_MS);
		return 0;
	}
	return 0;
}

static void
check_net(size_t row, struct slow *slow, struct resolver *cache)
{
	const struct budget_options options = BUDGET_OPTIONS_DEFAULT;
	struct throttle *throttle = throttle_create(
	    &(struct throttle_options){ 1, 4 });
	size_t n_refused = 0;
	unsigned limits = 0;

	assert_non_null(throttle);
	for (size_t i = 0; i < nets[row].n_messages; i++) {
		struct arena *arena = test_arena();
		struct resolver *budget = budget_create(arena, cache,
		    &options, throttle, &client);

		for (size_t j = 0; j < nets[row].n_acts; j++)
			n_refused += act_once(budget, arena,
			    nets[row].acts[j].act, nets[row].acts[j].question);
		limits |= budget_limits_hit(budget);
		arena_destroy(&arena);
	}
	/* Slow machines have a token more. */
	if (slow->n_started < nets[row].n_started ||
	    slow->n_started > nets[row].n_started + 1 ||
	    slow->n_started + n_refused !=
	    nets[row].n_started + nets[row].n_refused)
		fail_msg("%s: %zu asked, %zu refused", nets[row].name,
		    slow->n_started, n_refused);
	assert_int_equal(limits, nets[row].n_refused != 0 ?
	    limit_bit(LIMIT_NETWORK_QUESTIONS) : 0);
	throttle_destroy(&throttle);
}

static void
test_cached(void **state)
{
	static const struct resolver_ops ops = {
		.start = slow_start, .destroy = slow_destroy,
	};
	const struct cache_options options = CACHE_OPTIONS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(nets); i++) {
		struct slow slow = { .base = { &ops },
			.ttl_s = nets[i].ttl_s,
			.is_holding = nets[i].is_holding };
		struct resolver *cache = cache_create(&slow.base, &options);

		assert_non_null(cache);
		check_net(i, &slow, cache);
		dns_destroy_resolver(&cache);
	}
}

/* A message's own limit is the same whatever others have asked before it. */
static void
test_cached_in_message(void **state)
{
	const struct cache_options cache_options = CACHE_OPTIONS_DEFAULT;
	const struct budget_options options = { .max_questions = 10,
		.max_answer_octets = 100, .max_answer_records = 10 };
	struct resolver *cache = cache_create(test_zone(zone),
	    &cache_options);

	(void)state;
	assert_non_null(cache);
	for (unsigned message = 0; message < 3; message++) {
		struct arena *arena = test_arena();
		struct resolver *budget = budget_create(arena, cache,
		    &options, NULL, &client);
		unsigned n_refused = 0;

		for (unsigned i = 0; i < 12; i++)
			if (ask(budget, arena, i)->status == DNS_TEMPFAIL)
				n_refused++;
		assert_int_equal(n_refused, 2);
		assert_int_equal(budget_limits_hit(budget),
		    limit_bit(LIMIT_QUESTIONS));
		arena_destroy(&arena);
	}
	dns_destroy_resolver(&cache);
}

/* Without memory for the list of questions it counts on all the same. */
static void
test_no_memory(void **state)
{
	const struct budget_options options = { .max_questions = 10,
		.max_answer_octets = 100, .max_answer_records = 10 };
	struct arena *answers = test_arena();
	struct resolver *inner = test_zone(zone);
	unsigned n_refused = 0;

	(void)state;
	for (size_t ceiling = 0; ceiling < 4096; ceiling += 64) {
		struct arena *arena = arena_create(ceiling);
		struct resolver *budget = budget_create(arena, inner,
		    &options, NULL, &client);

		assert_int_equal(budget == NULL, arena_has_failed(arena));
		for (unsigned i = 0; budget != NULL && i < 12; i++)
			if (ask(budget, answers, i)->status == DNS_TEMPFAIL)
				n_refused++;
		if (budget != NULL)
			assert_int_equal(n_refused, 2);
		n_refused = 0;
		arena_destroy(&arena);
	}
	arena_destroy(&answers);
	dns_destroy_resolver(&inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_prefetches),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_prefetched_once),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_cached),
		cmocka_unit_test(test_cached_in_message),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
