/* How long a message waits for DNS: as long as its longest chain of questions
 * each of which needs the answer to the one before, not as long as all of them
 * together.  Time is a number here. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "dns/resolver.h"
#include "inspect/inspect.h"
#include "unit/asked.h"
#include "unit/inspect/sample.h"
#include "unit/test.h"

#define OURS "mx.example.org"
#define CLIENT "198.51.100.9"
#define MAX_QUESTIONS 500
#define LATENCY_MS 20

/* ---- a slow resolver ----------------------------------------------------- */

struct question {
	struct slice name;	/* test_exact_copy */
	enum dns_type type;
	int64_t arrives_ms;
};

/* A cache before a zone far away: a question that has been asked is on its way,
 * and there from then on. */
struct slow {
	struct resolver base;
	struct resolver *zone;
	const char *slow_name;	/* takes five times as long */
	bool is_forgetful;	/* answers are for who waits: their TTL is 0 */
	unsigned n_asked;	/* each time counts */
	unsigned n_looks;	/* for what may be at hand */
	int64_t now_ms, waited_ms;
	struct question questions[MAX_QUESTIONS];
	size_t n;
};

static struct question *
find_question(struct slow *slow, struct slice name, enum dns_type type)
{
	for (size_t i = 0; i < slow->n; i++)
		if (slow->questions[i].type == type &&
		    slice_eq(slow->questions[i].name, name))
			return &slow->questions[i];
	return NULL;
}

static const struct question *
ask(struct slow *slow, struct slice name, enum dns_type type)
{
	struct question *question = find_question(slow, name, type);
	int64_t latency_ms = LATENCY_MS;

	slow->n_asked++;
	if (question != NULL)
		return question;
	if (slow->slow_name != NULL &&
	    slice_eq(name, slice_from_cstr(slow->slow_name)))
		latency_ms *= 5;
	assert_true(slow->n < MAX_QUESTIONS);
	question = &slow->questions[slow->n++];
	*question = (struct question){ test_exact_copy(name), type,
	    slow->now_ms + latency_ms };
	return question;
}

static const struct dns_answer *
slow_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct slow *slow = (struct slow *)resolver;
	const struct question *question = find_question(slow, name, type);

	slow->n_looks += deadline_ms == DNS_AT_HAND_MS;
	if (deadline_ms == DNS_AT_HAND_MS && (question == NULL ||
	    slow->is_forgetful || question->arrives_ms > slow->now_ms))
		return &dns_answer_timeout;
	question = ask(slow, name, type);
	if (question->arrives_ms > slow->now_ms) {
		slow->waited_ms += question->arrives_ms - slow->now_ms;
		slow->now_ms = question->arrives_ms;
	}
	return slow->zone->ops->query(slow->zone, name, type, deadline_ms);
}

static void
slow_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	ask((struct slow *)resolver, name, type);
}

static const struct resolver_ops slow_ops = {
	.query = slow_query, .prefetch = slow_prefetch,
};

static void
start_slow(struct slow *slow, const char *zone)
{
	*slow = (struct slow){ .base = { &slow_ops }, .zone = test_zone(zone) };
}

static void
stop_slow(struct slow *slow)
{
	for (size_t i = 0; i < slow->n; i++)
		test_free_copy(slow->questions[i].name);
	dns_destroy_resolver(&slow->zone);
}

/* ---- a message ----------------------------------------------------------- */

struct message {
	const char *helo, *mail, *header;
};

static void
add_fields(struct inspect *in, const char *text)
{
	struct slice rest = slice_from_cstr(text);

	while (rest.len != 0) {
		size_t end = 0, colon = slice_find(rest, ':');

		do
			end += slice_find(slice_from(rest, end), '\n') + 1;
		while (end < rest.len && rest.ptr[end] == ' ');
		assert_int_equal(inspect_add_field(in,
		    slice_head(rest, colon),
		    slice_from(slice_head(rest, end - 1), colon + 1)),
		    INSPECT_OK);
		rest = slice_from(rest, end);
	}
}

/* Between two commands of the client, where SLOW is there to know the time. */
static void
pass_time(struct slow *slow, int64_t ms)
{
	if (slow != NULL)
		slow->now_ms += ms;
}

