/* tests/unit/inspect/test_inspect.c - whole messages, from connect to the
 * results, over a zone in memory. */
#include "inspect/forged.h"
#include "inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "dns/resolver.h"
#include "unit/asked.h"
#include "unit/inspect/sample.h"
#include "unit/test.h"

#define OURS "mx.example.org"
#define CHUNK 7		/* octets of body at a time: cuts anywhere */

static const struct inspect_options defaults = INSPECT_OPTIONS_DEFAULT;

static struct inspect *
create(const struct inspect_options *options, struct resolver *resolver)
{
	struct inspect *in = inspect_create(options, resolver, SLICE(OURS));

	assert_non_null(in);
	return in;
}

static void
connect_from(struct inspect *in, const char *address)
{
	struct ip_address client;

	assert_true(ip_parse(slice_from_cstr(address), &client));
	assert_int_equal(inspect_connect(in, &client), INSPECT_OK);
}

static enum inspect_status
add_field(struct inspect *in, struct slice field)
{
	size_t colon = slice_find(field, ':');
	struct slice name = test_exact_copy(slice_head(field, colon));
	struct slice value = test_exact_copy(slice_from(field, colon + 1));
	enum inspect_status status = inspect_add_field(in, name, value);

	test_free_copy(name);
	test_free_copy(value);
	return status;
}

/* Fields as libmilter has them: lines end in LF, folds too. */
static void
add_fields(struct inspect *in, const char *text)
{
	struct slice rest = slice_from_cstr(text);

	while (rest.len != 0) {
		size_t end = 0;

		do
			end += slice_find(slice_from(rest, end), '\n') + 1;
		while (end < rest.len && (rest.ptr[end] == ' ' ||
		    rest.ptr[end] == '\t'));
		assert_int_equal(add_field(in, slice_head(rest, end - 1)),
		    INSPECT_OK);
		rest = slice_from(rest, end);
	}
}

static void
add_body(struct inspect *in, struct slice body)
{
	while (body.len != 0) {
		struct slice chunk = test_exact_copy(slice_head(body, CHUNK));

		assert_int_equal(inspect_add_body(in, chunk), INSPECT_OK);
		test_free_copy(chunk);
		body = slice_from(body, CHUNK);
	}
}

static const struct inspect_results *
finish(struct inspect *in)
{
	const struct inspect_results *results;

	assert_int_equal(inspect_finish(in, &results), INSPECT_OK);
	assert_non_null(results);
	return results;
}

static const struct inspect_results *
play(struct inspect *in, const char *mail, const char *header,
    const char *body)
{
	assert_int_equal(inspect_mail(in, slice_from_cstr(mail), false,
	    SLICE(OURS)), INSPECT_OK);
	add_fields(in, header);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	add_body(in, slice_from_cstr(body));
	return finish(in);
}

/* "spf=pass example.org helo=none dkim=pass dmarc=pass" */
static struct slice
summarize(struct arena *arena, const struct inspect_results *r)
{
	struct strbuf text;

	strbuf_init(&text, arena, 4096);
	strbuf_printf(&text, "spf=%s %.*s helo=%s dkim=",
	    spf_result_name(r->spf.result), SLICE_PRINTF(r->spf.domain),
	    spf_result_name(r->helo_spf.result));
	for (size_t i = 0; i < r->n_dkim; i++)
		strbuf_printf(&text, "%s%s", i != 0 ? "," : "",
		    dkim_result_name(r->dkim[i].result));
	strbuf_printf(&text, " dmarc=%s", dmarc_result_name(r->dmarc.result));
	for (size_t i = 0; i < r->n_forged_fields; i++)
		strbuf_printf(&text, " -%u", r->forged_fields[i]);
	return strbuf_slice(&text);
}

#define ZONE \
	"example.org TXT v=spf1 ip4:192.0.2.0/24 -all\n" \
	"_dmarc.example.org TXT v=DMARC1; p=reject\n" \
	"mail.example.org TXT v=spf1 ip4:192.0.2.1 -all\n" \
	"soft.example TXT v=spf1 ~all\n" \
	"_dmarc.soft.example TXT v=DMARC1; p=quarantine\n" \
	"dead.example SERVFAIL\n" \
	"_dmarc.dead.example TXT v=DMARC1; p=reject\n" \
	"_dmarc.mute.example TIMEOUT\n" \
	"xn--bcher-kva.example TXT v=spf1 ip4:192.0.2.1 -all\n" \
	"_dmarc.xn--bcher-kva.example TXT v=DMARC1; p=reject\n" \
	"football.example.com TXT v=spf1 -all\n" \
	"_dmarc.football.example.com TXT v=DMARC1; p=reject\n" \
	SAMPLE_KEYS

