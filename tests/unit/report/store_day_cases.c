/* unit/report/store_day_cases.c - what is kept for days, and its end. */
#include "unit/report/store_checks.h"

#include "base/clock.h"
#include "unit/report/store_cases.h"

#define DAY STORE_TEST_DAY

/* ---- days, and their end ------------------------------------------------- */

static void
write_day(struct store *store, uint32_t day, bool is_reportable)
{
	struct report_fact fact;
	struct store_row row = store_cases_row(&fact, 0, 0);
	const struct store_pass pass = {
		.author_domain = SLICE("example.org"),
		.path = { { IP_V4, { 192, 0, 2, 0 } }, 24 },
		.day = day, .count = 2,
	};
	const struct store_failure failure = {
		.time_s = (int64_t)day * CLOCK_DAY_S,
		.policy_domain = SLICE("example.org"), .incidents = 1,
	};
	const struct store_batch batch = {
		.rows = &row, .n_rows = 1, .passes = &pass, .n_passes = 1,
		.failures = &failure, .n_failures = 1,
	};
	const struct store_delivery_key key = {
		day, SLICE("example.org"), SLICE("id"), SLICE("a@example.org"),
	};

	fact.day = day;
	fact.is_reportable = is_reportable;
	assert_ok(store, store_write(store, &batch));
	assert_ok(store, store_set_delivery(store, &key, STORE_DELIVERY_SENT,
	    failure.time_s, SLICE("250 2.0.0 Ok")));
	assert_ok(store, store_note_failure_sent(store, SLICE("example.org"),
	    failure.time_s));
}

static void
assert_days(struct store *store, uint32_t from, uint32_t to,
    const uint32_t *want, size_t n_want)
{
	struct arena *arena = test_arena();
	uint32_t *days;
	size_t n;

	assert_ok(store, store_list_days(store, from, to, arena, &days, &n));
	assert_int_equal(n, n_want);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(days[i], want[i]);
	arena_destroy(&arena);
}

static size_t
count_failures(struct store *store)
{
	struct arena *arena = test_arena();
	struct store_failure *failures;
	size_t n;

	assert_ok(store, store_list_failures(store, 0, 100, arena, &failures,
	    &n));
	arena_destroy(&arena);
	return n;
}

static bool
count_pass(void *context, const struct store_pass *pass)
{
	uint64_t *count = context;

	*count += pass->count;
	return true;
}

static void
assert_kept(struct store *store, unsigned n)
{
	uint64_t passes = 0, sent;

	assert_int_equal(count_failures(store), n);
	assert_ok(store, store_visit_passes(store, 0, 1, count_pass, &passes));
	assert_int_equal(passes, 2 * n);
	assert_ok(store, store_count_failures_sent(store,
	    SLICE("example.org"), 0, &sent));
	assert_int_equal(sent, n);
}

