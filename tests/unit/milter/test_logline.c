/* tests/unit/milter/test_logline.c - the log's line of a message. */
#include "milter/logline.h"

#include <jansson.h>
#include <string.h>

#include "base/log_pairs.h"
#include "inspect/inspect.h"
#include "milter/session.h"
#include "policy/policy.h"
#include "unit/capture.h"
#include "unit/test.h"

static struct session
make_session(void)
{
	struct session session = { .id = "1-1", .n_messages = 2,
		.n_recipients = 2 };

	assert_true(ip_parse(SLICE("192.0.2.1"), &session.client));
	return session;
}

/* As an object, which only takes braces; whatever line it is, it is JSON. */
static json_t *
parse_line(const struct log_pairs *pairs, size_t max)
{
	struct arena *arena = test_arena();
	struct strbuf text;
	json_error_t error;
	json_t *object;

	strbuf_init(&text, arena, 100000);
	strbuf_append_cstr(&text, "{\"level\":\"info\"");
	log_pairs_append_json(&text, pairs, max);
	strbuf_append_char(&text, '}');
	assert_false(text.has_failed);
	object = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES,
	    &error);
	if (object == NULL)
		fail_msg("%s in\n%.*s", error.text,
		    SLICE_PRINTF(strbuf_slice(&text)));
	arena_destroy(&arena);
	return object;
}

static json_t *
make_object(const struct logline *line)
{
	struct log_pairs pairs;

	logline_collect(line, &pairs);
	return parse_line(&pairs, SIZE_MAX);
}

static struct slice
write_line(struct arena *arena, const struct logline *line)
{
	struct log_pairs pairs;
	struct strbuf text;

	json_decref(make_object(line));
	logline_collect(line, &pairs);
	strbuf_init(&text, arena, 100000);
	log_pairs_append_text(&text, &pairs, SIZE_MAX);
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}

/* JSON that says the same as the object; which is given up. */
static void
assert_object(const char *name, json_t *object, const char *want)
{
	json_error_t error;
	json_t *wanted = json_loads(want, JSON_REJECT_DUPLICATES, &error);
	char *text;

	if (wanted == NULL)
		fail_msg("%s: the row is no JSON: %s", name, error.text);
	text = json_dumps(object, JSON_COMPACT);
	if (!json_equal(object, wanted))
		fail_msg("%s: it is %s", name, text);
	free(text);
	json_decref(wanted);
	json_decref(object);
}