static void
test_scenarios(void **state)
{
	static const struct {
		const char *name, *client, *helo, *mail, *header, *body, *want;
	} cases[] = {
		{ "SPF aligned", "192.0.2.1", "mail.example.org",
		    "<a@example.org>", "From: a@example.org\n", "x\r\n",
		    "spf=pass example.org helo=pass dkim= dmarc=pass" },
		{ "SPF of another domain", "192.0.2.1", "mail.example.org",
		    "<a@example.org>", "From: a@soft.example\n", "",
		    "spf=pass example.org helo=pass dkim= dmarc=fail" },
		{ "forged", "198.51.100.1", "mail.example.org",
		    "<a@example.org>", "From: a@example.org\n", "",
		    "spf=fail example.org helo=fail dkim= dmarc=fail" },
		{ "softfail is no pass", "198.51.100.1", "x", "<a@soft.example>",
		    "From: a@soft.example\n", "",
		    "spf=softfail soft.example helo=none dkim= dmarc=fail" },
		{ "null sender: HELO is the identity", "192.0.2.1",
		    "mail.example.org", "<>",
		    "From: <postmaster@mail.example.org>\n", "",
		    "spf=pass mail.example.org helo=pass dkim= dmarc=pass" },
		{ "null sender, forged HELO", "198.51.100.1",
		    "mail.example.org", "<>",
		    "From: <postmaster@mail.example.org>\n", "",
		    "spf=fail mail.example.org helo=fail dkim= dmarc=fail" },
		{ "HELO does not count beside MAIL FROM", "192.0.2.1",
		    "mail.example.org", "<a@soft.example>",
		    "From: a@example.org\n", "",
		    "spf=softfail soft.example helo=pass dkim= dmarc=fail" },
		{ "no HELO, null sender", "192.0.2.1", NULL, "<>",
		    "From: a@example.org\n", "",
		    "spf=none  helo=none dkim= dmarc=fail" },
		{ "no domain in MAIL FROM", "192.0.2.1", "x", "<root>",
		    "From: a@example.org\n", "",
		    "spf=none  helo=none dkim= dmarc=fail" },
		{ "no record", "192.0.2.1", "x", "<a@none.example>",
		    "From: a@none.example\n", "",
		    "spf=none none.example helo=none dkim= dmarc=none" },
		{ "SPF temperror that could align", "192.0.2.1", "x",
		    "<a@dead.example>", "From: a@dead.example\n", "",
		    "spf=temperror dead.example helo=none dkim= "
		    "dmarc=temperror" },
		{ "SPF temperror that cannot", "192.0.2.1", "x",
		    "<a@dead.example>", "From: a@soft.example\n", "",
		    "spf=temperror dead.example helo=none dkim= dmarc=fail" },
		{ "no answer for the policy", "192.0.2.1", "x",
		    "<a@example.org>", "From: a@mute.example\n", "",
		    "spf=pass example.org helo=none dkim= dmarc=temperror" },
		{ "U-label in MAIL FROM, A-label in From", "192.0.2.1", "x",
		    "<a@b\xc3\xbc" "cher.example>",
		    "From: a@xn--bcher-kva.example\n", "",
		    "spf=pass xn--bcher-kva.example helo=none dkim= "
		    "dmarc=pass" },
		{ "mapped IPv4", "::ffff:192.0.2.1", "x", "<a@example.org>",
		    "From: a@example.org\n", "",
		    "spf=pass example.org helo=none dkim= dmarc=pass" },
		{ "two signatures (RFC 8463 appendix A)", "192.0.2.1", "x",
		    "<joe@football.example.com>", SAMPLE_HEADER, SAMPLE_BODY,
		    "spf=fail football.example.com helo=none dkim=pass,pass "
		    "dmarc=pass" },
		{ "its body changed", "192.0.2.1", "x",
		    "<joe@football.example.com>", SAMPLE_HEADER,
		    SAMPLE_BODY "more\r\n",
		    "spf=fail football.example.com helo=none dkim=fail,fail "
		    "dmarc=fail" },
		{ "no From", "192.0.2.1", "x", "<a@example.org>",
		    "Subject: x\n", "",
		    "spf=pass example.org helo=none dkim= dmarc=permerror" },
		{ "From twice", "192.0.2.1", "x", "<a@example.org>",
		    "From: a@example.org\nSubject: x\nfrom: a@example.org\n",
		    "", "spf=pass example.org helo=none dkim= "
		    "dmarc=permerror" },
		{ "white space behind the name", "192.0.2.1", "x",
		    "<a@example.org>", "From \t: a@example.org\n"
		    "Authentication-Results : " OURS "; spf=pass\n", "",
		    "spf=pass example.org helo=none dkim= dmarc=pass -1" },
		{ "forged fields", "192.0.2.1", "x", "<a@example.org>",
		    "Authentication-Results: " OURS "; spf=pass\n"
		    "From: a@example.org\n"
		    "Authentication-Results: mx.example.net; spf=pass\n"
		    "AUTHENTICATION-RESULTS: MX.example.org; spf=pass\n", "",
		    "spf=pass example.org helo=none dkim= dmarc=pass -1 -3" },
		{ "an empty field", "192.0.2.1", "x", "<a@example.org>",
		    "From: a@example.org\nX:\nDKIM-Signature:\n", "",
		    "spf=pass example.org helo=none dkim=neutral "
		    "dmarc=pass" },
	};
	struct resolver *zone = test_zone(ZONE);
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inspect *in = create(&defaults, zone);

		connect_from(in, cases[i].client);
		if (cases[i].helo != NULL)
			assert_int_equal(inspect_helo(in,
			    slice_from_cstr(cases[i].helo)), INSPECT_OK);
		test_assert_slice(cases[i].name, summarize(arena, play(in,
		    cases[i].mail, cases[i].header, cases[i].body)),
		    cases[i].want);
		inspect_destroy(&in);
		assert_null(in);
	}
	arena_destroy(&arena);
	dns_destroy_resolver(&zone);
}

