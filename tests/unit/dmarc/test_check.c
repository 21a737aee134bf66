/* DMARC for one message (RFC 9989 4.10.1, 4.10.2, 5.3, 11.5). */
#include "dmarc/check.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "dmarc/align.h"
#include "dmarc/psl.h"
#include "unit/asked.h"
#include "unit/test.h"

#define MAX_IDENTIFIERS 64

enum { N = DMARC_POLICY_NONE, Q = DMARC_POLICY_QUARANTINE,
	R = DMARC_POLICY_REJECT };

/* One message. */
struct scenario {
	const char *name, *zone;
	const char *authors;	/* Author Domains, with blanks between */
	/* "s" or "d" for SPF or DKIM, "?" where it is a temperror, and the
	 * domain: "s:example.org d?example.com". */
	const char *identifiers;
	enum dmarc_result result;
	/* "reject", or "reject t=quarantine" where t=y lowered it; "unknown";
	 * "" where no record applies. */
	const char *policy;
	const char *aligned;	/* "s", "d", "sd", "" */
	/* The record's domain, or where there are several authors the deciding
	 * one. */
	const char *decided_by;
};

static size_t
parse_identifiers(struct slice text, struct dmarc_identifier *identifiers)
{
	struct cursor cur = cursor_of(text);
	size_t n = 0;

	while (!cursor_at_end(&cur)) {
		struct slice word = cursor_take_until(&cur, ' ');

		cursor_take_char(&cur, ' ');
		assert_true(n < MAX_IDENTIFIERS && word.len >= 2);
		identifiers[n++] = (struct dmarc_identifier){
			.domain = slice_from(word, 2),
			.is_dkim = word.ptr[0] == 'd',
			.is_temperror = word.ptr[1] == '?',
		};
	}
	return n;
}

static void
parse_authors(struct slice text, struct mail_authors *authors)
{
	struct cursor cur = cursor_of(text);

	*authors = (struct mail_authors){ .n_domains = 0 };
	while (!cursor_at_end(&cur)) {
		assert_true(authors->n_domains < MAIL_MAX_AUTHOR_DOMAINS);
		authors->domains[authors->n_domains++] =
		    cursor_take_until(&cur, ' ');
		cursor_take_char(&cur, ' ');
	}
}

static struct slice
describe_policy(struct arena *arena, const struct dmarc_evaluation *evaluation)
{
	struct strbuf text;

	strbuf_init(&text, arena, 256);
	if (!evaluation->is_policy_known)
		strbuf_append_cstr(&text, "unknown");
	else if (evaluation->has_policy)
		strbuf_append_cstr(&text,
		    dmarc_policy_name(evaluation->published));
	if (evaluation->is_policy_known &&
	    evaluation->policy != evaluation->published)
		strbuf_printf(&text, " t=%s",
		    dmarc_policy_name(evaluation->policy));
	return strbuf_slice(&text);
}

static void
check_scenario(const struct scenario *scenario,
    const struct dmarc_options *options)
{
	struct dmarc_identifier identifiers[MAX_IDENTIFIERS];
	struct arena *arena = test_arena();
	struct resolver *zone = test_zone(scenario->zone);
	struct mail_authors authors;
	struct dmarc_request request = { .authors = &authors,
		.identifiers = identifiers, .deadline_ms = CLOCK_NEVER_MS };
	struct dmarc_outcome outcome;
	const struct dmarc_evaluation *deciding;
	struct slice author_text = test_exact_copy(
	    slice_from_cstr(scenario->authors));

	parse_authors(author_text, &authors);
	request.n_identifiers = parse_identifiers(
	    slice_from_cstr(scenario->identifiers), identifiers);
	dmarc_check(&request, options, zone, arena, &outcome);
	deciding = outcome.deciding;
	if (outcome.result != scenario->result)
		fail_msg("%s: got %s, want %s (%.*s)", scenario->name,
		    dmarc_result_name(outcome.result),
		    dmarc_result_name(scenario->result),
		    SLICE_PRINTF(deciding->reason));
	assert_int_equal(deciding->result, outcome.result);
	assert_int_equal(outcome.n_evaluations, authors.n_domains);
	test_assert_slice(scenario->name, describe_policy(arena, deciding),
	    scenario->policy);
	if (deciding->is_spf_aligned !=
	    (slice_find(slice_from_cstr(scenario->aligned), 's') != SIZE_MAX) ||
	    deciding->is_dkim_aligned !=
	    (slice_find(slice_from_cstr(scenario->aligned), 'd') != SIZE_MAX))
		fail_msg("%s: wrong alignment", scenario->name);
	test_assert_slice(scenario->name, authors.n_domains > 1 ?
	    deciding->author_domain : deciding->policy_domain,
	    scenario->decided_by);
	if (deciding->reason.len == 0 || !slice_is_ascii(deciding->reason))
		fail_msg("%s: no reason", scenario->name);
	dns_destroy_resolver(&zone);
	test_free_copy(author_text);
	arena_destroy(&arena);
}

static void
check_all(const struct scenario *scenarios, size_t n)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;

	for (size_t i = 0; i < n; i++)
		check_scenario(&scenarios[i], &options);
}

