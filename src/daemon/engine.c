/* daemon/engine.c - see engine.h. */
#include "daemon/engine.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "control/board.h"
#include "control/host.h"
#include "control/http.h"
#include "control/server.h"
#include "control/tester.h"
#include "daemon/changeover.h"
#include "daemon/listeners.h"
#include "daemon/loop.h"
#include "daemon/pulse.h"
#include "daemon/reload.h"
#include "daemon/reload_client.h"
#include "daemon/reload_member.h"
#include "daemon/supervisor.h"
#include "daemon/version.h"
#include "milter/milter.h"

struct engine {
	struct engine_options options;
	struct board_slot *slot;
	struct event_base *base;
	struct loop *loop;
	struct generation_maker maker;
	struct pulse *pulse;
	struct changeover *changeover;
	struct reload *reload;		/* the only process's */
	struct reload_member *member;	/* of one that was forked */
	struct reload_client *client;	/* the control process's */
	struct tester *tester;
	struct control_host host;
	struct control_server *server;	/* NULL: not wanted */
	struct http *http;		/* the same */
	bool is_control;	/* it takes no mail */
};

/* ---- the configuration --------------------------------------------------- */

/* A level that was set since holds until now (struct control_host). */
static void
apply_log(struct engine *engine, const struct generation *now)
{
	struct log *log = engine->options.log;

	log_set_threshold(log, now->config->log_level);
	log_reconfigure(log, &now->log);
}

static void
on_switched(void *arg, const struct generation *before,
    const struct generation *now)
{
	struct engine *engine = arg;

	loop_show_cache(engine->loop, now->cache);
	loop_show_writer(engine->loop, generation_writer(now));
	loop_set_drain(engine->loop, now->config->drain_s);
	pulse_switch(engine->pulse, before, now);
	if (before != NULL)
		apply_log(engine, now);
}

static bool
has_memory(const void *made, struct strbuf *problem)
{
	if (made == NULL)
		strbuf_append_cstr(problem, "memory is out");
	return made != NULL;
}

static bool
create_changeover(struct engine *engine, const struct draft *draft,
    struct strbuf *problem)
{
	const struct changeover_options options = { .maker = &engine->maker,
		.path = engine->options.config_path, .switched = on_switched,
		.arg = engine };
	struct generation *first = generation_create(&engine->maker, draft,
	    NULL, problem);

	if (first == NULL)
		return false;
	engine->changeover = changeover_create(&options, first);
	if (engine->changeover == NULL)
		generation_destroy(&first);
	return has_memory(engine->changeover, problem);
}

static bool
lead_reload(struct engine *engine, struct strbuf *problem)
{
	const struct reload_options options = {
		.changeover = engine->changeover,
		.board = engine->options.board, .log = engine->options.log };

	engine->reload = reload_create(&options);
	loop_on_hangup(engine->loop, reload_request, engine->reload);
	return has_memory(engine->reload, problem);
}

/* Whoever was forked does as it is told. */
static bool
create_reload(struct engine *engine, struct strbuf *problem)
{
	const struct supervisor_place *place = engine->options.place;

	if (place == NULL)
		return lead_reload(engine, problem);
	engine->member = reload_join(engine->options.reload_board,
	    place->slot, engine->changeover, engine->options.log);
	loop_on_hangup(engine->loop, reload_look, engine->member);
	return has_memory(engine->member, problem);
}

/* ---- making it ----------------------------------------------------------- */

static void
claim_slot(struct engine *engine)
{
	const struct supervisor_place *place = engine->options.place;

	engine->slot = &engine->options.board->slots[0];
	if (place != NULL)
		engine->slot = &engine->options.board->slots[place->slot];
	pulse_claim_slot(engine->slot, place != NULL && !engine->is_control ?
	    place->number : 0, !engine->is_control);
	milter_set_metrics(&engine->slot->milter);
	loop_tell_drain(engine->loop, &engine->slot->is_draining);
	engine->maker = (struct generation_maker){ .base = engine->base,
		.log = engine->options.log,
		.is_foreground = engine->options.is_foreground,
		.hostname = engine->options.hostname,
		.milter = engine->options.boot->milter,
		.dns_metrics = &engine->slot->dns };
}

static bool
be_worker(struct engine *engine, const struct supervisor_place *place,
    struct strbuf *problem)
{
	if (place == NULL)
		return true;
	engine->is_control = place->is_control;
	if (place->is_control)
		milter_leave_socket();
	else
		milter_set_worker(place->number);
	if (loop_be_worker(engine->loop, place->beat_ms, place->interval_us))
		return true;
	strbuf_append_cstr(problem, "memory is out");
	return false;
}

static bool
create_loop(struct engine *engine, struct strbuf *problem)
{
	if (evthread_use_pthreads() == 0)
		engine->base = event_base_new();
	if (engine->base != NULL)
		engine->loop = loop_create(engine->base, engine->options.log,
		    engine->options.boot->drain_s);
	if (engine->loop != NULL)
		return true;
	strbuf_append_cstr(problem, "there can be no event loop");
	return false;
}

