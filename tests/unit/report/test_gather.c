/* From results and verdict to facts: each row a message. */
#include <string.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "policy/policy.h"
#include "report/fact.h"
#include "report/gather.h"
#include "report/options.h"
#include "report/store.h"
#include "unit/test.h"

#define AUTHOR "news.author.example"
#define RUA SLICE_INIT("mailto:agg@author.example")
#define DAY 20000

static const struct dmarc_record reject = {
	.p = DMARC_POLICY_REJECT, .sp = DMARC_POLICY_REJECT, .rua = RUA,
};
static const struct dmarc_record testing = {
	.p = DMARC_POLICY_REJECT, .sp = DMARC_POLICY_REJECT, .rua = RUA,
	.is_testing = true,
};
static const struct dmarc_record none = { .rua = RUA };
static const struct dmarc_record silent = { .p = DMARC_POLICY_REJECT };

/* What is not named was not there. */
struct scene {
	const char *name;
	enum dmarc_result result;
	const struct dmarc_record *record;
	enum dmarc_policy published, policy;
	bool is_spf_aligned, is_dkim_aligned;
	bool is_pass_too_wide;
	struct policy_verdict verdict;
	struct dkim_outcome dkim[6];	/* up to the first without a result */
	const char *header, *sender, *recipients[3];
	const char *client, *relay;
	bool is_hearsay;
	bool tells_recipient_domain;
	/* "disposition|reasons|signatures|source|envelope_to|reportable" and
	 * whether the pass is remembered. */
	const char *row;
	bool is_pass;
};

#define PASS .result = DMARC_PASS, .record = &reject, \
	.published = DMARC_POLICY_REJECT, .policy = DMARC_POLICY_REJECT
#define FAIL .result = DMARC_FAIL, .record = &reject, \
	.published = DMARC_POLICY_REJECT, .policy = DMARC_POLICY_REJECT
#define REJECTED .verdict = { .action = POLICY_REJECT, \
	.wanted = POLICY_REJECT, .disposition = POLICY_DISPOSITION_REJECT }
#define SIGNED(word, d, s) { .result = DKIM_RESULT_##word, \
	.domain = SLICE_INIT(d), .selector = SLICE_INIT(s) }
#define SUBJECT "Subject: Report Domain: author.example\n" \
	" Submitter: mx.example.net Report-ID: <1@x>\n"