static void
test_message(void **state)
{
	static const struct dkim_outcome dkim[] = {
		{ .result = DKIM_RESULT_PASS,
		    .domain = SLICE_INIT("example.org"),
		    .selector = SLICE_INIT("sel"),
		    .names = SLICE_INIT("from") },
		{ .result = DKIM_RESULT_FAIL,
		    .reason = DKIM_REASON_BODY_HASH,
		    .domain = SLICE_INIT("lists.example"),
		    .selector = SLICE_INIT("s") },
	};
	static const struct arc_set sets[] = {
		{ .sealer = SLICE_INIT("example.net") },
		{ .sealer = SLICE_INIT("lists.example") },
	};
	struct arena *arena = test_arena();
	struct session session = make_session();
	const struct dmarc_evaluation deciding = {
		.author_domain = SLICE("example.org"), .has_policy = true,
		.policy_domain = SLICE("example.org"),
		.policy = DMARC_POLICY_REJECT, .is_dkim_aligned = true };
	const struct inspect_results results = {
		.helo = SLICE("mail.example.org"),
		.sender = { .address = SLICE("a@lists.example") },
		.is_header_whole = true,
		.is_spf_checked = true, .is_dkim_checked = true,
		.is_arc_checked = true, .is_dmarc_checked = true,
		.authors = { .first_address = SLICE("ann@example.org") },
		.spf = { .result = SPF_SOFTFAIL,
			.domain = SLICE("lists.example"),
			.mechanism = SLICE("~all") },
		.helo_spf = { .result = SPF_NONE,
			.domain = SLICE("mail.example.org") },
		.dkim = dkim, .n_dkim = 2,
		.arc = { .result = ARC_PASS, .sets = sets, .n_sets = 2 },
		.dmarc = { .result = DMARC_PASS, .deciding = &deciding },
		.n_forged_fields = 3,
	};
	const struct policy_verdict verdict = { .wanted = POLICY_ACCEPT,
		.reason = SLICE("dmarc=pass p=reject example.org") };
	const struct logline line = { .session = &session,
		.results = &results, .verdict = &verdict };

	(void)state;
	session.queue_id = SLICE("4XyZ");
	session.client_name = SLICE("mail.example.org");
	session.daemon_name = SLICE("smtpd");
	test_assert_slice("all of it", write_line(arena, &line),
	    "session=1-1 id=1-1.2 queue=4XyZ daemon=smtpd client=192.0.2.1 "
	    "host=mail.example.org helo=mail.example.org "
	    "mailfrom=a@lists.example rcpts=2 from=ann@example.org "
	    "spf=softfail spf_domain=lists.example spf_match=~all "
	    "helo_spf=none "
	    "dkim=pass dkim_domain=example.org dkim_selector=sel "
	    "dkim=fail dkim_domain=lists.example dkim_selector=s "
	    "dkim_reason=\"body hash did not verify\" "
	    "arc=pass/2:lists.example "
	    "dmarc=pass dmarc_domain=example.org dmarc_record=example.org "
	    "policy=reject spf_aligned=no dkim_aligned=yes "
	    "flags=unsigned-content forged=3 verdict=accept "
	    "reason=\"dmarc=pass p=reject example.org\"");
	assert_object("all of it", make_object(&line),
	    "{\"level\":\"info\",\"session\":\"1-1\",\"id\":\"1-1.2\","
	    "\"queue\":\"4XyZ\",\"daemon\":\"smtpd\","
	    "\"client\":\"192.0.2.1\",\"host\":\"mail.example.org\","
	    "\"helo\":\"mail.example.org\",\"mailfrom\":\"a@lists.example\","
	    "\"rcpts\":2,\"from\":\"ann@example.org\",\"spf\":\"softfail\","
	    "\"spf_domain\":\"lists.example\",\"spf_match\":\"~all\","
	    "\"helo_spf\":\"none\",\"dkim\":[{\"result\":\"pass\","
	    "\"domain\":\"example.org\",\"selector\":\"sel\"},"
	    "{\"result\":\"fail\",\"domain\":\"lists.example\","
	    "\"selector\":\"s\",\"reason\":\"body hash did not verify\"}],"
	    "\"arc\":\"pass/2:lists.example\",\"dmarc\":\"pass\","
	    "\"dmarc_domain\":\"example.org\","
	    "\"dmarc_record\":\"example.org\",\"policy\":\"reject\","
	    "\"spf_aligned\":false,\"dkim_aligned\":true,"
	    "\"flags\":[\"unsigned-content\"],\"forged\":3,"
	    "\"verdict\":\"accept\","
	    "\"reason\":\"dmarc=pass p=reject example.org\"}");
	arena_destroy(&arena);
}

static void
test_short_lines(void **state)
{
	struct arena *arena = test_arena();
	struct session session = make_session();
	const struct inspect_results results = {
		.helo = SLICE("h"), .sender = { .is_null = true },
		.is_header_whole = true, .is_spf_checked = true,
		.spf = { .result = SPF_FAIL, .domain = SLICE("h") } };
	const struct policy_verdict verdict = { .wanted = POLICY_REJECT,
		.action = POLICY_ACCEPT, .reason = SLICE("why") };

	(void)state;
	test_assert_slice("nothing known", write_line(arena,
	    &(struct logline){ .session = &session, .note = "no memory" }),
	    "session=1-1 id=1-1.2 queue=NOQUEUE client=192.0.2.1 note=\"no memory\"");
	test_assert_slice("monitor, at MAIL", write_line(arena,
	    &(struct logline){ .session = &session, .results = &results,
	    .verdict = &verdict, .is_at_mail = true }),
	    "session=1-1 id=1-1.2 queue=NOQUEUE client=192.0.2.1 helo=h mailfrom=<> "
	    "spf=fail spf_domain=h verdict=accept wanted=reject reason=why");
	arena_destroy(&arena);
}

