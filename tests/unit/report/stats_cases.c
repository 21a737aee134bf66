/* unit/report/stats_cases.c - see stats_cases.h. */
#include "unit/report/stats_cases.h"

#include "base/strbuf.h"
#include "report/store_sample.h"
#include "report/store_stats.h"
#include "unit/report/store_cases.h"

#define DAY STORE_TEST_DAY

static const struct {
	uint32_t day;
	const char *author, *source, *result, *action, *rule;
	const char *shadow_rule, *shadow_wanted, *evidence;
	uint64_t count;
} rows[] = {
	{ DAY, "a.example", "192.0.2.1", "pass", "accept", "", "", "", "",
	    10 },
	{ DAY, "a.example", "192.0.2.2", "fail", "reject", "", "", "", "",
	    3 },
	{ DAY, "b.example", "192.0.2.1", "fail", "hold", "forms", "watch",
	    "reject", "list,arc", 2 },
	{ DAY + 1, "b.example", "198.51.100.1", "temperror", "tempfail", "",
	    "watch", "reject", "", 5 },
	{ DAY + 1, "c.example", "2001:db8::1", "none", "redirect", "", "try",
	    "hold", "", 1 },
	{ DAY + 2, "a.example", "192.0.2.1", "pass", "accept", "forms", "",
	    "", "", 100 },
};

/* "KEY messages pass fail reject quarantine defer|" for each. */
static const struct {
	const char *name;
	enum store_dimension dimension;
	uint32_t from, to;
	const char *totals;
} cases[] = {
	{ "by day", STORE_BY_DAY, DAY, DAY + 2, "20000 15 10 5 3 2 0|"
	    "20001 6 0 0 0 1 5|20002 100 100 0 0 0 0|" },
	{ "one day", STORE_BY_DAY, DAY + 1, DAY + 1, "20001 6 0 0 0 1 5|" },
	{ "by domain", STORE_BY_AUTHOR_DOMAIN, DAY, DAY + 1,
	    "a.example 13 10 3 3 0 0|b.example 7 0 2 0 2 5|"
	    "c.example 1 0 0 0 1 0|" },
	{ "by source", STORE_BY_SOURCE, DAY, DAY, "192.0.2.1 12 10 2 0 2 0|"
	    "192.0.2.2 3 0 3 3 0 0|" },
	{ "by action", STORE_BY_ACTION, DAY, DAY, "accept 10 10 0 0 0 0|"
	    "reject 3 0 3 3 0 0|hold 2 0 2 0 2 0|" },
	{ "by rule", STORE_BY_RULE, DAY, DAY + 2,
	    "forms 102 100 2 0 2 0|" },
	{ "by result", STORE_BY_RESULT, DAY + 1, DAY + 1,
	    "temperror 5 0 0 0 0 5|none 1 0 0 0 1 0|" },
	{ "no day", STORE_BY_DAY, 1, 2, "" },
};

static void
write_rows(struct store *store)
{
	struct report_fact facts[N_ELEMENTS(rows)];
	struct store_row written[N_ELEMENTS(rows)];
	const struct store_batch batch = { .rows = written,
		.n_rows = N_ELEMENTS(rows) };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		facts[i] = (struct report_fact){
			.day = rows[i].day,
			.author_domain = slice_from_cstr(rows[i].author),
			.dmarc_result = slice_from_cstr(rows[i].result),
			.action = slice_from_cstr(rows[i].action),
			.rule = slice_from_cstr(rows[i].rule),
			.shadow_rule = slice_from_cstr(rows[i].shadow_rule),
			.shadow_wanted = slice_from_cstr(
			    rows[i].shadow_wanted),
			.evidence = slice_from_cstr(rows[i].evidence),
		};
		assert_true(ip_parse(slice_from_cstr(rows[i].source),
		    &facts[i].source));
		written[i] = (struct store_row){ .fact = &facts[i],
			.digest = { (unsigned char)i },
			.count = rows[i].count, .first_s = 1, .last_s = 2 };
	}
	assert_int_equal(store_write(store, &batch), STORE_OK);
}

static bool
show_total(void *context, const struct store_total *total)
{
	struct strbuf *text = context;

	if (total->day != 0)
		strbuf_append_uint(text, total->day);
	else
		strbuf_append(text, total->key);
	strbuf_printf(text, " %llu %llu %llu %llu %llu %llu|",
	    (unsigned long long)total->n_messages,
	    (unsigned long long)total->n_passed,
	    (unsigned long long)total->n_failed,
	    (unsigned long long)total->n_rejected,
	    (unsigned long long)total->n_quarantined,
	    (unsigned long long)total->n_deferred);
	return true;
}