static const struct scene scenes[] = {
	{ "pass", PASS, .is_dkim_aligned = true, .is_pass = true,
	    .row = "pass|||192.0.2.1||yes" },
	{ "pass under none", .result = DMARC_PASS, .record = &none,
	    .is_spf_aligned = true, .is_pass = true,
	    .row = "none|||192.0.2.1||yes" },
	{ "pass by +all", PASS, .is_spf_aligned = true,
	    .is_pass_too_wide = true, .row = "pass|||192.0.2.1||yes" },
	{ "pass by +all and DKIM", PASS, .is_spf_aligned = true,
	    .is_pass_too_wide = true, .is_dkim_aligned = true,
	    .is_pass = true, .row = "pass|||192.0.2.1||yes" },
	{ "refused", FAIL, REJECTED, .row = "reject|||192.0.2.1||yes" },
	{ "nobody asks", .result = DMARC_FAIL, .record = &silent,
	    .published = DMARC_POLICY_REJECT, .policy = DMARC_POLICY_REJECT,
	    REJECTED, .row = "reject|||192.0.2.1||no" },
	{ "nobody asks: nothing that only a report tells",
	    .result = DMARC_FAIL, .record = &silent,
	    .published = DMARC_POLICY_REJECT, .policy = DMARC_POLICY_REJECT,
	    .verdict = { .wanted = POLICY_REJECT }, .dkim = {
	    SIGNED(FAIL, AUTHOR, "a"), SIGNED(PASS, "other.example", "b") },
	    .recipients = { "a@b.example" },
	    .tells_recipient_domain = true, .row = "none|||192.0.2.1||no" },
	{ "no record", .result = DMARC_NONE, .row = "none|||192.0.2.1||no" },
	{ "fail under none", .result = DMARC_FAIL, .record = &none,
	    .row = "none|||192.0.2.1||yes" },
	{ "monitor", FAIL, .verdict = { .wanted = POLICY_REJECT },
	    .row = "none|local_policy monitor mode||192.0.2.1||yes" },
	{ "evidence", FAIL, .verdict = { .action = POLICY_HOLD,
	    .wanted = POLICY_HOLD,
	    .disposition = POLICY_DISPOSITION_QUARANTINE,
	    .override = POLICY_OVERRIDE_MAILING_LIST,
	    .override_comment = SLICE_INIT("evidence=list") },
	    .row = "quarantine|mailing_list evidence=list||192.0.2.1||yes" },
	{ "a rule, in words that are not ASCII", FAIL, .verdict = {
	    .override = POLICY_OVERRIDE_LOCAL_POLICY,
	    .override_comment = SLICE_INIT("f\xc3\xbcr\nuns") },
	    .row = "none|local_policy f\\xc3\\xbcr\\x0auns||192.0.2.1||yes" },
	{ "the configuration", FAIL,
	    .row = "none|local_policy local configuration||192.0.2.1||yes" },
	{ "test mode", .result = DMARC_FAIL, .record = &testing,
	    .published = DMARC_POLICY_REJECT,
	    .policy = DMARC_POLICY_QUARANTINE, .verdict = {
	    .action = POLICY_HOLD, .wanted = POLICY_HOLD,
	    .disposition = POLICY_DISPOSITION_QUARANTINE },
	    .row = "quarantine|policy_test_mode||192.0.2.1||yes" },
	{ "test mode and monitor", .result = DMARC_FAIL, .record = &testing,
	    .published = DMARC_POLICY_REJECT,
	    .policy = DMARC_POLICY_QUARANTINE,
	    .verdict = { .wanted = POLICY_HOLD },
	    .row = "none|policy_test_mode,local_policy monitor mode||"
	    "192.0.2.1||yes" },
	{ "deferred: it comes again", .result = DMARC_TEMPERROR,
	    .record = &reject, .verdict = { .action = POLICY_TEMPFAIL,
	    .wanted = POLICY_TEMPFAIL }, .row = "none|||192.0.2.1||no" },
	{ "temperror, let in", .result = DMARC_TEMPERROR, .record = &reject,
	    .row = "none|||192.0.2.1||yes" },
	{ "order of signatures", PASS, .dkim = {
	    SIGNED(FAIL, AUTHOR, "a"), SIGNED(PASS, "other.example", "b"),
	    SIGNED(PASS, "author.example", "c"), SIGNED(PASS, AUTHOR, "d"),
	    SIGNED(TEMPERROR, "x.example", "e") }, .is_dkim_aligned = true,
	    .is_pass = true, .row = "pass||" AUTHOR "/d=pass,"
	    "author.example/c=pass,other.example/b=pass," AUTHOR "/a=fail,"
	    "x.example/e=temperror|192.0.2.1||yes" },
	{ "signatures without names, or not tried", FAIL, REJECTED, .dkim = {
	    SIGNED(PERMERROR, "", "a"), SIGNED(PERMERROR, AUTHOR, ""),
	    { .result = DKIM_RESULT_NEUTRAL, .reason = DKIM_REASON_TOO_MANY,
	    .domain = SLICE_INIT(AUTHOR), .selector = SLICE_INIT("b") },
	    SIGNED(PERMERROR, AUTHOR, "c") },
	    .row = "reject||" AUTHOR "/c=permerror|192.0.2.1||yes" },

	/* relays */
	{ "behind a relay", FAIL, REJECTED, .client = "198.51.100.7",
	    .relay = "192.0.2.99", .row = "reject|||198.51.100.7||yes" },
	{ "hearsay", PASS, .client = "198.51.100.7", .is_dkim_aligned = true,
	    .relay = "192.0.2.99", .is_hearsay = true,
	    .row = "pass|||192.0.2.99||yes" },
	{ "a relay that does not tell", PASS, .client = "",
	    .is_dkim_aligned = true, .relay = "192.0.2.99",
	    .row = "pass|||192.0.2.99||yes" },

	/* envelope_to */
	{ "one domain", FAIL, REJECTED, .tells_recipient_domain = true,
	    .recipients = { "a@x.example", "b@x.example" },
	    .row = "reject|||192.0.2.1|x.example|yes" },
	{ "not told", FAIL, REJECTED, .recipients = { "a@x.example" },
	    .row = "reject|||192.0.2.1||yes" },
	{ "two domains", FAIL, REJECTED, .tells_recipient_domain = true,
	    .recipients = { "a@x.example", "b@y.example" },
	    .row = "reject|||192.0.2.1||yes" },

	/* reports about reports */
	{ "an aggregate report", PASS, .header = SUBJECT,
	    .row = "pass|||192.0.2.1||no" },
	{ "a forged one", FAIL, REJECTED, .header = SUBJECT,
	    .row = "reject|||192.0.2.1||yes" },
	{ "two subjects", PASS, .header = SUBJECT SUBJECT,
	    .row = "pass|||192.0.2.1||yes" },
	{ "a subject that begins alike", PASS,
	    .header = "Subject: Report Domain: author.example Submitter: x "
	    "Report-ID: y z\n", .row = "pass|||192.0.2.1||yes" },
	{ "a subject cut short", PASS,
	    .header = "Subject: Report Domain: author.example\n",
	    .row = "pass|||192.0.2.1||yes" },
	{ "a bounce", PASS, .sender = "", .header =
	    "Content-Type: multipart/report; report-type=delivery-status\n",
	    .row = "pass|||192.0.2.1||no" },
	{ "a bounce with a sender", PASS, .header =
	    "Content-Type: multipart/report; report-type=delivery-status\n",
	    .row = "pass|||192.0.2.1||yes" },
	{ "a forged bounce", FAIL, REJECTED, .sender = "", .header =
	    "Content-Type: multipart/report; report-type=delivery-status\n",
	    .row = "reject|||192.0.2.1||yes" },
	{ "null sender alone", PASS, .sender = "",
	    .header = "Content-Type: multipart/reporting\n",
	    .row = "pass|||192.0.2.1||yes" },
	{ "by our address", PASS, .sender = "Reports@mx.example.org",
	    .row = "pass|||192.0.2.1||no" },
	{ "by our address, forged", FAIL, REJECTED,
	    .sender = "reports@mx.example.org",
	    .row = "reject|||192.0.2.1||yes" },
	{ "to our address", FAIL, REJECTED,
	    .recipients = { "reports@mx.example.org" },
	    .row = "reject|||192.0.2.1||no" },
	{ "to our address and somebody", FAIL, REJECTED,
	    .recipients = { "reports@mx.example.org", "a@mx.example.org" },
	    .row = "reject|||192.0.2.1||yes" },
};

