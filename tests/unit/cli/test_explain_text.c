/* What a pasted field, reply or line of the log is, and says. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/explain.h"
#include "cli/explain_text.h"
#include "cli/explain_tree.h"
#include "unit/test.h"

static const struct {
	const char *name;
	bool (*explain)(struct slice text, struct trace *trace);
	const char *text;
	const char *want[8];	/* lines have these, in order; none: false */
} cases[] = {
	{ "a field", explain_results, "Authentication-Results: mx.example.org;\n"
	    "\tspf=pass smtp.mailfrom=a@example.com;\n"
	    "\tdmarc=pass (p=reject dis=none) header.from=example.com",
	    { "Authentication-Results: mx.example.org", "method: spf -> pass "
	    "(the client may send", "smtp.mailfrom=a@example.com: the envelope "
	    "sender", "method: dmarc -> pass", "header.from=example.com",
	    "for the verdict: the message is its author domain's" } },
	{ "without its name", explain_results, "mx.example.org; dkim=fail "
	    "reason=\"body hash did not verify\" header.d=example.com",
	    { "dkim -> fail", "reason: body hash did not verify",
	    "header.d=example.com: the domain that signed",
	    "it has no DMARC result" } },
	{ "a fail with evidence", explain_results, "mx; dmarc=fail "
	    "header.from=a.example policy.dmarc=reject policy.evidence=arc",
	    { "policy.evidence=arc", "it is quarantined" } },
	{ "a fail without", explain_results, "mx; dmarc=fail "
	    "header.from=a.example policy.dmarc=reject",
	    { "it is refused" } },
	{ "a rule", explain_results, "mx; dmarc=fail header.from=a.example "
	    "policy.dmarc=reject policy.rule=1", { "a local rule decided" } },
	{ "nothing checked", explain_results, "mx.example.org; none",
	    { "nothing was checked" } },
	{ "an unknown method", explain_results, "mx; x-own=strange a.b=c",
	    { "method: x-own", "result: strange", "property: a.b=c" } },
	{ "8-bit in a value", explain_results, "mx; spf=pass "
	    "smtp.mailfrom=\xc3\xa9@example.com", { "\\xc3\\xa9@example" } },
	{ "no field", explain_results, "mx; spf", { NULL } },
	{ "controls", explain_results, "mx; spf=pass \033[2J", { NULL } },
	{ "empty", explain_results, "", { NULL } },

	{ "ours: DMARC", explain_reply, "550 5.7.1 rejected by the DMARC "
	    "policy of bank.example (p=reject): nothing aligned with "
	    "bank.example passed; no sign of forwarding (arc, signature) "
	    "(id 4XyZ)", { "-> assay's own words", "code: 550:",
	    "enhanced code: 5.7.1", "what happened: From is of bank.example,",
	    "for the sender: send through a host that signs with DKIM as "
	    "bank.example", "(SRS) does not help DMARC", "id: 4XyZ" } },
	{ "ours: SPF", explain_reply, "550 5.7.23 SPF MAIL FROM check gave "
	    "fail for example.org; that domain explains: go away",
	    { "assay's own words", "SPF failed", "may send for example.org,",
	    "SPF record of example.org", "spf.reject" } },
	{ "ours: SPF, in error", explain_reply, "550 5.7.24 SPF HELO check "
	    "gave permerror for example.org: it is wrong",
	    { "assay's own words", "could not be evaluated",
	    "assay check example.org" } },
	{ "ours: From", explain_reply, "550 5.7.1 DMARC needs an author "
	    "domain: no From field", { "assay's own words",
	    "write one From field", "dmarc.bad_from" } },
	{ "ours: DNS", explain_reply, "451 4.7.0 DMARC cannot be evaluated "
	    "now for example.org: timeout", { "assay's own words",
	    "code: 451", "hangs on that answer: example.org",
	    "nothing at once" } },
	{ "ours: signs open", explain_reply, "451 4.7.0 the DMARC policy of "
	    "example.org cannot be applied now: DNS failed",
	    { "assay's own words", "example.org", "nothing at once" } },
	{ "ours: a rule", explain_reply, "550 5.7.1 rejected by local rule "
	    "7: spam (author domain example.org)", { "assay's own words",
	    "own rule 7 refuses" } },
	{ "ours: forged fields", explain_reply, "550 5.7.1 too many "
	    "Authentication-Results fields", { "assay's own words",
	    "remove these fields" } },
	{ "ours: stopped", explain_reply, "451 4.3.2 shutting down, try again "
	    "later", { "assay's own words", "tries again by itself" } },
	{ "in a bounce", explain_reply, "host mx.example.org[192.0.2.1] said: "
	    "550 5.1.1 no such user (in reply to RCPT TO command)",
	    { "reply: no such user", "no such mailbox" } },
	{ "of several lines", explain_reply, "550-5.7.26 not\n"
	    "550-5.7.26 authenticated\n550 5.7.26 at all",
	    { "reply: not authenticated at all", "5.7.26",
	    "for the sender: let SPF or DKIM pass" } },
	{ "CRLF", explain_reply, "550-a\r\n550 b\r\n", { "reply: a b" } },
	{ "without an enhanced code", explain_reply, "554 no",
	    { "reply: no", "code: 554" } },
	{ "an unknown one", explain_reply, "554 5.9.9 no",
	    { "5.9.9: of no meaning that is known here" } },
	{ "controls are escaped", explain_reply, "550 5.7.1 \033[2Jno\a",
	    { "reply: \\x1b[2Jno\\x07" } },
	{ "a code alone", explain_reply, "550 ", { NULL } },
	{ "no refusal", explain_reply, "250 2.1.5 Ok", { NULL } },
	{ "a year", explain_reply, "in 450BC", { NULL } },

	{ "a line", explain_log_line, "Nov 21 23:00:00 mx assayd[1]: "
	    "session=5f-1 queue=4XyZ client=192.0.2.1 host=h.example "
	    "helo=h.example mailfrom=a@example.org rcpts=2 "
	    "from=ann@example.org spf=fail spf_domain=example.org "
	    "spf_match=-all dkim=fail dkim_domain=example.org dkim_selector=s "
	    "dkim_reason=\"body hash did not verify\" dkim=pass "
	    "dkim_domain=lists.example arc=none dmarc=fail "
	    "dmarc_domain=example.org policy=reject spf_aligned=no "
	    "dkim_aligned=no verdict=hold evidence=signature-body "
	    "reason=\"dmarc=fail p=reject\"",
	    { "message: queue id 4XyZ, session 5f-1", "recipients: 2",
	    "spf: example.org -> fail", "signature: example.org -> fail (body "
	    "hash did not verify)", "signature: lists.example -> pass",
	    "dmarc: example.org -> fail", "verdict: hold (it was put into the "
	    "MTA's quarantine)", "because: dmarc=fail p=reject" } },
	{ "arc", explain_log_line, "session=1-1 queue=Q client=192.0.2.1 "
	    "arc=pass/2:lists.example verdict=accept", { "arc: pass",
	    "sets: 2", "newest sealer: lists.example", "verdict: accept" } },
	{ "in monitor mode", explain_log_line, "session=1-1 queue=Q "
	    "client=192.0.2.1 verdict=accept wanted=reject",
	    { "verdict: accept", "wanted: reject" } },
	{ "quoted", explain_log_line, "session=1-1 queue=Q client=192.0.2.1 "
	    "helo=\"a \\\"b\\\" \\x1b[2J\"... verdict=accept",
	    { "helo: a \"b\" \\x1b[2J", "verdict: accept" } },
	{ "cut in a quote", explain_log_line, "session=1-1 queue=Q "
	    "client=192.0.2.1 reason=\"that is \\", { "verdict: none" } },
	{ "no verdict", explain_log_line, "session=1-1 queue=NOQUEUE "
	    "client=192.0.2.1 note=\"the client is gone\"",
	    { "note: the client is gone", "verdict: none" } },
	{ "with an id", explain_log_line, "session=5f-1 id=5f-1.2 "
	    "queue=NOQUEUE client=192.0.2.1 verdict=reject",
	    { "message: queue id NOQUEUE, id 5f-1.2", "verdict: reject" } },
	{ "JSON", explain_log_line, "Nov 21 23:00:00 mx assayd[1]: "
	    "{\"time\":\"2026-11-21T23:00:00.000Z\",\"level\":\"info\","
	    "\"session\":\"5f-1\",\"id\":\"5f-1.2\",\"queue\":\"4XyZ\","
	    "\"client\":\"192.0.2.1\",\"helo\":\"\\\\x1b[2J \\\"b\\\"\","
	    "\"rcpts\":2,\"spf\":\"fail\",\"dkim\":[{\"result\":\"fail\","
	    "\"domain\":\"example.org\",\"reason\":\"body hash\"},"
	    "{\"domain\":\"lists.example\",\"result\":\"pass\"}],"
	    "\"dkim_more\":3,\"arc\":\"pass/2:lists.example\","
	    "\"dmarc\":\"fail\",\"spf_aligned\":false,"
	    "\"dkim_aligned\":true,\"flags\":[\"a\",\"b\"],"
	    "\"verdict\":\"hold\"}",
	    { "message: queue id 4XyZ, id 5f-1.2", "recipients: 2",
	    "flags: a,b", "signature: example.org -> fail (body hash)",
	    "signature: lists.example -> pass", "signatures more: 3",
	    "passed by aligned SPF: no", "verdict: hold" } },
	{ "JSON, hostile", explain_log_line,
	    "{\"time\":\"\",\"session\":\"5f-1\",\"id\":7,\"queue\":{},"
	    "\"helo\":\"\\\\x1b[2J \\u001b[2J\",\"dkim\":[{},[],\"x\"],"
	    "\"flags\":[[[1]],null],\"spf\":{\"a\":1}}",
	    { "message: queue id ", "helo: \\x1b[2J \\x1b[2J",
	    "verdict: none" } },
	{ "JSON that was cut", explain_log_line,
	    "{\"time\":\"\",\"session\":\"5f-1\",\"id\":\"5f-", { NULL } },
	{ "JSON of no message", explain_log_line,
	    "{\"time\":\"\",\"level\":\"info\",\"message\":\"x\"}",
	    { NULL } },
	{ "another's line", explain_log_line, "postfix/smtpd[1]: connect",
	    { NULL } },
};

