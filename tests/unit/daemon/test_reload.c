/* tests/unit/daemon/test_reload.c - a leader and two members that read real
 * files, in one process and on one loop. */
#include "daemon/reload_leader.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "control/board.h"
#include "daemon/changeover.h"
#include "daemon/reload.h"
#include "daemon/reload_board.h"
#include "daemon/reload_member.h"
#include "unit/test.h"

#define MODE "mode = \"enforce\"; "
#define TAG MODE "dmarc: { quarantine = \"tag\"; };\n"
#define NONE MODE "dmarc: { quarantine = \"none\"; };\n"
#define BROKEN "mood = 3;\n"
#define N_MEMBERS 2
#define MAX_TURNS 2000

static struct {
	char path[32];
	struct event_base *base;
	struct log *log;
	struct board *board;
	struct reload_board *reload_board;
	struct generation_maker maker;
	struct changeover *changeovers[N_MEMBERS];
	struct reload_member *members[N_MEMBERS];
	struct draft draft;
	struct reload_leader *leader;
	bool is_gone[N_MEMBERS];
	/* What somebody writes while the members are about to read, at the
	 * first alerts. */
	const char *const *meanwhile;
	unsigned n_alerts, n_switched;
} lab;

static void
write_conf(const char *text)
{
	FILE *file = fopen(lab.path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
alert(void *arg)
{
	(void)arg;
	if (lab.meanwhile != NULL && *lab.meanwhile != NULL)
		write_conf(*lab.meanwhile++);
	lab.n_alerts++;
	for (size_t i = 0; i < N_MEMBERS; i++)
		if (!lab.is_gone[i])
			reload_look(lab.members[i]);
}

static bool
is_alive(void *arg, unsigned seat)
{
	(void)arg;
	return !lab.is_gone[seat];
}

static void
on_draft(void *arg)
{
	(void)arg;
	lab.n_switched++;
}

static void
on_switched(void *arg, const struct generation *before,
    const struct generation *now)
{
	(void)arg;
	(void)before;
	(void)now;
}

static void
read_draft(void)
{
	struct arena *arena = test_arena();
	struct strbuf problems;

	strbuf_init(&problems, arena, 10000);
	assert_true(draft_load(&lab.draft, lab.path, &problems));
	arena_destroy(&arena);
}

static void
join(unsigned seat)
{
	const struct changeover_options options = { .maker = &lab.maker,
		.path = lab.path, .switched = on_switched };
	struct arena *arena = test_arena();
	struct strbuf problem;
	struct generation *first;

	strbuf_init(&problem, arena, 10000);
	first = generation_create(&lab.maker, &lab.draft, NULL, &problem);
	assert_non_null(first);
	lab.changeovers[seat] = changeover_create(&options, first);
	assert_non_null(lab.changeovers[seat]);
	lab.members[seat] = reload_join(lab.reload_board, seat,
	    lab.changeovers[seat], lab.log);
	assert_non_null(lab.members[seat]);
	arena_destroy(&arena);
}

static void
leave(unsigned seat)
{
	assert_true(changeover_end(lab.changeovers[seat],
	    clock_monotonic_ms() + 1000));
	reload_leave(&lab.members[seat]);
	changeover_destroy(&lab.changeovers[seat]);
}

static int
set_up(void **state)
{
	struct reload_leader_options options = { .path = lab.path,
		.is_foreground = true, .draft = &lab.draft, .alert = alert,
		.is_alive = is_alive, .switched = on_draft };

	(void)state;
	memset(&lab, 0, sizeof(lab));
	assert_int_equal(evthread_use_pthreads(), 0);
	strcpy(lab.path, "/tmp/assay-test-XXXXXX");
	close(mkstemp(lab.path));
	write_conf(MODE);
	lab.base = event_base_new();
	/* Silent: what is told is looked at elsewhere. */
	lab.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test", 0);
	log_set_threshold(lab.log, (enum log_level)-1);
	lab.board = board_create(N_MEMBERS);
	lab.reload_board = reload_board_create(N_MEMBERS);
	lab.maker = (struct generation_maker){ .base = lab.base,
		.log = lab.log, .hostname = "host.example.org",
		.is_foreground = true };
	read_draft();
	for (unsigned i = 0; i < N_MEMBERS; i++)
		join(i);
	options.board = lab.board;
	options.reload_board = lab.reload_board;
	options.log = lab.log;
	lab.leader = reload_lead(&options);
	assert_non_null(lab.leader);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	reload_leader_destroy(&lab.leader);
	for (unsigned i = 0; i < N_MEMBERS; i++)
		leave(i);
	draft_discard(&lab.draft);
	reload_board_destroy(&lab.reload_board);
	board_destroy(&lab.board);
	log_destroy(&lab.log);
	event_base_free(lab.base);
	unlink(lab.path);
	return 0;
}

/* Until the leader has nothing to do any more. */
static void
run(void)
{
	for (int i = 0; i < MAX_TURNS; i++) {
		const struct timeval moment = { 0, 5000 };

		if (reload_leader_step(lab.leader) == INT64_MAX)
			return;
		event_base_loopexit(lab.base, &moment);
		event_base_loop(lab.base, EVLOOP_NO_EXIT_ON_EMPTY);
	}
	fail_msg("there is no end");
}

static void
reload(void)
{
	reload_leader_hangup(lab.leader);
	run();
}

static void
assert_all(enum policy_quarantine quarantine)
{
	assert_int_equal(draft_config(&lab.draft)->policy.quarantine,
	    quarantine);
	for (unsigned i = 0; i < N_MEMBERS; i++)
		assert_int_equal(changeover_current(lab.changeovers[i])->
		    context.policy.quarantine, quarantine);
}

static void
assert_counts(unsigned n_done, unsigned n_failed)
{
	assert_int_equal(atomic_load(&lab.board->n_reloads), n_done);
	assert_int_equal(atomic_load(&lab.board->n_failed_reloads), n_failed);
	assert_int_equal(lab.n_switched, n_done);
}

static void
test_all_or_none(void **state)
{
	(void)state;
	write_conf(TAG);
	reload();
	assert_all(POLICY_QUARANTINE_TAG);
	assert_counts(1, 0);
	write_conf(BROKEN);
	lab.n_alerts = 0;
	reload();
	assert_int_equal(lab.n_alerts, 0);	/* nobody was troubled */
	assert_all(POLICY_QUARANTINE_TAG);
	assert_counts(1, 1);
	write_conf(NONE);
	reload();
	assert_all(POLICY_QUARANTINE_NONE);
	assert_counts(2, 1);
}

/* Between the leader's reading and the members'. */
static void
test_files_change(void **state)
{
	static const char *const once[] = { NONE, NULL };
	static const char *const spoilt[] = { BROKEN, NULL };
	/* Each reading but the last is followed by an abort. */
	static const char *const always[] = { NONE, TAG, NONE, TAG, NONE, TAG,
		NULL };

	(void)state;
	write_conf(TAG);
	lab.meanwhile = once;
	reload();
	assert_all(POLICY_QUARANTINE_NONE);
	assert_counts(1, 0);

	write_conf(TAG);
	lab.meanwhile = spoilt;
	reload();
	assert_all(POLICY_QUARANTINE_NONE);
	assert_counts(1, 1);

	write_conf(TAG);
	lab.meanwhile = always;
	reload();
	assert_all(POLICY_QUARANTINE_NONE);
	assert_counts(1, 2);

	write_conf(TAG);
	lab.meanwhile = NULL;
	reload();
	assert_all(POLICY_QUARANTINE_TAG);
}

/* One dies when it was told to prepare; what replaces it was forked by a
 * leader that knew the old configuration only. */
static void
test_replaced(void **state)
{
	(void)state;
	write_conf(TAG);
	lab.is_gone[1] = true;
	reload_leader_hangup(lab.leader);
	assert_int_not_equal(reload_leader_step(lab.leader), INT64_MAX);
	leave(1);
	reload_leader_forking(lab.leader, 1);
	lab.is_gone[1] = false;
	join(1);
	run();
	assert_all(POLICY_QUARANTINE_TAG);
	assert_counts(1, 0);

	/* And one that was forked when all was over. */
	leave(1);
	reload_leader_forking(lab.leader, 1);
	join(1);
	assert_all(POLICY_QUARANTINE_TAG);
	write_conf(NONE);
	reload();
	assert_all(POLICY_QUARANTINE_NONE);
}

/* ---- who asks ------------------------------------------------------------ */

struct answer {
	unsigned n;
	enum control_reload result;
	char text[200];
};

static void
on_done(void *context, enum control_reload result, struct slice lines)
{
	struct answer *answer = context;

	answer->n++;
	answer->result = result;
	snprintf(answer->text, sizeof(answer->text), "%.*s",
	    SLICE_PRINTF(lines));
}

/* The control process has asked. */
static void
test_answer(void **state)
{
	struct reload_board *board = lab.reload_board;

	(void)state;
	write_conf(TAG);
	atomic_fetch_add(&board->n_asked, 1);
	reload();
	assert_int_equal(atomic_load(&board->n_answered), 1);
	assert_int_equal(board->result, CONTROL_RELOAD_DONE);
	test_assert_slice("changes", (struct slice){ board->text,
	    board->text_len }, "dmarc.quarantine: hold -> tag\n");
	write_conf(BROKEN);
	reload();			/* nobody has asked */
	assert_int_equal(board->result, CONTROL_RELOAD_DONE);
	atomic_fetch_add(&board->n_asked, 1);
	reload();
	assert_int_equal(atomic_load(&board->n_answered), 2);
	assert_int_equal(board->result, CONTROL_RELOAD_REFUSED);
	assert_true(slice_starts_with((struct slice){ board->text,
	    board->text_len }, slice_from_cstr(lab.path)));
}

/* In the only process: who asks gets its answer, or hears that one is under
 * way; a signal that comes meanwhile is obeyed afterwards. */
static void
test_alone(void **state)
{
	const struct reload_options options = {
		.changeover = lab.changeovers[0], .board = lab.board,
		.log = lab.log };
	struct reload *reload_alone = reload_create(&options);
	struct answer first = { .n = 0 }, second = { .n = 0 };

	(void)state;
	assert_non_null(reload_alone);
	write_conf(TAG);
	reload_answer(reload_alone, on_done, &first);
	reload_answer(reload_alone, on_done, &second);
	assert_int_equal(second.n, 1);
	assert_int_equal(second.result, CONTROL_RELOAD_BUSY);
	reload_request(reload_alone);
	reload_request(reload_alone);
	for (int i = 0; i < MAX_TURNS && (first.n == 0 ||
	    !changeover_is_idle(lab.changeovers[0])); i++)
		event_base_loop(lab.base, EVLOOP_ONCE |
		    EVLOOP_NO_EXIT_ON_EMPTY);
	assert_int_equal(first.n, 1);
	assert_int_equal(first.result, CONTROL_RELOAD_DONE);
	assert_string_equal(first.text, "dmarc.quarantine: hold -> tag\n");
	assert_int_equal(atomic_load(&lab.board->n_reloads), 2);

	write_conf(BROKEN);
	reload_answer(reload_alone, on_done, &second);
	for (int i = 0; i < MAX_TURNS && second.n == 1; i++)
		event_base_loop(lab.base, EVLOOP_ONCE |
		    EVLOOP_NO_EXIT_ON_EMPTY);
	assert_int_equal(second.result, CONTROL_RELOAD_REFUSED);
	assert_non_null(strstr(second.text, ":1: there is no key mood"));
	reload_destroy(&reload_alone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_or_none, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_files_change, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_replaced, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_answer, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_alone, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
