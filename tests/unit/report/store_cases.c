/* unit/report/store_cases.c - see store_cases.h. */
#include "unit/report/store_cases.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "report/schema.h"
#include "report/store_mta_sts.h"
#include "unit/report/stats_cases.h"

#define DAY STORE_TEST_DAY
#define N_PAGE 7u

struct store *
store_cases_open(const char *url)
{
	struct arena *arena = test_arena();
	struct store *store;
	struct strbuf problem;

	strbuf_init(&problem, arena, 2000);
	if (store_open(url, &store, &problem) != STORE_OK)
		fail_msg("%s: %s", url, strbuf_cstr(&problem));
	arena_destroy(&arena);
	return store;
}

static void
assert_ok(const struct store *store, enum store_status status)
{
	if (status != STORE_OK)
		fail_msg("status %d: %s", (int)status, store_problem(store));
}

/* Texts that live as long as the program: a small table of each kind. */
static struct slice
domain_name(unsigned domain)
{
	static const char *const names[] = {
		"a.example", "b.example", "c.example", "example.org",
		"xn--bcher-kva.example",
	};

	return slice_from_cstr(names[domain % N_ELEMENTS(names)]);
}

struct store_row
store_cases_row(struct report_fact *fact, unsigned domain, unsigned n)
{
	struct store_row row = { .fact = fact, .count = 1 };

	*fact = (struct report_fact){
		.day = DAY,
		.policy_domain = domain_name(domain),
		.configuration = SLICE("p=reject; sp=reject; discovery=none;"),
		.is_reportable = true,
		.author_domain = domain_name(domain),
		.source = { IP_V4, { 192, 0, 2, (unsigned char)n } },
		.envelope_from = SLICE("bounce.example.org"),
		.disposition = SLICE("none"),
		.dmarc_result = SLICE("pass"),
		.action = SLICE("accept"),
		.wanted = SLICE("accept"),
	};
	row.digest[0] = (unsigned char)(n >> 8);
	row.digest[1] = (unsigned char)n;
	row.digest[15] = (unsigned char)domain;
	row.first_s = row.last_s = (int64_t)DAY * CLOCK_DAY_S + n;
	return row;
}

enum store_status
store_cases_write(struct store *store, unsigned domain, unsigned first,
    unsigned n)
{
	struct report_fact *facts = calloc(n, sizeof(*facts));
	struct store_row *rows = calloc(n, sizeof(*rows));
	const struct store_batch batch = { .rows = rows, .n_rows = n };
	enum store_status status;

	assert_non_null(facts);
	assert_non_null(rows);
	for (unsigned i = 0; i < n; i++)
		rows[i] = store_cases_row(&facts[i], domain, first + i);
	status = store_write(store, &batch);
	free(facts);
	free(rows);
	return status;
}

uint64_t
store_cases_count(struct store *store)
{
	struct arena *arena = test_arena();
	struct store_subject *subjects, *after = NULL;
	uint64_t messages = 0;
	size_t n;

	do {
		assert_ok(store, store_list_subjects(store, DAY, after, N_PAGE,
		    arena, &subjects, &n));
		for (size_t i = 0; i < n; i++)
			messages += subjects[i].n_messages;
		after = n > 0 ? &subjects[n - 1] : NULL;
	} while (n > 0);
	arena_destroy(&arena);
	return messages;
}

/* ---- rows ---------------------------------------------------------------- */

