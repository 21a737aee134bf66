/* What reaches stderr: one line a call, nothing raw, repeats held back. */
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "base/log_pairs.h"
#include "unit/capture.h"
#include "unit/test.h"

static struct log *
make_log(enum log_format format)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);

	assert_non_null(log);
	log_reconfigure(log, &(struct log_settings){ .sink = LOG_SINK_STDERR,
		.format = format });
	return log;
}

static void
test_lines(void **state)
{
	struct log *log = make_log(LOG_FORMAT_TEXT);
	struct arena *arena = test_arena();
	static char longest[LOG_LINE_MAX + 100];
	struct capture capture;
	struct slice text;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	capture_start(&capture);
	log_write(log, LOG_LEVEL_INFO, "one %d", 1);
	log_write(log, LOG_LEVEL_DEBUG, "not wanted");
	log_write(log, LOG_LEVEL_ERROR, "raw \n\x1b[31m\x7f end");
	test_assert_slice("lines", capture_end(&capture, arena),
	    "assayd: info: one 1\nassayd: error: raw ??[31m? end\n");
	capture_start(&capture);
	log_write(log, LOG_LEVEL_INFO, "%s", longest);
	text = capture_end(&capture, arena);
	assert_true(text.len < LOG_LINE_MAX + 32);
	assert_int_equal(text.ptr[text.len - 1], '\n');
	log_destroy(&log);
	assert_null(log);
	arena_destroy(&arena);
}

static void
test_limit(void **state)
{
	struct log *log = make_log(LOG_FORMAT_TEXT);
	struct arena *arena = test_arena();
	struct log_limit limit = { 0, 0 };
	struct capture capture;

	(void)state;
	capture_start(&capture);
	for (int i = 0; i < 5; i++)
		assert_int_equal(log_write_limited(log, &limit,
		    LOG_LEVEL_WARNING, "n %d", i), i == 0);
	limit.next_ms = 0;	/* the minute is over */
	/* What is not wanted takes nobody's turn. */
	assert_false(log_write_limited(log, &limit, LOG_LEVEL_DEBUG, "no"));
	assert_true(log_write_limited(log, &limit, LOG_LEVEL_WARNING, "n 5"));
	test_assert_slice("limited", capture_end(&capture, arena),
	    "assayd: warning: n 0\n"
	    "assayd: warning: n 5 (and 4 like it before)\n");
	log_destroy(&log);
	arena_destroy(&arena);
}

static void
test_level(void **state)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	struct log *other = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR,
	    "assayd", 0);
	atomic_int shared = 7;

	(void)state;
	assert_false(log_is_enabled(NULL, LOG_LEVEL_ERROR));
	assert_non_null(log);
	assert_non_null(other);
	log_set_threshold(log, LOG_LEVEL_DEBUG);
	assert_true(log_is_enabled(log, LOG_LEVEL_DEBUG));
	log_set_threshold(log, LOG_LEVEL_WARNING);
	assert_false(log_is_enabled(log, LOG_LEVEL_INFO));
	log_share_threshold(log, &shared);
	assert_int_equal(shared, LOG_LEVEL_WARNING);
	log_share_threshold(other, &shared);
	assert_int_equal(shared, LOG_LEVEL_ERROR);
	assert_false(log_is_enabled(log, LOG_LEVEL_WARNING));
	log_set_threshold(other, LOG_LEVEL_DEBUG);
	assert_true(log_is_enabled(log, LOG_LEVEL_DEBUG));
	log_destroy(&log);
	log_destroy(&other);
}

/* ---- JSON ---------------------------------------------------------------- */

/* One line, which is one object, with a level and a time; a new reference. */
static json_t *
parse(const char *name, struct slice line)
{
	json_error_t error;
	json_t *object = json_loadb(line.ptr, line.len,
	    JSON_REJECT_DUPLICATES, &error);
	const char *at;

	if (object == NULL)
		fail_msg("%s: %s", name, error.text);
	assert_true(slice_find(line, '\n') == line.len - 1);
	at = json_string_value(json_object_get(object, "time"));
	assert_non_null(at);
	assert_int_equal(strlen(at), strlen("2026-01-31T12:00:00.000Z"));
	assert_true(at[10] == 'T' && at[19] == '.' && at[23] == 'Z');
	assert_string_equal(json_string_value(json_object_get(object,
	    "level")), "warning");
	return object;
}

static const struct {
	const char *name, *message, *want;
} messages[] = {
	{ "plain", "a b", "a b" },
	{ "quotes and a backslash", "a \"b\" \\x41 \\", "a \"b\" \\x41 \\" },
	{ "controls", "a\r\n\t\x1b\x7f", "a?????" },
	{ "UTF-8", "\xc3\xa4 \xf0\x9f\x93\xa7", "\xc3\xa4 \xf0\x9f\x93\xa7" },
	{ "not UTF-8", "a\xff\xc3 \xed\xa0\x80", "a\\xff\\xc3 "
	    "\\xed\\xa0\\x80" },
	{ "separators", "\xe2\x80\xa8\xe2\x80\xa9\xc2\x85",
	    "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xc2\\x85" },
	{ "direction", "\xe2\x80\xae", "\\xe2\\x80\\xae" },
	{ "empty", "", "" },
};

static void
test_json(void **state)
{
	struct log *log = make_log(LOG_FORMAT_JSON);

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(messages); i++) {
		struct arena *arena = test_arena();
		struct capture capture;
		json_t *object;

		capture_start(&capture);
		log_write(log, LOG_LEVEL_WARNING, "%s", messages[i].message);
		object = parse(messages[i].name, capture_end(&capture, arena));
		assert_int_equal(json_object_size(object), 3);
		test_assert_slice(messages[i].name, slice_from_cstr(
		    json_string_value(json_object_get(object, "message"))),
		    messages[i].want);
		json_decref(object);
		arena_destroy(&arena);
	}
	log_destroy(&log);
}

