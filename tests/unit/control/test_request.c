/* tests/unit/control/test_request.c - lines of the control socket, honest ones
 * and others. */
#include "control/request.h"

#include <string.h>

#include "base/strbuf.h"
#include "unit/test.h"

#define VERIFY "{\"command\":\"verify\",\"client\":\"192.0.2.1\"," \
	"\"helo\":\"h\",\"mail_from\":\"<a@example.org>\""
#define MESSAGE ",\"message\":\"From: a@example.org\\r\\n\\r\\nx\""

static bool
parse(struct arena *arena, struct slice line, struct request *request,
    struct slice *problem_out)
{
	struct strbuf problem;
	bool is_request;

	strbuf_init(&problem, arena, 4096);
	is_request = request_parse(arena, line, request, &problem);
	assert_false(problem.has_failed);
	*problem_out = strbuf_slice(&problem);
	return is_request;
}

static void
test_commands(void **state)
{
	static const struct {
		const char *line;
		enum request_command command;
		bool sets_level;
		enum log_level level;
	} cases[] = {
		{ "{\"command\":\"status\"}", REQUEST_STATUS, false, 0 },
		{ " { \"command\" : \"status\" } \r", REQUEST_STATUS, false,
		    0 },
		{ "{\"command\":\"\\u0073tatus\"}", REQUEST_STATUS, false, 0 },
		{ "{\"command\":\"reload\"}", REQUEST_RELOAD, false, 0 },
		{ "{\"command\":\"log-level\"}", REQUEST_LOG_LEVEL, false, 0 },
		{ "{\"command\":\"log-level\",\"level\":\"debug\"}",
		    REQUEST_LOG_LEVEL, true, LOG_LEVEL_DEBUG },
		{ "{\"level\":\"error\",\"command\":\"log-level\"}",
		    REQUEST_LOG_LEVEL, true, LOG_LEVEL_ERROR },
		{ "{\"command\":\"cache\"}", REQUEST_CACHE, false, 0 },
		{ "{\"command\":\"zones\"}", REQUEST_ZONES, false, 0 },
		{ VERIFY MESSAGE "}", REQUEST_VERIFY, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice line = test_exact_copy(
		    slice_from_cstr(cases[i].line)), problem;
		struct arena *arena = test_arena();
		struct request request;

		if (!parse(arena, line, &request, &problem))
			fail_msg("%s: %.*s", cases[i].line,
			    SLICE_PRINTF(problem));
		if (request.command != cases[i].command ||
		    request.sets_level != cases[i].sets_level ||
		    request.level != cases[i].level)
			fail_msg("%s: wrong", cases[i].line);
		request_release(&request);
		arena_destroy(&arena);
		test_free_copy(line);
	}
}

static void
test_problems(void **state)
{
	static const struct {
		const char *name;
		struct slice line;
		const char *problem;	/* its beginning */
	} cases[] = {
		{ "empty", SLICE_INIT(""), "octet 0 of the line: " },
		{ "blank", SLICE_INIT("  "), "octet 2 of the line: " },
		{ "words", SLICE_INIT("status"), "octet " },
		{ "cut", SLICE_INIT("{\"command\":\"sta"), "octet " },
		{ "cut behind a backslash", SLICE_INIT("{\"command\":\"st\\"),
		    "octet " },
		{ "two objects", SLICE_INIT("{\"command\":\"status\"}{}"),
		    "octet 21 of the line: end of file expected" },
		{ "a list", SLICE_INIT("[\"status\"]"),
		    "a request is an object" },
		{ "a text", SLICE_INIT("\"status\""), "octet " },
		{ "NUL", SLICE_INIT("{\"command\":\"status\"}\0"), "octet " },
		{ "not UTF-8", SLICE_INIT("{\"command\":\"\xff\"}"),
		    "octet " },
		{ "no command", SLICE_INIT("{}"),
		    "\"command\" is missing, or no string" },
		{ "command is a number", SLICE_INIT("{\"command\":1}"),
		    "\"command\" is missing, or no string" },
		{ "unknown", SLICE_INIT("{\"command\":\"stop\"}"),
		    "\"command\" must be \"status\", \"reload\", " },
		{ "NUL in a command",
		    SLICE_INIT("{\"command\":\"status\\u0000\"}"),
		    "\"command\" must be " },
		{ "twice", SLICE_INIT("{\"command\":\"status\","
		    "\"command\":\"reload\"}"), "octet " },
		{ "more than is known", SLICE_INIT("{\"command\":\"reload\","
		    "\"force\":true}"), "\"force\" is not known here" },
		{ "what is not known is escaped",
		    SLICE_INIT("{\"command\":\"reload\",\"a\\n\\u001b\":1}"),
		    "\"a\\x0a\\x1b\" is not known here" },
		{ "no level", SLICE_INIT("{\"command\":\"log-level\","
		    "\"level\":\"loud\"}"), "\"level\" must be \"error\", " },
		{ "level null", SLICE_INIT("{\"command\":\"log-level\","
		    "\"level\":null}"), "\"level\" must be \"error\", " },
		{ "no message", SLICE_INIT(VERIFY "}"), "\"message\" or "
		    "\"message_base64\" must be there, one of the two" },
		{ "two messages", SLICE_INIT(VERIFY MESSAGE
		    ",\"message_base64\":\"\"}"), "\"message\" or " },
		{ "message is a list", SLICE_INIT(VERIFY ",\"message\":[]}"),
		    "\"message\" must be a string" },
		{ "no base64", SLICE_INIT(VERIFY
		    ",\"message_base64\":\"RnJvbQ=?\"}"),
		    "\"message_base64\" must be base64" },
		{ "no client", SLICE_INIT("{\"command\":\"verify\","
		    "\"helo\":\"h\",\"mail_from\":\"\"" MESSAGE "}"),
		    "\"client\" is missing" },
		{ "no HELO", SLICE_INIT("{\"command\":\"verify\","
		    "\"client\":null,\"mail_from\":\"\"" MESSAGE "}"),
		    "\"helo\" is missing" },
		{ "no sender", SLICE_INIT("{\"command\":\"verify\","
		    "\"client\":null,\"helo\":\"\"" MESSAGE "}"),
		    "\"mail_from\" is missing" },
		{ "client is a name", SLICE_INIT("{\"command\":\"verify\","
		    "\"client\":\"mail.example.org\"}"),
		    "\"client\" must be an IP address, or null" },
		{ "client is empty", SLICE_INIT("{\"command\":\"verify\","
		    "\"client\":\"\"}"), "\"client\" must be " },
		{ "line ends in HELO", SLICE_INIT("{\"command\":\"verify\","
		    "\"helo\":\"a\\r\\nb\"}"), "\"helo\" must not have "
		    "control characters" },
		{ "NUL in a sender", SLICE_INIT("{\"command\":\"verify\","
		    "\"mail_from\":\"a\\u0000b\"}"), "\"mail_from\" must not "
		    "have control characters" },
		{ "recipient is a text", SLICE_INIT(VERIFY MESSAGE
		    ",\"rcpt_to\":\"a\"}"), "\"rcpt_to\" must be a list" },
		{ "recipients are numbers", SLICE_INIT(VERIFY MESSAGE
		    ",\"rcpt_to\":[1]}"), "\"rcpt_to\" must be a string" },
		{ "smtputf8 is a number", SLICE_INIT(VERIFY MESSAGE
		    ",\"smtputf8\":1}"), "\"smtputf8\" must be true or " },
		{ "authenticated is a name", SLICE_INIT(VERIFY MESSAGE
		    ",\"authenticated\":\"ann\"}"), "\"authenticated\" must "
		    "be true or " },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice line = test_exact_copy(cases[i].line), problem;
		struct arena *arena = test_arena();
		struct request request;

		if (parse(arena, line, &request, &problem))
			fail_msg("%s: it is let pass", cases[i].name);
		if (!slice_starts_with(problem,
		    slice_from_cstr(cases[i].problem)))
			fail_msg("%s: %.*s", cases[i].name,
			    SLICE_PRINTF(problem));
		arena_destroy(&arena);
		test_free_copy(line);
	}
}

static void
test_submission(void **state)
{
	struct slice line = test_exact_copy(SLICE("{\"command\":\"verify\","
	    "\"client\":\"2001:db8::1\",\"listener\":\"smtpd\","
	    "\"helo\":\"mail.example.org\",\"mail_from\":\"\","
	    "\"rcpt_to\":[\"<b@example.net>\",\"c@example.net\"],"
	    "\"smtputf8\":true,\"authenticated\":true,"
	    "\"queue_id\":\"4XyZ\",\"message_base64\":"
	    "\"RnJvbTogYUBleGFtcGxlLm9yZw0KDQr/\"}")), problem;
	struct arena *arena = test_arena();
	struct request request;
	const struct submission *submission = &request.submission;
	struct ip_address client;

	(void)state;
	assert_true(ip_parse(SLICE("2001:db8::1"), &client));
	assert_true(parse(arena, line, &request, &problem));
	test_free_copy(line);		/* nothing of it is borrowed */
	assert_true(ip_eq(&client, &submission->client));
	test_assert_slice("listener", submission->listener, "smtpd");
	test_assert_slice("HELO", submission->helo, "mail.example.org");
	test_assert_slice("sender", submission->sender, "<>");
	test_assert_slice("queue", submission->queue_id, "4XyZ");
	assert_true(submission->is_smtputf8);
	assert_true(submission->is_authenticated);
	assert_int_equal(submission->n_recipients, 2);
	test_assert_slice("recipient", submission->recipients[1],
	    "c@example.net");
	test_assert_slice("octets", submission->octets,
	    "From: a@example.org\r\n\r\n\xff");
	request_release(&request);
	arena_destroy(&arena);
}

static void
test_local_mail(void **state)
{
	struct arena *arena = test_arena();
	struct request request;
	struct slice problem;

	(void)state;
	assert_true(parse(arena, SLICE("{\"command\":\"verify\","
	    "\"client\":null,\"helo\":\"\",\"mail_from\":\"a@example.org\","
	    "\"message\":\"\"}"), &request, &problem));
	assert_int_equal(request.submission.client.family, IP_NONE);
	request_release(&request);
	arena_destroy(&arena);
}

/* A line of LEN octets: HEAD, FILL again and again, TAIL. */
static struct slice
make_line(size_t len, const char *head, char fill, const char *tail)
{
	char *mem = malloc(len);

	assert_non_null(mem);
	memset(mem, fill, len);
	memcpy(mem, head, strlen(head));
	memcpy(mem + len - strlen(tail), tail, strlen(tail));
	return (struct slice){ mem, len };
}

/* What would take more memory than its octets is refused before it does. */
static void
test_bounds(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *head;
		char fill;
		const char *tail, *problem;	/* NULL: none */
	} cases[] = {
		{ "deep", 1000000, "", '[', "", "more values than " },
		{ "wide", 1000000, "[0", ',', "]", "more values than " },
		{ "deep objects", 1000000, "{\"a\":", '{', "", "more " },
		{ "braces in a text", 1000000, VERIFY ",\"message\":\"", '{',
		    "\"}", NULL },
		{ "commas in a text", 1000000, VERIFY ",\"message\":\"\\\"",
		    ',', "\"}", NULL },
		{ "open text", 1000000, "{\"command\":\"", ',', "", "octet " },
		{ "long status", REQUEST_SHORT_OCTETS + 1,
		    "{\"command\":\"status\"", ' ', "}",
		    "\"status\" needs no line of this length" },
		{ "status, just", REQUEST_SHORT_OCTETS,
		    "{\"command\":\"status\"", ' ', "}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice line = make_line(cases[i].len, cases[i].head,
		    cases[i].fill, cases[i].tail), problem;
		struct arena *arena = test_arena();
		struct request request;
		bool is_right = cases[i].problem == NULL;

		if (parse(arena, line, &request, &problem) != is_right)
			fail_msg("%s: %.*s", cases[i].name,
			    SLICE_PRINTF(problem));
		if (is_right)
			request_release(&request);
		else if (!slice_starts_with(problem,
		    slice_from_cstr(cases[i].problem)))
			fail_msg("%s: %.*s", cases[i].name,
			    SLICE_PRINTF(problem));
		arena_destroy(&arena);
		test_free_copy(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_local_mail),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
