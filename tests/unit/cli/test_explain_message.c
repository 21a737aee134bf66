/* A message's whole story: what it must name, and that no message makes it
 * endless. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/examine.h"
#include "cli/explain_message.h"
#include "cli/explain_tree.h"
#include "dns/zone.h"
#include "unit/test.h"

#define D "example.org"
#define AUTHOR "From: Ann <ann@" D ">\n"
#define MAX_WANT 14
#define MAX_RECORDS 8

/* A signature of D that can be tried: bh= is of no body, b= of nothing. */
#define SIGNATURE(tags) "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; " \
	"d=" D "; s=s; h=from:subject; " tags \
	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n\tb=AAAA\n"

struct record {
	const char *name, *text;
};

static const struct {
	const char *name;
	struct record records[MAX_RECORDS];
	const char *message;
	const char *want[MAX_WANT];	/* in order */
} cases[] = {
	{ "an SPF tree", {
	    { "example.com", "v=spf1 include:a." D " a:mx." D " -all" },
	    { "a." D, "v=spf1 ip4:192.0.2.7 ?all" } },
	    AUTHOR "\n",
	    { "client: 192.0.2.1", "spf: MAIL FROM joe@example.com, client "
	    "192.0.2.1 -> fail", "lookup: TXT example.com -> found",
	    "record: v=spf1 include:a." D, "term: include:a." D " -> no match "
	    "(lookups 1 of 10, void 0 of 2)", "record: v=spf1 ip4:192.0.2.7",
	    "term: ip4:192.0.2.7 -> no match",
	    "term: a:mx." D " -> no match (lookups 2 of 10, void 1 of 2)",
	    "lookup: A mx." D " -> no such name",
	    "term: -all -> match (gives fail)",
	    "limits: lookups 2 of 10, void 1 of 2" } },
	{ "redirect", {
	    { "example.com", "v=spf1 redirect=r." D },
	    { "r." D, "v=spf1 ip4:192.0.2.1" } },
	    AUTHOR "\n",
	    { "redirect: r." D, "lookup: TXT r." D, "term: ip4:192.0.2.1 -> "
	    "match (gives pass)" } },
	{ "a record that is wrong", {
	    { "example.com", "v=spf1 ipv4:192.0.2.1" } },
	    AUTHOR "\n",
	    { "-> permerror", "for the sender", "mend the SPF record of "
	    "example.com: " } },
	{ "no SPF, refused", {
	    { "_dmarc." D, "v=DMARC1; p=reject" } },
	    AUTHOR "\n",
	    { "dkim: none (it is not signed)", "arc: none", "dmarc: " D " -> fail",
	    "lookup: _dmarc." D " -> record", "record: v=DMARC1; p=reject",
	    "policy: reject by the record of " D " (p=)", "verdict: reject",
	    "evidence: arc -> not found", "reply: 550 5.7.1",
	    "for the sender", "publish an SPF record at example.com with all "
	    "hosts that send for it: v=spf1 ip4:192.0.2.1 -all; for DMARC that "
	    "alone is not enough", "sign with DKIM, d=" D,
	    "here" } },
	{ "a tree walk", {
	    { "_dmarc." D, "v=DMARC1; p=reject; sp=quarantine" } },
	    "From: a@deep.sub." D "\n\n",
	    { "dmarc: deep.sub." D " -> fail", "lookup: _dmarc.deep.sub." D
	    " -> no record", "tree walk: deep.sub." D
	    " -> organizational domain (" D ")", "lookup: _dmarc.sub." D
	    " -> no record", "lookup: _dmarc." D " -> record",
	    "lookup: _dmarc.org -> no record", "policy: quarantine by the "
	    "record of " D " (sp=)", "verdict: hold" } },
	{ "SPF that is not aligned", {
	    { "example.com", "v=spf1 ip4:192.0.2.1 -all" },
	    { "_dmarc." D, "v=DMARC1; p=reject" } },
	    AUTHOR "\n",
	    { "spf identifier: example.com -> not aligned", "SPF passes for "
	    "example.com, which is not aligned with From: send with an "
	    "envelope sender in " D } },
	{ "SPF that would have to be strict", {
	    { "sub.example.com", "v=spf1 -all" },
	    { "example.com", "v=spf1 ip4:192.0.2.1 -all" },
	    { "_dmarc.example.com", "v=DMARC1; p=reject; aspf=s" } },
	    "From: a@sub.example.com\n\n",
	    { "spf identifier: example.com -> not aligned (it is not the "
	    "author domain itself)", "mode: strict", "send with an envelope "
	    "sender in sub.example.com", "without aspf=s" } },
	{ "sp= or np=", {
	    { "_dmarc." D, "v=DMARC1; p=none; np=reject" } },
	    "From: a@sub." D "\n\n",
	    { "does it exist: sub." D " -> NXDOMAIN", "policy: reject by the "
	    "record of " D " (np=)" } },
	{ "no policy", { { "x." D, "x" } }, AUTHOR "\n",
	    { "dmarc: " D " -> none", "verdict: accept", "what would make it "
	    "pass: it is accepted as it is" } },
	{ "no author", { { "x." D, "x" } }, "Subject: x\n\n",
	    { "dmarc: permerror", "verdict: reject", "write one From field "
	    "with one address", "dmarc.bad_from" } },
	{ "a signature without a key", {
	    { "_dmarc." D, "v=DMARC1; p=reject" } },
	    SIGNATURE("") AUTHOR "Subject: Hello\n\nbody\n",
	    { "signature: d=" D " s=s a=rsa-sha256 c=relaxed/simple -> "
	    "permerror (no key for signature)", "signed fields: from:subject",
	    "header as it is hashed: relaxed",
	    "field: from:Ann <ann@" D ">", "field: subject:Hello",
	    "field: dkim-signature:v=1;", "body hash: claimed 47DEQpj8HBSa",
	    "-> no match", "key: s._domainkey." D " -> no such name",
	    "dkim identifier: " D " -> aligned", "signature d=" D " s=s: "
	    "publish the key of this selector" } },
	{ "copies", { { "x." D, "x" } },
	    SIGNATURE("z=Subject:=20Hello=20World|From:=20Ann=20<ann@" D ">|"
	    "X-Gone:=201; ") AUTHOR "Subject: [list] Hello World\n\nbody\n",
	    { "copies that the signer made", "copy: Subject -> differs (at "
	    "octet 9: signed as \"subject:Hello World\", now "
	    "\"subject:[list] Hello World\")", "copy: X-Gone -> is gone "
	    "(x-gone:1", "note: 1 of 3 are as they were" } },
	{ "nothing reaches a terminal", {
	    { "example.com", "v=spf1 \033[2J -all" } },
	    "From: a@" D "\nX: \033]0;x\a\nDKIM-Signature: d=\033[2J;\n"
	    "ARC-Seal: i=1; d=\033[2J\n\n",
	    { "\\x1b[2J" } },
};