static void
test_envelope(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_null(inspect_peek(in));
	assert_null(inspect_arena(in));
	assert_int_equal(inspect_helo(in, SLICE("first")), INSPECT_OK);
	assert_int_equal(inspect_helo(in, SLICE("second")), INSPECT_OK);
	assert_int_equal(inspect_mail(in, SLICE("<@r.example:A@Example.ORG.>"),
	    true, SLICE(OURS)), INSPECT_OK);
	r = inspect_peek(in);
	assert_non_null(r);
	assert_non_null(inspect_arena(in));
	test_assert_slice("helo", r->helo, "second");
	test_assert_slice("address", r->sender.address, "A@Example.ORG.");
	test_assert_slice("domain", r->sender_domain, "example.org");
	assert_true(r->is_smtputf8);
	assert_false(r->sender.is_null);
	assert_int_equal(inspect_mail(in, SLICE("<>"), false, SLICE(OURS)),
	    INSPECT_OK);
	r = inspect_peek(in);
	assert_true(r->sender.is_null);
	assert_false(r->is_smtputf8);
	assert_int_equal(r->sender_domain.len, 0);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

/* Nothing of a message is left in the next one. */
static void
test_two_messages(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	struct arena *arena = test_arena();

	(void)state;
	connect_from(in, "192.0.2.1");
	test_assert_slice("first", summarize(arena, play(in,
	    "<joe@football.example.com>",
	    "Authentication-Results: " OURS ";\n" SAMPLE_HEADER,
	    SAMPLE_BODY)), "spf=fail football.example.com helo=none "
	    "dkim=pass,pass dmarc=pass -1");
	test_assert_slice("second", summarize(arena, play(in, "<a@none.example>",
	    "From: a@none.example\n", "x")),
	    "spf=none none.example helo=none dkim= dmarc=none");
	inspect_abort(in);
	assert_null(inspect_peek(in));
	test_assert_slice("third", summarize(arena, play(in, "<a@example.org>",
	    "Subject: x\n", "")),
	    "spf=pass example.org helo=none dkim= dmarc=permerror");
	arena_destroy(&arena);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

/* ---- the order of events ------------------------------------------------- */

static enum inspect_status
do_event(struct inspect *in, char event)
{
	struct ip_address client = { .family = IP_V4 };
	const struct inspect_results *results;
	const struct spf_outcome *spf;

	switch (event) {
	case 'c':
		return inspect_connect(in, &client);
	case 'h':
		return inspect_helo(in, SLICE("x"));
	case 'm':
		return inspect_mail(in, SLICE("<a@example.org>"), false,
		    SLICE(OURS));
	case 'u':
		return inspect_mail_unchecked(in, SLICE("<a@example.org>"),
		    false, SLICE(OURS));
	case 's':
		return inspect_get_spf(in, &spf);
	case 'f':
		return inspect_add_field(in, SLICE("From"),
		    SLICE(" a@example.org"));
	case 'e':
		return inspect_end_header(in);
	case 'b':
		return inspect_add_body(in, SLICE("x\r\n"));
	case '.':
		return inspect_finish(in, &results);
	case 'a':
		inspect_abort(in);
		return INSPECT_OK;
	}
	fail_msg("no such event: %c", event);
	return INSPECT_OK;
}

static void
test_order(void **state)
{
	/* One letter for an event; upper case: it does not fit. */
	static const struct {
		const char *name, *events, *refused;
	} cases[] = {
		{ "as usual",		"chmsffebb.",	"          " },
		{ "no HELO",		"cmfe.",	"     " },
		{ "no field, no body",	"chme.",	"     " },
		{ "before connect",	"hmusfeb.a",	"xxxxxxxx " },
		{ "before MAIL",	"chsfeb.",	"  xxxxx" },
		{ "before end of header", "chmfb.e.",	"    xx  " },
		{ "field behind it",	"chmefb.",	"    x  " },
		{ "header ends twice",	"chmee.",	"    x " },
		{ "behind the end",	"chme.feb.s",	"     xxx  " },
		{ "abort at once",	"ca",		"  " },
		{ "abort, then go on",	"chmfafeb.",	"     xxxx" },
		{ "MAIL in a message",	"chmfemfe.",	"         " },
		{ "HELO in a message",	"chmfehf",	"      x" },
		{ "connect in a message", "chmfecf",	"      x" },
		{ "unchecked has no SPF", "chusfeb.",	"   x    " },
		{ "SPF in the body",	"chmfesb.",	"        " },
	};
	struct resolver *zone = test_zone(ZONE);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inspect *in = create(&defaults, zone);

		assert_int_equal(strlen(cases[i].events),
		    strlen(cases[i].refused));
		for (size_t j = 0; cases[i].events[j] != '\0'; j++)
			if (do_event(in, cases[i].events[j]) !=
			    (cases[i].refused[j] == 'x' ?
			    INSPECT_OUT_OF_ORDER : INSPECT_OK))
				fail_msg("%s: event %zu, '%c'", cases[i].name,
				    j, cases[i].events[j]);
		inspect_destroy(&in);
	}
	dns_destroy_resolver(&zone);
}

/* Every sequence of four events: none may crash, whatever it answers. */
static void
test_any_order(void **state)
{
	static const char events[] = "chmufeb.sa";
	const size_t n = sizeof(events) - 1;
	struct resolver *zone = test_zone(ZONE);

	(void)state;
	for (size_t code = 0; code < 2 * n * n * n * n; code++) {
		struct inspect *in = create(&defaults, zone);
		size_t rest = code / 2;

		if (code % 2 != 0)
			do_event(in, 'c');
		for (int i = 0; i < 4; i++, rest /= n)
			do_event(in, events[rest % n]);
		inspect_destroy(&in);
	}
	dns_destroy_resolver(&zone);
}

/* ---- ARC ----------------------------------------------------------------- */

#define ARC_KEYS "k._domainkey.example.net TXT v=DKIM1; p=\n" \
	"dead._domainkey.example.net TIMEOUT\n"
#define ARC_SET(selector) \
	"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.net;\n" \
	" s=" selector "; b=YQ==\n" \
	"ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\n" \
	" d=example.net; s=" selector "; h=from;\n" \
	" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=YQ==\n" \
	"arc-authentication-results: i=1; mx.example.net; none\n"

static void
test_arc(void **state)
{
	static const struct {
		const char *name, *header, *body;
		enum arc_result result;
		enum arc_reason reason;
		size_t n_sets;
	} cases[] = {
		{ "no chain", "From: a@example.org\n", "", ARC_NONE,
		    ARC_REASON_NONE, 0 },
		{ "a seal that is none", "ARC-Seal: x\n", "", ARC_FAIL,
		    ARC_REASON_INSTANCE, 0 },
		{ "an AAR alone", "ARC-Authentication-Results: i=1; x; "
		    "none\n", "", ARC_FAIL, ARC_REASON_INCOMPLETE, 0 },
		{ "its key is revoked", ARC_SET("k"), "", ARC_FAIL,
		    ARC_REASON_MESSAGE, 1 },
		{ "another body", ARC_SET("dead"), "x", ARC_FAIL,
		    ARC_REASON_MESSAGE, 1 },
		{ "its key does not come", ARC_SET("dead"), "",
		    ARC_TEMPERROR, ARC_REASON_DNS, 1 },
		{ "beside signatures", ARC_SET("dead") SAMPLE_HEADER, "",
		    ARC_TEMPERROR, ARC_REASON_DNS, 1 },
	};
	struct resolver *zone = test_zone(ZONE ARC_KEYS);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inspect *in = create(&defaults, zone);
		const struct inspect_results *r;

		connect_from(in, "192.0.2.1");
		r = play(in, "<a@example.org>", cases[i].header,
		    cases[i].body);
		assert_true(r->is_arc_checked);
		if (r->arc.result != cases[i].result ||
		    r->arc.reason != cases[i].reason)
			fail_msg("%s: %s, %s", cases[i].name,
			    arc_result_name(r->arc.result),
			    arc_reason_text(r->arc.reason));
		assert_int_equal(r->arc.n_sets, cases[i].n_sets);
		/* Nothing of it is left. */
		r = play(in, "<a@example.org>", "From: a@example.org\n", "");
		assert_int_equal(r->arc.result, ARC_NONE);
		assert_int_equal(r->arc.n_sets, 0);
		inspect_destroy(&in);
	}
	dns_destroy_resolver(&zone);
}