static bool
show_shadow(void *context, const struct store_shadow *shadow)
{
	struct strbuf *text = context;

	strbuf_printf(text, "%.*s %.*s %.*s %.*s %.*s %llu|",
	    SLICE_PRINTF(shadow->rule), SLICE_PRINTF(shadow->wanted),
	    SLICE_PRINTF(shadow->author_domain), SLICE_PRINTF(shadow->source),
	    SLICE_PRINTF(shadow->evidence),
	    (unsigned long long)shadow->n_messages);
	return true;
}

static bool
stop_at_once(void *context, const struct store_total *total)
{
	unsigned *n = context;

	(void)total;
	++*n;
	return false;
}

/* Totals are of all of a key's messages; order and choice, of those that
 * failed. */
static const struct {
	const char *name;
	enum store_dimension dimension;
	uint32_t from, to;
	unsigned max;
	const char *totals;
} failing[] = {
	{ "failing domains", STORE_BY_AUTHOR_DOMAIN, DAY, DAY + 2, 10,
	    "a.example 113 110 3 3 0 0|b.example 7 0 2 0 2 5|" },
	{ "failing sources", STORE_BY_SOURCE, DAY, DAY + 2, 10,
	    "192.0.2.2 3 0 3 3 0 0|192.0.2.1 112 110 2 0 2 0|" },
	{ "the worst one", STORE_BY_SOURCE, DAY, DAY + 2, 1,
	    "192.0.2.2 3 0 3 3 0 0|" },
	{ "nothing fails", STORE_BY_SOURCE, DAY + 1, DAY + 2, 10, "" },
};

static void
check_failing(struct store *store, struct arena *arena)
{
	struct strbuf text;

	for (size_t i = 0; i < N_ELEMENTS(failing); i++) {
		strbuf_init(&text, arena, 10000);
		assert_int_equal(store_visit_failing(store,
		    failing[i].dimension, failing[i].from, failing[i].to,
		    failing[i].max, show_total, &text), STORE_OK);
		test_assert_slice(failing[i].name, strbuf_slice(&text),
		    failing[i].totals);
	}
}

static bool
show_sample(void *context, const struct store_sample *sample)
{
	struct strbuf *text = context;

	strbuf_printf(text, "%lld-%lld %.*s|", (long long)sample->start_s,
	    (long long)sample->end_s, SLICE_PRINTF(sample->counts));
	return true;
}

static void
check_samples(struct store *store, struct arena *arena)
{
	const struct store_sample first[] = {
		{ 100, 200, SLICE("a") }, { 300, 400, SLICE("b") },
	};
	/* One that is there, and one that lets the first be forgotten. */
	const struct store_sample second[] = {
		{ 300, 500, SLICE("c") }, { 500, 600, SLICE("d") },
	};
	const struct store_sample other = { 250, 350, SLICE("e") };
	struct strbuf text;

	assert_ok(store, store_put_samples(store, SLICE("mx1"), first, 2, 0));
	assert_ok(store, store_put_samples(store, SLICE("mx2"), &other, 1,
	    0));
	assert_ok(store, store_put_samples(store, SLICE("mx1"), second, 2,
	    200));
	strbuf_init(&text, arena, 10000);
	assert_ok(store, store_visit_samples(store, SLICE("mx1"), 0,
	    show_sample, &text));
	test_assert_slice("samples", strbuf_slice(&text),
	    "300-400 b|500-600 d|");
	strbuf_init(&text, arena, 10000);
	assert_ok(store, store_visit_samples(store, SLICE("mx1"), 301,
	    show_sample, &text));
	test_assert_slice("late ones", strbuf_slice(&text), "500-600 d|");
}

void
stats_cases_check(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct strbuf text;
	unsigned n = 0;

	write_rows(store);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		strbuf_init(&text, arena, 10000);
		assert_int_equal(store_visit_totals(store, cases[i].dimension,
		    cases[i].from, cases[i].to, show_total, &text), STORE_OK);
		test_assert_slice(cases[i].name, strbuf_slice(&text),
		    cases[i].totals);
	}
	strbuf_init(&text, arena, 10000);
	assert_int_equal(store_visit_shadows(store, DAY, DAY + 1, show_shadow,
	    &text), STORE_OK);
	test_assert_slice("shadows", strbuf_slice(&text),
	    "try hold c.example 2001:db8::1  1|"
	    "watch reject b.example 198.51.100.1  5|"
	    "watch reject b.example 192.0.2.1 list,arc 2|");
	check_failing(store, arena);
	check_samples(store, arena);
	/* Who has seen enough leaves the store as it was. */
	assert_int_equal(store_visit_totals(store, STORE_BY_DAY, DAY, DAY + 2,
	    stop_at_once, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_cases_count(store), 0);
	store_close(&store);
	arena_destroy(&arena);
}