static void
play(struct inspect *in, const struct message *message, struct slow *slow,
    int64_t pause_ms)
{
	struct ip_address client;

	assert_true(ip_parse(SLICE(CLIENT), &client));
	assert_int_equal(inspect_connect(in, &client), INSPECT_OK);
	assert_int_equal(inspect_helo(in, slice_from_cstr(message->helo)),
	    INSPECT_OK);
	assert_int_equal(inspect_mail(in, slice_from_cstr(message->mail),
	    false, SLICE(OURS)), INSPECT_OK);
	pass_time(slow, pause_ms);
	assert_int_equal(inspect_add_recipient(in, SLICE("<b@example.net>")),
	    INSPECT_OK);
	pass_time(slow, pause_ms);
	add_fields(in, message->header);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	pass_time(slow, pause_ms);
	assert_int_equal(inspect_add_body(in, SLICE(SAMPLE_BODY)),
	    INSPECT_OK);
	pass_time(slow, pause_ms);
}

static void
append_results(struct strbuf *text, const struct inspect_results *r)
{
	strbuf_printf(text, "spf=%s terms=%u voids=%u %.*s; ",
	    spf_result_name(r->spf.result), r->spf.n_terms,
	    r->spf.n_void_lookups, SLICE_PRINTF(r->spf.reason));
	strbuf_printf(text, "helo=%s terms=%u voids=%u %.*s; ",
	    spf_result_name(r->helo_spf.result), r->helo_spf.n_terms,
	    r->helo_spf.n_void_lookups, SLICE_PRINTF(r->helo_spf.reason));
	for (size_t i = 0; i < r->n_dkim; i++)
		strbuf_printf(text, "dkim=%s ",
		    dkim_result_name(r->dkim[i].result));
	strbuf_printf(text, "dmarc=%s %.*s limits=%u",
	    dmarc_result_name(r->dmarc.result),
	    SLICE_PRINTF(r->dmarc.deciding->reason), r->limits_hit);
}

/* Everything that was found, as text. */
static struct slice
judge(struct arena *arena, const struct inspect_options *options,
    struct resolver *resolver, const struct message *message,
    struct slow *slow, int64_t pause_ms)
{
	struct inspect *in = inspect_create(options, resolver, SLICE(OURS));
	const struct inspect_results *results;
	struct strbuf text;

	assert_non_null(in);
	play(in, message, slow, pause_ms);
	assert_int_equal(inspect_finish(in, &results), INSPECT_OK);
	strbuf_init(&text, arena, 65536);
	append_results(&text, results);
	assert_false(text.has_failed);
	inspect_destroy(&in);
	return strbuf_slice(&text);
}

/* The same out of the zone itself, where nothing is ever missing. */
static struct slice
judge_at_once(struct arena *arena, const struct inspect_options *options,
    const struct message *message, const char *zone_text)
{
	struct resolver *zone = test_zone(zone_text);
	struct slice text = judge(arena, options, zone, message, NULL, 0);

	dns_destroy_resolver(&zone);
	return text;
}

/* ---- chains -------------------------------------------------------------- */

#define FROM "From: a@example.org\nDate: Fri, 11 Jul 2003 21:00:37 -0700\n"
#define SIGNATURE(selector) \
	"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=" selector ";\n" \
	" h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=YWJj\n"
#define POLICY "_dmarc.example.org TXT v=DMARC1; p=reject\n"
#define PLAIN { "mail.example.net", "<a@example.org>", FROM }