static void
make_header(struct arena *arena, const char *text, struct mail_header *header)
{
	const struct mail_header_limits limits = { 100, 10000 };
	struct slice rest = slice_from_cstr(text);

	mail_header_init(header, arena);
	while (rest.len != 0) {
		size_t colon = slice_find(rest, ':'), end = 0;

		do
			end += slice_find(slice_from(rest, end), '\n') + 1;
		while (end < rest.len && rest.ptr[end] == ' ');
		assert_int_equal(mail_header_add(header, &limits,
		    slice_head(rest, colon), slice_from(slice_head(rest,
		    end - 1), colon + 1)), MAIL_HEADER_OK);
		rest = slice_from(rest, end);
	}
}

static struct slice
show(struct arena *arena, const struct report_fact *fact)
{
	struct strbuf text;

	strbuf_init(&text, arena, 100000);
	strbuf_append(&text, fact->disposition);
	strbuf_append_char(&text, '|');
	for (size_t i = 0; i < fact->reasons.len; i++)
		strbuf_append_char(&text, fact->reasons.ptr[i] == '\n' ? ',' :
		    fact->reasons.ptr[i]);
	strbuf_append_char(&text, '|');
	for (size_t i = 0; i < fact->n_signatures; i++)
		strbuf_printf(&text, "%s%.*s/%.*s=%.*s", i != 0 ? "," : "",
		    SLICE_PRINTF(fact->signatures[i].domain),
		    SLICE_PRINTF(fact->signatures[i].selector),
		    SLICE_PRINTF(fact->signatures[i].result));
	strbuf_append_char(&text, '|');
	ip_append(&text, &fact->source);
	strbuf_append_char(&text, '|');
	strbuf_append(&text, fact->envelope_to);
	strbuf_append_cstr(&text, fact->is_reportable ? "|yes" : "|no");
	return strbuf_slice(&text);
}