/* However long it gets, and wherever that cuts it, it is an object. */
static void
test_json_cut(void **state)
{
	static const char *const parts[] = { "x", "\"", "\\", "\xff", "x\xff",
		"\xc3\xa4", "\xe2\x80\xa8", "\xf0\x9f\x93\xa7", "xy\"" };
	struct log *log = make_log(LOG_FORMAT_JSON);
	char text[LOG_LINE_MAX + 100];

	(void)state;
	for (size_t i = 0; i < 100 * N_ELEMENTS(parts); i++) {
		const char *part = parts[i / 100];
		struct arena *arena = test_arena();
		struct capture capture;
		json_t *object;
		struct slice line;
		size_t len = i % 100;	/* where the pattern begins */

		memset(text, 'a', len);
		while (len + 5 < sizeof(text))
			len += (size_t)snprintf(text + len, 5, "%s", part);
		capture_start(&capture);
		log_write(log, LOG_LEVEL_WARNING, "%s", text);
		line = capture_end(&capture, arena);
		assert_true(line.len <= LOG_LINE_MAX + 80);
		assert_true(line.len > LOG_LINE_MAX - 80);
		object = parse(part, line);
		if (strcmp(part, "x") != 0)
			assert_non_null(strstr(json_string_value(
			    json_object_get(object, "message")), "..."));
		json_decref(object);
		arena_destroy(&arena);
	}
	log_destroy(&log);
}

/* ---- changed while it runs ----------------------------------------------- */

#define LINES_EACH 2000

static void *
write_lines(void *arg)
{
	struct log *log = arg;
	struct log_pairs pairs;

	log_pairs_init(&pairs);
	log_pairs_add_word(&pairs, "session", "5f-1");
	for (int i = 0; i < LINES_EACH; i++) {
		log_write(log, LOG_LEVEL_INFO, "line");
		log_write_pairs(log, LOG_LEVEL_INFO, &pairs);
	}
	return NULL;
}

static bool
is_whole(struct slice line)
{
	static const struct slice start = SLICE_INIT("{\"time\":\"");

	if (slice_starts_with(line, start))
		return slice_ends_with_nocase(line,
		    SLICE("\"level\":\"info\",\"message\":\"line\"}")) ||
		    slice_ends_with_nocase(line,
		    SLICE("\"level\":\"info\",\"session\":\"5f-1\"}"));
	return slice_eq(line, SLICE("assayd: info: line")) ||
	    slice_eq(line, SLICE("assayd: info: session=5f-1"));
}

static void
test_reconfigure(void **state)
{
	struct log *log = make_log(LOG_FORMAT_TEXT);
	struct arena *arena = test_arena();
	struct capture capture;
	struct slice text;
	pthread_t threads[2];
	size_t n_lines = 0;

	(void)state;
	capture_start(&capture);
	for (size_t i = 0; i < N_ELEMENTS(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    write_lines, log), 0);
	for (int i = 0; i < LINES_EACH; i++)
		log_reconfigure(log, &(struct log_settings){
			.sink = LOG_SINK_STDERR,
			.format = i % 2 == 0 ? LOG_FORMAT_JSON :
			    LOG_FORMAT_TEXT });
	for (size_t i = 0; i < N_ELEMENTS(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	text = capture_end(&capture, arena);
	while (text.len != 0) {
		struct slice line = slice_head(text, slice_find(text, '\n'));

		if (!is_whole(line))
			fail_msg("mixed: %.*s", SLICE_PRINTF(line));
		text = slice_from(text, line.len + 1);
		n_lines++;
	}
	assert_int_equal(n_lines, 2 * 2 * LINES_EACH);
	log_destroy(&log);
	arena_destroy(&arena);
}

/* What one log of several is told, all do. */
static void
test_shared(void **state)
{
	struct log *log = make_log(LOG_FORMAT_JSON);
	struct log *other = make_log(LOG_FORMAT_TEXT);
	struct arena *arena = test_arena();
	struct capture capture;
	atomic_uint shared = 7;

	(void)state;
	log_share_settings(other, &shared);
	log_share_settings(log, &shared);
	capture_start(&capture);
	log_write(other, LOG_LEVEL_WARNING, "x");
	json_decref(parse("shared", capture_end(&capture, arena)));
	log_reconfigure(other, &(struct log_settings){
		.sink = LOG_SINK_STDERR, .format = LOG_FORMAT_TEXT });
	capture_start(&capture);
	log_write(log, LOG_LEVEL_INFO, "x");
	test_assert_slice("text again", capture_end(&capture, arena),
	    "assayd: info: x\n");
	log_destroy(&log);
	log_destroy(&other);
	arena_destroy(&arena);
}

static void
test_target(void **state)
{
	(void)state;
	assert_int_equal(log_choose_sink(LOG_TARGET_AUTO, true),
	    LOG_SINK_STDERR);
	assert_int_equal(log_choose_sink(LOG_TARGET_AUTO, false),
	    LOG_SINK_SYSLOG);
	assert_int_equal(log_choose_sink(LOG_TARGET_SYSLOG, true),
	    LOG_SINK_SYSLOG);
	assert_int_equal(log_choose_sink(LOG_TARGET_JOURNAL, true),
	    LOG_SINK_JOURNAL);
	assert_int_equal(log_choose_sink(LOG_TARGET_STDERR, false),
	    LOG_SINK_STDERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_cut),
		cmocka_unit_test(test_reconfigure),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
