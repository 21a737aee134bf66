/* spf_check(): the cases of check.yml, and what a zone alone cannot show. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "spf/check.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/test.h"

#define NOW_S 1700000000

static const struct spf_options options = SPF_OPTIONS_DEFAULT;

/* ---- check.yml ----------------------------------------------------------- */

static void
check_text(const char *name, const struct yaml_value *test, const char *key,
    struct slice got)
{
	const struct yaml_value *want = yaml_get(test, key);

	if (want != NULL && !slice_eq(got, yaml_text(want)))
		fail_msg("%s: %s \"%.*s\" instead of \"%.*s\"", name, key,
		    SLICE_PRINTF(got), SLICE_PRINTF(yaml_text(want)));
}

static void
check_number(const char *name, const struct yaml_value *test, const char *key,
    uint64_t got)
{
	const struct yaml_value *want = yaml_get(test, key);
	uint64_t number;

	if (want == NULL)
		return;
	assert_true(slice_parse_uint(yaml_text(want), 1000, &number));
	if (got != number)
		fail_msg("%s: %u %s instead of %u", name, (unsigned)got, key,
		    (unsigned)number);
}

static bool
contains(struct slice text, struct slice part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (slice_starts_with(slice_from(text, i), part))
			return true;
	return false;
}

static void
check_outcome(const char *name, const struct yaml_value *test,
    const struct spf_outcome *outcome)
{
	struct slice reason = yaml_get_text(test, "reason");

	if (!contains(outcome->reason, reason) || outcome->reason.len == 0)
		fail_msg("%s: reason \"%.*s\" without \"%.*s\"", name,
		    SLICE_PRINTF(outcome->reason), SLICE_PRINTF(reason));
	check_text(name, test, "mechanism", outcome->mechanism);
	check_text(name, test, "domain", outcome->domain);
	check_text(name, test, "explanation", outcome->explanation);
	check_text(name, test, "wide",
	    outcome->is_pass_too_wide ? SLICE("yes") : SLICE("no"));
	check_number(name, test, "terms", outcome->n_terms);
	check_number(name, test, "voids", outcome->n_void_lookups);
}

static void
run_case(struct arena *arena, const struct yaml_value *key,
    const struct yaml_value *test, struct resolver *zone)
{
	const char *name = arena_copy_cstr(arena, yaml_text(key));
	struct slice helo = test_exact_copy(yaml_get_text(test, "helo"));
	struct slice mail_from = test_exact_copy(
	    yaml_get_text(test, "mailfrom"));
	struct spf_request request = {
		.identity = yaml_get(test, "identity") != NULL ?
		    SPF_IDENTITY_HELO : SPF_IDENTITY_MAIL_FROM,
		.helo = helo,
		.mail_from = mail_from,
		.receiver = SLICE("receiver.example.org"),
		.now_s = NOW_S,
		.deadline_ms = CLOCK_NEVER_MS,
	};
	struct spf_outcome outcome;

	assert_non_null(name);
	assert_true(ip_parse(yaml_get_text(test, "host"), &request.client));
	spf_check(&request, &options, zone, arena, &outcome);
	if (outcome.identity != request.identity ||
	    !yaml_allows(yaml_get(test, "result"),
	    slice_from_cstr(spf_result_name(outcome.result))))
		fail_msg("%s: %s (%.*s)", name,
		    spf_result_name(outcome.result),
		    SLICE_PRINTF(outcome.reason));
	check_outcome(name, test, &outcome);
	test_free_copy(helo);
	test_free_copy(mail_from);
}

static void
test_cases(void **state)
{
	struct arena *arena = test_arena();
	const struct yaml_value *scenarios = yaml_load(arena,
	    "tests/unit/spf/check.yml");

	(void)state;
	assert_true(scenarios->n > 0);
	for (size_t i = 0; i < scenarios->n; i++) {
		const struct yaml_value *tests = yaml_get(scenarios->items[i],
		    "tests");
		struct resolver *zone = zonedata_create_zone(arena,
		    yaml_get(scenarios->items[i], "zonedata"));

		assert_non_null(tests);
		for (size_t j = 0; j < tests->n; j++)
			run_case(arena, tests->keys[j], tests->items[j], zone);
		dns_destroy_resolver(&zone);
	}
	arena_destroy(&arena);
}