/* What a fact is must be possible to write. */
static void
check_writable(struct arena *arena, const char *name,
    const struct report_fact *fact)
{
	struct strbuf octets;

	strbuf_init(&octets, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(fact, &octets);
	if (octets.has_failed)
		fail_msg("%s: cannot be written", name);
}

static void
set_client(const struct scene *scene, struct inspect_results *r)
{
	const char *client = scene->client != NULL ? scene->client :
	    "192.0.2.1";

	if (client[0] != '\0')
		assert_true(ip_parse(slice_from_cstr(client), &r->client));
	if (scene->relay != NULL)
		assert_true(ip_parse(slice_from_cstr(scene->relay),
		    &r->relay));
	r->is_relayed = scene->relay != NULL;
	r->is_client_hearsay = scene->is_hearsay;
}

static void
check_scene(const struct scene *scene)
{
	struct arena *arena = test_arena();
	struct report_options options = REPORT_OPTIONS_DEFAULT;
	const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE(AUTHOR), .result = scene->result,
		.has_policy = scene->record != NULL,
		.policy_domain = SLICE("author.example"),
		.record = scene->record, .published = scene->published,
		.policy = scene->policy,
		.is_spf_aligned = scene->is_spf_aligned,
		.is_dkim_aligned = scene->is_dkim_aligned };
	struct inspect_recipient recipients[3];
	struct mail_header header;
	struct inspect_results r = { .header = &header,
		.start_s = (int64_t)DAY * 86400 + 7, .dkim = scene->dkim,
		.spf = { .is_pass_too_wide = scene->is_pass_too_wide },
		.is_spf_checked = true, .is_dkim_checked = true,
		.recipients = recipients, .is_dmarc_checked = true,
		.dmarc = { .result = scene->result, .deciding = &evaluation,
			.evaluations = &evaluation, .n_evaluations = 1 } };
	const struct report_message message = { .options = &options,
		.results = &r, .verdict = &scene->verdict };
	struct report_fact fact;
	struct store_pass pass;

	options.from = "reports@mx.example.org";
	options.tells_recipient_domain = scene->tells_recipient_domain;
	while (r.n_dkim < N_ELEMENTS(scene->dkim) &&
	    scene->dkim[r.n_dkim].result != DKIM_RESULT_NONE)
		r.n_dkim++;
	for (; r.n_recipients < N_ELEMENTS(scene->recipients) &&
	    scene->recipients[r.n_recipients] != NULL; r.n_recipients++)
		mail_split_address(slice_from_cstr(
		    scene->recipients[r.n_recipients]),
		    &recipients[r.n_recipients].local,
		    &recipients[r.n_recipients].domain);
	mail_parse_path(slice_from_cstr(scene->sender != NULL ?
	    scene->sender : "x@y.example"), &r.sender);
	r.sender_domain = r.sender.domain;
	set_client(scene, &r);
	make_header(arena, scene->header != NULL ? scene->header : "",
	    &header);

	assert_int_equal(report_count_facts(&message), 1);
	report_gather_fact(&message, 0, arena, &fact);
	test_assert_slice(scene->name, show(arena, &fact), scene->row);
	check_writable(arena, scene->name, &fact);
	assert_int_equal(fact.day, DAY);
	test_assert_slice(scene->name, fact.envelope_from,
	    !fact.is_reportable ? "" :
	    scene->sender == NULL ? "y.example" :
	    scene->sender[0] == '\0' ? "" : "mx.example.org");
	if (report_gather_pass(&message, 0, &pass) != scene->is_pass)
		fail_msg("%s: %s", scene->name, scene->is_pass ? "no pass" :
		    "a pass");
	arena_destroy(&arena);
}

static void
test_scenes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(scenes); i++)
		check_scene(&scenes[i]);
}

/* Those that were not verified are not told of without end. */
static void
test_many_signatures(void **state)
{
	struct arena *arena = test_arena();
	const struct report_options options = REPORT_OPTIONS_DEFAULT;
	const struct policy_verdict verdict = { .action = POLICY_ACCEPT };
	const struct dmarc_evaluation evaluation = {
		.author_domain = SLICE(AUTHOR), .result = DMARC_FAIL,
		.has_policy = true, .policy_domain = SLICE(AUTHOR),
		.record = &none };
	struct dkim_outcome dkim[64];
	const struct inspect_results r = { .dkim = dkim, .n_dkim = 64,
		.is_dmarc_checked = true, .dmarc = { .deciding = &evaluation,
		.evaluations = &evaluation, .n_evaluations = 1 } };
	const struct report_message message = { .options = &options,
		.results = &r, .verdict = &verdict };
	struct report_fact fact;
	size_t n_failed = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(dkim); i++)
		dkim[i] = (struct dkim_outcome){ .domain = SLICE("a.example"),
			.selector = SLICE("s"), .result = i < 40 ?
			DKIM_RESULT_PERMERROR : DKIM_RESULT_FAIL };
	report_gather_fact(&message, 0, arena, &fact);
	for (size_t i = 0; i < fact.n_signatures; i++)
		n_failed += slice_eq(fact.signatures[i].result, SLICE("fail"));
	assert_int_equal(n_failed, 24);
	assert_int_equal(fact.n_signatures, 24 + 8);
	arena_destroy(&arena);
}