/* ---- the story ----------------------------------------------------------- */

static void
add_record(struct resolver *zone, struct slice name, struct slice text)
{
	const struct dns_record record = { .text = text };

	assert_true(zone_add_record(zone, name, DNS_TXT, &record, 300));
}

static struct slice
print(struct arena *arena, const struct trace *trace)
{
	struct slice copy;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_true(explain_print_tree(out, trace, false));
	fclose(out);
	assert_true(arena_copy(arena, (struct slice){ text, len }, &copy));
	free(text);
	return copy;
}

static bool
explain(struct resolver *zone, struct slice message, struct trace *trace)
{
	struct inspect_options inspect = INSPECT_OPTIONS_DEFAULT;
	struct policy_options policy = POLICY_OPTIONS_DEFAULT;
	struct examiner_options options = {
		.inspect = &inspect, .policy = &policy, .resolver = zone,
		.authserv_id = SLICE("mx.example.net"),
		.hostname = SLICE("mx.example.net"),
		.origin = { .helo = SLICE("example.com"),
		    .sender = SLICE("<joe@example.com>"),
		    .client_from = ORIGIN_GIVEN, .helo_from = ORIGIN_GIVEN,
		    .sender_from = ORIGIN_GIVEN },
	};

	policy.mode = POLICY_MODE_ENFORCE;
	assert_true(ip_parse(SLICE("192.0.2.1"), &options.origin.client));
	return explain_message(&options, NULL, SLICE("name"), message, trace);
}