/* The body is hashed once for both, and a chain's key is asked for when its
 * field comes. */
static void
test_arc_beside_dkim(void **state)
{
	struct resolver *asked = asked_create(test_zone(ZONE ARC_KEYS));
	struct inspect *in = create(&defaults, asked);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	add_fields(in, ARC_SET("dead"));
	assert_int_equal(asked_count(asked, DNS_TXT,
	    SLICE("dead._domainkey.example.net")), 1);
	add_fields(in, SAMPLE_HEADER);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_true(inspect_wants_body(in));
	add_body(in, slice_from_cstr(SAMPLE_BODY));
	r = finish(in);
	assert_int_equal(r->n_dkim, 2);
	assert_int_equal(r->dkim[0].result, DKIM_RESULT_PASS);
	assert_int_equal(r->dkim[1].result, DKIM_RESULT_PASS);
	assert_int_equal(r->arc.reason, ARC_REASON_MESSAGE);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

static void
test_arc_cut_or_off(void **state)
{
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct resolver *asked = asked_create(test_zone(ZONE ARC_KEYS));
	struct inspect *in = create(&options, asked);
	const struct inspect_results *r;

	(void)state;
	options.header.max_fields = 3;
	connect_from(in, "192.0.2.1");
	r = play(in, "<a@example.org>", ARC_SET("k") "Subject: x\n", "");
	assert_int_equal(r->arc.result, ARC_FAIL);
	assert_int_equal(r->arc.reason, ARC_REASON_HEADER_TOO_LARGE);
	options.is_arc_enabled = false;
	r = play(in, "<a@example.org>", ARC_SET("dead"), "");
	assert_false(r->is_arc_checked);
	assert_int_equal(r->arc.result, ARC_NONE);
	assert_int_equal(asked_count(asked, DNS_TXT,
	    SLICE("dead._domainkey.example.net")), 0);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

/* ---- what is asked, and when --------------------------------------------- */

/* Whether a signature that broke is the author's own hangs on the author's
 * organization: then that is found, though DMARC did not need it. */
static void
test_broken_signature(void **state)
{
	static const struct {
		const char *name, *names, *org;
	} cases[] = {
		{ "covers From", "from", "football.example.com" },
		{ "does not cover From", "to", "" },
	};
	struct resolver *zone = test_zone(ZONE
	    "_dmarc.news.football.example.com TXT v=DMARC1; p=reject\n");

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inspect *in = create(&defaults, zone);
		struct arena *arena = test_arena();
		const struct inspect_results *r;
		struct strbuf header;

		strbuf_init(&header, arena, 1000);
		strbuf_printf(&header, "DKIM-Signature: v=1; a=rsa-sha256;\n"
		    " d=football.example.com; s=test; h=%s;\n"
		    " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n"
		    " b=YQ==\nFrom: a@news.football.example.com\n",
		    cases[i].names);
		connect_from(in, "192.0.2.1");
		r = play(in, "<a@example.org>", strbuf_cstr(&header), "");
		assert_int_equal(r->dmarc.result, DMARC_FAIL);
		test_assert_slice(cases[i].name,
		    r->dmarc.deciding->org_domain, cases[i].org);
		arena_destroy(&arena);
		inspect_destroy(&in);
	}
	dns_destroy_resolver(&zone);
}

static void
test_prefetch(void **state)
{
	struct resolver *asked = asked_create(test_zone(ZONE));
	struct inspect *in = create(&defaults, asked);

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_helo(in, SLICE("mail.example.org")),
	    INSPECT_OK);
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	assert_int_equal(asked_count(asked, DNS_TXT,
	    SLICE("mail.example.org")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE("example.org")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE(
	    "brisbane._domainkey.football.example.com")), 0);
	add_fields(in, SAMPLE_HEADER);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE(
	    "brisbane._domainkey.football.example.com")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE(
	    "test._domainkey.football.example.com")), 1);
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE(
	    "_dmarc.football.example.com")), 1);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

