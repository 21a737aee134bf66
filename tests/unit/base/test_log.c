/* What reaches stderr: one line a call, nothing raw, repeats held back. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "unit/test.h"

/* Point stderr at a file, and back; give what was written. */
static int saved_stderr;	/* cmocka's functions share no other state */

static FILE *
capture_start(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	return file;
}

static void
capture_end(FILE *file, char *text, size_t size)
{
	size_t len;

	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	close(saved_stderr);
	rewind(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
}

static void
test_lines(void **state)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	static char text[2 * LOG_LINE_MAX], longest[LOG_LINE_MAX + 100];
	FILE *file;

	(void)state;
	assert_non_null(log);
	memset(longest, 'x', sizeof(longest) - 1);
	file = capture_start();
	log_write(log, LOG_LEVEL_INFO, "one %d", 1);
	log_write(log, LOG_LEVEL_DEBUG, "not wanted");
	log_write(log, LOG_LEVEL_ERROR, "raw \n\x1b[31m\x7f end");
	capture_end(file, text, sizeof(text));
	assert_string_equal(text, "assayd: info: one 1\n"
	    "assayd: error: raw ??[31m? end\n");
	file = capture_start();
	log_write(log, LOG_LEVEL_INFO, "%s", longest);
	capture_end(file, text, sizeof(text));
	assert_true(strlen(text) < LOG_LINE_MAX + 32);
	assert_int_equal(text[strlen(text) - 1], '\n');
	log_destroy(&log);
	assert_null(log);
}

static void
test_limit(void **state)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	struct log_limit limit = { 0, 0 };
	char text[1024];
	FILE *file;

	(void)state;
	assert_non_null(log);
	file = capture_start();
	for (int i = 0; i < 5; i++)
		log_write_limited(log, &limit, LOG_LEVEL_WARNING, "n %d", i);
	limit.next_ms = 0;	/* the minute is over */
	log_write_limited(log, &limit, LOG_LEVEL_WARNING, "n 5");
	capture_end(file, text, sizeof(text));
	assert_string_equal(text, "assayd: warning: n 0\n"
	    "assayd: warning: n 5 (and 4 like it before)\n");
	log_destroy(&log);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