/* Complete to its last line, and nothing in it that a terminal would obey. */
static void
assert_sound(const char *name, const struct trace *trace, struct slice tree)
{
	size_t n;

	(void)trace_nodes(trace, &n);
	if (n > TRACE_MAX_NODES + TRACE_RESERVE_NODES)
		fail_msg("%s: %zu nodes", name, n);
	for (size_t i = 0; i < tree.len; i++)
		if (tree.ptr[i] != '\n' &&
		    (tree.ptr[i] < ' ' || tree.ptr[i] > '~'))
			fail_msg("%s: octet 0x%02x", name,
			    (unsigned char)tree.ptr[i]);
	if (memmem(tree.ptr, tree.len, "\nverdict", 8) == NULL ||
	    memmem(tree.ptr, tree.len, "\nwhat would make it pass", 24) ==
	    NULL)
		fail_msg("%s: it has no end", name);
}

static void
assert_parts(const char *name, struct slice text, const char *const *want)
{
	const char *at = text.ptr;

	for (size_t i = 0; i < MAX_WANT && want[i] != NULL; i++) {
		at = memmem(at, text.len - (size_t)(at - text.ptr), want[i],
		    strlen(want[i]));
		if (at == NULL)
			fail_msg("%s: no \"%s\" in its place in\n%.*s", name,
			    want[i], SLICE_PRINTF(text));
	}
}

static void
run_case(size_t i)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	struct resolver *zone = zone_create();
	struct slice message, tree;

	assert_non_null(zone);
	for (size_t j = 0; j < MAX_RECORDS &&
	    cases[i].records[j].name != NULL; j++)
		add_record(zone, slice_from_cstr(cases[i].records[j].name),
		    slice_from_cstr(cases[i].records[j].text));
	message = test_exact_copy(slice_from_cstr(cases[i].message));
	assert_true(explain(zone, message, trace));
	test_free_copy(message);
	tree = print(arena, trace);
	assert_sound(cases[i].name, trace, tree);
	assert_parts(cases[i].name, tree, cases[i].want);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		run_case(i);
}

/* ---- hostile input ------------------------------------------------------- */

/* Each record includes the next, and has as many terms as it can. */
static void
write_includes(struct resolver *zone, struct arena *arena,
    struct strbuf *message)
{
	for (unsigned i = 0; i < 12; i++) {
		struct strbuf name, text;

		strbuf_init(&name, arena, 100);
		strbuf_init(&text, arena, 20000);
		strbuf_printf(&name, i == 0 ? "example.com" : "h%u." D, i);
		strbuf_append_cstr(&text, "v=spf1");
		for (unsigned j = 0; j < 800; j++)
			strbuf_append_cstr(&text, " ip4:203.0.113.1");
		strbuf_printf(&text, " include:h%u." D " -all", i + 1);
		assert_false(text.has_failed);
		add_record(zone, strbuf_slice(&name), strbuf_slice(&text));
	}
	strbuf_append_cstr(message, AUTHOR "\n");
}

static void
write_signatures(struct resolver *zone, struct arena *arena,
    struct strbuf *message)
{
	(void)zone, (void)arena;
	for (unsigned i = 0; i < 200; i++)
		strbuf_append_cstr(message, SIGNATURE(""));
	strbuf_append_cstr(message, AUTHOR "\n");
}

/* Fields without number, all of one name, all signed and all copied. */
static void
write_fields(struct resolver *zone, struct arena *arena,
    struct strbuf *message)
{
	(void)zone, (void)arena;
	for (unsigned i = 0; i < 8; i++) {
		strbuf_append_cstr(message, "DKIM-Signature: v=1; "
		    "a=rsa-sha256; c=relaxed/relaxed; d=" D "; s=s; "
		    "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA; "
		    "h=from");
		for (unsigned j = 0; j < 900; j++)
			strbuf_append_cstr(message, ":x");
		strbuf_append_cstr(message, ";\n\tz=x:a");
		for (unsigned j = 0; j < 900; j++)
			strbuf_append_cstr(message, "|x:a");
		strbuf_append_cstr(message, "\n");
	}
	strbuf_append_cstr(message, AUTHOR);
	for (unsigned i = 0; i < 900; i++)
		strbuf_printf(message, "X: %0200u\n", i);
	strbuf_append_cstr(message, "\n");
}