static void
test_relay_and_rules(void **state)
{
	static const struct policy_rule rule = { .name = SLICE_INIT("two"),
		.why = SLICE_INIT("not shown: the reason has it") };
	static const struct policy_rule shadow = { .name = SLICE_INIT("1"),
		.why = SLICE_INIT("a \"trial\"") };
	struct arena *arena = test_arena();
	struct session session = make_session();
	struct inspect_results results = {
		.helo = SLICE("h"), .sender = { .is_null = true },
		.is_header_whole = true, .is_relayed = true };
	const struct policy_verdict verdict = { .wanted = POLICY_HOLD,
		.action = POLICY_HOLD, .rule = &rule, .shadow_rule = &shadow,
		.shadow_wanted = POLICY_REJECT,
		.override = POLICY_OVERRIDE_LOCAL_POLICY,
		.override_comment = SLICE("x"), .reason = SLICE("why") };
	const struct logline line = { .session = &session,
		.results = &results, .verdict = &verdict };

	(void)state;
	test_assert_slice("client unknown", write_line(arena, &line),
	    "session=1-1 id=1-1.2 queue=NOQUEUE client=unknown relay=192.0.2.1 helo=h "
	    "mailfrom=<> rcpts=2 from=\"\" verdict=hold "
	    "override=local_policy override_comment=x rule=two shadow_rule=1 "
	    "shadow_why=\"a \\\"trial\\\"\" shadow_wanted=reject "
	    "reason=why");
	assert_true(ip_parse(SLICE("2001:db8::1"), &results.client));
	assert_non_null(memmem(write_line(arena, &line).ptr, 70,
	    "client=2001:db8::1 relay=192.0.2.1 ", 35));
	arena_destroy(&arena);
}

/* What knowledge has done. */
static void
test_evidence(void **state)
{
	struct arena *arena = test_arena();
	struct session session = make_session();
	const struct inspect_results results = { .helo = SLICE("h"),
		.sender = { .is_null = true }, .is_header_whole = true,
		.is_arc_checked = true,
		.arc = { .result = ARC_FAIL, .reason = ARC_REASON_SEAL,
			.failed_instance = 3 } };
	struct policy_verdict verdict = { .wanted = POLICY_HOLD,
		.action = POLICY_ACCEPT,
		.evidence = POLICY_SIGN_SIGNATURE | POLICY_SIGN_LIST,
		.override = POLICY_OVERRIDE_MAILING_LIST,
		.override_comment = SLICE("evidence=signature,list"),
		.reason = SLICE("why") };
	const struct logline line = { .session = &session,
		.results = &results, .verdict = &verdict };

	(void)state;
	test_assert_slice("signs", write_line(arena, &line),
	    "session=1-1 id=1-1.2 queue=NOQUEUE client=192.0.2.1 helo=h mailfrom=<> "
	    "rcpts=2 from=\"\" arc=fail arc_instance=3 "
	    "arc_reason=\"a seal does not verify\" verdict=accept "
	    "wanted=hold evidence=signature,list override=mailing_list "
	    "override_comment=evidence=signature,list reason=why");
	assert_object("signs", make_object(&line),
	    "{\"level\":\"info\",\"session\":\"1-1\",\"id\":\"1-1.2\","
	    "\"queue\":\"NOQUEUE\",\"client\":\"192.0.2.1\",\"helo\":\"h\","
	    "\"mailfrom\":\"<>\",\"rcpts\":2,\"from\":\"\","
	    "\"arc\":\"fail\",\"arc_instance\":3,"
	    "\"arc_reason\":\"a seal does not verify\","
	    "\"verdict\":\"accept\",\"wanted\":\"hold\","
	    "\"evidence\":[\"signature\",\"list\"],"
	    "\"override\":\"mailing_list\","
	    "\"override_comment\":\"evidence=signature,list\","
	    "\"reason\":\"why\"}");
	verdict = (struct policy_verdict){ .wanted = POLICY_TEMPFAIL,
		.action = POLICY_TEMPFAIL,
		.open_evidence = POLICY_SIGN_ARC, .reason = SLICE("why") };
	assert_non_null(memmem(write_line(arena, &line).ptr,
	    write_line(arena, &line).len,
	    "verdict=tempfail evidence_open=arc reason=why", 45));
	arena_destroy(&arena);
}