/* Which record, which policy (4.10.1, 4.7). */
static void
test_policy(void **state)
{
#define SPNP "_dmarc.x.example TXT v=DMARC1; p=none; sp=quarantine; np=reject\n"
	static const struct scenario scenarios[] = {
		{ "own record: p", SPNP, "x.example", "", DMARC_FAIL, "none",
		  "", "x.example" },
		{ "from above, exists: sp", SPNP "a.x.example A\n",
		  "a.x.example", "", DMARC_FAIL, "quarantine", "",
		  "x.example" },
		{ "from above, missing: np", SPNP, "a.x.example", "",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "name between exists", SPNP "b.a.x.example A\n",
		  "a.x.example", "", DMARC_FAIL, "quarantine", "",
		  "x.example" },
		{ "key below makes it exist",
		  SPNP "s._domainkey.a.x.example TXT v=DKIM1\n",
		  "a.x.example", "", DMARC_FAIL, "quarantine", "",
		  "x.example" },
		{ "other types exist", SPNP "a.x.example TXT hello\n",
		  "a.x.example", "", DMARC_FAIL, "quarantine", "",
		  "x.example" },
		{ "parent missing, too", SPNP, "c.b.a.x.example", "",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "dangling alias exists",
		  SPNP "a.x.example CNAME gone.example\n", "a.x.example", "",
		  DMARC_FAIL, "quarantine", "", "x.example" },
		{ "wildcard exists", SPNP "*.x.example A\n", "a.x.example",
		  "", DMARC_FAIL, "quarantine", "", "x.example" },
		{ "np without sp", "_dmarc.x.example TXT v=DMARC1; p=none;"
		  " np=reject\n", "a.x.example", "", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "np weaker", "_dmarc.x.example TXT v=DMARC1; p=reject;"
		  " np=none\n", "a.x.example", "", DMARC_FAIL, "none", "",
		  "x.example" },
		{ "no np: sp", "_dmarc.x.example TXT v=DMARC1; p=none;"
		  " sp=reject\n", "a.x.example", "", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "no np, no sp: p", "_dmarc.x.example TXT v=DMARC1;"
		  " p=quarantine\n", "a.x.example", "", DMARC_FAIL,
		  "quarantine", "", "x.example" },
		{ "own record, own p", SPNP "_dmarc.a.x.example TXT v=DMARC1;"
		  " p=reject; sp=none; np=none\n", "a.x.example", "",
		  DMARC_FAIL, "reject", "", "a.x.example" },
		{ "pass does not ask", SPNP "a.x.example TIMEOUT\n",
		  "a.x.example", "d:x.example", DMARC_PASS, "quarantine", "d",
		  "x.example" },
		{ "no record", "", "a.x.example", "s:a.x.example",
		  DMARC_NONE, "", "", "" },
		{ "record between is not used",
		  "_dmarc.b.x.example TXT v=DMARC1; p=reject; sp=reject\n"
		  "_dmarc.x.example TXT v=DMARC1; p=none\n", "a.b.x.example",
		  "", DMARC_FAIL, "none", "", "x.example" },
		{ "org's record before the public suffix's",
		  "_dmarc.bank.xy TXT v=DMARC1; p=none; sp=quarantine; psd=y\n"
		  "_dmarc.a.bank.xy TXT v=DMARC1; p=reject\n",
		  "m.a.bank.xy", "", DMARC_FAIL, "reject", "", "a.bank.xy" },
		{ "public suffix's record",
		  "_dmarc.bank.xy TXT v=DMARC1; p=none; sp=quarantine; psd=y\n"
		  "_dmarc.m.a.bank.xy TXT v=DMARC1; p=reject\n",
		  "x.m.a.bank.xy", "", DMARC_FAIL, "quarantine", "",
		  "bank.xy" },
		{ "public suffix's np",
		  "_dmarc.bank.xy TXT v=DMARC1; p=none; np=reject; psd=y\n",
		  "a.bank.xy", "", DMARC_FAIL, "reject", "", "bank.xy" },
		{ "public suffix itself",
		  "_dmarc.bank.xy TXT v=DMARC1; p=none; sp=reject; psd=y\n",
		  "bank.xy", "", DMARC_FAIL, "none", "", "bank.xy" },
		{ "psd=n ends above",
		  "_dmarc.dept.x.example TXT v=DMARC1; p=none; sp=quarantine;"
		  " psd=n\n_dmarc.x.example TXT v=DMARC1; p=reject\n",
		  "a.dept.x.example", "", DMARC_FAIL, "quarantine", "",
		  "dept.x.example" },
		{ "several at the author: the parent's",
		  "_dmarc.a.x.example TXT v=DMARC1; p=none\n"
		  "_dmarc.a.x.example TXT v=DMARC1; p=none; sp=none\n"
		  "_dmarc.x.example TXT v=DMARC1; p=none; sp=reject\n",
		  "a.x.example", "", DMARC_FAIL, "reject", "", "x.example" },
		{ "several, nothing above",
		  "_dmarc.x.example TXT v=DMARC1; p=none\n"
		  "_dmarc.x.example TXT v=DMARC1; p=reject\n", "x.example",
		  "s:x.example", DMARC_NONE, "", "", "" },
		{ "nine labels: own record",
		  "_dmarc.a.b.c.d.e.f.g.h.x TXT v=DMARC1; p=reject\n",
		  "a.b.c.d.e.f.g.h.x", "", DMARC_FAIL, "reject", "",
		  "a.b.c.d.e.f.g.h.x" },
		{ "t=y, reject", "_dmarc.x.example TXT v=DMARC1; p=reject;"
		  " t=y\n", "x.example", "", DMARC_FAIL,
		  "reject t=quarantine", "", "x.example" },
		{ "t=y, quarantine", "_dmarc.x.example TXT v=DMARC1; p=none;"
		  " sp=quarantine; t=y\n", "a.x.example", "", DMARC_FAIL,
		  "quarantine t=none", "", "x.example" },
		{ "t=y, none", "_dmarc.x.example TXT v=DMARC1; p=none; t=y\n",
		  "x.example", "", DMARC_FAIL, "none", "", "x.example" },
		{ "t=y, np", "_dmarc.x.example TXT v=DMARC1; p=none;"
		  " np=reject; t=y\n", "a.x.example", "", DMARC_FAIL,
		  "reject t=quarantine", "", "x.example" },
		{ "t=y above does not concern an own record",
		  "_dmarc.x.example TXT v=DMARC1; p=reject; t=y\n"
		  "_dmarc.a.x.example TXT v=DMARC1; p=reject\n",
		  "a.x.example", "", DMARC_FAIL, "reject", "",
		  "a.x.example" },
		{ "t=n", "_dmarc.x.example TXT v=DMARC1; p=reject; t=n\n",
		  "x.example", "", DMARC_FAIL, "reject", "", "x.example" },
		{ "pct=0 is reject", "_dmarc.x.example TXT v=DMARC1;"
		  " p=reject; pct=0\n", "x.example", "", DMARC_FAIL, "reject",
		  "", "x.example" },
		{ "p missing, rua", "_dmarc.x.example TXT v=DMARC1;"
		  " rua=mailto:a@x.example\n", "x.example", "", DMARC_FAIL,
		  "none", "", "x.example" },
		{ "p missing, rua: still passes", "_dmarc.x.example TXT"
		  " v=DMARC1; rua=mailto:a@x.example\n", "x.example",
		  "s:x.example", DMARC_PASS, "none", "s", "x.example" },
		{ "p missing, rua, sp", "_dmarc.x.example TXT v=DMARC1;"
		  " sp=reject; rua=mailto:a@x.example\n", "a.x.example", "",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "p missing", "_dmarc.x.example TXT v=DMARC1; adkim=s\n",
		  "x.example", "s:x.example", DMARC_NONE, "", "", "" },
		{ "p invalid", "_dmarc.x.example TXT v=DMARC1; p=block\n",
		  "x.example", "s:x.example", DMARC_PERMERROR, "", "", "" },
		{ "p invalid, rua", "_dmarc.x.example TXT v=DMARC1; p=block;"
		  " sp=reject; rua=mailto:a@x.example\n", "a.x.example", "",
		  DMARC_FAIL, "none", "", "x.example" },
		{ "sp invalid, own record", "_dmarc.x.example TXT v=DMARC1;"
		  " p=reject; sp=nein\n", "x.example", "", DMARC_PERMERROR,
		  "", "", "" },
		{ "a broken own record is final",
		  "_dmarc.a.x.example TXT v=DMARC1; p=bad\n"
		  "_dmarc.x.example TXT v=DMARC1; p=reject\n", "a.x.example",
		  "", DMARC_PERMERROR, "", "", "" },
		{ "a broken one between is not looked at",
		  "_dmarc.b.x.example TXT v=DMARC1; p=bad\n"
		  "_dmarc.x.example TXT v=DMARC1; p=reject\n",
		  "a.b.x.example", "", DMARC_FAIL, "reject", "",
		  "x.example" },
	};

	(void)state;
	check_all(scenarios, N_ELEMENTS(scenarios));
}