static const struct report_fact facts[] = {
	{ .policy_domain = SLICE_INIT("example.org"),
	    .configuration = SLICE_INIT("p=none; sp=none;"),
	    .is_reportable = true,
	    .author_domain = SLICE_INIT("mail.example.org"),
	    .source = { IP_V6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	    .envelope_from = SLICE_INIT("bounce.example.org"),
	    .envelope_to = SLICE_INIT("example.com"),
	    .disposition = SLICE_INIT("quarantine"),
	    .is_dkim_aligned = true, .is_spf_aligned = true,
	    .reasons = SLICE_INIT("local_policy\nother why not"),
	    .spf_domain = SLICE_INIT("bounce.example.org"),
	    .spf_result = SLICE_INIT("softfail"),
	    .signatures = {
		{ SLICE_INIT("example.org"), SLICE_INIT("s1"),
		    SLICE_INIT("pass") },
		{ SLICE_INIT("example.net"), SLICE_EMPTY,
		    SLICE_INIT("permerror") },
	    }, .n_signatures = 2,
	    .dmarc_result = SLICE_INIT("fail"),
	    .arc_result = SLICE_INIT("none"),
	    .action = SLICE_INIT("quarantine"), .wanted = SLICE_INIT("reject"),
	    .rule = SLICE_INIT("r1"), .shadow_rule = SLICE_INIT("r2"),
	    .shadow_wanted = SLICE_INIT("accept"),
	    .evidence = SLICE_INIT("list,relay") },
	{ .policy_domain = SLICE_INIT("example.org"),
	    .configuration = SLICE_INIT("p=none; sp=none;"),
	    .is_reportable = true,
	    .source = { IP_V4, { 192, 0, 2, 1 } },
	    .signatures = { { SLICE_INIT("a b"), SLICE_INIT("c\nd"),
		SLICE_EMPTY } }, .n_signatures = 1 },
	{ .policy_domain = SLICE_INIT("example.org"),
	    .configuration = SLICE_INIT("p=none; sp=none;"),
	    .is_reportable = true,
	    .reasons = SLICE_INIT("b\xc3\xbc" "cher"),
	    .rule = SLICE_INIT("a\xff" "b\0c\xc3") },
};

/* As they are read again. */
static const struct {
	const char *name, *rule, *reasons, *domain, *selector;
} mended[] = {
	{ "whole", "r1", "local_policy\nother why not", "example.org", "s1" },
	{ "separators", "", "", "a?b", "c?d" },
	{ "no UTF-8, NUL", "a?b?c?", "b\xc3\xbc" "cher", "", "" },
};

static void
assert_fact(const char *name, const struct report_fact *got,
    const struct report_fact *want)
{
	const struct {
		struct slice got, want;
	} texts[] = {
		{ got->policy_domain, want->policy_domain },
		{ got->configuration, want->configuration },
		{ got->author_domain, want->author_domain },
		{ got->envelope_from, want->envelope_from },
		{ got->envelope_to, want->envelope_to },
		{ got->disposition, want->disposition },
		{ got->spf_domain, want->spf_domain },
		{ got->spf_result, want->spf_result },
		{ got->dmarc_result, want->dmarc_result },
		{ got->arc_result, want->arc_result },
		{ got->action, want->action },
		{ got->wanted, want->wanted },
		{ got->shadow_rule, want->shadow_rule },
		{ got->shadow_wanted, want->shadow_wanted },
		{ got->evidence, want->evidence },
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (!slice_eq(texts[i].got, texts[i].want))
			fail_msg("%s: text %zu: \"%.*s\"", name, i,
			    SLICE_PRINTF(texts[i].got));
	assert_int_equal(got->day, want->day);
	assert_int_equal(got->is_reportable, want->is_reportable);
	assert_int_equal(got->is_dkim_aligned, want->is_dkim_aligned);
	assert_int_equal(got->is_spf_aligned, want->is_spf_aligned);
	assert_true(ip_eq(&got->source, &want->source));
	assert_int_equal(got->n_signatures, want->n_signatures);
	for (size_t i = 1; i < got->n_signatures; i++) {
		assert_true(slice_eq(got->signatures[i].domain,
		    want->signatures[i].domain));
		assert_true(slice_eq(got->signatures[i].selector,
		    want->signatures[i].selector));
		assert_true(slice_eq(got->signatures[i].result,
		    want->signatures[i].result));
	}
}

static void
assert_row(size_t i, const struct store_row *row)
{
	struct report_fact want = facts[i];

	want.day = DAY;
	assert_fact(mended[i].name, row->fact, &want);
	test_assert_slice(mended[i].name, row->fact->rule, mended[i].rule);
	test_assert_slice(mended[i].name, row->fact->reasons,
	    mended[i].reasons);
	test_assert_slice(mended[i].name, row->fact->signatures[0].domain,
	    mended[i].domain);
	test_assert_slice(mended[i].name, row->fact->signatures[0].selector,
	    mended[i].selector);
	assert_int_equal(row->digest[0], i);
	assert_int_equal(row->count, 3);
	assert_int_equal(row->first_s, 5);
	assert_int_equal(row->last_s, 20);
}

/* Twice, with other times: they fold. */
static void
write_facts(struct store *store)
{
	struct report_fact copies[N_ELEMENTS(facts)];
	struct store_row rows[N_ELEMENTS(facts)];
	struct store_batch batch = {
		.rows = rows, .n_rows = N_ELEMENTS(rows),
	};

	for (size_t i = 0; i < N_ELEMENTS(facts); i++) {
		copies[i] = facts[i];
		copies[i].day = DAY;
		rows[i] = (struct store_row){
			.fact = &copies[i],
			.digest = { (unsigned char)i, [15] = 0xff },
			.count = 1, .first_s = 10, .last_s = 20,
		};
	}
	assert_ok(store, store_write(store, &batch));
	for (size_t i = 0; i < N_ELEMENTS(facts); i++) {
		rows[i].count = 2;
		rows[i].first_s = 5;
		rows[i].last_s = 7;
	}
	assert_ok(store, store_write(store, &batch));
}

static void
check_rows(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct store_subject *subjects;
	struct store_row *rows;
	size_t n;

	write_facts(store);
	assert_ok(store, store_list_subjects(store, DAY, NULL, 10, arena,
	    &subjects, &n));
	assert_int_equal(n, 1);
	test_assert_slice("subject", subjects[0].policy_domain, "example.org");
	test_assert_slice("subject", subjects[0].configuration,
	    "p=none; sp=none;");
	assert_int_equal(subjects[0].n_rows, N_ELEMENTS(facts));
	assert_int_equal(subjects[0].n_messages, 3 * N_ELEMENTS(facts));
	assert_ok(store, store_list_rows(store, &subjects[0], NULL, 10, arena,
	    &rows, &n));
	assert_int_equal(n, N_ELEMENTS(facts));
	for (size_t i = 0; i < n; i++)
		assert_row(i, &rows[i]);
	store_close(&store);
	assert_null(store);
	/* What was written is there for another connection. */
	store = store_cases_open(url);
	assert_int_equal(store_cases_count(store), 3 * N_ELEMENTS(facts));
	store_close(&store);
	arena_destroy(&arena);
}

/* ---- subjects, in pages -------------------------------------------------- */

#define N_DOMAINS 5u
#define N_CONFIGURATIONS 3u
#define N_ROWS 20u

/* Row N of one subject; every fifth is not reportable. */
static void
write_subject(struct store *store, unsigned domain, unsigned configuration)
{
	static const char *const configurations[N_CONFIGURATIONS] = {
		"", "p=none;", "p=reject;",
	};
	struct report_fact some[N_ROWS];
	struct store_row rows[N_ROWS];
	const struct store_batch batch = { .rows = rows, .n_rows = N_ROWS };

	for (unsigned n = 0; n < N_ROWS; n++) {
		rows[n] = store_cases_row(&some[n], domain, n * 31 % N_ROWS);
		some[n].configuration =
		    slice_from_cstr(configurations[configuration]);
		some[n].is_reportable = n % 5 != 0;
		rows[n].digest[14] = (unsigned char)configuration;
		rows[n].count = 1000000000000u;
	}
	assert_ok(store, store_write(store, &batch));
}

/* The rows of a subject are there once, in order, whatever the page. */
static void
check_subject_rows(struct store *store, const struct store_subject *subject,
    size_t page)
{
	struct arena *arena = test_arena();
	struct store_row *rows, *after = NULL;
	unsigned char last[16] = { 0 };
	size_t n, n_all = 0;

	do {
		assert_ok(store, store_list_rows(store, subject, after, page,
		    arena, &rows, &n));
		for (size_t i = 0; i < n; i++) {
			assert_true(n_all + i == 0 || memcmp(last,
			    rows[i].digest, sizeof(last)) < 0);
			memcpy(last, rows[i].digest, sizeof(last));
			assert_true(rows[i].fact->is_reportable);
			assert_true(slice_eq(rows[i].fact->policy_domain,
			    subject->policy_domain));
			assert_true(slice_eq(rows[i].fact->configuration,
			    subject->configuration));
		}
		n_all += n;
		after = n > 0 ? &rows[n - 1] : NULL;
	} while (n > 0);
	assert_int_equal(n_all, subject->n_rows);
	arena_destroy(&arena);
}

static void
check_subject(struct store *store, const struct store_subject *subject,
    const struct store_subject *last, size_t page)
{
	assert_int_equal(subject->day, DAY);
	assert_int_equal(subject->n_rows, N_ROWS * 4 / 5);
	assert_true(subject->n_messages == N_ROWS * 4 / 5 * 1000000000000u);
	if (last != NULL && slice_eq(last->policy_domain,
	    subject->policy_domain))
		assert_true(last->configuration_id < subject->configuration_id);
	else if (last != NULL)
		assert_true(slice_compare_nocase(last->policy_domain,
		    subject->policy_domain) < 0);
	check_subject_rows(store, subject, page);
}

static void
check_subjects(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();

	for (unsigned domain = 0; domain < N_DOMAINS; domain++)
		for (unsigned i = 0; i < N_CONFIGURATIONS; i++)
			write_subject(store, domain, i);
	for (size_t page = 1; page <= 20; page += 3) {
		struct store_subject *subjects, *last = NULL;
		size_t n, n_all = 0;

		do {
			assert_ok(store, store_list_subjects(store, DAY, last,
			    page, arena, &subjects, &n));
			assert_true(n <= page);
			for (size_t i = 0; i < n; i++) {
				check_subject(store, &subjects[i], last, page);
				last = &subjects[i];
			}
			n_all += n;
		} while (n > 0);
		assert_int_equal(n_all, N_DOMAINS * N_CONFIGURATIONS);
	}
	arena_destroy(&arena);
	store_close(&store);
}

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

static void
check_days(const char *url)
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
static void
check_prune(const char *url)
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

static void
check_passes(const char *url)
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
static void
check_many_passes(const char *url)
{
	struct store *store = store_cases_open(url);
	const unsigned n = 2500;
	struct store_pass *all = calloc(n, sizeof(*all));
	const struct store_batch batch = { .passes = all, .n_passes = n };
	uint64_t count = 0;

	assert_non_null(all);
	for (unsigned i = 0; i < n; i++)
		all[i] = (struct store_pass){
			.author_domain = domain_name(i),
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

/* ---- the ledger ---------------------------------------------------------- */

static void
check_deliveries(const char *url)
{
	static const enum store_delivery all[] = {
		STORE_DELIVERY_HANDED, STORE_DELIVERY_DEFERRED,
		STORE_DELIVERY_SENT, STORE_DELIVERY_DROPPED,
		STORE_DELIVERY_NONE,
	};
	const struct store_delivery_key key = {
		DAY, SLICE("example.org"), SLICE("1"), SLICE("a@example.org"),
	}, others[] = {
		{ DAY + 1, key.policy_domain, key.report_id, key.destination },
		{ DAY, SLICE("example.com"), key.report_id, key.destination },
		{ DAY, key.policy_domain, SLICE("2"), key.destination },
		{ DAY, key.policy_domain, key.report_id, SLICE("b@x") },
	};
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);
	enum store_delivery delivery;

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		assert_ok(store, store_set_delivery(store, &key, all[i], 1,
		    SLICE("note")));
		assert_ok(other, store_get_delivery(other, &key, &delivery));
		assert_int_equal(delivery, all[i]);
	}
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		assert_ok(store, store_get_delivery(store, &others[i],
		    &delivery));
		assert_int_equal(delivery, STORE_DELIVERY_NONE);
	}
	store_close(&other);
	store_close(&store);
}

/* Only what is owed is claimed, and only once. */
static void
check_claims(const char *url)
{
	static const struct {
		enum store_delivery before, after;
	} cases[] = {
		{ STORE_DELIVERY_NONE, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_DEFERRED, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_HANDED, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_SENT, STORE_DELIVERY_SENT },
		{ STORE_DELIVERY_DROPPED, STORE_DELIVERY_DROPPED },
	};
	struct store_delivery_key key = {
		DAY, SLICE("claims.example"), SLICE("1"), SLICE("a@x"),
	};
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);
	enum store_delivery delivery;

	assert_ok(store, store_claim_delivery(store, &key, 1, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_NONE);
	assert_ok(other, store_claim_delivery(other, &key, 1, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_HANDED);
	key.report_id = SLICE("2");
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_ok(store, store_set_delivery(store, &key,
		    cases[i].before, 1, SLICE("note")));
		assert_ok(other, store_claim_delivery(other, &key, 2,
		    &delivery));
		assert_int_equal(delivery, cases[i].before);
		assert_ok(store, store_get_delivery(store, &key, &delivery));
		assert_int_equal(delivery, cases[i].after);
	}
	store_close(&other);
	store_close(&store);
}

/* The lock of a process that was killed is free. */
static void
check_lock_of_killed(const char *url)
{
	struct store *store = store_cases_open(url);
	int fds[2], status;
	char octet;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct store *own;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own = store_cases_open(url);
		if (store_lock_reports(own) != STORE_OK ||
		    write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &octet, 1), 1);
	assert_int_equal(store_lock_reports(store), STORE_BUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fds[0]);
	/* A database server needs a moment to notice. */
	for (int i = 0; i < 500; i++) {
		if (store_lock_reports(store) == STORE_OK)
			break;
		usleep(10000);
	}
	assert_ok(store, store_lock_reports(store));
	store_close(&store);
}

