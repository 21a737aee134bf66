/* What the board shows, in words. */
#include "control/health.h"

#include "base/strbuf.h"
#include "control/board.h"
#include "dns/dns.h"
#include "unit/test.h"

#define NOW_MS 10000000

/* Two workers and the control process, all well. */
static struct board *
create_board(unsigned n_slots)
{
	struct board *board = board_create(n_slots);

	assert_non_null(board);
	for (unsigned i = 0; i < n_slots; i++) {
		struct board_slot *slot = &board->slots[i];

		slot->pid = 100 + (long)i;
		slot->takes_mail = n_slots == 1 || i + 1 < n_slots;
		slot->beat_ms = NOW_MS - 100;
		slot->soundness = BOARD_SOUND;
		slot->tested_ms = NOW_MS - 30000;
	}
	return board;
}

static void
assert_health(const char *name, const struct board *board, bool is_well,
    const char *text)
{
	struct arena *arena = test_arena();
	struct strbuf out;

	strbuf_init(&out, arena, 4096);
	if (health_append_at(&out, board, NOW_MS) != is_well)
		fail_msg("%s: %s", name, is_well ? "fails" : "is well");
	test_assert_slice(name, strbuf_slice(&out), text);
	arena_destroy(&arena);
}

static void
observe(struct board_slot *slot, unsigned n_good, unsigned n_failed)
{
	slot->dns.answers[DNS_NOERROR] += n_good;
	slot->dns.answers[DNS_TEMPFAIL] += n_failed;
	health_observe(slot, NOW_MS);
}

static void
test_one_process(void **state)
{
	static const struct {
		const char *name;
		bool is_well;
		const char *text;
	} rows[] = {
		{ "well", true, "ok\n" },
		{ "stuck", false, "failing: stuck for 15 s\n" },
		{ "nearly stuck", true, "ok\n" },
		{ "missing", false, "failing: missing\n" },
		{ "unsound", false, "failing: the self-test fails at message "
		    "rsa-relaxed: nothing is enforced\n" },
		{ "tests have ended", false,
		    "failing: no self-test for 180 s\n" },
		{ "never tested", true, "warning: no self-test yet\n" },
		{ "draining", false,
		    "failing: draining: no new mail is taken\n" },
		{ "store just down", true, "ok\n" },
		{ "store down", true, "warning: the store is down for 60 s\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct board *board = create_board(1);
		struct board_slot *slot = &board->slots[0];

		switch (i) {
		case 1:
			slot->beat_ms = NOW_MS - 15000;
			break;
		case 2:
			slot->beat_ms = NOW_MS - 14999;
			break;
		case 3:
			slot->pid = 0;
			slot->beat_ms = NOW_MS - 10000;
			break;
		case 4:
			slot->soundness = BOARD_UNSOUND;
			slot->failed_case = 1;
			break;
		case 5:
			slot->tested_ms = NOW_MS - 180000;
			break;
		case 6:
			slot->soundness = BOARD_UNTESTED;
			slot->tested_ms = 0;
			break;
		case 7:
			slot->is_draining = true;
			break;
		case 8:
			slot->is_store_down = true;
			health_observe(slot, NOW_MS - 59999);
			break;
		case 9:
			slot->is_store_down = true;
			health_observe(slot, NOW_MS - 60000);
			health_observe(slot, NOW_MS - 1000);
			break;
		}
		assert_health(rows[i].name, board, rows[i].is_well,
		    rows[i].text);
		board_destroy(&board);
	}
}

static void
test_store_is_back(void **state)
{
	struct board *board = create_board(1);
	struct board_slot *slot = &board->slots[0];

	(void)state;
	slot->is_store_down = true;
	health_observe(slot, NOW_MS - 100000);
	slot->is_store_down = false;
	health_observe(slot, NOW_MS - 50000);
	slot->is_store_down = true;
	health_observe(slot, NOW_MS - 40000);
	assert_health("down again", board, true, "ok\n");
	board_destroy(&board);
}

static void
test_dns(void **state)
{
	struct board *board = create_board(1);
	struct board_slot *slot = &board->slots[0];

	(void)state;
	observe(slot, 0, 19);
	assert_health("too few to tell", board, true, "ok\n");
	observe(slot, 1, 10);
	assert_health("most fail", board, true,
	    "warning: DNS fails for 28 of 29 questions\n");
	observe(slot, 60, 0);
	assert_health("most are answered", board, true, "ok\n");
	observe(slot, 0, 200);
	assert_health("fail again", board, true,
	    "warning: DNS fails for 227 of 287 questions\n");
	for (int i = 0; i < 300; i++)
		observe(slot, 0, 0);
	assert_health("long ago", board, true, "ok\n");
	assert_int_equal(slot->dns_recent / 1000, 1);
	for (int i = 0; i < 2000; i++)
		observe(slot, 0, 0);
	assert_int_equal(slot->dns_recent, 0);
	board_destroy(&board);
}

static void
test_several_processes(void **state)
{
	struct board *board = create_board(3);

	(void)state;
	assert_health("well", board, true, "ok\n");
	board->slots[1].pid = 0;
	board->slots[1].beat_ms = NOW_MS - 9999;
	board->slots[0].is_draining = true;
	assert_health("one is replaced", board, true,
	    "warning: process 1: draining: it takes no new mail\n"
	    "warning: process 2: being replaced\n");
	board->slots[1].beat_ms = NOW_MS - 10000;
	board->slots[2].beat_ms = NOW_MS - 20000;
	board->slots[0].soundness = BOARD_UNSOUND;
	assert_health("much is wrong", board, false,
	    "failing: process 1: the self-test fails at message rsa-simple: "
	    "nothing is enforced\n"
	    "failing: process 2: missing\n"
	    "failing: control process: stuck for 20 s\n"
	    "warning: process 1: draining: it takes no new mail\n");
	board_destroy(&board);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_process),
		cmocka_unit_test(test_store_is_back),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_several_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