/* Identifier Alignment (3.2.10, 4.4, 4.10.2). */
static void
test_alignment(void **state)
{
#define RELAXED "_dmarc.x.example TXT v=DMARC1; p=reject\n"
#define STRICT "_dmarc.x.example TXT v=DMARC1; p=reject; adkim=s; aspf=s\n"
	static const struct scenario scenarios[] = {
		{ "SPF equal", RELAXED, "x.example", "s:x.example",
		  DMARC_PASS, "reject", "s", "x.example" },
		{ "DKIM equal", RELAXED, "x.example", "d:x.example",
		  DMARC_PASS, "reject", "d", "x.example" },
		{ "both", RELAXED, "x.example", "d:x.example s:a.x.example",
		  DMARC_PASS, "reject", "sd", "x.example" },
		{ "child", RELAXED, "x.example", "s:a.x.example", DMARC_PASS,
		  "reject", "s", "x.example" },
		{ "parent", RELAXED, "a.x.example", "s:x.example", DMARC_PASS,
		  "reject", "s", "x.example" },
		{ "sibling", RELAXED, "a.x.example", "d:b.x.example",
		  DMARC_PASS, "reject", "d", "x.example" },
		{ "other domain", RELAXED, "x.example", "d:y.example",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "other top", RELAXED, "x.example", "s:x.com", DMARC_FAIL,
		  "reject", "", "x.example" },
		{ "suffix of letters", RELAXED, "x.example",
		  "d:evilx.example", DMARC_FAIL, "reject", "", "x.example" },
		{ "nothing passed", RELAXED, "x.example", "", DMARC_FAIL,
		  "reject", "", "x.example" },
		{ "second of two", RELAXED, "x.example",
		  "d:y.example d:a.x.example", DMARC_PASS, "reject", "d",
		  "x.example" },
		{ "top-level label alone", RELAXED, "x.example", "d:example",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "strict, equal", STRICT, "x.example", "s:x.example",
		  DMARC_PASS, "reject", "s", "x.example" },
		{ "strict, child", STRICT, "x.example",
		  "s:a.x.example d:a.x.example", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "strict, parent", STRICT, "a.x.example", "s:x.example",
		  DMARC_FAIL, "reject", "", "x.example" },
		{ "adkim=s leaves SPF relaxed", "_dmarc.x.example TXT"
		  " v=DMARC1; p=reject; adkim=s\n", "x.example",
		  "d:a.x.example s:a.x.example", DMARC_PASS, "reject", "s",
		  "x.example" },
		{ "aspf=s leaves DKIM relaxed", "_dmarc.x.example TXT"
		  " v=DMARC1; p=reject; aspf=s\n", "x.example",
		  "s:a.x.example d:a.x.example", DMARC_PASS, "reject", "d",
		  "x.example" },
		{ "the identifier's mode does not matter",
		  RELAXED "_dmarc.a.x.example TXT v=DMARC1; p=none; adkim=s\n",
		  "x.example", "d:a.x.example", DMARC_PASS, "reject", "d",
		  "x.example" },
		{ "identifier below psd=n",
		  RELAXED "_dmarc.d.x.example TXT v=DMARC1; p=none; psd=n\n",
		  "x.example", "s:a.d.x.example", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "author below psd=n",
		  RELAXED "_dmarc.d.x.example TXT v=DMARC1; p=none; psd=n\n",
		  "a.d.x.example", "s:x.example", DMARC_FAIL, "none", "",
		  "d.x.example" },
		{ "both below psd=n",
		  RELAXED "_dmarc.d.x.example TXT v=DMARC1; p=none; psd=n\n",
		  "a.d.x.example", "s:b.d.x.example", DMARC_PASS, "none", "s",
		  "d.x.example" },
		{ "neighbours below psd=y",
		  "_dmarc.bank.xy TXT v=DMARC1; p=reject; psd=y\n",
		  "a.bank.xy", "s:b.bank.xy", DMARC_FAIL, "reject", "",
		  "bank.xy" },
		{ "family below psd=y",
		  "_dmarc.bank.xy TXT v=DMARC1; p=reject; psd=y\n",
		  "a.bank.xy", "s:m.a.bank.xy", DMARC_PASS, "reject", "s",
		  "bank.xy" },
		{ "public suffix and a domain below",
		  "_dmarc.bank.xy TXT v=DMARC1; p=reject; psd=y\n",
		  "a.bank.xy", "d:bank.xy", DMARC_FAIL, "reject", "",
		  "bank.xy" },
		{ "the other way round",
		  "_dmarc.bank.xy TXT v=DMARC1; p=reject; psd=y\n",
		  "bank.xy", "d:a.bank.xy", DMARC_FAIL, "reject", "",
		  "bank.xy" },
		{ "behind the label jump",
		  "_dmarc.d.e.f.g.h.x.example TXT v=DMARC1; p=reject; psd=y\n",
		  "a.b.c.d.e.f.g.h.x.example", "d:c.d.e.f.g.h.x.example",
		  DMARC_PASS, "reject", "d", "d.e.f.g.h.x.example" },
		{ "psd=n that the identifier jumps over",
		  "_dmarc.b.c.d.e.f.g.h.x TXT v=DMARC1; p=reject; psd=n\n"
		  "_dmarc.x TXT v=DMARC1; p=none\n", "b.c.d.e.f.g.h.x",
		  "d:z.y.b.c.d.e.f.g.h.x", DMARC_FAIL, "reject", "",
		  "b.c.d.e.f.g.h.x" },
		{ "registry without psd: literal",
		  "_dmarc.xy TXT v=DMARC1; p=reject\n", "a.xy", "d:b.xy",
		  DMARC_PASS, "reject", "d", "xy" },
		{ "identifier without domain", RELAXED, "x.example", "s:",
		  DMARC_FAIL, "reject", "", "x.example" },
	};

	(void)state;
	check_all(scenarios, N_ELEMENTS(scenarios));
}

