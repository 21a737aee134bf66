/* A graceful end, moment by moment. */
#include "daemon/drain.h"
#include "unit/test.h"

#define MAX_MOMENTS 8

/* At NOW_MS, with N_OPEN messages; before it a signal, if IS_TOLD. */
struct moment {
	int64_t now_ms;
	bool is_told;
	unsigned n_open;
	enum drain_action action;
	enum drain_stage stage;
};

static const struct {
	const char *name;
	unsigned limit_s;
	struct moment moments[MAX_MOMENTS];
} cases[] = {
	{ "nobody asks", 30, {
	    { 0, false, 0, DRAIN_WAIT, DRAIN_RUNNING },
	    { 99000, false, 3, DRAIN_WAIT, DRAIN_RUNNING } } },
	{ "nothing is open", 30, {
	    { 1000, true, 0, DRAIN_STOP, DRAIN_STOPPING },
	    { 1100, false, 0, DRAIN_WAIT, DRAIN_STOPPING } } },
	{ "messages end in time", 30, {
	    { 1000, true, 2, DRAIN_WAIT, DRAIN_MESSAGES },
	    { 1100, false, 1, DRAIN_WAIT, DRAIN_MESSAGES },
	    { 30900, false, 0, DRAIN_STOP, DRAIN_STOPPING },
	    { 36899, false, 0, DRAIN_WAIT, DRAIN_STOPPING },
	    { 36900, false, 0, DRAIN_LEAVE, DRAIN_OVER },
	    { 37000, false, 0, DRAIN_WAIT, DRAIN_OVER } } },
	{ "a message does not end", 30, {
	    { 1000, true, 1, DRAIN_WAIT, DRAIN_MESSAGES },
	    { 30999, false, 1, DRAIN_WAIT, DRAIN_MESSAGES },
	    { 31000, false, 1, DRAIN_STOP, DRAIN_STOPPING },
	    { 37000, false, 1, DRAIN_LEAVE, DRAIN_OVER } } },
	{ "told twice", 30, {
	    { 1000, true, 1, DRAIN_WAIT, DRAIN_MESSAGES },
	    { 2000, true, 1, DRAIN_STOP, DRAIN_STOPPING },
	    { 3000, true, 1, DRAIN_WAIT, DRAIN_STOPPING },
	    { 7999, false, 1, DRAIN_WAIT, DRAIN_STOPPING },
	    { 8000, true, 1, DRAIN_LEAVE, DRAIN_OVER },
	    { 9000, true, 1, DRAIN_WAIT, DRAIN_OVER } } },
	{ "no patience", 0, {
	    { 1000, true, 5, DRAIN_STOP, DRAIN_STOPPING } } },
};

static void
test_drain(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct moment *m = cases[i].moments;
		struct drain drain = { .stop_ms = DRAIN_STOP_MS };
		bool was_told = false;

		for (size_t j = 0; j < MAX_MOMENTS; j++, m++) {
			if (j != 0 && m->now_ms == 0)
				break;		/* the table's end */
			if (m->is_told && drain_begin(&drain, m->now_ms,
			    cases[i].limit_s) == was_told)
				fail_msg("%s, %zu: first or not?",
				    cases[i].name, j);
			was_told |= m->is_told;
			if (drain_step(&drain, m->n_open, m->now_ms) !=
			    m->action)
				fail_msg("%s, %zu: wrong action",
				    cases[i].name, j);
			if (drain.stage != m->stage)
				fail_msg("%s, %zu: wrong stage",
				    cases[i].name, j);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