static void
check_lock(const char *url)
{
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);

	assert_ok(store, store_lock_reports(store));
	assert_ok(store, store_lock_reports(store));
	assert_int_equal(store_lock_reports(other), STORE_BUSY);
	assert_string_equal(store_problem(other),
	    "another process sends reports");
	/* It is the sending that is locked, nothing else. */
	assert_ok(other, store_cases_write(other, 0, 0, 1));
	store_close(&store);
	for (int i = 0; i < 500; i++) {
		if (store_lock_reports(other) == STORE_OK)
			break;
		usleep(10000);
	}
	assert_ok(other, store_lock_reports(other));
	store_close(&other);
}

/* ---- suppressions -------------------------------------------------------- */

static void
check_suppressions(const char *url)
{
	static const int64_t days[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	const struct slice destination = SLICE("a@example.org");
	const int64_t day = CLOCK_DAY_S;
	struct store *store = store_cases_open(url);
	int64_t now = 1000 * day, until;
	uint64_t n;

	assert_ok(store, store_get_suppression(store, destination, now,
	    &until));
	assert_int_equal(until, 0);
	for (size_t i = 0; i < N_ELEMENTS(days); i++) {
		now += 10;
		assert_ok(store, store_suppress(store, destination, now,
		    &until));
		assert_int_equal(until, now + days[i] * day);
		assert_ok(store, store_get_suppression(store, destination,
		    until - 1, &until));
		assert_int_equal(until, now + days[i] * day);
		assert_ok(store, store_get_suppression(store, destination,
		    until, &until));
		assert_int_equal(until, 0);
	}
	/* Not forgotten while it lasts, whatever is pruned. */
	assert_ok(store, store_prune(store, 1063, &n));
	assert_ok(store, store_suppress(store, destination,
	    now + 64 * day - 1, &until));
	assert_int_equal(until, now + 64 * day - 1 + 64 * day);
	now += 64 * day - 1;
	assert_ok(store, store_suppress(store, destination, now + 64 * day,
	    &until));
	assert_int_equal(until, now + 65 * day);
	assert_ok(store, store_unsuppress(store, destination));
	assert_ok(store, store_get_suppression(store, destination, now,
	    &until));
	assert_int_equal(until, 0);
	assert_ok(store, store_suppress(store, destination, now, &until));
	assert_int_equal(until, now + day);
	assert_ok(store, store_prune(store, 3000, &n));
	assert_int_equal(n, 1);
	store_close(&store);
}

/* ---- failures ------------------------------------------------------------ */

static void
check_failures(const char *url)
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
			.policy_domain = domain_name(i),
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

/* ---- many at once, and death --------------------------------------------- */

#define N_WRITERS 4
#define N_BATCHES 25

/* All write the same rows, in an order of their own. */
static int
write_as_one_of_many(const char *url, unsigned seed)
{
	struct store *store = store_cases_open(url);

	for (unsigned i = 0; i < N_BATCHES; i++) {
		enum store_status status;

		do {
			struct report_fact some[20];
			struct store_row rows[20];
			const struct store_batch batch = {
				.rows = rows, .n_rows = 20,
			};

			for (unsigned j = 0; j < 20; j++)
				rows[j] = store_cases_row(&some[j],
				    (j * 7 + seed) % N_DOMAINS,
				    (j * 3 + i * seed) % 20);
			status = store_write(store, &batch);
		} while (status == STORE_BUSY);
		if (status != STORE_OK)
			return 2;
	}
	store_close(&store);
	return 0;
}

/* Their schema is made by one of them. */
static void
check_many_writers(const char *url)
{
	pid_t children[N_WRITERS];
	struct store *store;
	int status;

	for (unsigned i = 0; i < N_WRITERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(write_as_one_of_many(url, i + 1));
	}
	for (unsigned i = 0; i < N_WRITERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0),
		    children[i]);
		assert_int_equal(status, 0);
	}
	store = store_cases_open(url);
	assert_int_equal(store_cases_count(store), N_WRITERS * N_BATCHES * 20);
	store_close(&store);
}

