/* tests/unit/dns/test_budget.c - what one message may ask, and be told. */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limit.h"
#include "dns/budget.h"
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
ask(struct resolver *budget, struct arena *arena, unsigned i)
{
	char name[40];

	snprintf(name, sizeof(name), "%u.example", i);
	return dns_query(budget, arena, slice_from_cstr(name), DNS_TXT,
	    CLOCK_NEVER_MS);
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
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