static void
test_unchecked(void **state)
{
	struct resolver *asked = asked_create(test_zone(ZONE));
	struct inspect *in = create(&defaults, asked);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_helo(in, SLICE("mail.example.org")),
	    INSPECT_OK);
	assert_int_equal(inspect_mail_unchecked(in, SLICE("<a@example.org>"),
	    false, SLICE(OURS)), INSPECT_OK);
	add_fields(in, "Authentication-Results: " OURS "; spf=pass\n"
	    SAMPLE_HEADER);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_false(inspect_wants_body(in));
	r = finish(in);
	assert_false(r->is_spf_checked);
	assert_false(r->is_dkim_checked);
	assert_false(r->is_dmarc_checked);
	assert_int_equal(r->n_dkim, 0);
	assert_int_equal(r->n_forged_fields, 1);
	test_assert_slice("author", r->authors.first_address,
	    "joe@football.example.com");
	assert_int_equal(asked_count(asked, DNS_TXT, SLICE_EMPTY), 0);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

static void
test_methods_off(void **state)
{
	struct resolver *asked = asked_create(test_zone(ZONE));
	struct arena *arena = test_arena();
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;

	(void)state;
	for (unsigned n = 0; n < 8; n++) {
		struct inspect *in;
		const struct inspect_results *r;

		options.is_spf_enabled = (n & 1) != 0;
		options.is_dkim_enabled = (n & 2) != 0;
		options.is_dmarc_enabled = (n & 4) != 0;
		in = create(&options, asked);
		connect_from(in, "192.0.2.1");
		r = play(in, "<a@example.org>", SAMPLE_HEADER, SAMPLE_BODY);
		assert_int_equal(r->is_spf_checked, (n & 1) != 0);
		assert_int_equal(r->spf.result, (n & 1) != 0 ? SPF_PASS :
		    SPF_NONE);
		assert_int_equal(r->is_dkim_checked, (n & 2) != 0);
		assert_int_equal(r->n_dkim, (n & 2) != 0 ? 2 : 0);
		assert_int_equal(r->is_dmarc_checked, (n & 4) != 0);
		if ((n & 4) != 0)
			assert_int_equal(r->dmarc.result, (n & 2) != 0 ?
			    DMARC_PASS : DMARC_FAIL);
		if (n == 0)
			assert_int_equal(asked_count(asked, DNS_TXT,
			    SLICE_EMPTY), 0);
		inspect_destroy(&in);
	}
	arena_destroy(&arena);
	dns_destroy_resolver(&asked);
}