/* Batches of 50 rows, told to FD when they are committed. */
static void
write_until_killed(const char *url, int fd)
{
	struct store *store = store_cases_open(url);

	for (unsigned i = 0; i < 1000; i++)
		if (store_cases_write(store, 0, 50 * i, 50) != STORE_OK ||
		    write(fd, "x", 1) != 1)
			_exit(1);
	_exit(0);
}

/* Killed at some point: what was committed is there, nothing half. */
static void
check_kill(const char *url)
{
	struct store *store = store_cases_open(url);
	uint64_t told = 0, count;
	char octets[1000];
	int fds[2], status;
	pid_t child;

	store_close(&store);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(url, fds[1]);
	close(fds[1]);
	while (told < 20) {
		ssize_t n = read(fds[0], octets, sizeof(octets));

		assert_true(n > 0);
		told += (uint64_t)n;
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	for (ssize_t n; (n = read(fds[0], octets, sizeof(octets))) > 0;)
		told += (uint64_t)n;
	close(fds[0]);
	store = store_cases_open(url);
	count = store_cases_count(store);
	assert_int_equal(count % 50, 0);
	assert_true(count / 50 == told || count / 50 == told + 1);
	store_close(&store);
}

/* ---- hostile lengths ----------------------------------------------------- */

#define LONG_OCTETS 16384

/* Text that no index can compress. */
static struct slice
make_noise(char *octets, size_t len)
{
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		octets[i] = (char)('!' + x % 90);
	}
	return (struct slice){ octets, len };
}