/* The sender was refused at MAIL: there is no header, and no author.  He may
 * name as many domains as he likes: they are all one row. */
static void
test_at_mail(void **state)
{
	struct arena *arena = test_arena();
	const struct report_options options = REPORT_OPTIONS_DEFAULT;
	const struct policy_verdict verdict = { .action = POLICY_REJECT,
		.wanted = POLICY_REJECT };
	const struct inspect_results r = { .is_spf_checked = true,
		.sender_domain = SLICE("a.example"),
		.spf = { .result = SPF_FAIL, .domain = SLICE("[192.0.2.1]") } };
	const struct report_message message = { .options = &options,
		.results = &r, .verdict = &verdict };
	struct report_fact fact;
	struct store_pass pass;

	(void)state;
	assert_int_equal(report_count_facts(&message), 1);
	report_gather_fact(&message, 0, arena, &fact);
	check_writable(arena, "at MAIL", &fact);
	test_assert_slice("action", fact.action, "reject");
	test_assert_slice("SPF", fact.spf_result, "fail");
	test_assert_slice("no domain", fact.spf_domain, "");
	test_assert_slice("envelope", fact.envelope_from, "");
	test_assert_slice("DMARC", fact.dmarc_result, "");
	test_assert_slice("author", fact.author_domain, "");
	assert_false(fact.is_reportable);
	assert_false(report_gather_pass(&message, 0, &pass));
	arena_destroy(&arena);
}

/* RFC 9990: each Author Domain has its row; of the one that did not decide a
 * reason is given. */
static void
test_two_authors(void **state)
{
	struct arena *arena = test_arena();
	const struct report_options options = REPORT_OPTIONS_DEFAULT;
	const struct policy_verdict verdict = { .action = POLICY_REJECT,
		.wanted = POLICY_REJECT,
		.disposition = POLICY_DISPOSITION_REJECT };
	const struct dmarc_evaluation evaluations[] = {
		{ .author_domain = SLICE("a.example"), .result = DMARC_FAIL,
		    .has_policy = true, .policy_domain = SLICE("a.example"),
		    .record = &reject, .published = DMARC_POLICY_REJECT,
		    .policy = DMARC_POLICY_REJECT },
		{ .author_domain = SLICE("b.example"), .result = DMARC_FAIL,
		    .has_policy = true, .policy_domain = SLICE("b.example"),
		    .record = &none },
	};
	const struct inspect_results r = { .is_dmarc_checked = true,
		.dmarc = { .result = DMARC_FAIL, .deciding = evaluations,
		.evaluations = evaluations, .n_evaluations = 2 } };
	const struct report_message message = { .options = &options,
		.results = &r, .verdict = &verdict };
	struct report_fact facts[2];

	(void)state;
	assert_int_equal(report_count_facts(&message), 2);
	for (size_t i = 0; i < 2; i++) {
		report_gather_fact(&message, i, arena, &facts[i]);
		assert_true(facts[i].is_reportable);
		test_assert_slice("disposition", facts[i].disposition,
		    "reject");
	}
	test_assert_slice("first", facts[0].policy_domain, "a.example");
	test_assert_slice("no reason", facts[0].reasons, "");
	test_assert_slice("published", facts[0].configuration, "p=reject; "
	    "sp=reject; adkim=r; aspf=r; t=n; discovery=treewalk; "
	    "rua=mailto:agg@author.example");
	test_assert_slice("second", facts[1].author_domain, "b.example");
	test_assert_slice("a reason", facts[1].reasons,
	    "local_policy decided by another author domain");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_many_signatures),
		cmocka_unit_test(test_at_mail),
		cmocka_unit_test(test_two_authors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
