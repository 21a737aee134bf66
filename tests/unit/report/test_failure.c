/* Failure reports (RFC 9991): who is owed one, and what it says. */
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "policy/policy.h"
#include "report/failure.h"
#include "report/options.h"
#include "report/redact.h"
#include "report/store.h"
#include "unit/test.h"

static const struct siphash_key key = { 1, 2 };

/* A message that failed, as each row changes it. */
struct sample {
	struct report_options options;
	struct inspect_results results;
	struct policy_verdict verdict;
	struct mail_header header;
	struct dmarc_record record;
	struct dmarc_evaluation evaluation;
	struct dkim_outcome dkim;
	struct inspect_recipient recipient;
	struct report_failure_gate gate;
	struct report_failure_request request;
};

static void
add(struct sample *s, const char *name, const char *value)
{
	static const struct mail_header_limits limits = { 1000, 1 << 20 };

	assert_int_equal(mail_header_add(&s->header, &limits,
	    slice_from_cstr(name), slice_from_cstr(value)), MAIL_HEADER_OK);
}

static void
make_sample(struct sample *s, struct arena *arena)
{
	*s = (struct sample){
		.options = REPORT_OPTIONS_DEFAULT,
		.record = { .psd = 'u', .p = DMARC_POLICY_REJECT,
		    .ruf = SLICE("mailto:ruf@example.org") },
		.evaluation = { .author_domain = SLICE("news.example.org"),
		    .result = DMARC_FAIL, .has_policy = true,
		    .policy_domain = SLICE("example.org"),
		    .org_domain = SLICE("example.org"),
		    .published = DMARC_POLICY_REJECT,
		    .policy = DMARC_POLICY_REJECT, .is_policy_known = true },
		.dkim = { .result = DKIM_RESULT_FAIL,
		    .reason = DKIM_REASON_BODY_HASH,
		    .domain = SLICE("example.org"),
		    .selector = SLICE("s1"),
		    .identity = SLICE("alice@example.org"),
		    .algorithm = SLICE("rsa-sha256"),
		    .b_prefix = SLICE("abcdefgh") },
		.recipient = { SLICE("bob"), SLICE("example.net") },
		.verdict = { .action = POLICY_REJECT,
		    .disposition = POLICY_DISPOSITION_REJECT },
	};
	s->options.is_failure_enabled = true;
	s->options.from = "dmarc@example.net";
	mail_header_init(&s->header, arena);
	add(s, "Received", " from a by b for <bob@example.net>; Sat");
	add(s, "From", " \"Alice L\" <alice@news.example.org>");
	add(s, "Subject", " secret plans");
	add(s, "X-Token", " 12345");
	add(s, "DKIM-Signature", " v=1; d=example.org;\r\n\ti=alice@example."
	    "org; z=Subject:secret; h=From");
	add(s, "Content-Type", " text/plain; name=\"secret.txt\"");
	s->evaluation.record = &s->record;
	s->results = (struct inspect_results){
		.client = { IP_V4, { 192, 0, 2, 1 } },
		.sender = { .address = SLICE("alice@example.org"),
		    .local = SLICE("alice"), .domain = SLICE("example.org") },
		.sender_domain = SLICE("example.org"),
		.start_s = 1795219199,
		.is_spf_checked = true, .is_dkim_checked = true,
		.header = &s->header, .is_header_whole = true,
		.spf = { .result = SPF_FAIL,
		    .identity = SPF_IDENTITY_MAIL_FROM,
		    .domain = SLICE("example.org") },
		.dkim = &s->dkim, .n_dkim = 1,
		.dmarc = { .result = DMARC_FAIL, .deciding = &s->evaluation,
		    .evaluations = &s->evaluation, .n_evaluations = 1 },
		.is_dmarc_checked = true,
		.recipients = &s->recipient, .n_recipients = 1,
	};
	s->request = (struct report_failure_request){
		.options = &s->options, .results = &s->results,
		.verdict = &s->verdict,
		.authserv_id = SLICE("mx.example.net"), .key = &key,
		.gate = &s->gate,
	};
}

/* ---- whether ------------------------------------------------------------- */

static void
pass(struct sample *s)
{
	s->results.dmarc.result = DMARC_PASS;
	s->evaluation.result = DMARC_PASS;
	s->evaluation.is_dkim_aligned = true;
	s->evaluation.is_spf_aligned = true;
	s->dkim.result = DKIM_RESULT_PASS;
	s->results.spf.result = SPF_PASS;
}