/* ---- a resolver that watches --------------------------------------------- */

#define MAX_NOTES 4096

/* Passes queries on to a zone and notes them. */
struct watcher {
	struct resolver base;
	struct resolver *zone;
	unsigned n_queries;
	unsigned n_at_hand;	/* the first, where nobody waits */
	unsigned fault_at;	/* the query, from 1, that times out; 0: none */
	int64_t deadline_ms;	/* of the first query */
	bool is_deadline_constant;
	char notes[MAX_NOTES];	/* "?TXT example.org\n"; "+" for what was not
				 * at hand, none for what was */
};

static void
note(struct watcher *watcher, const char *mark, struct slice name,
    enum dns_type type)
{
	size_t len = strlen(watcher->notes);

	snprintf(watcher->notes + len, sizeof(watcher->notes) - len,
	    "%s%s %.*s\n", mark, dns_type_name(type), SLICE_PRINTF(name));
}

/* The answers to the first questions have come. */
static const struct dns_answer *
watch_at_hand(struct watcher *watcher, struct slice name, enum dns_type type)
{
	bool is_at_hand = watcher->n_queries < watcher->n_at_hand;

	watcher->n_queries++;
	if (is_at_hand)
		note(watcher, "", name, type);
	return is_at_hand ? watcher->zone->ops->query(watcher->zone, name,
	    type, DNS_AT_HAND_MS) : &dns_answer_timeout;
}

static const struct dns_answer *
watch_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct watcher *watcher = (struct watcher *)resolver;

	if (deadline_ms == DNS_AT_HAND_MS)
		return watch_at_hand(watcher, name, type);
	note(watcher, "?", name, type);
	if (watcher->n_queries == 0)
		watcher->deadline_ms = deadline_ms;
	if (deadline_ms != watcher->deadline_ms)
		watcher->is_deadline_constant = false;
	if (++watcher->n_queries == watcher->fault_at)
		return &dns_answer_timeout;
	return watcher->zone->ops->query(watcher->zone, name, type,
	    deadline_ms);
}

static void
watch_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	note((struct watcher *)resolver, "+", name, type);
}

static const struct resolver_ops watcher_ops = {
	.query = watch_query,
	.prefetch = watch_prefetch,
};

static void
add_txt(struct resolver *zone, const char *name, struct slice text)
{
	struct dns_record record = { .text = text };

	assert_true(zone_add_record(zone, slice_from_cstr(name), DNS_TXT,
	    &record, 300));
}

static void
add_a(struct resolver *zone, const char *name, const char *address)
{
	struct dns_record record = { .preference = 0 };
	struct ip_address ip;

	assert_true(ip_parse_v4(slice_from_cstr(address), &ip));
	memcpy(record.address, ip.octets, sizeof(record.address));
	assert_true(zone_add_record(zone, slice_from_cstr(name), DNS_A,
	    &record, 300));
}

static void
add_name(struct resolver *zone, const char *name, enum dns_type type,
    const char *target)
{
	struct dns_record record = { .text = slice_from_cstr(target) };

	assert_true(zone_add_record(zone, slice_from_cstr(name), type, &record,
	    300));
}

static void
start_watching(struct watcher *watcher)
{
	*watcher = (struct watcher){
		.base = { .ops = &watcher_ops },
		.zone = zone_create(),
		.is_deadline_constant = true,
	};
	assert_non_null(watcher->zone);
}