static void
check_long(const char *url)
{
	struct store *store = store_cases_open(url);
	char *octets = malloc(LONG_OCTETS);
	const struct slice noise = make_noise(octets, LONG_OCTETS);
	struct report_fact fact;
	struct store_row row = store_cases_row(&fact, 0, 0);
	const struct store_pass pass = {
		.author_domain = noise, .day = DAY, .count = 1,
		.path = { { IP_V4, { 192, 0, 2, 0 } }, 24 },
	};
	const struct store_batch batch = {
		.rows = &row, .n_rows = 1, .passes = &pass, .n_passes = 1,
	};
	const struct store_delivery_key key = { DAY, noise, noise, noise };
	struct arena *arena = test_arena();
	struct store_subject *subjects;
	struct store_row *rows;
	enum store_delivery delivery;
	int64_t until;
	uint64_t sent;
	size_t n;

	fact.policy_domain = fact.author_domain = fact.configuration = noise;
	fact.reasons = fact.evidence = noise;
	fact.signatures[0].domain = noise;
	fact.n_signatures = 1;
	assert_ok(store, store_write(store, &batch));
	assert_ok(store, store_write(store, &batch));
	assert_ok(store, store_list_subjects(store, DAY, NULL, 10, arena,
	    &subjects, &n));
	assert_int_equal(n, 1);
	assert_true(slice_starts_with(noise, subjects[0].policy_domain));
	assert_true(slice_eq(subjects[0].configuration, noise));
	assert_ok(store, store_list_rows(store, &subjects[0], NULL, 10, arena,
	    &rows, &n));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].count, 2);
	assert_true(slice_eq(rows[0].fact->reasons, noise));
	assert_ok(store, store_set_delivery(store, &key, STORE_DELIVERY_SENT,
	    0, noise));
	assert_ok(store, store_get_delivery(store, &key, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_SENT);
	assert_ok(store, store_suppress(store, noise, 0, &until));
	assert_ok(store, store_note_failure_sent(store, noise, 1));
	assert_ok(store, store_count_failures_sent(store, noise, 0, &sent));
	assert_int_equal(sent, 1);
	free(octets);
	arena_destroy(&arena);
	store_close(&store);
}