/* Once before anybody is let in. */
static bool
start_tester(struct engine *engine, struct strbuf *problem)
{
	engine->tester = tester_create(engine->slot, engine->options.log,
	    milter_get_sha256());
	if (!has_memory(engine->tester, problem))
		return false;
	tester_run(engine->tester);
	loop_show_tester(engine->loop, engine->tester);
	return true;
}

/* ---- for those outside --------------------------------------------------- */

static void
on_reload(void *arg, void (*done)(void *context, enum control_reload result,
    struct slice lines), void *context)
{
	struct engine *engine = arg;

	if (engine->is_control)
		reload_client_ask(engine->client, done, context);
	else
		reload_answer(engine->reload, done, context);
}

static void
on_log_level(void *arg, enum log_level level)
{
	struct engine *engine = arg;

	log_set_threshold(engine->options.log, level);
}

static bool
create_client(struct engine *engine, struct strbuf *problem)
{
	if (!engine->is_control)
		return true;
	engine->client = reload_client_create(engine->base,
	    engine->options.reload_board);
	return has_memory(engine->client, problem);
}

static bool
serve(struct engine *engine, struct listeners *listeners,
    struct strbuf *problem)
{
	engine->host = (struct control_host){
		.board = engine->options.board,
		.log = engine->options.log,
		.version = version_text(),
		.reload = on_reload, .set_log_level = on_log_level,
		.arg = engine };
	if (listeners->control_fd >= 0) {
		engine->server = control_start_server(engine->base,
		    listeners->control_fd, &engine->host);
		listeners->control_fd = -1;
		if (!has_memory(engine->server, problem))
			return false;
	}
	if (listeners->http_fd < 0)
		return true;
	engine->http = http_start(engine->base, listeners->http_fd,
	    &engine->host);
	return has_memory(engine->http, problem);
}

/* Beside workers that is the control process's. */
static bool
start_serving(struct engine *engine, struct strbuf *problem)
{
	struct listeners *listeners = engine->options.listeners;

	if (engine->options.place != NULL && !engine->is_control) {
		listeners_close(listeners);
		return true;
	}
	return create_client(engine, problem) &&
	    serve(engine, listeners, problem);
}

/* False where a thread of theirs is still at it. */
static bool
stop_serving(struct engine *engine)
{
	bool is_over = http_stop(&engine->http);

	if (engine->server == NULL)
		return is_over;
	if (!control_is_quiet(engine->server))
		return false;
	control_stop_server(&engine->server);
	return is_over;
}

/* ---- making it, at last -------------------------------------------------- */

static bool
start_threads(struct engine *engine, struct strbuf *problem)
{
	if (tester_start(engine->tester) &&
	    (engine->is_control || loop_start(engine->loop)))
		return true;
	strbuf_append_cstr(problem, "there can be no thread");
	return false;
}

static bool
start(struct engine *engine, const struct draft *draft,
    struct strbuf *problem)
{
	if (!create_loop(engine, problem) ||
	    !be_worker(engine, engine->options.place, problem))
		return false;
	claim_slot(engine);
	engine->pulse = pulse_create(engine->base, engine->options.board,
	    engine->slot);
	return has_memory(engine->pulse, problem) &&
	    create_changeover(engine, draft, problem) &&
	    create_reload(engine, problem) && start_tester(engine, problem) &&
	    start_serving(engine, problem) &&
	    start_threads(engine, problem);
}

struct engine *
engine_create(const struct engine_options *options, const struct draft *draft,
    struct strbuf *problem)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!has_memory(engine, problem))
		return NULL;
	engine->options = *options;
	if (start(engine, draft, problem))
		return engine;
	if (engine_end(engine))
		engine_destroy(&engine);
	return NULL;
}

/* ---- its life and end ---------------------------------------------------- */

int
engine_run(struct engine *engine)
{
	return loop_run(engine->loop);
}

bool
engine_end(struct engine *engine)
{
	bool is_served = stop_serving(engine), is_over;

	tester_destroy(&engine->tester);
	is_over = (engine->changeover == NULL ||
	    changeover_end(engine->changeover,
	    clock_monotonic_ms() + ENGINE_WRITER_MS)) && is_served;
	/* Sessions that are idle outlive libmilter's main function: with one
	 * of them open not even libcrypto may be taken down. */
	return engine->loop == NULL || (is_over &&
	    loop_is_quiet(engine->loop));
}

void
engine_destroy(struct engine **engine)
{
	struct engine *old = *engine;

	*engine = NULL;
	if (old == NULL)
		return;
	reload_destroy(&old->reload);
	reload_leave(&old->member);
	reload_client_destroy(&old->client);
	changeover_destroy(&old->changeover);
	pulse_destroy(&old->pulse);
	loop_destroy(&old->loop);
	if (old->base != NULL)
		event_base_free(old->base);
	free(old);
}
