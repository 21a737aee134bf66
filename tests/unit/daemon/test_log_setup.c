/* Where the log goes, by what is configured and how assayd was started. */
#include "daemon/log_setup.h"

#include <syslog.h>

#include "base/journal.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "unit/test.h"

static const struct {
	enum log_target target;
	bool is_foreground;
	enum log_sink sink;
	bool is_lost;
} cases[] = {
	{ LOG_TARGET_AUTO, true, LOG_SINK_STDERR, false },
	{ LOG_TARGET_AUTO, false, LOG_SINK_SYSLOG, false },
	{ LOG_TARGET_SYSLOG, true, LOG_SINK_SYSLOG, false },
	{ LOG_TARGET_SYSLOG, false, LOG_SINK_SYSLOG, false },
	{ LOG_TARGET_STDERR, true, LOG_SINK_STDERR, false },
	{ LOG_TARGET_STDERR, false, LOG_SINK_STDERR, true },
};

static bool
choose(enum log_target target, bool is_foreground,
    struct log_settings *settings)
{
	const struct config config = { .log_target = target,
		.log_format = LOG_FORMAT_JSON, .log_facility = LOG_LOCAL3 };
	struct arena *arena = test_arena();
	struct strbuf problem;
	bool is_good;

	strbuf_init(&problem, arena, 1000);
	is_good = log_setup_choose(&config, is_foreground, settings,
	    &problem);
	assert_true(is_good == (problem.len == 0));
	assert_int_equal(settings->format, LOG_FORMAT_JSON);
	assert_int_equal(settings->facility, LOG_LOCAL3);
	arena_destroy(&arena);
	return is_good;
}

static void
test_choose(void **state)
{
	struct log_settings settings;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_true(choose(cases[i].target, cases[i].is_foreground,
		    &settings) == !cases[i].is_lost);
		assert_int_equal(settings.sink, cases[i].sink);
	}
	assert_true(choose(LOG_TARGET_JOURNAL, false, &settings) ==
	    journal_is_there());
	assert_int_equal(settings.sink, LOG_SINK_JOURNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