static struct spf_request
make_request(const char *mail_from, const char *client)
{
	struct spf_request request = {
		.identity = SPF_IDENTITY_MAIL_FROM,
		.helo = SLICE("mail.example.org"),
		.mail_from = slice_from_cstr(mail_from),
		.receiver = SLICE("receiver.example.org"),
		.now_s = NOW_S,
		.deadline_ms = CLOCK_NEVER_MS,
	};

	assert_true(ip_parse(slice_from_cstr(client), &request.client));
	return request;
}

/* Everything that asks, but not ptr and p, whose faults are no errors. */
static void
fill_zone(struct resolver *zone)
{
	add_txt(zone, "example.org", SLICE("v=spf1 a:%{d} mx "
	    "exists:%{ir}.example.org include:inc.example.org "
	    "redirect=red.example.org"));
	add_a(zone, "example.org", "198.51.100.1");
	add_name(zone, "example.org", DNS_MX, "mx1.example.org");
	add_name(zone, "example.org", DNS_MX, "mx2.example.org");
	add_a(zone, "mx1.example.org", "198.51.100.2");
	add_a(zone, "mx2.example.org", "198.51.100.3");
	add_txt(zone, "inc.example.org", SLICE("v=spf1 a:mx1.example.org "
	    "-all"));
	add_txt(zone, "red.example.org", SLICE("v=spf1 a:mx2.example.org "
	    "-all exp=exp.example.org"));
	add_txt(zone, "exp.example.org", SLICE("no"));
}

/* Whichever question goes unanswered, the result is temperror; only that for
 * the explanation comes too late to matter. */
static void
test_fault_anywhere(void **state)
{
	struct arena *arena = test_arena();
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct spf_outcome outcome;
	struct watcher watcher;
	unsigned n;

	(void)state;
	start_watching(&watcher);
	fill_zone(watcher.zone);
	spf_check(&request, &options, &watcher.base, arena, &outcome);
	assert_int_equal(outcome.result, SPF_FAIL);
	test_assert_slice("explanation", outcome.explanation, "no");
	n = watcher.n_queries;
	assert_int_equal(n, 11);
	for (unsigned i = 1; i <= n; i++) {
		watcher.n_queries = 0;
		watcher.fault_at = i;
		spf_check(&request, &options, &watcher.base, arena, &outcome);
		assert_int_equal(outcome.result,
		    i < n ? SPF_TEMPERROR : SPF_FAIL);
		assert_int_equal(outcome.explanation.len, 0);
		assert_true(contains(outcome.reason, SLICE("(timeout)")) ==
		    (i < n));
	}
	dns_destroy_resolver(&watcher.zone);
	arena_destroy(&arena);
}

/* An arena of any size gives the right result or temperror. */
static void
test_full_arena(void **state)
{
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct watcher watcher;
	unsigned n_failed = 0, n_done = 0;

	(void)state;
	start_watching(&watcher);
	fill_zone(watcher.zone);
	for (size_t ceiling = 0; ceiling < 20000; ceiling += 40) {
		struct arena *arena = arena_create(ceiling);
		struct spf_outcome outcome;

		assert_non_null(arena);
		spf_check(&request, &options, &watcher.base, arena, &outcome);
		assert_int_equal(outcome.result, arena_has_failed(arena) ?
		    SPF_TEMPERROR : SPF_FAIL);
		assert_true(outcome.reason.len != 0);
		if (outcome.result == SPF_FAIL)
			n_done++;
		else
			n_failed++;
		arena_destroy(&arena);
	}
	assert_true(n_failed > 10 && n_done > 10);
	dns_destroy_resolver(&watcher.zone);
}

/* One deadline for all questions: the request's or the end of the budget. */
static void
test_deadline(void **state)
{
	struct arena *arena = test_arena();
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct spf_outcome outcome;
	struct watcher watcher;
	int64_t before_ms = clock_monotonic_ms();

	(void)state;
	start_watching(&watcher);
	fill_zone(watcher.zone);
	spf_check(&request, &options, &watcher.base, arena, &outcome);
	assert_true(watcher.deadline_ms >= before_ms + 20000);
	assert_true(watcher.deadline_ms <= clock_monotonic_ms() + 20000);
	assert_true(watcher.is_deadline_constant);

	watcher.n_queries = 0;
	request.deadline_ms = before_ms + 7000;
	spf_check(&request, &options, &watcher.base, arena, &outcome);
	assert_true(watcher.deadline_ms == request.deadline_ms);
	assert_true(watcher.is_deadline_constant);
	dns_destroy_resolver(&watcher.zone);
	arena_destroy(&arena);
}