static void
test_skipped(void **state)
{
	struct arena *arena = test_arena();
	struct session session = make_session();
	const struct inspect_results results = { .helo = SLICE("h"),
		.sender = { .address = SLICE("a") }, .is_header_whole = false };
	const struct policy_verdict verdict = { .wanted = POLICY_ACCEPT };

	(void)state;
	session.trust = POLICY_AUTHENTICATED;
	test_assert_slice("authenticated", write_line(arena,
	    &(struct logline){ .session = &session, .results = &results,
	    .verdict = &verdict }),
	    "session=1-1 id=1-1.2 queue=NOQUEUE client=192.0.2.1 helo=h mailfrom=a "
	    "rcpts=2 from=\"\" trusted=authenticated header=cut "
	    "verdict=accept");
	arena_destroy(&arena);
}

static void
test_escapes(void **state)
{
	static const struct {
		const char *name;
		struct slice helo;
		const char *want;
	} cases[] = {
		{ "plain", SLICE_INIT("mail.example.org"),
		    "helo=mail.example.org" },
		{ "empty", SLICE_INIT(""), "helo=\"\"" },
		{ "a key of its own", SLICE_INIT("x verdict=accept"),
		    "helo=\"x verdict=accept\"" },
		{ "quotes", SLICE_INIT("x\" y=\"z"),
		    "helo=\"x\\\" y=\\\"z\"" },
		{ "backslash", SLICE_INIT("a\\n"), "helo=\"a\\x5cn\"" },
		{ "controls and 8-bit", SLICE_INIT("\r\n\x1b\x7f\xff\0"),
		    "helo=\"\\x0d\\x0a\\x1b\\x7f\\xff\\x00\"" },
		{ "long", SLICE_INIT(
		    "0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789"),
		    "helo=0123456789012345678901234567890123456789"
		    "012345678901234567890123..." },
	};
	struct session session = make_session();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct inspect_results results = { .helo = test_exact_copy(
			cases[i].helo), .sender = { .is_null = true } };
		struct slice line = write_line(arena, &(struct logline){
			.session = &session, .results = &results,
			.is_at_mail = true });
		const char *start = memmem(line.ptr, line.len, "helo=", 5);
		size_t at;

		assert_non_null(start);
		at = (size_t)(start - line.ptr);
		line = slice_from(line, at);
		assert_true(slice_ends_with_nocase(line,
		    SLICE(" mailfrom=<>")));
		test_assert_slice(cases[i].name, slice_head(line,
		    line.len - strlen(" mailfrom=<>")), cases[i].want);
		test_free_copy(results.helo);
		arena_destroy(&arena);
	}
}

static struct slice
fill(struct arena *arena, char c, size_t n)
{
	char *text = arena_alloc(arena, n);

	assert_non_null(text);
	memset(text, c, n);
	return (struct slice){ text, n };
}