/* A resolver that has nothing at hand, and notes the latest deadline. */
struct clockwork {
	struct resolver base;
	struct resolver *inner;
	int64_t latest_ms;
};

static const struct dns_answer *
clockwork_query(struct resolver *resolver, struct slice name,
    enum dns_type type, int64_t deadline_ms)
{
	struct clockwork *c = (struct clockwork *)resolver;

	if (deadline_ms == DNS_AT_HAND_MS)
		return &dns_answer_timeout;
	if (deadline_ms > c->latest_ms)
		c->latest_ms = deadline_ms;
	return c->inner->ops->query(c->inner, name, type, deadline_ms);
}

static void
clockwork_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	(void)resolver;
	(void)name;
	(void)type;
}

static void
clockwork_destroy(struct resolver *resolver)
{
	struct clockwork *c = (struct clockwork *)resolver;

	dns_destroy_resolver(&c->inner);
}

static void
test_deadlines(void **state)
{
	static const struct resolver_ops ops = { .query = clockwork_query,
		.prefetch = clockwork_prefetch,
		.destroy = clockwork_destroy };
	struct clockwork clockwork = { .base = { &ops },
		.inner = test_zone(ZONE) };
	struct resolver *resolver = &clockwork.base;
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct inspect *in;
	const struct spf_outcome *spf;
	int64_t start_ms = clock_monotonic_ms();

	(void)state;
	options.finish_budget_ms = 7000;
	in = create(&options, resolver);
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	assert_int_equal(inspect_get_spf(in, &spf), INSPECT_OK);
	assert_int_equal(spf->result, SPF_PASS);
	assert_true(clockwork.latest_ms >= start_ms + 19000);
	assert_true(clockwork.latest_ms <= clock_monotonic_ms() + 20000);
	clockwork.latest_ms = 0;
	add_fields(in, SAMPLE_HEADER);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	finish(in);
	assert_true(clockwork.latest_ms >= start_ms + 6900);
	assert_true(clockwork.latest_ms <= clock_monotonic_ms() + 7000);
	inspect_destroy(&in);
	dns_destroy_resolver(&resolver);
}