/* ptr does not match where the PTR query fails (5.5); but where it fails
 * because the time is up the result is temperror (4.6.4), as it is where a
 * name is not validated for that. */
static void
test_time_is_up(void **state)
{
	static const char *const records[] = {
		"v=spf1 ptr +all", "v=spf1 exists:%{p}.example.org +all",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(records); i++)
		for (unsigned fault_at = 2; fault_at <= 3; fault_at++) {
			struct arena *arena = test_arena();
			struct spf_request request = make_request(
			    "x@example.org", "192.0.2.1");
			struct spf_outcome outcome;
			struct watcher watcher;

			start_watching(&watcher);
			watcher.fault_at = fault_at;
			add_txt(watcher.zone, "example.org",
			    slice_from_cstr(records[i]));
			add_name(watcher.zone, "1.2.0.192.in-addr.arpa",
			    DNS_PTR, "h.example.org");
			add_a(watcher.zone, "h.example.org", "192.0.2.1");
			spf_check(&request, &options, &watcher.base, arena,
			    &outcome);
			assert_int_equal(outcome.result, SPF_PASS);

			watcher.n_queries = 0;
			request.deadline_ms = clock_monotonic_ms();
			spf_check(&request, &options, &watcher.base, arena,
			    &outcome);
			assert_int_equal(outcome.result, SPF_TEMPERROR);
			dns_destroy_resolver(&watcher.zone);
			arena_destroy(&arena);
		}
}

/* What is asked for by a check that runs ahead, the first N_AT_HAND of the
 * answers having come. */