/* A failed lookup matters only where the outcome hangs on it (5.3.6). */
static void
test_dns_errors(void **state)
{
#define PARENT_FAILS "_dmarc.a.x.example TXT v=DMARC1; p=reject\n" \
	"_dmarc.x.example TIMEOUT\n"
	static const struct scenario scenarios[] = {
		{ "timeout at the author", "_dmarc.x.example TIMEOUT\n",
		  "x.example", "s:x.example", DMARC_TEMPERROR, "unknown", "",
		  "" },
		{ "SERVFAIL at the author", "_dmarc.x.example SERVFAIL\n",
		  "x.example", "s:x.example", DMARC_TEMPERROR, "unknown", "",
		  "" },
		{ "the record hangs on the walk",
		  "_dmarc.x.example SERVFAIL\n", "a.x.example",
		  "s:a.x.example", DMARC_TEMPERROR, "unknown", "", "" },
		{ "failure behind the end of the walk",
		  "_dmarc.b.x.example TXT v=DMARC1; p=reject; psd=n\n"
		  "_dmarc.x.example TIMEOUT\n", "a.b.x.example",
		  "s:b.x.example", DMARC_PASS, "reject", "s", "b.x.example" },
		{ "own record, equal", PARENT_FAILS, "a.x.example",
		  "s:a.x.example", DMARC_PASS, "reject", "s", "a.x.example" },
		{ "own record, strict", "_dmarc.a.x.example TXT v=DMARC1;"
		  " p=reject; aspf=s\n_dmarc.x.example TIMEOUT\n",
		  "a.x.example", "s:b.x.example", DMARC_FAIL, "reject", "",
		  "a.x.example" },
		{ "own record, relaxed", PARENT_FAILS, "a.x.example",
		  "s:b.x.example", DMARC_TEMPERROR, "reject", "",
		  "a.x.example" },
		{ "own record, nothing passed", PARENT_FAILS, "a.x.example",
		  "", DMARC_FAIL, "reject", "", "a.x.example" },
		{ "own record, a stranger passed", PARENT_FAILS,
		  "a.x.example", "s:y.com", DMARC_FAIL, "reject", "",
		  "a.x.example" },
		{ "psd=n before", "_dmarc.a.x.example TXT v=DMARC1; p=reject;"
		  " psd=n\n_dmarc.x.example TIMEOUT\n", "a.x.example",
		  "s:b.x.example", DMARC_FAIL, "reject", "", "a.x.example" },
		{ "psd=n at the identifier", PARENT_FAILS
		  "_dmarc.b.x.example TXT v=DMARC1; p=none; psd=n\n",
		  "a.x.example", "s:b.x.example", DMARC_FAIL, "reject", "",
		  "a.x.example" },
		{ "pass, a walk fails", PARENT_FAILS, "a.x.example",
		  "d:b.x.example s:a.x.example", DMARC_PASS, "reject", "s",
		  "a.x.example" },
		{ "pass, the other fails", "_dmarc.x.example TXT v=DMARC1;"
		  " p=reject\n", "x.example", "s?x.example d:x.example",
		  DMARC_PASS, "reject", "d", "x.example" },
		{ "SPF fails for now", RELAXED, "x.example", "s?x.example",
		  DMARC_TEMPERROR, "reject", "", "x.example" },
		{ "key fails for now", RELAXED, "x.example",
		  "d?a.x.example s:y.example", DMARC_TEMPERROR, "reject", "",
		  "x.example" },
		{ "could not be aligned", RELAXED, "x.example",
		  "s?y.example d?y.com", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "could not be aligned, strict", STRICT, "x.example",
		  "s?a.x.example", DMARC_FAIL, "reject", "", "x.example" },
		{ "may be aligned", RELAXED "_dmarc.a.x.example TIMEOUT\n",
		  "x.example", "s?a.x.example", DMARC_TEMPERROR, "reject", "",
		  "x.example" },
		{ "walk of an identifier",
		  RELAXED "_dmarc.a.x.example TIMEOUT\n", "x.example",
		  "s:a.x.example", DMARC_TEMPERROR, "reject", "",
		  "x.example" },
		{ "walk of a stranger", RELAXED "_dmarc.y.example TIMEOUT\n",
		  "x.example", "s:y.example", DMARC_FAIL, "reject", "",
		  "x.example" },
		{ "policy known to be none", "_dmarc.x.example TXT v=DMARC1;"
		  " p=none\n", "x.example", "s?x.example", DMARC_TEMPERROR,
		  "none", "", "x.example" },
		{ "lowered to none", "_dmarc.x.example TXT v=DMARC1;"
		  " p=quarantine; t=y\n", "x.example", "s?x.example",
		  DMARC_TEMPERROR, "quarantine t=none", "", "x.example" },
		{ "existence fails", SPNP "a.x.example TIMEOUT\n",
		  "a.x.example", "", DMARC_TEMPERROR, "unknown", "",
		  "x.example" },
		{ "existence fails, alias", SPNP "a.x.example CNAME y.example\n"
		  "y.example TIMEOUT\n", "a.x.example", "", DMARC_TEMPERROR,
		  "unknown", "", "x.example" },
		{ "existence fails, np as sp", "_dmarc.x.example TXT v=DMARC1;"
		  " p=none; sp=reject; np=reject\na.x.example TIMEOUT\n",
		  "a.x.example", "", DMARC_FAIL, "reject", "", "x.example" },
		{ "existence fails, lowered alike", "_dmarc.x.example TXT"
		  " v=DMARC1; p=none; sp=quarantine; np=none; t=y\n"
		  "a.x.example TIMEOUT\n", "a.x.example", "", DMARC_FAIL,
		  "quarantine t=none", "", "x.example" },
		{ "top-level alone",
		  "_dmarc.x.example TXT v=DMARC1; p=reject\n"
		  "_dmarc.example TIMEOUT\n", "x.example", "s:a.x.example",
		  DMARC_TEMPERROR, "reject", "", "x.example" },
		{ "target of the record's alias",
		  "_dmarc.x.example CNAME p.y.example\np.y.example TIMEOUT\n",
		  "x.example", "s:x.example", DMARC_TEMPERROR, "unknown", "",
		  "" },
		{ "broken record, DNS fails above",
		  "_dmarc.a.x.example TXT v=DMARC1; p=bad\n"
		  "_dmarc.x.example TIMEOUT\n", "a.x.example", "s:b.x.example",
		  DMARC_PERMERROR, "", "", "" },
	};

	(void)state;
	check_all(scenarios, N_ELEMENTS(scenarios));
}

