/* control/tester.c - see tester.h. */
#include "control/tester.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "control/board.h"
#include "control/self_test.h"
#include "milter/milter.h"

#define PROBLEM_OCTETS_MAX ((size_t)2048)

struct tester {
	struct board_slot *slot;	/* borrowed, as the log is */
	struct log *log;
	struct self_test *test;	/* owned */
	struct log_limit limit;	/* of a failure that lasts */
	enum board_soundness soundness;	/* as it was told last */
	bool has_note;		/* was told, too */
	bool is_started;
	pthread_t thread;

	pthread_mutex_t lock;	/* guards these */
	pthread_cond_t told;
	bool is_asked, is_ending;
};

struct tester *
tester_create(struct board_slot *slot, struct log *log,
    const struct dkim_sha256 *sha256)
{
	struct tester *tester = calloc(1, sizeof(*tester));

	if (tester == NULL)
		return NULL;
	tester->slot = slot;
	tester->log = log;
	tester->test = self_test_create(sha256);
	if (tester->test != NULL &&
	    thread_init_wait(&tester->lock, &tester->told))
		return tester;
	self_test_destroy(&tester->test);
	free(tester);
	return NULL;
}

static void
tell_failure(struct tester *tester, struct slice problem)
{
	static const char format[] = "the self-test fails: no result is "
	    "relied on, and what would be enforced is deferred: %.*s";

	if (tester->soundness == BOARD_UNSOUND)
		log_write_limited(tester->log, &tester->limit,
		    LOG_LEVEL_ERROR, format, SLICE_PRINTF(problem));
	else
		log_write(tester->log, LOG_LEVEL_ERROR, format,
		    SLICE_PRINTF(problem));
}

static void
tell_success(struct tester *tester, struct slice note)
{
	if (tester->soundness == BOARD_UNSOUND)
		log_write(tester->log, LOG_LEVEL_WARNING, "the self-test "
		    "passes again: results are relied on from now on");
	if (note.len != 0 && !tester->has_note)
		log_write(tester->log, LOG_LEVEL_WARNING, "self-test: %.*s",
		    SLICE_PRINTF(note));
	tester->has_note = note.len != 0;
}

/* Mail first: it hears of it before anybody else. */
static void
publish(struct tester *tester, bool is_sound)
{
	struct board_slot *slot = tester->slot;

	milter_set_sound(is_sound);
	tester->soundness = is_sound ? BOARD_SOUND : BOARD_UNSOUND;
	atomic_store(&slot->failed_case, self_test_failed_case(tester->test));
	atomic_store(&slot->soundness, (int)tester->soundness);
	atomic_store(&slot->tested_s, clock_wall_s());
	atomic_store(&slot->tested_ms, clock_monotonic_ms());
	atomic_fetch_add(&slot->n_tests, 1);
	if (!is_sound)
		atomic_fetch_add(&slot->n_failed_tests, 1);
}

/* Without memory for its words nothing can be said of verification. */
void
tester_run(struct tester *tester)
{
	struct arena *arena = arena_create(2 * PROBLEM_OCTETS_MAX);
	struct strbuf problem;
	bool is_sound;

	if (arena == NULL) {
		log_write_limited(tester->log, &tester->limit,
		    LOG_LEVEL_ERROR, "no memory for the self-test");
		return;
	}
	strbuf_init(&problem, arena, PROBLEM_OCTETS_MAX);
	is_sound = self_test_run(tester->test, &problem);
	if (is_sound)
		tell_success(tester, strbuf_slice(&problem));
	else
		tell_failure(tester, strbuf_slice(&problem));
	publish(tester, is_sound);
	arena_destroy(&arena);
}

/* What lacked memory for a moment, or was stopped in the middle of it, is not
 * to hold mail back for a minute. */
static int64_t
find_interval_ms(const struct tester *tester)
{
	return (tester->soundness == BOARD_UNSOUND ? TESTER_AGAIN_S :
	    TESTER_INTERVAL_S) * 1000;
}

/* Until it is time, or somebody asks; false where that was to end.  Under the
 * lock. */
static bool
wait_for_turn(struct tester *tester)
{
	struct timespec turn;
	int error = 0;

	clock_to_timespec(clock_monotonic_ms() + find_interval_ms(tester),
	    &turn);
	while (!tester->is_ending && !tester->is_asked && error == 0)
		error = pthread_cond_timedwait(&tester->told, &tester->lock,
		    &turn);
	tester->is_asked = false;
	return !tester->is_ending;
}

static void *
run(void *arg)
{
	struct tester *tester = arg;

	pthread_mutex_lock(&tester->lock);
	while (wait_for_turn(tester)) {
		pthread_mutex_unlock(&tester->lock);
		tester_run(tester);
		pthread_mutex_lock(&tester->lock);
	}
	pthread_mutex_unlock(&tester->lock);
	return NULL;
}

bool
tester_start(struct tester *tester)
{
	tester->is_started = thread_start_blocked(&tester->thread, run,
	    tester);
	return tester->is_started;
}

void
tester_ask(struct tester *tester)
{
	pthread_mutex_lock(&tester->lock);
	tester->is_asked = true;
	pthread_cond_signal(&tester->told);
	pthread_mutex_unlock(&tester->lock);
}

void
tester_destroy(struct tester **tester)
{
	struct tester *t = *tester;

	if (t == NULL)
		return;
	*tester = NULL;
	pthread_mutex_lock(&t->lock);
	t->is_ending = true;
	pthread_cond_signal(&t->told);
	pthread_mutex_unlock(&t->lock);
	if (t->is_started)
		pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->told);
	pthread_mutex_destroy(&t->lock);
	self_test_destroy(&t->test);
	free(t);
}