static void
test_ahead(void **state)
{
	static const struct {
		const char *name, *record;
		unsigned n_at_hand;
		const char *want;
		bool is_complete;
	} cases[] = {
		{ "the record", "v=spf1 ip4:192.0.2.1 -all", 0,
		  "+TXT example.org\n", false },
		{ "no question but the record",
		  "v=spf1 ip4:192.0.2.1 a mx include:i.example.org -all", 1,
		  "TXT example.org\n", true },
		{ "all that may be needed, together",
		  "v=spf1 ip4:192.0.2.9 a mx include:i.example.org ptr "
		  "exists:%{i}.example.org redirect=r.example.org", 1,
		  "TXT example.org\n+A example.org\n+MX example.org\n"
		  "+TXT i.example.org\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+A 192.0.2.1.example.org\n+TXT r.example.org\n", false },
		{ "not behind the end",
		  "v=spf1 a exists:e.example.org -all mx", 1,
		  "TXT example.org\n+A example.org\n+A e.example.org\n",
		  false },
		{ "not behind a network that matches",
		  "v=spf1 a ip4:192.0.2.1 mx", 1,
		  "TXT example.org\n+A example.org\n", false },
		{ "not behind an answer that matches", "v=spf1 a mx -all", 2,
		  "TXT example.org\nA example.org\n", true },
		{ "not past the limit",
		  "v=spf1 a:1.example.org a:2.example.org a:3.example.org "
		  "a:4.example.org a:5.example.org a:6.example.org "
		  "a:7.example.org a:8.example.org a:9.example.org "
		  "a:10.example.org a:11.example.org -all", 1,
		  "TXT example.org\n+A 1.example.org\n+A 2.example.org\n"
		  "+A 3.example.org\n+A 4.example.org\n+A 5.example.org\n"
		  "+A 6.example.org\n+A 7.example.org\n+A 8.example.org\n"
		  "+A 9.example.org\n+A 10.example.org\n", false },
		{ "no redirect past the limit",
		  "v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr a:1.example.org "
		  "redirect=r.example.org", 1,
		  "TXT example.org\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+PTR 1.2.0.192.in-addr.arpa\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+PTR 1.2.0.192.in-addr.arpa\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+PTR 1.2.0.192.in-addr.arpa\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+PTR 1.2.0.192.in-addr.arpa\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+A 1.example.org\n", false },
		{ "within an include, and behind it",
		  "v=spf1 include:inc.example.org mx -all", 2,
		  "TXT example.org\nTXT inc.example.org\n+A a.example.org\n"
		  "+TXT deep.example.org\n+MX example.org\n", false },
		{ "all hosts", "v=spf1 mx:mx.example.org a:z.example.org -all", 2,
		  "TXT example.org\nMX mx.example.org\n+A h1.example.org\n"
		  "+A h2.example.org\n+A z.example.org\n", false },
		{ "hosts that are void do not end it",
		  "v=spf1 a:1.example.org a:2.example.org a:3.example.org "
		  "a:4.example.org -all", 1,
		  "TXT example.org\n+A 1.example.org\n+A 2.example.org\n"
		  "+A 3.example.org\n+A 4.example.org\n", false },
		{ "a name that is not validated yet",
		  "v=spf1 exists:%{p}.example.org a:b.example.org -all", 1,
		  "TXT example.org\n+PTR 1.2.0.192.in-addr.arpa\n"
		  "+A b.example.org\n", false },
		{ "the explanation", "v=spf1 -all exp=exp.example.org", 1,
		  "TXT example.org\n+TXT exp.example.org\n", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct spf_request request = make_request("x@Example.ORG",
		    "192.0.2.1");
		struct spf_outcome outcome;
		struct watcher watcher;

		start_watching(&watcher);
		watcher.n_at_hand = cases[i].n_at_hand;
		add_txt(watcher.zone, "example.org",
		    slice_from_cstr(cases[i].record));
		add_a(watcher.zone, "example.org", "192.0.2.1");
		add_txt(watcher.zone, "inc.example.org", SLICE("v=spf1 "
		    "a:a.example.org include:deep.example.org -all"));
		add_name(watcher.zone, "mx.example.org", DNS_MX,
		    "h1.example.org");
		add_name(watcher.zone, "mx.example.org", DNS_MX,
		    "h2.example.org");
		if (spf_run_ahead(&request, &options, &watcher.base, arena,
		    &outcome) != cases[i].is_complete)
			fail_msg("%s: complete or not", cases[i].name);
		if (cases[i].is_complete)
			assert_int_equal(outcome.result, SPF_PASS);
		test_assert_slice(cases[i].name,
		    slice_from_cstr(watcher.notes), cases[i].want);
		dns_destroy_resolver(&watcher.zone);
		arena_destroy(&arena);
	}
}

/* Whatever is at hand: complete, and the same outcome as one that waits; or not
 * complete. */
static void
test_ahead_or_behind(void **state)
{
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct arena *arena = test_arena();
	struct spf_outcome behind, ahead;
	struct watcher watcher;
	unsigned n;

	(void)state;
	start_watching(&watcher);
	fill_zone(watcher.zone);
	spf_check(&request, &options, &watcher.base, arena, &behind);
	n = watcher.n_queries;
	for (watcher.n_at_hand = 0; watcher.n_at_hand <= n;
	    watcher.n_at_hand++) {
		watcher.n_queries = 0;
		watcher.notes[0] = '\0';
		assert_true(spf_run_ahead(&request, &options, &watcher.base,
		    arena, &ahead) == (watcher.n_at_hand == n));
	}
	assert_int_equal(ahead.result, behind.result);
	assert_int_equal(ahead.n_terms, behind.n_terms);
	assert_int_equal(ahead.n_void_lookups, behind.n_void_lookups);
	assert_true(slice_eq(ahead.mechanism, behind.mechanism));
	assert_true(slice_eq(ahead.reason, behind.reason));
	assert_true(slice_eq(ahead.explanation, behind.explanation));
	dns_destroy_resolver(&watcher.zone);
	arena_destroy(&arena);
}

static void
test_ahead_identities(void **state)
{
	static const struct {
		const char *mail_from, *client, *want;
	} cases[] = {
		{ "x@Example.ORG.", "192.0.2.1", "+TXT example.org\n" },
		{ "", "2001:db8::1", "+TXT mail.example.org\n" },
		{ "x@[192.0.2.1]", "192.0.2.1", "" },
		{ "postmaster", "192.0.2.1", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct spf_request request = make_request(cases[i].mail_from,
		    cases[i].client);
		struct spf_outcome outcome;
		struct watcher watcher;

		start_watching(&watcher);
		assert_true(spf_run_ahead(&request, &options, &watcher.base,
		    arena, &outcome) == (cases[i].want[0] == '\0'));
		test_assert_slice(cases[i].mail_from,
		    slice_from_cstr(watcher.notes), cases[i].want);
		dns_destroy_resolver(&watcher.zone);
		arena_destroy(&arena);
	}
}

/* ---- sizes and settings -------------------------------------------------- */

static struct slice
repeat(struct arena *arena, const char *first, const char *text, size_t n,
    const char *last)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 1024 * 1024);
	strbuf_append_cstr(&buf, first);
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&buf, text);
	strbuf_append_cstr(&buf, last);
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