void
store_check_days(const char *url)
{
	static const uint32_t days[] = { DAY, DAY + 1, DAY + 3, DAY + 9 };
	const struct store_delivery_key key = {
		DAY, SLICE("example.org"), SLICE("id"), SLICE("a@example.org"),
	};
	struct store *store = store_cases_open(url);
	enum store_delivery delivery;
	uint64_t n;

	assert_days(store, 0, UINT32_MAX, NULL, 0);
	for (size_t i = N_ELEMENTS(days); i-- > 0;)
		write_day(store, days[i], true);
	write_day(store, DAY + 2, false);
	assert_days(store, 0, UINT32_MAX, days, 4);
	assert_days(store, DAY, DAY + 9, days, 4);
	assert_days(store, DAY + 1, DAY + 8, days + 1, 2);
	assert_days(store, DAY + 4, DAY + 8, NULL, 0);
	assert_days(store, DAY + 9, DAY, NULL, 0);
	assert_kept(store, 5);
	assert_ok(store, store_prune(store, DAY, &n));
	assert_int_equal(n, 0);
	assert_ok(store, store_prune(store, DAY + 1, &n));
	/* Row, pass, delivery, failure, what was sent; no configuration. */
	assert_int_equal(n, 5);
	assert_days(store, 0, UINT32_MAX, days + 1, 3);
	assert_kept(store, 4);
	assert_ok(store, store_get_delivery(store, &key, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_NONE);
	assert_ok(store, store_prune(store, DAY + 10, &n));
	assert_int_equal(n, 4 * 5 + 1);
	assert_days(store, 0, UINT32_MAX, NULL, 0);
	assert_kept(store, 0);
	store_close(&store);
}

/* More than one step, and a configuration that another connection remembers
 * while it is pruned. */
void
store_check_prune(const char *url)
{
	struct store *writer = store_cases_open(url);
	struct store *pruner = store_cases_open(url);
	struct report_fact fact;
	struct store_row row = store_cases_row(&fact, 0, 0);
	const struct store_batch batch = { .rows = &row, .n_rows = 1 };
	struct arena *arena = test_arena();
	struct store_subject *subjects;
	uint64_t removed;
	size_t n;

	assert_ok(writer, store_cases_write(writer, 0, 0, 2500));
	assert_int_equal(store_cases_count(writer), 2500);
	assert_ok(pruner, store_prune(pruner, DAY + 1, &removed));
	assert_int_equal(removed, 2500 + 1);
	fact.day = DAY + 1;
	assert_ok(writer, store_write(writer, &batch));
	assert_ok(pruner, store_list_subjects(pruner, DAY + 1, NULL, 10, arena,
	    &subjects, &n));
	assert_int_equal(n, 1);
	test_assert_slice("after pruning", subjects[0].configuration,
	    "p=reject; sp=reject; discovery=none;");
	arena_destroy(&arena);
	store_close(&pruner);
	store_close(&writer);
}

/* ---- passes -------------------------------------------------------------- */

static const struct {
	const char *domain, *path;
	uint32_t day;
	uint64_t count;
} passes[] = {
	{ "example.org", "192.0.2.0/24", DAY, 1 },
	{ "example.org", "192.0.2.77/24", DAY, 2 },
	{ "example.org", "192.0.2.0/24", DAY + 1, 4 },
	{ "example.org", "192.0.2.0/25", DAY + 1, 8 },
	{ "example.org", "2001:db8::/48", DAY - 1, 16 },
	{ "example.org", "2001:db8::ffff/48", DAY, 32 },
	{ "example.com", "192.0.2.0/24", DAY + 1, 64 },
};

static const struct {
	const char *name;
	uint32_t since;
	unsigned min_days;
	uint64_t count;
} visits[] = {
	{ "all", 0, 1, 127 },
	{ "of two days", 0, 2, 7 + 48 },
	{ "two days, lately", DAY, 2, 7 },
	{ "one day, lately", DAY, 1, 7 + 8 + 32 + 64 },
	{ "today", DAY + 1, 1, 4 + 8 + 64 },
	{ "three days", 0, 3, 0 },
};

static bool
stop_at_first(void *context, const struct store_pass *pass)
{
	unsigned *n = context;

	(void)pass;
	++*n;
	return false;
}

static bool
check_path(void *context, const struct store_pass *pass)
{
	struct ip_address address;

	(void)context;
	assert_true(ip_parse(SLICE("192.0.2.200"), &address));
	if (pass->path.address.family == IP_V4 && pass->path.prefix_bits == 24)
		assert_true(ip_network_contains(&pass->path, &address));
	if (slice_eq(pass->author_domain, SLICE("example.com")))
		assert_int_equal(pass->day, DAY + 1);
	return true;
}

void
store_check_passes(const char *url)
{
	struct store *store = store_cases_open(url);
	struct store_pass all[N_ELEMENTS(passes)];
	const struct store_batch batch = {
		.passes = all, .n_passes = N_ELEMENTS(all),
	};
	unsigned n = 0;

	for (size_t i = 0; i < N_ELEMENTS(passes); i++) {
		all[i] = (struct store_pass){
			.author_domain = slice_from_cstr(passes[i].domain),
			.day = passes[i].day, .count = passes[i].count,
		};
		assert_true(ip_parse_network(slice_from_cstr(passes[i].path),
		    &all[i].path));
	}
	assert_ok(store, store_write(store, &batch));
	for (size_t i = 0; i < N_ELEMENTS(visits); i++) {
		uint64_t count = 0;

		assert_ok(store, store_visit_passes(store, visits[i].since,
		    visits[i].min_days, count_pass, &count));
		if (count != visits[i].count)
			fail_msg("%s: %llu", visits[i].name,
			    (unsigned long long)count);
	}
	assert_ok(store, store_visit_passes(store, 0, 1, check_path, NULL));
	assert_ok(store, store_visit_passes(store, 0, 1, stop_at_first, &n));
	assert_int_equal(n, 1);
	store_close(&store);
}

/* More than one page of them. */
void
store_check_many_passes(const char *url)
{
	struct store *store = store_cases_open(url);
	const unsigned n = 2500;
	struct store_pass *all = calloc(n, sizeof(*all));
	const struct store_batch batch = { .passes = all, .n_passes = n };
	uint64_t count = 0;

	assert_non_null(all);
	for (unsigned i = 0; i < n; i++)
		all[i] = (struct store_pass){
			.author_domain = store_cases_domain(i),
			.path = { { IP_V4, { 198, 51, (unsigned char)(i >> 8),
			    (unsigned char)i } }, 32 },
			.day = DAY, .count = 1,
		};
	assert_ok(store, store_write(store, &batch));
	assert_ok(store, store_visit_passes(store, DAY, 1, count_pass,
	    &count));
	assert_int_equal(count, n);
	free(all);
	store_close(&store);
}

/* ---- failures ------------------------------------------------------------ */

void
store_check_failures(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	char *message = malloc(100000);
	struct store_failure some[5], *found;
	const struct store_batch batch = {
		.failures = some, .n_failures = N_ELEMENTS(some),
	};
	uint64_t sent;
	size_t n;

	assert_non_null(message);
	memset(message, 'x', 100000);
	for (unsigned i = 0; i < N_ELEMENTS(some); i++)
		some[i] = (struct store_failure){
			.time_s = 100 - i,
			.policy_domain = store_cases_domain(i),
			.author_domain = SLICE("author.example"),
			.ruf = SLICE("mailto:a@example.org"),
			.kind = SLICE("k"),
			.message = { message, 100000 },
			.incidents = 1 + i,
		};
	assert_ok(store, store_write(store, &batch));
	free(message);
	assert_ok(store, store_list_failures(store, 0, 3, arena, &found, &n));
	assert_int_equal(n, 3);
	assert_ok(store, store_list_failures(store, found[2].id, 3, arena,
	    &found, &n));
	assert_int_equal(n, 2);
	assert_int_equal(found[1].time_s, 96);
	assert_int_equal(found[1].incidents, 5);
	assert_int_equal(found[1].message.len, 100000);
	assert_int_equal(found[1].message.ptr[99999], 'x');
	test_assert_slice("ruf", found[1].ruf, "mailto:a@example.org");
	test_assert_slice("kind", found[1].kind, "k");
	test_assert_slice("author", found[1].author_domain, "author.example");
	assert_ok(store, store_delete_failure(store, found[1].id));
	assert_ok(store, store_delete_failure(store, found[1].id));
	assert_int_equal(count_failures(store), 4);
	assert_ok(store, store_count_failures(store, 9, &n));
	assert_int_equal(n, 4);
	assert_ok(store, store_count_failures(store, 3, &n));
	assert_int_equal(n, 3);
	for (int64_t now = 1000; now < 1010; now++) {
		assert_ok(store, store_note_failure_sent(store, SLICE("a"),
		    now / 2));
		assert_ok(store, store_note_failure_sent(store, SLICE("b"),
		    now));
	}
	assert_ok(store, store_count_failures_sent(store, SLICE("a"), 502,
	    &sent));
	assert_int_equal(sent, 6);
	assert_ok(store, store_count_failures_sent(store, SLICE("c"), 0,
	    &sent));
	assert_int_equal(sent, 0);
	arena_destroy(&arena);
	store_close(&store);
}
