/* When a worker that died is replaced. */
#include "daemon/respawn.h"
#include "unit/test.h"

#define MAX_DEATHS 12

static const struct {
	const char *name;
	unsigned n_workers;
	int64_t lives_ms[MAX_DEATHS];	/* one after the other; -1: the end */
	size_t gives_up;		/* at that one, from 1 on; 0: never */
} cases[] = {
	{ "long lives", 2, { 86400000, 10000, 99999999, 10000, 20000, 30000,
	    10000, 10000, 10000, 10000, 10000, -1 }, 0 },
	{ "quick deaths", 2, { 0, 100, 9999, 5, 5, 5, 5, -1 }, 7 },
	{ "all at once, then peace", 4, { 9, 9, 9, 9, 50000, 9, 9, 9, 9,
	    50000, -1 }, 0 },
	{ "a long life begins anew", 2, { 0, 0, 0, 0, 0, 0, 10000, 0, 0, 0, 0,
	    0 }, 0 },
	{ "more workers, more patience", 5, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    -1 }, 10 },
};

static void
test_deaths(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct respawn respawn = { .n_workers = cases[i].n_workers };
		size_t gave_up = 0;

		for (size_t j = 0; j < MAX_DEATHS && gave_up == 0 &&
		    cases[i].lives_ms[j] >= 0; j++)
			if (!respawn_note_death(&respawn,
			    cases[i].lives_ms[j]))
				gave_up = j + 1;
		if (gave_up != cases[i].gives_up)
			fail_msg("%s: gave up at %zu", cases[i].name, gave_up);
	}
}

static void
test_rate(void **state)
{
	struct respawn respawn = { .n_workers = 2 };

	(void)state;
	assert_int_equal(respawn_wait_ms(&respawn, 5000), 0);
	respawn_note_try(&respawn, 5000);
	assert_int_equal(respawn_wait_ms(&respawn, 5000), 1000);
	assert_int_equal(respawn_wait_ms(&respawn, 5999), 1);
	assert_int_equal(respawn_wait_ms(&respawn, 6000), 0);
	assert_int_equal(respawn_wait_ms(&respawn, 7000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
