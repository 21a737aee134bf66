/* What is known of domains: what Postfix is told, for how long, and what is
 * forgotten when there is no room. */
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/policy_map.h"
#include "unit/test.h"

#define NOW_S 1000000
#define NOW_MS 5000000
#define DAY_S 86400

/* ---- what Postfix is told ------------------------------------------------ */

static const struct {
	const char *name;
	enum dane_coverage dane;
	enum mta_sts_mode mode;
	int64_t expires_s;
	const char *answer;	/* NULL: none */
} answers[] = {
	{ "nothing", DANE_COVERS_NONE, MTA_STS_NONE, 0, NULL },
	{ "enforce", DANE_COVERS_NONE, MTA_STS_ENFORCE, NOW_S + 1,
	    "secure match=mx.a:.b servername=hostname" },
	{ "testing", DANE_COVERS_NONE, MTA_STS_TESTING, NOW_S + 1, NULL },
	{ "none", DANE_COVERS_NONE, MTA_STS_NONE, NOW_S + 1, NULL },
	{ "expired", DANE_COVERS_NONE, MTA_STS_ENFORCE, NOW_S, NULL },
	{ "DANE", DANE_COVERS_ALL, MTA_STS_NONE, 0, "dane-only" },
	{ "both (RFC 8461 2)", DANE_COVERS_ALL, MTA_STS_ENFORCE, NOW_S + 1,
	    "dane-only" },
	{ "DANE of some hosts", DANE_COVERS_SOME, MTA_STS_NONE, 0, "dane" },
	{ "and MTA-STS of all", DANE_COVERS_SOME, MTA_STS_ENFORCE, NOW_S + 1,
	    "dane-only" },
	{ "and MTA-STS, testing", DANE_COVERS_SOME, MTA_STS_TESTING,
	    NOW_S + 1, "dane" },
	{ "no usable record", DANE_COVERS_UNUSABLY, MTA_STS_NONE, 0, "dane" },
	{ "and MTA-STS", DANE_COVERS_UNUSABLY, MTA_STS_ENFORCE, NOW_S + 1,
	    "secure match=mx.a:.b servername=hostname" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
		struct arena *arena = test_arena();
		const struct tls_policy policy = {
			.dane = answers[i].dane, .mode = answers[i].mode,
			.expires_s = answers[i].expires_s,
			.match = SLICE("mx.a:.b"),
		};
		struct strbuf text;

		strbuf_init(&text, arena, 1000);
		if (tls_policy_append(&text, &policy, NOW_S) !=
		    (answers[i].answer != NULL))
			fail_msg("%s", answers[i].name);
		test_assert_slice(answers[i].name, strbuf_slice(&text),
		    answers[i].answer != NULL ? answers[i].answer : "");
		arena_destroy(&arena);
	}
}

static void
test_match(void **state)
{
	const struct slice mx[] = { SLICE("mx.example.org"),
		SLICE("*.example.net"), SLICE("*.mail.example.com") };
	const struct mta_sts_policy policy = { .mx = mx,
		.n_mx = N_ELEMENTS(mx) };
	struct arena *arena = test_arena();
	struct strbuf text;

	(void)state;
	strbuf_init(&text, arena, 1000);
	tls_policy_append_match(&text, &policy);
	test_assert_slice("match", strbuf_slice(&text),
	    "mx.example.org:.example.net:.mail.example.com");
	arena_destroy(&arena);
}

/* ---- for how long -------------------------------------------------------- */

static const struct {
	const char *name;
	enum dane_coverage dane;
	enum mta_sts_mode mode;
	int64_t expires_s;
	uint32_t ttl_s;
	int64_t asked_ms;	/* since DNS was; -1: never */
	bool wants_dane;
	enum policy_map_judgement judgement;
} judgements[] = {
	{ "never asked", DANE_COVERS_NONE, MTA_STS_NONE, 0, 60, -1, false,
	    POLICY_MAP_UNKNOWN },
	{ "just asked", DANE_COVERS_NONE, MTA_STS_NONE, 0, 10, 9999, false,
	    POLICY_MAP_FRESH },
	{ "the TTL is over", DANE_COVERS_NONE, MTA_STS_NONE, 0, 10, 10000,
	    false, POLICY_MAP_UNKNOWN },
	{ "a minute at most", DANE_COVERS_NONE, MTA_STS_NONE, 0, 3600, 60000,
	    false, POLICY_MAP_UNKNOWN },
	{ "a TTL of 0", DANE_COVERS_NONE, MTA_STS_NONE, 0, 0, 999, false,
	    POLICY_MAP_FRESH },
	{ "enforced meanwhile", DANE_COVERS_NONE, MTA_STS_ENFORCE, NOW_S + 1,
	    10, 10000, true, POLICY_MAP_STALE },
	{ "expired", DANE_COVERS_NONE, MTA_STS_ENFORCE, NOW_S, 10, 10000,
	    false, POLICY_MAP_UNKNOWN },
	{ "testing", DANE_COVERS_NONE, MTA_STS_TESTING, NOW_S + 1, 10, 10000,
	    false, POLICY_MAP_UNKNOWN },
	{ "from the store", DANE_COVERS_NONE, MTA_STS_ENFORCE, NOW_S + 1, 0,
	    -1, false, POLICY_MAP_STALE },
	{ "from the store, and DANE not looked for yet", DANE_COVERS_NONE,
	    MTA_STS_ENFORCE, NOW_S + 1, 0, -1, true, POLICY_MAP_UNKNOWN },
	{ "DANE", DANE_COVERS_ALL, MTA_STS_NONE, 0, 10, 10000, true,
	    POLICY_MAP_STALE },
	{ "DANE an hour ago", DANE_COVERS_SOME, MTA_STS_NONE, 0, 10, 3600000,
	    true, POLICY_MAP_UNKNOWN },
};