/* Several Author Domains (11.5): any fail, any temperror, any permerror, any
 * none, else pass. */
static void
test_authors(void **state)
{
#define FOUR "_dmarc.r.example TXT v=DMARC1; p=reject\n" \
	"_dmarc.q.example TXT v=DMARC1; p=quarantine\n" \
	"_dmarc.n.example TXT v=DMARC1; p=none\n" \
	"_dmarc.bad.example TXT v=DMARC1; p=bad\n" \
	"_dmarc.down.example TIMEOUT\n"
	static const struct scenario scenarios[] = {
		{ "all pass: the first", FOUR, "q.example r.example",
		  "s:q.example d:r.example", DMARC_PASS, "quarantine", "s",
		  "q.example" },
		{ "one fails", FOUR, "q.example r.example", "s:q.example",
		  DMARC_FAIL, "reject", "", "r.example" },
		{ "the strictest that fails", FOUR,
		  "n.example r.example q.example", "", DMARC_FAIL, "reject",
		  "", "r.example" },
		{ "of those that fail", FOUR, "n.example r.example q.example",
		  "s:r.example", DMARC_FAIL, "quarantine", "", "q.example" },
		{ "the first of equals", FOUR
		  "_dmarc.r2.example TXT v=DMARC1; p=reject\n",
		  "r2.example r.example", "", DMARC_FAIL, "reject", "",
		  "r2.example" },
		{ "fail before temperror", FOUR, "down.example n.example", "",
		  DMARC_FAIL, "none", "", "n.example" },
		{ "temperror before permerror", FOUR,
		  "bad.example down.example", "", DMARC_TEMPERROR, "unknown",
		  "", "down.example" },
		{ "the temperror that may reject", FOUR,
		  "n.example r.example", "s?r.example d?n.example",
		  DMARC_TEMPERROR, "reject", "", "r.example" },
		{ "the temperror of unknown policy", FOUR,
		  "r.example down.example", "s?r.example", DMARC_TEMPERROR,
		  "unknown", "", "down.example" },
		{ "permerror before none", FOUR, "none.xy bad.example", "",
		  DMARC_PERMERROR, "", "", "bad.example" },
		{ "none before pass", FOUR, "r.example none.xy",
		  "s:r.example", DMARC_NONE, "", "", "none.xy" },
		{ "four", FOUR, "none.xy n.example q.example r.example",
		  "s:q.example d:r.example", DMARC_FAIL, "none", "",
		  "n.example" },
	};

	(void)state;
	check_all(scenarios, N_ELEMENTS(scenarios));
}

