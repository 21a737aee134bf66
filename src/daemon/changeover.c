/* daemon/changeover.c - see changeover.h. */
#include "daemon/changeover.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "config/changes.h"
#include "config/config.h"
#include "milter/milter.h"

/* A hundred problems, each shorter than 2 KB, in a buffer that doubles. */
#define TEXT_CEILING ((size_t)1024 * 1024)
#define ARENA_CEILING (4 * TEXT_CEILING)

#define SWEEP_S 1	/* how often it is looked who has ended */

enum changeover_stage {
	CHANGEOVER_IDLE = 0,
	CHANGEOVER_READING,	/* the thread has draft and text */
	CHANGEOVER_PREPARED,	/* next is there */
};

struct changeover {
	struct changeover_options options;
	struct generation *current, *next, *retired;
	enum changeover_stage stage;
	bool is_unwanted;	/* what is being read */
	struct event *was_read;	/* made active by the thread */
	struct event *sweep;	/* while some are retired */
	void (*prepared)(void *arg, bool is_prepared);
	void *prepared_arg;
	pthread_t thread;
	struct arena *arena;	/* of the text */
	struct strbuf text;
	/* The thread's, until it was joined. */
	struct draft draft;
	bool is_good;
};

/* ---- those that were replaced -------------------------------------------- */

static void
wait_to_sweep(struct changeover *co)
{
	const struct timeval interval = { SWEEP_S, 0 };

	/* Adding it again would put it off, for ever where reloads go on. */
	if (event_pending(co->sweep, EV_TIMEOUT, NULL))
		return;
	/* It fails for want of memory; the next reload tries it again. */
	(void)event_add(co->sweep, &interval);
}

static void
sweep(struct changeover *co)
{
	struct generation **place = &co->retired;

	while (*place != NULL) {
		struct generation *gen = *place;

		if (generation_is_used(gen)) {
			place = &gen->next;
			continue;
		}
		*place = gen->next;
		generation_destroy(&gen);
	}
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct changeover *co = arg;

	(void)fd;
	(void)what;
	sweep(co);
	if (co->retired != NULL)
		wait_to_sweep(co);
}

static void
retire(struct changeover *co, struct generation *gen)
{
	gen->next = co->retired;
	co->retired = gen;
	wait_to_sweep(co);
}

/* ---- preparing ----------------------------------------------------------- */

static bool
begin_text(struct changeover *co)
{
	arena_destroy(&co->arena);
	co->arena = arena_create(ARENA_CEILING);
	strbuf_init(&co->text, co->arena, TEXT_CEILING);
	return co->arena != NULL;
}

static void *
run_reading(void *arg)
{
	struct changeover *co = arg;

	co->is_good = draft_load(&co->draft, co->options.path, &co->text);
	event_active(co->was_read, EV_TIMEOUT, 0);
	return NULL;
}

static bool
make_next(struct changeover *co)
{
	co->next = generation_create(co->options.maker, &co->draft,
	    co->current, &co->text);
	draft_discard(&co->draft);
	if (co->next == NULL)
		strbuf_append_char(&co->text, '\n');
	return co->next != NULL;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct changeover *co = arg;
	bool is_prepared;

	(void)fd;
	(void)what;
	pthread_join(co->thread, NULL);
	co->stage = CHANGEOVER_IDLE;
	if (co->is_unwanted) {
		if (co->is_good)
			draft_discard(&co->draft);
		return;
	}
	/* Before there is more: reloads may come faster than the timer. */
	sweep(co);
	is_prepared = co->is_good && make_next(co);
	if (is_prepared)
		co->stage = CHANGEOVER_PREPARED;
	co->prepared(co->prepared_arg, is_prepared);
}

bool
changeover_prepare(struct changeover *co,
    void (*prepared)(void *arg, bool is_prepared), void *arg)
{
	if (!begin_text(co))
		return false;
	co->prepared = prepared;
	co->prepared_arg = arg;
	co->is_unwanted = false;
	if (!thread_start_blocked(&co->thread, run_reading, co)) {
		strbuf_append_cstr(&co->text, "there can be no thread\n");
		return false;
	}
	co->stage = CHANGEOVER_READING;
	return true;
}

uint64_t
changeover_fingerprint(const struct changeover *co)
{
	return draft_fingerprint(&co->next->draft);
}

/* ---- and what becomes of it ---------------------------------------------- */

static void
tell_notes(struct changeover *co)
{
	for (const struct config_note *note = co->next->config->notes;
	    note != NULL; note = note->next)
		strbuf_printf(&co->text, "%s\n", note->text);
}

static void
put_in_force(struct changeover *co, struct generation *gen)
{
	struct generation *old = co->current;

	co->current = gen;
	milter_set_context(&gen->context);
	co->options.switched(co->options.arg, old, gen);
	if (old != NULL)
		retire(co, old);
}

void
changeover_commit(struct changeover *co)
{
	struct generation *next = co->next;

	config_append_changes(co->current->config, next->config, &co->text);
	tell_notes(co);
	co->next = NULL;
	co->stage = CHANGEOVER_IDLE;
	put_in_force(co, next);
}

void
changeover_abort(struct changeover *co)
{
	switch (co->stage) {
	case CHANGEOVER_IDLE:
		return;
	case CHANGEOVER_READING:
		co->is_unwanted = true;
		return;
	case CHANGEOVER_PREPARED:
		generation_destroy(&co->next);
		co->stage = CHANGEOVER_IDLE;
		return;
	}
}

struct slice
changeover_text(const struct changeover *co)
{
	return co->arena != NULL ? strbuf_slice(&co->text) :
	    SLICE("memory is out\n");
}

struct generation *
changeover_current(const struct changeover *co)
{
	return co->current;
}

bool
changeover_is_idle(const struct changeover *co)
{
	return co->stage == CHANGEOVER_IDLE;
}

/* ---- from beginning to end ----------------------------------------------- */

struct changeover *
changeover_create(const struct changeover_options *options,
    struct generation *first)
{
	struct changeover *co = calloc(1, sizeof(*co));

	if (co == NULL)
		return NULL;
	co->options = *options;
	co->was_read = event_new(options->maker->base, -1, 0, on_read, co);
	co->sweep = event_new(options->maker->base, -1, 0, on_sweep, co);
	if (co->was_read == NULL || co->sweep == NULL) {
		changeover_destroy(&co);
		return NULL;
	}
	put_in_force(co, first);
	return co;
}

bool
changeover_end(struct changeover *co, int64_t deadline_ms)
{
	bool are_stopped;

	if (co->stage == CHANGEOVER_PREPARED)
		changeover_abort(co);
	are_stopped = generation_stop_writer(co->current, deadline_ms);
	for (struct generation *gen = co->retired; gen != NULL;
	    gen = gen->next)
		are_stopped &= generation_stop_writer(gen, deadline_ms);
	are_stopped &= generation_await_writers(co->options.maker,
	    deadline_ms);
	return are_stopped && co->stage == CHANGEOVER_IDLE;
}

void
changeover_destroy(struct changeover **changeover)
{
	struct changeover *co = *changeover;

	*changeover = NULL;
	if (co == NULL)
		return;
	while (co->retired != NULL) {
		struct generation *gen = co->retired;

		co->retired = gen->next;
		generation_destroy(&gen);
	}
	generation_destroy(&co->next);
	generation_destroy(&co->current);
	if (co->was_read != NULL)
		event_free(co->was_read);
	if (co->sweep != NULL)
		event_free(co->sweep);
	arena_destroy(&co->arena);
	free(co);
}