static void
pass_by_dkim(struct sample *s)
{
	pass(s);
	s->evaluation.is_spf_aligned = false;
	s->results.spf.result = SPF_SOFTFAIL;
}

static void
pass_by_spf(struct sample *s)
{
	pass(s);
	s->evaluation.is_dkim_aligned = false;
	s->dkim.result = DKIM_RESULT_FAIL;
}

static void
pass_by_spf_unsigned(struct sample *s)
{
	pass_by_spf(s);
	s->results.n_dkim = 0;
}

static void
pass_unaligned_spf(struct sample *s)
{
	pass(s);
	s->evaluation.is_spf_aligned = false;
}

static void
fail_unknown_key(struct sample *s)
{
	s->dkim.result = DKIM_RESULT_TEMPERROR;
	s->results.spf.result = SPF_TEMPERROR;
}

static void
temperror(struct sample *s)
{
	s->results.dmarc.result = DMARC_TEMPERROR;
}

static void
permerror(struct sample *s)
{
	s->results.dmarc.result = DMARC_PERMERROR;
}

static void
none(struct sample *s)
{
	s->results.dmarc.result = DMARC_NONE;
	s->evaluation.has_policy = false;
	s->evaluation.record = NULL;
}

static void
deferred(struct sample *s)
{
	s->verdict.action = POLICY_TEMPFAIL;
}

static void
registry(struct sample *s)
{
	s->record.psd = 'y';
}

static void
no_ruf(struct sample *s)
{
	s->record.ruf = SLICE_EMPTY;
}

static void
null_path(struct sample *s)
{
	s->results.sender = (struct mail_path){ .is_null = true };
	s->results.sender_domain = SLICE_EMPTY;
}

static void
a_report(struct sample *s)
{
	mail_header_init(&s->header, s->header.arena);
	add(s, "Content-Type", "\r\n Multipart/Report; report-type=x");
}

static void
by_us(struct sample *s)
{
	s->results.sender.local = SLICE("DMARC");
	s->results.sender_domain = SLICE("example.net");
}

static void
to_us(struct sample *s)
{
	s->recipient.local = SLICE("dmarc");
}

static void
disabled(struct sample *s)
{
	s->options.is_failure_enabled = false;
}

static void
no_address(struct sample *s)
{
	s->options.from = NULL;
}

static void
unchecked(struct sample *s)
{
	s->results.is_dmarc_checked = false;
}

static void
nothing(struct sample *s)
{
	(void)s;
}

static const struct {
	const char *name;
	void (*change)(struct sample *s);
	const char *fo;
	bool is_owed;
} owed[] = {
	{ "fail, no fo", nothing, "", true },
	{ "fail, fo=0", nothing, "0", true },
	{ "fail, fo=1", nothing, "1", true },
	{ "fail, fo=d", nothing, "d", true },
	{ "fail, fo=s", nothing, "s", true },
	{ "fail, unknown option", nothing, "x", true },
	{ "pass, no fo", pass, "", false },
	{ "pass, fo=1", pass, "1", false },
	{ "pass, all options", pass, "0:1:d:s", false },
	{ "pass, unknown option", pass, "x:yy", false },
	{ "DKIM only, fo=0", pass_by_dkim, "0", false },
	{ "DKIM only, fo=1", pass_by_dkim, "1", true },
	{ "DKIM only, fo=d", pass_by_dkim, "d", false },
	{ "DKIM only, fo=s", pass_by_dkim, "s", true },
	{ "DKIM only, fo=S", pass_by_dkim, " d : S ", true },
	{ "SPF only, fo=1", pass_by_spf, "1", true },
	{ "SPF only, fo=d", pass_by_spf, "d", true },
	{ "SPF only, fo=s", pass_by_spf, "s", false },
	{ "SPF only, unsigned, fo=1", pass_by_spf_unsigned, "1", true },
	{ "SPF only, unsigned, fo=d", pass_by_spf_unsigned, "d", false },
	{ "SPF of another, fo=1", pass_unaligned_spf, "1", true },
	{ "SPF of another, fo=s", pass_unaligned_spf, "s", false },
	{ "nothing known, fo=0", fail_unknown_key, "0", true },
	{ "nothing known, fo=d:s", fail_unknown_key, "d:s", false },
	{ "temperror", temperror, "0:1:d:s", false },
	{ "permerror", permerror, "0:1:d:s", false },
	{ "none", none, "0:1:d:s", false },
	{ "deferred", deferred, "0:1:d:s", false },
	{ "psd=y", registry, "0:1:d:s", false },
	{ "no ruf", no_ruf, "0:1:d:s", false },
	{ "null path", null_path, "0:1:d:s", false },
	{ "multipart/report", a_report, "0:1:d:s", false },
	{ "our own address sends", by_us, "0:1:d:s", false },
	{ "our own address receives", to_us, "0:1:d:s", false },
	{ "off", disabled, "0:1:d:s", false },
	{ "no address of ours", no_address, "0:1:d:s", false },
	{ "not checked", unchecked, "0:1:d:s", false },
};