/* The list in place of the walk (RFC 7489 3.2, 6.6.3). */
static void
test_psl(void **state)
{
#define ACME "_dmarc.acme.co.uk TXT v=DMARC1; p=reject; sp=quarantine\n"
	static const struct scenario scenarios[] = {
		{ "sub", ACME, "mail.acme.co.uk", "", DMARC_FAIL,
		  "quarantine", "", "acme.co.uk" },
		{ "sibling", ACME, "a.acme.co.uk", "s:b.acme.co.uk",
		  DMARC_PASS, "quarantine", "s", "acme.co.uk" },
		{ "rival", ACME, "acme.co.uk", "s:rival.co.uk", DMARC_FAIL,
		  "reject", "", "acme.co.uk" },
		{ "psd=n is ignored", ACME "_dmarc.team.acme.co.uk TXT"
		  " v=DMARC1; p=none; psd=n\n", "host.team.acme.co.uk",
		  "s:acme.co.uk", DMARC_PASS, "quarantine", "s",
		  "acme.co.uk" },
		{ "record between is not seen", "_dmarc.team.acme.co.uk TXT"
		  " v=DMARC1; p=reject\n", "host.team.acme.co.uk", "",
		  DMARC_NONE, "", "", "" },
		{ "registry's psd=y is not seen", "_dmarc.co.uk TXT v=DMARC1;"
		  " p=reject; psd=y\n", "acme.co.uk", "", DMARC_NONE, "", "",
		  "" },
		{ "registry's plain record is not seen",
		  ACME "_dmarc.co.uk TXT v=DMARC1; p=none\n",
		  "acme.co.uk", "s:rival.co.uk", DMARC_FAIL, "reject", "",
		  "acme.co.uk" },
		{ "private suffix", "_dmarc.one.github.io TXT v=DMARC1;"
		  " p=reject\n", "one.github.io", "s:two.github.io",
		  DMARC_FAIL, "reject", "", "one.github.io" },
		{ "several records end it",
		  ACME "_dmarc.a.acme.co.uk TXT v=DMARC1; p=none\n"
		  "_dmarc.a.acme.co.uk TXT v=DMARC1; p=reject\n",
		  "a.acme.co.uk", "", DMARC_NONE, "", "", "" },
		{ "np", "_dmarc.acme.co.uk TXT v=DMARC1; p=none; np=reject\n",
		  "a.acme.co.uk", "", DMARC_FAIL, "reject", "",
		  "acme.co.uk" },
		{ "t", "_dmarc.acme.co.uk TXT v=DMARC1; p=reject; t=y\n",
		  "a.acme.co.uk", "", DMARC_FAIL, "reject t=quarantine", "",
		  "acme.co.uk" },
		{ "pct is ignored", "_dmarc.acme.co.uk TXT v=DMARC1; p=reject;"
		  " pct=0\n", "acme.co.uk", "", DMARC_FAIL, "reject", "",
		  "acme.co.uk" },
		{ "nine labels and more", ACME, "a.b.c.d.e.f.g.h.acme.co.uk",
		  "", DMARC_FAIL, "quarantine", "", "acme.co.uk" },
		{ "suffix itself", "_dmarc.co.uk TXT v=DMARC1; p=reject\n",
		  "co.uk", "s:co.uk", DMARC_PASS, "reject", "s", "co.uk" },
		{ "failure at the organization", "_dmarc.acme.co.uk TIMEOUT\n",
		  "a.acme.co.uk", "s:a.acme.co.uk", DMARC_TEMPERROR,
		  "unknown", "", "" },
		{ "failure between is not seen",
		  ACME "_dmarc.b.acme.co.uk TIMEOUT\n", "a.b.acme.co.uk",
		  "s:c.b.acme.co.uk", DMARC_PASS, "quarantine", "s",
		  "acme.co.uk" },
	};
	struct dmarc_options options = { .discovery = DMARC_DISCOVERY_PSL };
	struct arena *arena = test_arena();
	struct psl *psl = dmarc_psl_load(test_path(arena,
	    "tests/unit/dmarc/suffixes.dat"));

	(void)state;
	assert_non_null(psl);
	options.psl = psl;
	for (size_t i = 0; i < N_ELEMENTS(scenarios); i++)
		check_scenario(&scenarios[i], &options);
	dmarc_psl_free(&psl);
	arena_destroy(&arena);
}