/* SPF is evaluated once. */
static void
test_spf_once(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct spf_outcome *first, *second;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	assert_int_equal(inspect_get_spf(in, &first), INSPECT_OK);
	assert_int_equal(inspect_get_spf(in, &second), INSPECT_OK);
	assert_ptr_equal(first, second);
	assert_ptr_equal(first->domain.ptr, second->domain.ptr);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

/* ---- large and hostile headers ------------------------------------------- */

static void
pad(struct inspect *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(inspect_add_field(in, SLICE("X-Padding"),
		    SLICE(" x")), INSPECT_OK);
}

static void
test_many_fields(void **state)
{
	/* What stands behind 10,000 fields. */
	static const struct {
		const char *name, *before, *behind, *want;
		enum mail_author_status author;
	} cases[] = {
		{ "From", "", "From: a@example.org\n",
		    "spf=pass example.org helo=none dkim= dmarc=pass",
		    MAIL_AUTHOR_OK },
		{ "a second From", "From: a@example.org\n",
		    "From: a@example.org\n", "spf=pass example.org helo=none "
		    "dkim= dmarc=permerror", MAIL_AUTHOR_REPEATED },
		{ "two From", "",
		    "From: a@example.org\nFrom: a@example.org\n",
		    "spf=pass example.org helo=none dkim= dmarc=permerror",
		    MAIL_AUTHOR_REPEATED },
		{ "no From", "", "Subject: x\n",
		    "spf=pass example.org helo=none dkim= dmarc=permerror",
		    MAIL_AUTHOR_ABSENT },
		{ "forged fields", "From: a@example.org\n"
		    "Authentication-Results: " OURS "; spf=pass\n",
		    "Authentication-Results: mx.example.net; spf=pass\n"
		    "Authentication-Results: " OURS "; spf=pass\n",
		    "spf=pass example.org helo=none dkim= dmarc=pass -1 -3",
		    MAIL_AUTHOR_OK },
	};
	struct resolver *zone = test_zone(ZONE);
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inspect *in = create(&defaults, zone);
		const struct inspect_results *r;

		connect_from(in, "192.0.2.1");
		assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"),
		    false, SLICE(OURS)), INSPECT_OK);
		add_fields(in, cases[i].before);
		pad(in, 10000);
		add_fields(in, cases[i].behind);
		assert_int_equal(inspect_end_header(in), INSPECT_OK);
		r = finish(in);
		test_assert_slice(cases[i].name, summarize(arena, r),
		    cases[i].want);
		assert_int_equal(r->author_status, cases[i].author);
		assert_false(r->is_header_whole);
		assert_true(r->header->n_fields <= 1001);
		inspect_destroy(&in);
	}
	arena_destroy(&arena);
	dns_destroy_resolver(&zone);
}

/* A header that was cut: its signatures cannot be told, and do not pass. */
static void
test_cut_header(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	add_fields(in, SAMPLE_HEADER);
	pad(in, 1000);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	add_body(in, SLICE(SAMPLE_BODY));
	r = finish(in);
	assert_int_equal(r->n_dkim, 2);
	for (size_t i = 0; i < r->n_dkim; i++)
		assert_int_equal(r->dkim[i].reason,
		    DKIM_REASON_HEADER_TOO_LARGE);
	assert_int_equal(r->dmarc.result, DMARC_FAIL);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

static struct slice
repeat(char c, size_t n)
{
	char *text = malloc(n);

	assert_non_null(text);
	memset(text, c, n);
	return (struct slice){ text, n };
}

static void
test_large_fields(void **state)
{
	struct slice large = repeat('x', 1024 * 1024);
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"),
		    false, SLICE(OURS)), INSPECT_OK);
		for (int j = 0; j < 8; j++)
			assert_int_equal(inspect_add_field(in, SLICE("X"),
			    large), INSPECT_OK);
		assert_int_equal(inspect_add_field(in, SLICE("From"),
		    i == 0 ? SLICE(" a@example.org") : large), INSPECT_OK);
		assert_int_equal(inspect_add_field(in, large, large),
		    INSPECT_OK);
		assert_int_equal(inspect_add_field(in,
		    SLICE("DKIM-Signature"), large), INSPECT_OK);
		assert_int_equal(inspect_end_header(in), INSPECT_OK);
		r = finish(in);
		assert_int_equal(r->dmarc.result, i == 0 ? DMARC_PASS :
		    DMARC_PERMERROR);
		assert_int_equal(r->author_status, i == 0 ? MAIL_AUTHOR_OK :
		    MAIL_AUTHOR_TOO_MANY);
		assert_false(r->is_header_whole);
		assert_true(arena_used(inspect_arena(in)) < 512 * 1024);
	}
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
	test_free_copy(large);
}

