/* Something else is done before a wait, and only then. */
#include "dns/waiting.h"

#include "base/clock.h"
#include "dns/resolver.h"
#include "unit/test.h"

/* Whose answer is there when it is waited for, or after so many looks. */
struct inner {
	struct resolver base;
	unsigned n_looks, n_waits, n_prefetches, n_meanwhile;
	unsigned n_looks_in_vain;
	int64_t deadline_ms;
};

static const struct dns_answer *
inner_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct inner *inner = (struct inner *)resolver;

	(void)name;
	(void)type;
	if (deadline_ms == DNS_AT_HAND_MS)
		return inner->n_looks++ < inner->n_looks_in_vain ?
		    &dns_answer_timeout : &dns_answer_impossible_name;
	inner->n_waits++;
	inner->deadline_ms = deadline_ms;
	return &dns_answer_impossible_name;
}

static void
inner_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	(void)name;
	(void)type;
	((struct inner *)resolver)->n_prefetches++;
}

static void
meanwhile(void *context)
{
	struct inner *inner = context;

	assert_int_equal(inner->n_waits, 0);
	assert_int_equal(inner->n_prefetches, 1);
	inner->n_meanwhile++;
}

static void
test_waiting(void **state)
{
	static const struct {
		const char *name;
		unsigned n_looks_in_vain;
		int64_t deadline_ms;
		unsigned n_waits, n_meanwhile;
		enum dns_status status;
	} cases[] = {
		{ "at hand", 0, 1000, 0, 0, DNS_NXDOMAIN },
		{ "on its way", 1, 1000, 1, 1, DNS_NXDOMAIN },
		{ "at hand, and nobody would wait", 0, DNS_AT_HAND_MS, 0, 0,
		    DNS_NXDOMAIN },
		{ "on its way, and nobody waits", 1, DNS_AT_HAND_MS, 0, 0,
		    DNS_TEMPFAIL },
	};
	static const struct resolver_ops ops = {
		.query = inner_query, .prefetch = inner_prefetch,
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inner inner = { .base = { &ops },
			.n_looks_in_vain = cases[i].n_looks_in_vain };
		struct arena *arena = test_arena();
		struct resolver *waiting = waiting_create(arena, &inner.base,
		    meanwhile, &inner);
		const struct dns_answer *answer = dns_query(waiting, arena,
		    SLICE("example.org"), DNS_TXT, cases[i].deadline_ms);

		if (answer->status != cases[i].status || inner.n_looks != 1 ||
		    inner.n_waits != cases[i].n_waits ||
		    inner.n_meanwhile != cases[i].n_meanwhile)
			fail_msg("%s: %u waits", cases[i].name, inner.n_waits);
		if (inner.n_waits != 0)
			assert_true(inner.deadline_ms ==
			    cases[i].deadline_ms);
		assert_int_equal(inner.n_prefetches, inner.n_waits);
		dns_prefetch(waiting, SLICE("example.org"), DNS_TXT);
		assert_int_equal(inner.n_prefetches, inner.n_waits + 1);
		dns_destroy_resolver(&waiting);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