static void
test_owed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(owed); i++) {
		struct arena *arena = test_arena();
		struct sample s;

		make_sample(&s, arena);
		s.record.fo = slice_from_cstr(owed[i].fo);
		owed[i].change(&s);
		if (report_owes_failure(&s.request) != owed[i].is_owed)
			fail_msg("%s", owed[i].name);
		arena_destroy(&arena);
	}
}

/* ---- what ---------------------------------------------------------------- */

static const char *
expand(struct arena *arena, const char *want)
{
	struct strbuf out;

	strbuf_init(&out, arena, 100000);
	for (; *want != '\0'; want++)
		if (*want == '{')
			redact_append_local(&out, &key, SLICE("alice"));
		else if (*want == '}')
			redact_append_local(&out, &key, SLICE("bob"));
		else
			strbuf_append_char(&out, *want);
	return strbuf_cstr(&out);
}

static void
gather(struct sample *s, struct arena *arena, struct store_failure *failure)
{
	struct slice octets;

	assert_true(report_gather_failure(&s->request, arena, &octets));
	octets = test_exact_copy(octets);
	assert_true(report_decode_failure(octets, failure));
	assert_true(arena_copy(arena, failure->message, &failure->message));
	assert_true(arena_copy(arena, failure->kind, &failure->kind));
	test_assert_slice("policy domain", failure->policy_domain,
	    "example.org");
	test_assert_slice("author domain", failure->author_domain,
	    "news.example.org");
	assert_int_equal(failure->incidents, 1);
	test_free_copy(octets);
}

#define RESULTS "Authentication-Results: mx.example.net;\n" \
	"\tspf=fail smtp.mailfrom={@example.org;\n" \
	"\tdkim=fail reason=\"body hash did not verify\" " \
	"header.d=example.org\n\theader.s=s1 header.a=rsa-sha256 " \
	"header.b=abcdefgh;\n" \
	"\tdmarc=fail (p=reject dis=reject) header.from=news.example.org\n" \
	"\tpolicy.dmarc=reject\n"
#define HEADER "\nReceived: from a by b for <}@example.net>; Sat\n" \
	"From: <{@news.example.org>\n"
#define SIGNATURE "DKIM-Signature: \n\tv=1;\n\td=example.org;\n" \
	"\ti={@example.org;\n\th=From;\n" \
	"Content-Type: text/plain\n"

static void
test_message(void **state)
{
	struct arena *arena = test_arena();
	struct store_failure failure;
	struct sample s;

	(void)state;
	make_sample(&s, arena);
	gather(&s, arena, &failure);
	test_assert_slice("fail", failure.message, expand(arena,
	    "Auth-Failure: dmarc\n" RESULTS
	    "Identity-Alignment: dkim, spf\n"
	    "DKIM-Domain: example.org\n"
	    "DKIM-Identity: {@example.org\n"
	    "DKIM-Selector: s1\n"
	    "SPF-DNS: txt : example.org :\n"
	    "Delivery-Result: reject\n"
	    "Original-Mail-From: <{@example.org>\n"
	    "Arrival-Date: Fri, 20 Nov 2026 23:59:59 +0000\n"
	    "Reported-Domain: news.example.org\n"
	    "Source-IP: 192.0.2.1\n" HEADER SIGNATURE));
	test_assert_slice("kind", failure.kind, "192.0.2.1 dkim, spf spf=fail "
	    "dkim=fail example.org reject");
	s.options.tells_subject = true;
	s.record.is_dkim_strict = true;	/* then neither was aligned */
	s.record.is_spf_strict = true;
	s.results.is_client_hearsay = true;
	s.verdict.action = POLICY_ACCEPT;
	gather(&s, arena, &failure);
	test_assert_slice("strict", failure.message, expand(arena,
	    "Auth-Failure: dmarc\n" RESULTS
	    "Identity-Alignment: dkim, spf\n"
	    "Original-Mail-From: <{@example.org>\n"
	    "Arrival-Date: Fri, 20 Nov 2026 23:59:59 +0000\n"
	    "Reported-Domain: news.example.org\n" HEADER
	    "Subject: secret plans\n" SIGNATURE));
	arena_destroy(&arena);
}