static void
write_one_field(struct resolver *zone, struct arena *arena,
    struct strbuf *message)
{
	(void)zone, (void)arena;
	strbuf_append_cstr(message, SIGNATURE("") AUTHOR "Subject:");
	for (unsigned i = 0; i < 20000; i++)
		strbuf_append_cstr(message, " \033[2J\n");
	strbuf_append_cstr(message, "\n");
}

static void
write_sets(struct resolver *zone, struct arena *arena, struct strbuf *message)
{
	(void)zone, (void)arena;
	for (unsigned i = 50; i > 0; i--)
		strbuf_printf(message, "ARC-Seal: i=%u; a=rsa-sha256; cv=%s; "
		    "d=" D "; s=s; b=AAAA\n"
		    "ARC-Message-Signature: i=%u; a=rsa-sha256; d=" D "; s=s; "
		    "h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
		    "b=AAAA\n"
		    "ARC-Authentication-Results: i=%u; mx; none\n", i,
		    i == 1 ? "none" : "pass", i, i);
	strbuf_append_cstr(message, AUTHOR "\n");
}

static const struct {
	const char *name;
	void (*write)(struct resolver *zone, struct arena *arena,
	    struct strbuf *message);
	const char *want[MAX_WANT];
} hostile[] = {
	{ "deep includes", write_includes, { "spf: MAIL FROM", "-> permerror",
	    "... and 676 steps more", "term: include:h1." D " -> permerror",
	    "term: include:h2." D, "term: include:h10." D,
	    "limits: lookups 10 of 10" } },
	{ "200 signatures", write_signatures, { "dkim\n", "too many "
	    "signatures" } },
	{ "fields without number", write_fields, { "header as it is hashed",
	    "steps more", "copies that the signer made",
	    "note: 0 of 200 are as they were" } },
	{ "one huge field", write_one_field, { "octets more)" } },
	{ "50 sets", write_sets, { "arc: fail", "set: " D } },
};

static void
test_hostile(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
		struct arena *arena = test_arena();
		struct arena *own = arena_create((size_t)128 * 1024 * 1024);
		struct trace *trace = trace_create(own);
		struct resolver *zone = zone_create();
		struct strbuf message;
		struct slice tree;

		assert_non_null(zone);
		strbuf_init(&message, arena, 1024 * 1024);
		add_record(zone, SLICE("_dmarc." D), SLICE("v=DMARC1; "
		    "p=reject"));
		hostile[i].write(zone, arena, &message);
		assert_false(message.has_failed);
		assert_true(explain(zone, strbuf_slice(&message), trace));
		tree = print(own, trace);
		assert_false(arena_has_failed(own));
		assert_sound(hostile[i].name, trace, tree);
		assert_parts(hostile[i].name, tree, hostile[i].want);
		dns_destroy_resolver(&zone);
		arena_destroy(&own);
		arena_destroy(&arena);
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static const json_t *
find_step(const json_t *steps, const char *name)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		if (strcmp(json_string_value(json_object_get(step, "step")),
		    name) == 0)
			return step;
	}
	fail_msg("no step \"%s\"", name);
	return NULL;
}

static void
assert_value(const json_t *object, const char *key, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(object, key)),
	    want);
}

/* Nested as the tree is. */
static void
test_json(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	struct resolver *zone = zone_create();
	const json_t *spf, *lookup, *record;
	json_t *steps;

	(void)state;
	add_record(zone, SLICE("example.com"), SLICE("v=spf1 \033 -all"));
	assert_true(explain(zone, SLICE(AUTHOR "\n"), trace));
	steps = explain_make_json(trace);
	assert_true(json_is_array(steps));
	spf = find_step(steps, "spf");
	assert_value(spf, "outcome", "permerror");
	lookup = find_step(json_object_get(spf, "steps"), "lookup");
	assert_value(lookup, "text", "TXT example.com");
	record = find_step(json_object_get(lookup, "steps"), "record");
	assert_value(record, "text", "v=spf1 \\x1b -all");
	find_step(steps, "what would make it pass");
	json_decref(steps);
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