static void
test_many_signatures(void **state)
{
	struct resolver *asked = asked_create(test_zone(ZONE));
	struct inspect *in = create(&defaults, asked);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	for (int i = 0; i < 500; i++) {
		char value[160];

		snprintf(value, sizeof(value), " v=1; a=rsa-sha256; s=s%d; "
		    "d=d%d.example; h=from; bh=AAAA; b=AAAA", i, i);
		assert_int_equal(inspect_add_field(in,
		    SLICE("DKIM-Signature"), slice_from_cstr(value)),
		    INSPECT_OK);
	}
	add_fields(in, "From: a@example.org\n");
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	r = finish(in);
	assert_int_equal(r->n_dkim, INSPECT_MAX_SIGNATURES);
	assert_int_equal(r->n_ignored_signatures,
	    500 - INSPECT_MAX_SIGNATURES);
	assert_true(asked_count(asked, DNS_TXT, SLICE_EMPTY) <
	    INSPECT_MAX_SIGNATURES + 20);
	inspect_destroy(&in);
	dns_destroy_resolver(&asked);
}

/* More than can be told to the MTA: the message is not let in. */
static void
test_too_many_forged(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct inspect_results *results;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	for (int i = 0; i <= FORGED_MAX_FIELDS; i++)
		assert_int_equal(inspect_add_field(in,
		    SLICE("Authentication-Results"),
		    SLICE(" " OURS "; none")), INSPECT_OK);
	add_fields(in, "From: a@example.org\n");
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(inspect_finish(in, &results),
		    INSPECT_TOO_MANY_FORGED);
		assert_null(results);
	}
	/* The next one is as good as ever. */
	play(in, "<a@example.org>", "From: a@example.org\n", "");
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

static void
test_nul(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);
	const struct inspect_results *r;

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_int_equal(inspect_helo(in, SLICE("a\0b")), INSPECT_OK);
	assert_int_equal(inspect_mail(in, SLICE("<a\0@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	assert_int_equal(inspect_add_field(in, SLICE("From"),
	    SLICE(" a@example.org\0, b@example.net")), INSPECT_OK);
	assert_int_equal(inspect_add_field(in, SLICE("Fr\0om"),
	    SLICE(" a@example.org")), INSPECT_OK);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	r = finish(in);
	assert_int_equal(r->author_status, MAIL_AUTHOR_MALFORMED);
	assert_int_equal(r->dmarc.result, DMARC_PERMERROR);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

/* At every ceiling there is a result or a status, never half a result. */
static void
test_ceilings(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	bool has_passed = false;

	(void)state;
	for (size_t ceiling = 0; ceiling < 96 * 1024; ceiling += 113) {
		struct inspect *in;
		const struct inspect_results *r;
		struct slice rest = SLICE("From: Joe <joe@football.example.com>");

		options.max_message_memory = ceiling;
		in = create(&options, zone);
		connect_from(in, "192.0.2.1");
		if (inspect_mail(in, SLICE("<joe@football.example.com>"),
		    false, SLICE(OURS)) == INSPECT_OK) {
			/* What fails here must be told at the end. */
			add_field(in, rest);
			add_field(in, SLICE("Authentication-Results: " OURS));
			add_field(in, SLICE("DKIM-Signature: v=1; "
			    "a=rsa-sha256; s=test; d=football.example.com; "
			    "h=from; bh=AAAA; b=AAAA"));
			inspect_end_header(in);
			inspect_add_body(in, SLICE("x\r\n"));
			if (inspect_finish(in, &r) == INSPECT_OK) {
				has_passed = true;
				assert_int_equal(r->n_forged_fields, 1);
				assert_int_equal(r->n_dkim, 1);
				assert_int_equal(r->dmarc.result, DMARC_FAIL);
			} else {
				assert_null(r);
			}
		}
		inspect_destroy(&in);
	}
	assert_true(has_passed);
	dns_destroy_resolver(&zone);
}

static void
test_wants_body(void **state)
{
	struct resolver *zone = test_zone(ZONE);
	struct inspect *in = create(&defaults, zone);

	(void)state;
	connect_from(in, "192.0.2.1");
	assert_false(inspect_wants_body(in));
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	add_fields(in, "From: a@example.org\n");
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_false(inspect_wants_body(in));	/* no signature */
	assert_int_equal(inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE(OURS)), INSPECT_OK);
	add_fields(in, SAMPLE_HEADER);
	assert_true(inspect_wants_body(in));
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_true(inspect_wants_body(in));
	finish(in);
	assert_false(inspect_wants_body(in));
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_two_messages),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_arc),
		cmocka_unit_test(test_arc_beside_dkim),
		cmocka_unit_test(test_arc_cut_or_off),
		cmocka_unit_test(test_broken_signature),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_methods_off),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_spf_once),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_cut_header),
		cmocka_unit_test(test_large_fields),
		cmocka_unit_test(test_many_signatures),
		cmocka_unit_test(test_too_many_forged),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_wants_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