static bool
has_text(struct slice text, struct slice part)
{
	for (size_t i = 0; i < text.len; i++)
		if (slice_starts_with(slice_from(text, i), part))
			return true;
	return false;
}

/* Nothing of a person, a subject or a body's name comes through. */
static void
test_private(void **state)
{
	static const char *const words[] = { "alice", "Alice", "bob", "secret",
		"12345", "X-Token" };
	struct arena *arena = test_arena();
	struct slice octets;
	struct sample s;

	(void)state;
	make_sample(&s, arena);
	assert_true(report_gather_failure(&s.request, arena, &octets));
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (has_text(octets, slice_from_cstr(words[i])))
			fail_msg("%s", words[i]);
	arena_destroy(&arena);
}

/* A header that is nothing but addresses is not gone through to its end. */
static void
test_work(void **state)
{
	struct arena *arena = test_arena();
	struct slice octets;
	struct sample s;
	char text[8001] = "";

	(void)state;
	make_sample(&s, arena);
	for (size_t i = 0; i + 4 < sizeof(text); i += 4)
		memcpy(text + i, "a@b ", 5);
	add(&s, "User-Agent", "first");
	for (unsigned i = 0; i < 30; i++)
		add(&s, "Received", text);
	add(&s, "X-Mailer", "last");
	assert_true(report_gather_failure(&s.request, arena, &octets));
	assert_true(has_text(octets, SLICE("User-Agent: first")));
	assert_false(has_text(octets, SLICE("X-Mailer: last")));
	arena_destroy(&arena);
}

static void
test_bounds(void **state)
{
	struct arena *arena = test_arena();
	struct slice octets;
	struct sample s;
	char *text = malloc(3000);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 3000; i++)
		text[i] = "a@b,"[i % 4];
	text[2999] = '\0';
	make_sample(&s, arena);
	for (size_t i = 0; i < 20; i++)
		add(&s, "To", text);
	add(&s, "Sender", "last@example.org");
	assert_true(report_gather_failure(&s.request, arena, &octets));
	assert_true(octets.len < FAILURE_MAX_OCTETS);
	assert_true(octets.len > 16000);
	assert_true(has_text(octets, SLICE("Sender: <")));
	free(text);
	arena_destroy(&arena);
}

/* A flood: some in each second, no more. */
static void
test_gate(void **state)
{
	struct arena *arena = test_arena();
	struct sample s;
	unsigned n = 0;

	(void)state;
	make_sample(&s, arena);
	for (unsigned second = 0; second < 3; second++)
		for (unsigned i = 0; i < 100; i++) {
			struct arena *inner = test_arena();
			struct slice octets;

			s.results.start_s = 1000 + second;
			if (report_gather_failure(&s.request, inner, &octets))
				n++;
			arena_destroy(&inner);
		}
	assert_int_equal(n, 3 * FAILURE_MAX_PER_SECOND);
	assert_int_equal(atomic_load(&s.gate.n_dropped),
	    300 - 3 * FAILURE_MAX_PER_SECOND);
	s.results.start_s = 1001;	/* a slow one, of a second that is past */
	assert_false(report_gather_failure(&s.request, arena,
	    &(struct slice){ NULL, 0 }));
	s.request.key = NULL;
	s.results.start_s = 2000;
	assert_false(report_gather_failure(&s.request, arena,
	    &(struct slice){ NULL, 0 }));
	arena_destroy(&arena);
}

static void
test_decode(void **state)
{
	static const struct {
		struct slice octets;
		bool is_good;
	} cases[] = {
		{ SLICE_INIT("a\0b\0c\0d\0e\0"), true },
		{ SLICE_INIT("\0\0\0\0\0"), true },
		{ SLICE_INIT(""), false },
		{ SLICE_INIT("a\0b\0c\0d\0e"), false },
		{ SLICE_INIT("a\0b\0c\0d\0"), false },
		{ SLICE_INIT("a\0b\0c\0d\0e\0f"), false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice octets = test_exact_copy(cases[i].octets);
		struct store_failure failure;

		assert_int_equal(report_decode_failure(octets, &failure),
		    cases[i].is_good);
		test_free_copy(octets);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owed),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