/* ---- policies of MTA-STS ------------------------------------------------- */

static void
put_mta_sts(struct store *store, struct slice domain, struct slice body,
    int64_t expires_s)
{
	const struct store_mta_sts policy = { .domain = domain,
		.id = SLICE("20260101"), .body = body, .fetched_s = 10,
		.expires_s = expires_s };

	assert_ok(store, store_put_mta_sts(store, &policy));
}

static void
check_mta_sts(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct store_mta_sts policy, *policies;
	bool is_there;
	size_t n;

	put_mta_sts(store, SLICE("b.example"), SLICE("x\r\ny\n"), 20);
	put_mta_sts(store, SLICE("a.example"), SLICE("old"), 20);
	put_mta_sts(store, SLICE("a.example"), SLICE("new"), 30);
	put_mta_sts(store, SLICE("c.example"), SLICE(""), 30);
	store_close(&store);
	store = store_cases_open(url);
	assert_ok(store, store_get_mta_sts(store, SLICE("b.example"), 19,
	    arena, &policy, &is_there));
	assert_true(is_there);
	test_assert_slice("body", policy.body, "x\r\ny\n");
	test_assert_slice("id", policy.id, "20260101");
	assert_int_equal(policy.fetched_s, 10);
	assert_int_equal(policy.expires_s, 20);
	assert_ok(store, store_get_mta_sts(store, SLICE("b.example"), 20,
	    arena, &policy, &is_there));
	assert_false(is_there);
	assert_ok(store, store_list_mta_sts(store, SLICE_EMPTY, 19, 2, arena,
	    &policies, &n));
	assert_int_equal(n, 2);
	test_assert_slice("first", policies[0].domain, "a.example");
	test_assert_slice("newer", policies[0].body, "new");
	assert_ok(store, store_list_mta_sts(store, policies[1].domain, 19, 2,
	    arena, &policies, &n));
	assert_int_equal(n, 1);
	test_assert_slice("last", policies[0].domain, "c.example");
	assert_ok(store, store_prune_mta_sts(store, 20));
	assert_ok(store, store_list_mta_sts(store, SLICE_EMPTY, 0, 9, arena,
	    &policies, &n));
	assert_int_equal(n, 2);
	store_close(&store);
	arena_destroy(&arena);
}