static const struct {
	const char *name, *zone, *slow_name;
	struct message message;
	int64_t pause_ms;
	unsigned waits;		/* the longest chain, in questions */
	unsigned min_questions;	/* in all: what they would add up to */
} chains[] = {
	{ "records and keys",
	    "football.example.com TXT v=spf1 ip4:198.51.100.0/24 -all\n"
	    "_dmarc.football.example.com TXT v=DMARC1; p=reject\n" SAMPLE_KEYS,
	    NULL, { "mail.example.net", "<a@football.example.com>",
	    SAMPLE_HEADER }, 0, 1, 5 },
	{ "many keys",
	    "example.org TXT v=spf1 -all\n" POLICY
	    "s1._domainkey.example.org TXT p=\n", NULL,
	    { "mail.example.net", "<a@example.org>", SIGNATURE("s1")
	    SIGNATURE("s2") SIGNATURE("s3") SIGNATURE("s4") FROM }, 0, 1, 7 },
	{ "one include",
	    "example.org TXT v=spf1 include:a.example.org -all\n"
	    "a.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, 0, 2, 4 },
	{ "includes in a row",
	    "example.org TXT v=spf1 include:a.example.org -all\n"
	    "a.example.org TXT v=spf1 include:b.example.org -all\n"
	    "b.example.org TXT v=spf1 include:c.example.org -all\n"
	    "c.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, 0, 4, 6 },
	{ "includes side by side",
	    "example.org TXT v=spf1 include:a.example.org "
	    "include:b.example.org include:c.example.org -all\n"
	    "a.example.org TXT v=spf1 include:a2.example.org ?all\n"
	    "b.example.org TXT v=spf1 include:b2.example.org ?all\n"
	    "c.example.org TXT v=spf1 include:c2.example.org ?all\n"
	    "a2.example.org TXT v=spf1 ip4:192.0.2.1 -all\n"
	    "b2.example.org TXT v=spf1 ip4:192.0.2.2 -all\n"
	    "c2.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, 0, 3, 9 },
	{ "mail hosts",
	    "example.org TXT v=spf1 mx:a.example.org mx:b.example.org -all\n"
	    "a.example.org MX a1.example.org\na.example.org MX a2.example.org\n"
	    "b.example.org MX b1.example.org\nb.example.org MX b2.example.org\n"
	    "a1.example.org A\na2.example.org A\n"
	    "b1.example.org A\nb2.example.org A\n" POLICY, NULL, PLAIN, 0, 3,
	    9 },
	{ "names of the client, and macros",
	    "example.org TXT v=spf1 exists:%{i}.x.example.org "
	    "exists:%{ir}.y.example.org ptr:example.org a:z.example.org -all\n"
	    "9.100.51.198.in-addr.arpa PTR h.example.org\n"
	    "h.example.org A\nz.example.org A\n" POLICY, NULL, PLAIN, 0, 3, 8 },
	{ "a redirect, and an explanation",
	    "example.org TXT v=spf1 a:x.example.org redirect=r.example.org\n"
	    "x.example.org A\n"
	    "r.example.org TXT v=spf1 a:y.example.org -all exp=e.example.org\n"
	    "y.example.org A\n"
	    "e.example.org TXT no\n" POLICY, NULL, PLAIN, 0, 3, 8 },
	{ "HELO beside MAIL FROM",
	    "example.org TXT v=spf1 include:a.example.org -all\n"
	    "a.example.org TXT v=spf1 include:b.example.org -all\n"
	    "b.example.org TXT v=spf1 ip4:198.51.100.9 -all\n"
	    "mail.example.net TXT v=spf1 include:a.example.net -all\n"
	    "a.example.net TXT v=spf1 include:b.example.net -all\n"
	    "b.example.net TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, 0, 3, 7 },
	{ "HELO with the longer chain",
	    "example.org TXT v=spf1 ip4:198.51.100.9 -all\n"
	    "mail.example.net TXT v=spf1 include:a.example.net -all\n"
	    "a.example.net TXT v=spf1 include:b.example.net -all\n"
	    "b.example.net TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, 0, 3, 5 },
	{ "a null sender",
	    "mail.example.net TXT v=spf1 include:a.example.net -all\n"
	    "a.example.net TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    { "mail.example.net", "<>", FROM }, 0, 2, 3 },
	{ "a tree walk",
	    "_dmarc.example.org TXT v=DMARC1; p=reject\n", NULL,
	    { "mail.example.net", "<>",
	    "From: a@a.b.c.d.e.f.g.h.i.example.org\n" }, 0, 1, 8 },
	/* Whether the sender's organization matters hangs on SPF's pass. */
	{ "an organization beside the author's",
	    "bounce.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY,
	    NULL, { "mail.example.net", "<x@bounce.example.org>",
	    "From: a@news.example.org\n" }, 0, 2, 6 },
	/* Whether the author's domain exists matters to a fail alone. */
	{ "a domain that does not exist",
	    "_dmarc.example.org TXT v=DMARC1; p=none; np=reject\n", NULL,
	    { "mail.example.net", "<>", "From: a@no.example.org\n" }, 0, 2,
	    5 },
	{ "an answer that is slow",
	    "example.org TXT v=spf1 include:a.example.org "
	    "include:b.example.org -all\n"
	    "a.example.org TXT v=spf1 ip4:192.0.2.1 -all\n"
	    "b.example.org TXT v=spf1 include:c.example.org -all\n"
	    "c.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY,
	    "_dmarc.example.org", PLAIN, 0, 5, 6 },
	/* A client that takes as long for a command as an answer takes waits
	 * for nothing in the end. */
	{ "a client that takes its time",
	    "example.org TXT v=spf1 include:a.example.org -all\n"
	    "a.example.org TXT v=spf1 include:b.example.org -all\n"
	    "b.example.org TXT v=spf1 include:c.example.org -all\n"
	    "c.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY, NULL,
	    PLAIN, LATENCY_MS, 0, 6 },
};

static void
test_chains(void **state)
{
	const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(chains); i++) {
		struct slice text, want;
		struct slow slow;

		start_slow(&slow, chains[i].zone);
		slow.slow_name = chains[i].slow_name;
		text = judge(arena, &options, &slow.base, &chains[i].message,
		    &slow, chains[i].pause_ms);
		want = judge_at_once(arena, &options, &chains[i].message,
		    chains[i].zone);
		if (!slice_eq(text, want))
			fail_msg("%s: %.*s instead of %.*s", chains[i].name,
			    SLICE_PRINTF(text), SLICE_PRINTF(want));
		if (slow.waited_ms != chains[i].waits * LATENCY_MS ||
		    slow.n < chains[i].min_questions)
			fail_msg("%s: %d ms for %zu questions", chains[i].name,
			    (int)slow.waited_ms, slow.n);
		stop_slow(&slow);
	}
	arena_destroy(&arena);
}

/* ---- limits -------------------------------------------------------------- */

/* Of the message below, with that for _dmarc.org, which is asked in vain. */
#define N_QUESTIONS 103

/* Nine terms of ten hosts each.  Running ahead takes no more of a budget than
 * there is, and where there is enough the result is as without. */
static void
test_budget(void **state)
{
	static const unsigned budgets[] = { 20, 60, N_QUESTIONS - 1,
		N_QUESTIONS, 200 };
	static const struct message message = PLAIN;
	struct arena *arena = test_arena();
	struct strbuf zone;

	(void)state;
	strbuf_init(&zone, arena, 65536);
	strbuf_append_cstr(&zone, POLICY "example.org TXT v=spf1");
	for (unsigned i = 0; i < 9; i++)
		strbuf_printf(&zone, " mx:m%u.example.org", i);
	strbuf_append_cstr(&zone, " -all\n");
	for (unsigned i = 0; i < 9; i++)
		for (unsigned j = 0; j < 10; j++)
			strbuf_printf(&zone, "m%u.example.org MX "
			    "h%u.m%u.example.org\nh%u.m%u.example.org A\n", i,
			    j, i, j, i);
	strbuf_append_char(&zone, '\0');
	for (size_t i = 0; i < N_ELEMENTS(budgets); i++) {
		struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
		const char *text = strbuf_slice(&zone).ptr;
		struct slow slow;
		struct slice got, want;

		options.dns.max_questions = budgets[i];
		start_slow(&slow, text);
		got = judge(arena, &options, &slow.base, &message, &slow, 0);
		want = judge_at_once(arena, &options, &message, text);
		if (budgets[i] < N_QUESTIONS) {
			assert_true(slice_starts_with(got,
			    SLICE("spf=temperror")));
			assert_int_equal(slow.n, budgets[i]);
		} else if (!slice_eq(got, want))
			fail_msg("%u: %.*s instead of %.*s", budgets[i],
			    SLICE_PRINTF(got), SLICE_PRINTF(want));
		else
			assert_int_equal(slow.n, N_QUESTIONS);
		stop_slow(&slow);
	}
	arena_destroy(&arena);
}

/* What nobody may keep is asked for ahead once, and when it is needed. */
static void
test_forgotten(void **state)
{
	static const char zone[] =
	    "example.org TXT v=spf1 include:a.example.org -all\n"
	    "a.example.org TXT v=spf1 ip4:198.51.100.9 -all\n" POLICY;
	const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	static const struct message message = PLAIN;
	struct arena *arena = test_arena();
	struct slice text, want;
	struct slow slow;

	(void)state;
	start_slow(&slow, zone);
	slow.is_forgetful = true;
	text = judge(arena, &options, &slow.base, &message, &slow, 0);
	want = judge_at_once(arena, &options, &message, zone);
	if (!slice_eq(text, want))
		fail_msg("%.*s instead of %.*s", SLICE_PRINTF(text),
		    SLICE_PRINTF(want));
	assert_true(slow.n_asked <= 2 * slow.n);
	stop_slow(&slow);
	arena_destroy(&arena);
}

/* Of a check that waits for seven names in a row, the memory its macros take of
 * each run being chosen by the sender. */
static unsigned
count_looks(size_t local_octets)
{
	const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct arena *arena = test_arena();
	struct message message = PLAIN;
	struct strbuf zone, mail;
	struct slow slow;
	unsigned n_looks;

	strbuf_init(&zone, arena, 65536);
	strbuf_init(&mail, arena, 65536);
	for (unsigned i = 0; i < 7; i++) {
		strbuf_printf(&zone, "i%u.example.org TXT v=spf1", i);
		for (unsigned j = 0; i == 0 && j < 2; j++)
			strbuf_printf(&zone, " ?exists:"
			    "%%{L}%%{L}%%{L}%%{L}%%{L}%%{L}.e%u.example.org",
			    j);
		if (i < 6)
			strbuf_printf(&zone, " include:i%u.example.org", i + 1);
		strbuf_append_cstr(&zone, " -all\n");
	}
	strbuf_append(&zone, (struct slice){ POLICY, sizeof(POLICY) });
	strbuf_append_char(&mail, '<');
	for (size_t i = 0; i < local_octets; i++)
		strbuf_append_char(&mail, '=');
	strbuf_append(&mail, SLICE("@i0.example.org>\0"));
	assert_false(zone.has_failed || mail.has_failed);
	message.mail = strbuf_slice(&mail).ptr;
	start_slow(&slow, strbuf_slice(&zone).ptr);
	judge(arena, &options, &slow.base, &message, &slow, LATENCY_MS / 2);
	n_looks = slow.n_looks;
	stop_slow(&slow);
	arena_destroy(&arena);
	return n_looks;
}

/* Macros that take much make for few runs. */
static void
test_costly_runs(void **state)
{
	unsigned n_cheap = count_looks(1), n_costly = count_looks(800);

	(void)state;
	if (n_costly * 4 > n_cheap * 3)
		fail_msg("%u looks, not %u", n_costly, n_cheap);
}

/* Nothing is asked for who is not checked. */
static void
test_unchecked(void **state)
{
	const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	const struct inspect_results *results;
	struct ip_address client;
	struct inspect *in;
	struct slow slow;

	(void)state;
	start_slow(&slow, POLICY);
	in = inspect_create(&options, &slow.base, SLICE(OURS));
	assert_true(ip_parse(SLICE(CLIENT), &client));
	inspect_connect(in, &client);
	inspect_helo(in, SLICE("mail.example.net"));
	assert_int_equal(inspect_mail_unchecked(in, SLICE("<a@example.org>"),
	    false, SLICE(OURS)), INSPECT_OK);
	add_fields(in, SIGNATURE("s1") FROM);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_int_equal(inspect_finish(in, &results), INSPECT_OK);
	assert_int_equal(slow.n, 0);
	inspect_destroy(&in);
	stop_slow(&slow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_costly_runs),
		cmocka_unit_test(test_unchecked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