static void
test_judgements(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(judgements); i++) {
		struct policy_map *map = policy_map_create(10, 100000);
		struct policy_map_entry *entry = policy_map_add(map,
		    SLICE("example.org"));
		const struct tls_policy policy = {
			.dane = judgements[i].dane,
			.mode = judgements[i].mode,
			.expires_s = judgements[i].expires_s,
			.ttl_s = judgements[i].ttl_s,
		};
		int64_t asked_ms = judgements[i].asked_ms;

		assert_non_null(entry);
		assert_true(policy_map_set(map, entry, &policy,
		    asked_ms < 0 ? 0 : NOW_MS - asked_ms));
		if (policy_map_judge(entry, judgements[i].wants_dane, NOW_S,
		    NOW_MS) != judgements[i].judgement)
			fail_msg("%s", judgements[i].name);
		policy_map_destroy(&map);
	}
}

static const struct {
	const char *name;
	int64_t fetched_s, expires_s, retry_s, used_s;
	bool is_due;
} dues[] = {
	{ "no policy", 0, 0, 0, NOW_S, false },
	{ "of now", NOW_S, NOW_S + 7 * DAY_S, 0, NOW_S, false },
	{ "of yesterday", NOW_S - DAY_S, NOW_S + 6 * DAY_S, 0, NOW_S, true },
	{ "a short one, half over", NOW_S - 30, NOW_S + 30, 0, NOW_S, true },
	{ "less than half", NOW_S - 29, NOW_S + 31, 0, NOW_S, false },
	{ "over", NOW_S - 60, NOW_S, 0, NOW_S, false },
	{ "just tried", NOW_S - DAY_S, NOW_S + 6 * DAY_S, NOW_S + 1, NOW_S,
	    false },
	{ "nobody wants it", NOW_S - DAY_S, NOW_S + 6 * DAY_S, 0,
	    NOW_S - 31 * DAY_S, false },
};

static void
test_dues(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(dues); i++) {
		const struct policy_map_entry entry = {
			.policy = { .fetched_s = dues[i].fetched_s,
			    .expires_s = dues[i].expires_s,
			    .retry_s = dues[i].retry_s,
			    .mode = MTA_STS_ENFORCE },
			.used_s = dues[i].used_s,
		};

		if (policy_map_is_due(&entry, NOW_S) != dues[i].is_due)
			fail_msg("%s", dues[i].name);
	}
}

/* ---- what is forgotten --------------------------------------------------- */

static struct slice
name_of(char text[32], unsigned n)
{
	snprintf(text, 32, "d%u.example", n);
	return slice_from_cstr(text);
}

static void
test_most_entries(void **state)
{
	struct policy_map *map = policy_map_create(100, 1000000);
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct policy_map_entry *entry = policy_map_add(map,
		    name_of(text, i));

		assert_non_null(entry);
		entry->is_pinned = i == 7;
		/* Whoever is asked for stays. */
		assert_true(i < 3 || policy_map_find(map, SLICE(
		    "d3.example")) != NULL);
		assert_true(policy_map_count(map) <= 100);
	}
	assert_non_null(policy_map_find(map, SLICE("d7.example")));
	assert_non_null(policy_map_find(map, SLICE("d999.example")));
	assert_null(policy_map_find(map, SLICE("d8.example")));
	assert_null(policy_map_find(map, SLICE("D999.example")));
	policy_map_destroy(&map);
}

static void
test_most_octets(void **state)
{
	struct arena *arena = test_arena();
	char *octets = arena_alloc(arena, 60000);
	const struct tls_policy policy = { .match = { octets, 60000 },
		.id = SLICE("1") };
	const struct tls_policy small = { .match = SLICE("mx.example.org") };
	struct policy_map *map = policy_map_create(10000, 1000000);
	char text[32];

	(void)state;
	assert_non_null(octets);
	for (unsigned i = 0; i < 100; i++) {
		struct policy_map_entry *entry = policy_map_add(map,
		    name_of(text, i));

		assert_non_null(entry);
		assert_true(policy_map_set(map, entry, &policy, 1));
		assert_true(policy_map_set(map, entry, &entry->policy, 1));
		assert_int_equal(entry->policy.match.len, 60000);
		assert_true(policy_map_octets(map) <= 1000000);
	}
	assert_int_equal(policy_map_count(map), 16);
	for (struct policy_map_entry *entry = policy_map_oldest(map);
	    entry != NULL; entry = entry->newer)
		assert_true(policy_map_set(map, entry, &small, 1));
	assert_true(policy_map_octets(map) < 16 * 400);
	policy_map_destroy(&map);
	arena_destroy(&arena);
}

/* All are being looked at: there is no room, and nothing breaks. */
static void
test_all_pinned(void **state)
{
	struct policy_map *map = policy_map_create(5, 1000000);
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		policy_map_add(map, name_of(text, i))->is_pinned = true;
	assert_null(policy_map_add(map, SLICE("one.more.example")));
	policy_map_oldest(map)->is_pinned = false;
	assert_non_null(policy_map_add(map, SLICE("one.more.example")));
	assert_null(policy_map_find(map, SLICE("d0.example")));
	policy_map_destroy(&map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_judgements),
		cmocka_unit_test(test_dues),
		cmocka_unit_test(test_most_entries),
		cmocka_unit_test(test_most_octets),
		cmocka_unit_test(test_all_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