/* ---- the schema ---------------------------------------------------------- */

/* What a later assay may have: two steps more, the second with two parts. */
#define N_LATER 3

static const struct schema_step later_steps[N_LATER] = {
	{ 1001, "ALTER TABLE flow ADD COLUMN extra @key" },
	{ 1002, "CREATE TABLE other (id @id, day INTEGER NOT NULL) " },
	{ 1002, "INSERT INTO other (day) SELECT DISTINCT day FROM flow" },
};
static const struct schema_step wrong_step = {
	1003, "ALTER TABLE nonsense ADD COLUMN extra BIGINT",
};

static struct sql *
connect_sql(const char *url)
{
	struct slice text = slice_from_cstr(url);
	struct sql *sql = slice_starts_with(text, SLICE("sqlite:")) ?
	    sqlite_create(slice_from(text, 7)) : postgresql_create(text);

	assert_non_null(sql);
	assert_int_equal(sql_connect(sql), STORE_OK);
	return sql;
}

/* With N of the later steps behind those that there are. */
static enum store_status
update_schema(const char *url, size_t n, bool is_wrong)
{
	struct schema_step *steps = calloc(schema_n_steps + N_LATER + 1,
	    sizeof(*steps));
	struct sql *sql = connect_sql(url);
	enum store_status status;

	assert_non_null(steps);
	memcpy(steps, schema_steps, schema_n_steps * sizeof(*steps));
	memcpy(steps + schema_n_steps, later_steps, n * sizeof(*steps));
	n += schema_n_steps;
	if (is_wrong)
		steps[n++] = wrong_step;
	status = schema_update(sql, steps, n);
	sql_destroy(&sql);
	free(steps);
	return status;
}