static void
check_record(struct slice record, struct spf_request request,
    const struct spf_options *opts, struct spf_outcome *outcome)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	add_txt(zone, "example.org", record);
	add_txt(zone, "exp.example.org", SLICE("%{l}%{H}"));
	spf_check(&request, opts, zone, arena, outcome);
	assert_true(outcome->reason.len < 1000);
	assert_true(outcome->explanation.len <= 500);
	/* The caller looks at the numbers only: the text goes now. */
	outcome->domain = outcome->mechanism = outcome->reason =
	    outcome->explanation = SLICE_EMPTY;
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_large_records(void **state)
{
	struct arena *arena = test_arena();
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	const struct {
		const char *name;
		struct slice record;
		enum spf_result result;
	} cases[] = {
		{ "10,000 octets of networks", repeat(arena, "v=spf1",
		  " ip4:198.51.100.0/24", 500, " ip4:192.0.2.1 -all"),
		  SPF_PASS },
		{ "60,000 octets of spaces", repeat(arena, "v=spf1", " ",
		  60000, "ip4:192.0.2.1"), SPF_PASS },
		{ "a term of 60,000 octets", repeat(arena, "v=spf1 a:", "x",
		  60000, ".example.org -all"), SPF_PERMERROR },
		{ "a term of 15,000 macros", repeat(arena, "v=spf1 exists:",
		  "%{s}", 15000, ".example.org -all"), SPF_PERMERROR },
		{ "an unknown term of 60,000 octets", repeat(arena,
		  "v=spf1 ", "x", 60000, " -all"), SPF_PERMERROR },
		{ "a modifier of 60,000 octets", repeat(arena, "v=spf1 x=",
		  "%{s}", 15000, " -all"), SPF_FAIL },
		{ "30,000 terms", repeat(arena, "v=spf1", " a", 30000, ""),
		  SPF_PERMERROR },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct spf_outcome outcome;

		check_record(cases[i].record, request, &options, &outcome);
		if (outcome.result != cases[i].result)
			fail_msg("%s: %s", cases[i].name,
			    spf_result_name(outcome.result));
	}
	arena_destroy(&arena);
}

/* A client's own texts of any size are neither an error nor an explanation
 * without end. */
