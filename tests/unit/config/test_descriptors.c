/* How many sessions there may be, by the files that may be open. */
#include "config/descriptors.h"

#include "config/settings.h"
#include "unit/test.h"

static const struct {
	const char *name;
	unsigned wanted, in_flight;
	uint64_t max;
	bool fits;
	unsigned sessions;
} rows[] = {
	/* 240 in reserve; of DNS 512 sockets and 16 for TCP at most, and
	 * no more than a quarter of all. */
	{ "plenty", 0, 1024, 524288, true, 20000 },
	{ "no bound", 0, 1024, UINT64_MAX, true, 20000 },
	{ "the usual soft limit", 0, 1024, 1024, true, 1024 - 256 - 16 - 240 },
	{ "more", 0, 1024, 8192, true, 8192 - 512 - 16 - 240 },
	{ "few questions", 0, 100, 1024, true, 1024 - 100 - 16 - 240 },
	{ "asked for", 300, 1024, 1024, true, 300 },
	{ "just fits", 512, 1024, 1024, true, 512 },
	{ "does not fit", 513, 1024, 1024, false, 512 },
	{ "many", 100000, 1024, 524288, true, 100000 },
	{ "hardly any file", 0, 1024, 64, true, 10 },
	{ "none", 10, 1024, 0, true, 10 },
	{ "more than none", 11, 1024, 0, false, 10 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct config config = {
			.resolver = UNBOUND_OPTIONS_DEFAULT,
			.milter_limits.max_sessions = rows[i].wanted,
		};

		config.resolver.max_in_flight = rows[i].in_flight;
		if (descriptors_fit(&config, rows[i].max) != rows[i].fits)
			fail_msg("%s: %s", rows[i].name, rows[i].fits ?
			    "does not fit" : "fits");
		if (config.milter_limits.max_sessions != rows[i].sessions)
			fail_msg("%s: %u sessions", rows[i].name,
			    config.milter_limits.max_sessions);
	}
}

static void
test_system(void **state)
{
	(void)state;
	assert_true(descriptors_find_max() > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