/* Without exactly one usable From field there is no domain to look at. */
static void
test_bad_from(void **state)
{
	static const struct {
		enum mail_author_status status;
		enum dmarc_result result;
	} cases[] = {
		{ MAIL_AUTHOR_ABSENT, DMARC_PERMERROR },
		{ MAIL_AUTHOR_REPEATED, DMARC_PERMERROR },
		{ MAIL_AUTHOR_EMPTY, DMARC_PERMERROR },
		{ MAIL_AUTHOR_MALFORMED, DMARC_PERMERROR },
		{ MAIL_AUTHOR_NO_DOMAIN, DMARC_PERMERROR },
		{ MAIL_AUTHOR_TOO_MANY, DMARC_PERMERROR },
		{ MAIL_AUTHOR_NO_MEMORY, DMARC_TEMPERROR },
	};
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	static const struct mail_authors authors = { .n_domains = 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(""));
		const struct dmarc_request request = {
			.author_status = cases[i].status, .authors = &authors,
			.deadline_ms = CLOCK_NEVER_MS };
		struct dmarc_outcome outcome;

		dmarc_check(&request, &options, asked, arena, &outcome);
		assert_int_equal(outcome.result, cases[i].result);
		assert_int_equal(outcome.deciding->result, cases[i].result);
		assert_int_equal(outcome.n_evaluations, 0);
		assert_int_equal(outcome.deciding->author_domain.len, 0);
		assert_true(outcome.deciding->reason.len > 0);
		assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 0);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
}

/* How many questions a message costs. */
static void
test_questions(void **state)
{
	static const struct {
		const char *name, *zone, *author, *identifiers;
		const char *txt, *a;
	} cases[] = {
		{ "own record and equal identifiers need no walk",
		  RELAXED, "x.example", "s:x.example d:x.example",
		  "_dmarc.x.example", "" },
		{ "nor do strangers", RELAXED, "x.example", "s:y.com d:z.com",
		  "_dmarc.x.example", "" },
		{ "nor does strict mode", STRICT, "x.example",
		  "s:a.x.example d:b.x.example", "_dmarc.x.example", "" },
		{ "strangers below the same top are not walked", RELAXED,
		  "x.example", "s:a.y.example d:b.y.example",
		  "_dmarc.x.example _dmarc.example", "" },
		{ "each name once", RELAXED, "a.x.example",
		  "s:b.x.example d:b.x.example d:c.x.example",
		  "_dmarc.a.x.example _dmarc.x.example _dmarc.example"
		  " _dmarc.b.x.example", "" },
		{ "existence only where np differs", RELAXED, "a.x.example",
		  "", "_dmarc.a.x.example _dmarc.x.example _dmarc.example",
		  "" },
		{ "existence where np differs", SPNP, "a.x.example", "",
		  "_dmarc.a.x.example _dmarc.x.example _dmarc.example",
		  "a.x.example" },
		{ "no existence for the record's own domain", SPNP,
		  "x.example", "", "_dmarc.x.example", "" },
		{ "no existence for a pass", SPNP, "a.x.example",
		  "d:a.x.example",
		  "_dmarc.a.x.example _dmarc.x.example _dmarc.example", "" },
	};
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct dmarc_identifier identifiers[MAX_IDENTIFIERS];
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(
		    cases[i].zone));
		struct mail_authors authors;
		struct dmarc_request request = { .authors = &authors,
			.identifiers = identifiers,
			.deadline_ms = CLOCK_NEVER_MS };
		struct dmarc_outcome outcome;

		parse_authors(slice_from_cstr(cases[i].author), &authors);
		request.n_identifiers = parse_identifiers(
		    slice_from_cstr(cases[i].identifiers), identifiers);
		dmarc_check(&request, &options, asked, arena, &outcome);
		test_assert_slice(cases[i].name,
		    asked_names(asked, arena, DNS_TXT, false), cases[i].txt);
		test_assert_slice(cases[i].name,
		    asked_names(asked, arena, DNS_A, false), cases[i].a);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
}

