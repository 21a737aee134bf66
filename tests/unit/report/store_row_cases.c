/* unit/report/store_row_cases.c - rows and the subjects that they make up. */
#include "unit/report/store_checks.h"

#include <string.h>

#include "unit/report/store_cases.h"

#define DAY STORE_TEST_DAY

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

void
store_check_rows(const char *url)
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

void
store_check_subjects(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();

	for (unsigned domain = 0; domain < STORE_TEST_DOMAINS; domain++)
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
		assert_int_equal(n_all,
		    STORE_TEST_DOMAINS * N_CONFIGURATIONS);
	}
	arena_destroy(&arena);
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

void
store_check_long(const char *url)
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