/* As it reaches the log: whole, and with its verdict. */
static void
check_written(enum log_format format, const struct log_pairs *pairs)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	struct arena *arena = test_arena();
	struct capture capture;
	struct slice line;
	json_t *object;

	assert_non_null(log);
	log_reconfigure(log, &(struct log_settings){
		.sink = LOG_SINK_STDERR, .format = format });
	capture_start(&capture);
	log_write_pairs(log, LOG_LEVEL_INFO, pairs);
	line = capture_end(&capture, arena);
	assert_true(line.len < LOG_LINE_MAX + 32);
	for (size_t i = 0; i + 1 < line.len; i++)
		assert_true(line.ptr[i] >= ' ' && line.ptr[i] < 0x7f);
	if (format == LOG_FORMAT_TEXT) {
		assert_non_null(memmem(line.ptr, line.len, "verdict=accept",
		    14));
	} else {
		object = json_loadb(line.ptr, line.len, 0, NULL);
		assert_non_null(object);
		assert_string_equal(json_string_value(json_object_get(object,
		    "verdict")), "accept");
		assert_string_equal(json_string_value(json_object_get(object,
		    "id")), "1-1.2");
		assert_int_equal(json_array_size(json_object_get(object,
		    "dkim")), 8);
		json_decref(object);
	}
	log_destroy(&log);
	arena_destroy(&arena);
}

/* The longest line there can be still has its verdict. */
static void
test_worst_line(void **state)
{
	struct arena *arena = test_arena();
	struct slice ugly = fill(arena, '\xff', 100000);
	struct slice domain = fill(arena, 'd', 253);
	struct session session = make_session();
	struct dkim_outcome dkim[64];
	struct arc_set sets[ARC_MAX_SETS];
	const struct dmarc_evaluation deciding = { .author_domain = domain,
		.has_policy = true, .policy_domain = domain,
		.policy = DMARC_POLICY_QUARANTINE };
	const struct inspect_results results = {
		.helo = ugly, .sender = { .address = ugly },
		.is_spf_checked = true, .is_dkim_checked = true,
		.is_arc_checked = true, .is_dmarc_checked = true,
		.authors = { .first_address = ugly },
		.spf = { .result = SPF_PERMERROR, .domain = ugly,
			.mechanism = ugly, .reason = ugly },
		.helo_spf = { .result = SPF_PERMERROR, .domain = ugly },
		.dkim = dkim, .n_dkim = N_ELEMENTS(dkim),
		.n_ignored_signatures = INT32_MAX,
		.arc = { .result = ARC_PASS, .sets = sets,
			.n_sets = N_ELEMENTS(sets) },
		.dmarc = { .result = DMARC_TEMPERROR, .deciding = &deciding },
		.n_forged_fields = INT32_MAX,
	};
	const struct policy_verdict verdict = { .wanted = POLICY_TEMPFAIL,
		.action = POLICY_ACCEPT, .evidence = POLICY_SIGNS_ALL,
		.open_evidence = POLICY_SIGNS_ALL,
		.override = POLICY_OVERRIDE_TRUSTED_FORWARDER,
		.override_comment = fill(arena, 'c', 9999),
		.reason = fill(arena, 'r', 9999) };
	struct log_pairs pairs;
	struct logline worst;
	struct slice line;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(dkim); i++)
		dkim[i] = (struct dkim_outcome){
			.result = DKIM_RESULT_PERMERROR,
			.reason = DKIM_REASON_DOMAIN_MISMATCH,
			.domain = domain, .selector = ugly };
	for (size_t i = 0; i < N_ELEMENTS(sets); i++)
		sets[i] = (struct arc_set){ .sealer = domain };
	session.queue_id = session.client_name = session.daemon_name = ugly;
	worst = (struct logline){ .session = &session, .results = &results,
		.verdict = &verdict };
	logline_collect(&worst, &pairs);
	check_written(LOG_FORMAT_TEXT, &pairs);
	check_written(LOG_FORMAT_JSON, &pairs);
	line = write_line(arena, &worst);
	assert_true(line.len < LOG_LINE_MAX);
	assert_non_null(memmem(line.ptr, line.len, "verdict=accept", 14));
	for (size_t i = 0; i < line.len; i++)
		assert_true(line.ptr[i] >= ' ' && line.ptr[i] < 0x7f);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_short_lines),
		cmocka_unit_test(test_relay_and_rules),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_worst_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