/* However many domains have signed, a bounded number is walked; the last one
 * here would be aligned, and equal ones need no walk. */
static void
test_many_identifiers(void **state)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	struct dmarc_identifier identifiers[DMARC_MAX_IDENTIFIER_WALKS + 2];
	struct arena *arena = test_arena();
	struct resolver *asked = asked_create(test_zone(RELAXED
	    "_dmarc.stranger.x.example TXT v=DMARC1; psd=n\n"));
	struct mail_authors authors = { .domains = { SLICE("x.example") },
		.n_domains = 1 };
	struct dmarc_request request = {
		.authors = &authors, .identifiers = identifiers,
		.deadline_ms = CLOCK_NEVER_MS };
	struct dmarc_outcome outcome;
	size_t n = 0;

	(void)state;
	for (; n < DMARC_MAX_IDENTIFIER_WALKS; n++) {
		struct strbuf text;

		strbuf_init(&text, arena, 256);
		strbuf_printf(&text, "h%zu.stranger.x.example", n);
		identifiers[n] = (struct dmarc_identifier){
			.domain = strbuf_slice(&text), .is_dkim = true };
	}
	identifiers[n++] = (struct dmarc_identifier){
		.domain = SLICE("a.x.example"), .is_dkim = true };
	request.n_identifiers = n;
	dmarc_check(&request, &options, asked, arena, &outcome);
	assert_int_equal(outcome.result, DMARC_FAIL);
	assert_int_equal(asked_count(asked, DNS_TXT,
	    SLICE("_dmarc.a.x.example")), 0);
	identifiers[n++] = (struct dmarc_identifier){
		.domain = SLICE("x.example"), .is_dkim = true };
	request.n_identifiers = n;
	dmarc_check(&request, &options, asked, arena, &outcome);
	assert_int_equal(outcome.result, DMARC_PASS);
	dns_destroy_resolver(&asked);
	arena_destroy(&arena);
}

/* The walks of all identifiers that need one are asked for at once; names that
 * are known are not asked again. */
static void
test_prefetched_walks(void **state)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	static const struct {
		const char *name, *identifiers, *waited, *prefetched;
	} cases[] = {
		{ "the second is not needed in the end",
		  "d:b.x.example d:d.c.x.example", "_dmarc.x.example"
		  " _dmarc.example _dmarc.b.x.example",
		  "_dmarc.d.c.x.example _dmarc.c.x.example" },
		{ "strangers are not asked for", "d:b.y.example d:b.x.com",
		  "_dmarc.x.example _dmarc.example", "" },
		{ "nor is what does not count any more",
		  "d?c.x.example d:b.x.example", "_dmarc.x.example"
		  " _dmarc.example _dmarc.b.x.example", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct dmarc_identifier identifiers[MAX_IDENTIFIERS];
		struct arena *arena = test_arena();
		struct resolver *asked = asked_create(test_zone(RELAXED));
		struct mail_authors authors;
		struct dmarc_request request = { .authors = &authors,
			.identifiers = identifiers,
			.deadline_ms = CLOCK_NEVER_MS };
		struct dmarc_outcome outcome;

		parse_authors(SLICE("x.example"), &authors);
		request.n_identifiers = parse_identifiers(
		    slice_from_cstr(cases[i].identifiers), identifiers);
		dmarc_check(&request, &options, asked, arena, &outcome);
		test_assert_slice(cases[i].name,
		    asked_names(asked, arena, DNS_TXT, false),
		    cases[i].waited);
		test_assert_slice(cases[i].name,
		    asked_names(asked, arena, DNS_TXT, true),
		    cases[i].prefetched);
		dns_destroy_resolver(&asked);
		arena_destroy(&arena);
	}
}

/* At whatever allocation memory runs out: temperror, or the right answer. */
static void
test_no_memory(void **state)
{
	static const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	static const struct mail_authors authors = {
		.domains = { SLICE_INIT("a.x.example"), SLICE_INIT("q.xy") },
		.n_domains = 2 };
	static const struct dmarc_identifier identifier = {
		.domain = SLICE_INIT("b.x.example") };
	const struct dmarc_request request = { .authors = &authors,
		.identifiers = &identifier, .n_identifiers = 1,
		.deadline_ms = CLOCK_NEVER_MS };
	struct resolver *zone = test_zone(SPNP
	    "_dmarc.q.xy TXT v=DMARC1; p=reject\n");
	size_t n_temperrors = 0;

	(void)state;
	for (size_t ceiling = 0; ceiling < 8192; ceiling += 16) {
		struct arena *arena = arena_create(ceiling);
		struct dmarc_outcome outcome;

		assert_non_null(arena);
		dmarc_check(&request, &options, zone, arena, &outcome);
		assert_non_null(outcome.deciding);
		if (outcome.result != DMARC_TEMPERROR)
			assert_int_equal(outcome.result, DMARC_FAIL);
		else
			n_temperrors++;
		arena_destroy(&arena);
	}
	assert_true(n_temperrors > 0 && n_temperrors < 8192 / 16);
	dns_destroy_resolver(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_dns_errors),
		cmocka_unit_test(test_authors),
		cmocka_unit_test(test_psl),
		cmocka_unit_test(test_bad_from),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_many_identifiers),
		cmocka_unit_test(test_prefetched_walks),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