/* The printed tree, in ARENA. */
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

static void
assert_printable(const char *name, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\n' &&
		    (text.ptr[i] < ' ' || text.ptr[i] > '~'))
			fail_msg("%s: octet %zu is 0x%02x", name, i,
			    (unsigned char)text.ptr[i]);
}

static void
assert_parts(const char *name, struct slice text, const char *const *want)
{
	const char *at = text.ptr;

	for (size_t i = 0; i < 8 && want[i] != NULL; i++) {
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
	struct slice text = test_exact_copy(slice_from_cstr(cases[i].text));
	struct slice tree;

	if (cases[i].explain(text, trace) != (cases[i].want[0] != NULL))
		fail_msg("%s: explained or not", cases[i].name);
	test_free_copy(text);	/* nothing borrows it any more */
	tree = print(arena, trace);
	assert_printable(cases[i].name, tree);
	if (cases[i].want[0] != NULL)
		assert_parts(cases[i].name, tree, cases[i].want);
	else
		assert_int_equal(tree.len, 0);
	arena_destroy(&arena);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		run_case(i);
}

/* ---- what it is ---------------------------------------------------------- */

static const struct {
	const char *text;
	enum explain_kind of_file, of_words;
} kinds[] = {
	{ "From: a@example.org\n\nbody", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ "Authentication-Results: mx; spf=pass\nFrom: a@example.org\n\n",
	  EXPLAIN_MESSAGE, EXPLAIN_RESULTS },
	{ "Authentication-Results: mx;\n\tspf=pass\n", EXPLAIN_RESULTS,
	  EXPLAIN_RESULTS },
	{ "authentication-results: mx; none", EXPLAIN_RESULTS,
	  EXPLAIN_RESULTS },
	{ "mx.example.org; spf=pass", EXPLAIN_MESSAGE, EXPLAIN_RESULTS },
	{ "550 5.7.1 no", EXPLAIN_REPLY, EXPLAIN_REPLY },
	{ "450-wait", EXPLAIN_REPLY, EXPLAIN_REPLY },
	{ "said: 550 5.7.1 no", EXPLAIN_MESSAGE, EXPLAIN_REPLY },
	{ "4bXyZ10cJ9z3w7m", EXPLAIN_MESSAGE, EXPLAIN_ID },
	{ "68ff1b2c-1a", EXPLAIN_MESSAGE, EXPLAIN_ID },
	{ "68ff1b2c-1a.2", EXPLAIN_MESSAGE, EXPLAIN_ID },
	{ "68ff1b2c-2-1a.20", EXPLAIN_MESSAGE, EXPLAIN_ID },
	{ "68ff1b2c-1a.", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ "68ff1b2c-1a.2.3", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ "message.eml", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ ".2", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ "no such file", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
	{ "", EXPLAIN_MESSAGE, EXPLAIN_UNKNOWN },
};

static void
test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		struct slice text = test_exact_copy(slice_from_cstr(
		    kinds[i].text));

		if (explain_find_kind(text, true) != kinds[i].of_file ||
		    explain_find_kind(text, false) != kinds[i].of_words)
			fail_msg("\"%s\" is %d and %d", kinds[i].text,
			    explain_find_kind(text, true),
			    explain_find_kind(text, false));
		test_free_copy(text);
	}
}