static void
test_large_request(void **state)
{
	struct arena *arena = test_arena();
	struct slice local = repeat(arena, "", "x", 100000, "@example.org");
	struct spf_request request = make_request("", "192.0.2.1");
	struct spf_outcome outcome;

	(void)state;
	request.mail_from = local;
	request.helo = repeat(arena, "", "\r\n", 50000, "");
	check_record(SLICE("v=spf1 -all exp=exp.%{d}"), request, &options,
	    &outcome);
	assert_int_equal(outcome.result, SPF_FAIL);
	request.mail_from = SLICE_EMPTY;
	check_record(SLICE("v=spf1 -all"), request, &options, &outcome);
	assert_int_equal(outcome.result, SPF_NONE);
	request.mail_from = repeat(arena, "x@", "a.", 50000, "example.org");
	check_record(SLICE("v=spf1 -all"), request, &options, &outcome);
	assert_int_equal(outcome.result, SPF_NONE);
	arena_destroy(&arena);
}

static void
test_options(void **state)
{
	struct spf_options other = SPF_OPTIONS_DEFAULT;
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct slice voids = SLICE("v=spf1 a:1.example.org a:2.example.org "
	    "a:3.example.org -all");
	struct spf_outcome outcome;

	(void)state;
	other.max_void_lookups = 3;
	check_record(voids, request, &other, &outcome);
	assert_int_equal(outcome.result, SPF_FAIL);
	assert_int_equal(outcome.n_void_lookups, 3);
	other.max_void_lookups = 0;
	check_record(voids, request, &other, &outcome);
	assert_int_equal(outcome.result, SPF_PERMERROR);
	other.max_terms = 0;
	check_record(voids, request, &other, &outcome);
	assert_int_equal(outcome.result, SPF_PERMERROR);
	check_record(SLICE("v=spf1 -all"), request, &other, &outcome);
	assert_int_equal(outcome.result, SPF_FAIL);
	/* An operator's generous limit does not let includes nest without end. */
	other.max_terms = 1000000;
	check_record(SLICE("v=spf1 include:example.org"), request, &other,
	    &outcome);
	assert_int_equal(outcome.result, SPF_PERMERROR);
	assert_true(outcome.n_terms < 100);
}

static void
test_no_address(void **state)
{
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct spf_outcome outcome;

	(void)state;
	request.client.family = IP_NONE;
	check_record(SLICE("v=spf1 +all"), request, &options, &outcome);
	assert_int_equal(outcome.result, SPF_NONE);
}

static void
test_no_receiver(void **state)
{
	struct arena *arena = test_arena();
	struct spf_request request = make_request("x@example.org",
	    "192.0.2.1");
	struct resolver *zone = zone_create();
	struct spf_outcome outcome;

	(void)state;
	assert_non_null(zone);
	add_txt(zone, "example.org", SLICE("v=spf1 -all exp=e.example.org"));
	add_txt(zone, "e.example.org", SLICE("%{r} %{t}"));
	request.receiver = SLICE_EMPTY;
	request.now_s = -1;
	spf_check(&request, &options, zone, arena, &outcome);
	test_assert_slice("7.3", outcome.explanation, "unknown 0");
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_names(void **state)
{
	static const enum spf_result results[] = {
		SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL,
		SPF_TEMPERROR, SPF_PERMERROR,
	};
	enum spf_result result;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		assert_true(spf_parse_result(slice_from_cstr(
		    spf_result_name(results[i])), &result));
		assert_int_equal(result, results[i]);
	}
	assert_true(spf_parse_result(SLICE("SoftFail"), &result));
	assert_int_equal(result, SPF_SOFTFAIL);
	assert_false(spf_parse_result(SLICE("hardfail"), &result));
	assert_false(spf_parse_result(SLICE(""), &result));
	test_assert_slice("temperror", slice_from_cstr(
	    spf_result_name(SPF_TEMPERROR)), "temperror");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_fault_anywhere),
		cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_time_is_up),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_ahead_or_behind),
		cmocka_unit_test(test_ahead_identities),
		cmocka_unit_test(test_large_records),
		cmocka_unit_test(test_large_request),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_no_receiver),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