static int64_t
select_number(const char *url, const char *text)
{
	struct sql *sql = connect_sql(url);
	int64_t number;

	assert_int_equal(sql_get_numbers(sql, text, NULL, 0, &number, 1),
	    STORE_OK);
	sql_destroy(&sql);
	return number;
}

static void
check_schema(const char *url)
{
	static const char select_version[] =
	    "SELECT value FROM meta WHERE name = 'schema'";
	static const char count_other[] = "SELECT count(*) FROM other";
	static const char count_extra[] =
	    "SELECT count(*) - count(extra) FROM flow";
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct strbuf problem;

	assert_ok(store, store_cases_write(store, 0, 0, 3));
	store_close(&store);
	/* One that fails takes those before it along. */
	assert_int_equal(update_schema(url, N_LATER, true), STORE_FAILED);
	assert_int_equal(select_number(url, select_version),
	    schema_steps[schema_n_steps - 1].version);
	store = store_cases_open(url);
	assert_int_equal(store_cases_count(store), 3);
	store_close(&store);
	/* One at a time, both at once, and again. */
	assert_int_equal(update_schema(url, 1, false), STORE_OK);
	assert_int_equal(update_schema(url, N_LATER, false), STORE_OK);
	assert_int_equal(update_schema(url, N_LATER, false), STORE_OK);
	assert_int_equal(select_number(url, select_version), 1002);
	assert_int_equal(select_number(url, count_other), 1);
	assert_int_equal(select_number(url, count_extra), 3);
	/* This assay leaves it alone, and so does one of the step between. */
	assert_int_equal(update_schema(url, 1, false), STORE_NEWER);
	strbuf_init(&problem, arena, 1000);
	assert_int_equal(store_open(url, &store, &problem), STORE_NEWER);
	assert_null(store);
	assert_non_null(strstr(strbuf_cstr(&problem), "by a newer assay"));
	arena_destroy(&arena);
}

static const struct {
	const char *name;
	void (*check)(const char *url);
} cases[] = {
	{ "schema", check_schema },
	{ "rows", check_rows },
	{ "subjects", check_subjects },
	{ "days", check_days },
	{ "prune", check_prune },
	{ "passes", check_passes },
	{ "many passes", check_many_passes },
	{ "deliveries", check_deliveries },
	{ "claims", check_claims },
	{ "lock", check_lock },
	{ "lock of a killed process", check_lock_of_killed },
	{ "suppressions", check_suppressions },
	{ "failures", check_failures },
	{ "policies of MTA-STS", check_mta_sts },
	{ "sums", stats_cases_check },
	{ "long texts", check_long },
	{ "many writers", check_many_writers },
	{ "killed", check_kill },
};

void
store_cases_run(const char *(*fresh)(void))
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		print_message("    %s\n", cases[i].name);
		cases[i].check(fresh());
	}
}