#define JSON_LINE "{\"time\":\"2026-11-21T23:00:00.000Z\"," \
	"\"level\":\"info\",\"session\":\"5f-1\",\"id\":\"5f-1.2\"," \
	"\"queue\":\"4XyZ\",\"helo\":\"h.example\"}"

static const struct {
	const char *line, *id;
	bool is_of;
} lines[] = {
	{ "mx assayd[1]: session=5f-1 queue=4XyZ client=x", "4XyZ", true },
	{ "mx assayd[1]: session=5f-1 queue=4XyZ client=x", "5f-1", true },
	{ "session=5f-1 queue=4XyZ", "4XyZ", true },
	{ "session=5f-1 queue=4XyZ", "4Xy", false },
	{ "session=5f-1 queue=4XyZ", "client", false },
	{ "session=5f-1 queue=4XyZ", "", false },
	{ "xsession=5f-1 queue=4XyZ", "5f-1", false },
	{ "session=5f-1: the MTA's own text is sent", "5f-1", false },
	{ "postfix/qmgr[1]: 4XyZ: removed", "4XyZ", false },
	{ "session=", "", false },
	{ "mx assayd[1]: session=5f-1 id=5f-1.2 queue=4XyZ client=x", "5f-1.2",
	  true },
	{ "mx assayd[1]: session=5f-1 id=5f-1.2 queue=4XyZ client=x", "5f-1",
	  true },
	{ "mx assayd[1]: session=5f-1 id=5f-1.2 queue=4XyZ client=x", "4XyZ",
	  true },
	{ "session=5f-1 id=5f-1.21 queue=4XyZ", "5f-1.2", false },
	/* What stands in front, and what must not. */
	{ "assayd: info: session=5f-1 queue=4XyZ", "4XyZ", true },
	{ "Nov 21 23:00:00 mx assayd[1]: assayd: warning: session=5f-1 "
	  "queue=4XyZ", "4XyZ", true },
	{ "2026-11-21T23:00:00+01:00 mx assayd: session=5f-1 queue=4XyZ",
	  "4XyZ", true },
	{ "<22>1 2026-11-21T23:00:00Z mx assayd 1 - - session=5f-1 "
	  "queue=4XyZ", "4XyZ", true },
	{ "mx postfix/cleanup[1]: 4XyZ: warning: header Subject: session=5f-1 "
	  "queue=4XyZ", "4XyZ", false },
	{ "mx postfix/cleanup[1]: warning: header Subject: assayd[1]: "
	  "session=5f-1 queue=4XyZ", "4XyZ", false },
	{ "mx postfix/cleanup[1]: warning: header Subject: " JSON_LINE,
	  "4XyZ", false },
	{ "mx xassayd[1]: session=5f-1 queue=4XyZ", "4XyZ", false },
	{ "mx assayd[x]: session=5f-1 queue=4XyZ", "4XyZ", false },
	{ "mx assayd[1]: domain=x session=5f-1 queue=4XyZ", "4XyZ", false },
	{ "session=5f-1 id=5f-1.2 queue=NOQUEUE helo=5f-1.3", "5f-1.3",
	  false },
	{ JSON_LINE, "5f-1", true },
	{ JSON_LINE, "5f-1.2", true },
	{ "mx assayd[1]: " JSON_LINE " \r", "4XyZ", true },
	{ JSON_LINE, "5f-1.", false },
	{ JSON_LINE, "h.example", false },
	{ JSON_LINE, "info", false },
	{ JSON_LINE, "", false },
	{ JSON_LINE "x", "4XyZ", false },
	{ "{\"time\":\"\",\"message\":\"session=5f-1 queue=4XyZ\"}", "4XyZ",
	  false },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		struct slice line = test_exact_copy(slice_from_cstr(
		    lines[i].line));

		if (explain_is_line_of(line, slice_from_cstr(lines[i].id)) !=
		    lines[i].is_of)
			fail_msg("\"%s\", \"%s\"", lines[i].line, lines[i].id);
		test_free_copy(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
