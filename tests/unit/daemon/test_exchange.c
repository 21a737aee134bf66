/* All processes or none, moment by moment. */
#include "daemon/exchange.h"
#include "unit/test.h"

#define MAX_MOMENTS 6
#define N_MEMBERS 3
#define OURS 77		/* the fingerprint of what we have read */

#define GONE { false, RELOAD_SILENT, 0 }
#define SILENT { true, RELOAD_SILENT, 0 }
#define UNABLE { true, RELOAD_UNABLE, 0 }
#define PREPARED { true, RELOAD_PREPARED, OURS }
#define OTHER { true, RELOAD_PREPARED, OURS + 1 }
#define SWITCHED { true, RELOAD_SWITCHED, OURS }

/* At NOW_MS, once a reload has begun, if IS_BEGUN. */
struct moment {
	int64_t now_ms;
	bool is_begun;
	struct exchange_member members[N_MEMBERS];
	enum exchange_action action;
	enum exchange_stage stage;
};

static const struct {
	const char *name;
	struct moment moments[MAX_MOMENTS];
} cases[] = {
	{ "nobody asks", {
	    { 1000, false, { PREPARED, PREPARED, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_IDLE } } },
	{ "all is well", {
	    { 1000, true, { SILENT, SILENT, SILENT }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 1100, false, { PREPARED, SILENT, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 1200, false, { PREPARED, PREPARED, PREPARED }, EXCHANGE_COMMIT,
	      EXCHANGE_COMMITTING },
	    { 1300, false, { SWITCHED, PREPARED, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_COMMITTING },
	    { 1400, false, { SWITCHED, SWITCHED, SWITCHED }, EXCHANGE_DONE,
	      EXCHANGE_IDLE },
	    { 1500, false, { SWITCHED, SWITCHED, SWITCHED }, EXCHANGE_WAIT,
	      EXCHANGE_IDLE } } },
	{ "one cannot, however the others are", {
	    { 1000, true, { PREPARED, UNABLE, SILENT }, EXCHANGE_UNABLE,
	      EXCHANGE_IDLE } } },
	{ "who could not has died", {
	    { 1000, true, { PREPARED, { false, RELOAD_UNABLE, 0 }, PREPARED },
	      EXCHANGE_COMMIT, EXCHANGE_COMMITTING } } },
	{ "one does not answer", {
	    { 1000, true, { PREPARED, SILENT, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 20999, false, { PREPARED, SILENT, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 21000, false, { PREPARED, SILENT, PREPARED }, EXCHANGE_LATE,
	      EXCHANGE_IDLE } } },
	{ "one dies, and what replaces it has to answer", {
	    { 1000, true, { PREPARED, GONE, SILENT }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 2000, false, { PREPARED, SILENT, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 2100, false, { PREPARED, PREPARED, PREPARED }, EXCHANGE_COMMIT,
	      EXCHANGE_COMMITTING },
	    { 2200, false, { SWITCHED, GONE, SWITCHED }, EXCHANGE_DONE,
	      EXCHANGE_IDLE } } },
	{ "nobody lives", {
	    { 1000, true, { GONE, GONE, GONE }, EXCHANGE_COMMIT,
	      EXCHANGE_COMMITTING },
	    { 1020, false, { GONE, GONE, GONE }, EXCHANGE_DONE,
	      EXCHANGE_IDLE } } },
	{ "the files change, three times", {
	    { 1000, true, { PREPARED, OTHER, PREPARED }, EXCHANGE_AGAIN,
	      EXCHANGE_IDLE },
	    { 1100, true, { OTHER, OTHER, OTHER }, EXCHANGE_AGAIN,
	      EXCHANGE_IDLE },
	    { 1200, true, { SILENT, OTHER, PREPARED }, EXCHANGE_WAIT,
	      EXCHANGE_PREPARING },
	    { 1300, false, { OTHER, OTHER, PREPARED }, EXCHANGE_DIFFERENT,
	      EXCHANGE_IDLE },
	    { 1400, true, { OTHER, PREPARED, PREPARED }, EXCHANGE_AGAIN,
	      EXCHANGE_IDLE },
	    { 1500, true, { PREPARED, PREPARED, PREPARED }, EXCHANGE_COMMIT,
	      EXCHANGE_COMMITTING } } },
	{ "one is stuck when it is to switch", {
	    { 1000, true, { PREPARED, PREPARED, PREPARED }, EXCHANGE_COMMIT,
	      EXCHANGE_COMMITTING },
	    { 5999, false, { SWITCHED, PREPARED, SWITCHED }, EXCHANGE_WAIT,
	      EXCHANGE_COMMITTING },
	    { 6000, false, { SWITCHED, PREPARED, SWITCHED },
	      EXCHANGE_DONE_LATE, EXCHANGE_IDLE } } },
};

static void
test_exchange(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct moment *m = cases[i].moments;
		struct exchange exchange = { .stage = EXCHANGE_IDLE };

		for (size_t j = 0; j < MAX_MOMENTS && m->now_ms != 0;
		    j++, m++) {
			enum exchange_action action;

			if (m->is_begun)
				exchange_begin(&exchange, OURS, m->now_ms);
			action = exchange_step(&exchange, m->members,
			    N_MEMBERS, m->now_ms);
			if (action != m->action)
				fail_msg("%s, %zu: action %d", cases[i].name,
				    j, (int)action);
			if (exchange.stage != m->stage)
				fail_msg("%s, %zu: stage %d", cases[i].name,
				    j, (int)exchange.stage);
		}
	}
}

static void
test_words(void **state)
{
	struct reload_board *board = reload_board_create(2);
	uint64_t round;

	(void)state;
	assert_non_null(board);
	assert_int_equal(reload_hear(&board->order, &round), RELOAD_NOTHING);
	assert_int_equal(round, 0);
	for (unsigned what = RELOAD_NOTHING; what <= RELOAD_ABORT; what++) {
		reload_say(&board->seats[1].answer, UINT64_MAX >> 2, what);
		assert_int_equal(reload_hear(&board->seats[1].answer, &round),
		    what);
		assert_int_equal(round, UINT64_MAX >> 2);
	}
	reload_board_destroy(&board);
	assert_null(board);
	reload_board_destroy(&board);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
