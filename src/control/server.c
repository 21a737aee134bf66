/* control/server.c - see server.h: from a request to what answers it. */
#include "control/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "control/answer.h"
#include "control/board.h"
#include "control/host.h"
#include "control/pool.h"
#include "control/request.h"
#include "control/stream.h"
#include "control/verify.h"

#define VERIFY_THREADS 8	/* most of them wait for DNS */
#define VERIFY_QUEUE 64
#define VERIFY_WAIT_MS 20000	/* who waits longer is put off, before his MTA
				 * loses patience */

/* Of lines that come and of messages that are judged: one of the longest, and
 * others beside it. */
#define MAX_MEMORY ((REQUEST_COST + 1) * REQUEST_MAX_OCTETS)

#define SCRATCH_MEMORY ((size_t)2 * 1024 * 1024)
#define PROBLEM_MAX ((size_t)1024)

struct control_server {
	struct control_host host;
	struct stream_server *stream;
	struct pool *pool;
	struct arena *scratch;	/* of the request in hand */
};

/* OBJECT, which may be NULL, is released. */
static void
answer(struct stream_ticket *ticket, json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	stream_answer(ticket, text);
	free(text);
}

/* ---- reload -------------------------------------------------------------- */

/* It may come after the server has ended. */
static void
on_reloaded(void *context, enum control_reload result, struct slice lines)
{
	struct arena *arena = arena_create(SCRATCH_MEMORY);

	answer(context, arena != NULL ?
	    answer_make_reload(arena, result, lines) : NULL);
	arena_destroy(&arena);
}

static void
reload(struct control_server *server, struct stream_ticket *ticket)
{
	const struct control_host *host = &server->host;

	log_write(host->log, LOG_LEVEL_INFO, "reload asked for, uid=%lu "
	    "pid=%ld", (unsigned long)ticket->uid, (long)ticket->pid);
	host->reload(host->arg, on_reloaded, ticket);
}

/* ---- the others ---------------------------------------------------------- */

static void
tell_log_level(const struct control_host *host,
    const struct stream_ticket *ticket, enum log_level level)
{
	log_write(host->log, LOG_LEVEL_WARNING, "log level is %s from now on, "
	    "uid=%lu pid=%ld", log_level_name(level),
	    (unsigned long)ticket->uid, (long)ticket->pid);
}

/* Told while more is logged: of the last warning, too. */
static void
set_log_level(const struct control_host *host,
    const struct stream_ticket *ticket, enum log_level level)
{
	bool is_less = (int)level < atomic_load(&host->board->log_level);

	if (is_less)
		tell_log_level(host, ticket, level);
	host->set_log_level(host->arg, level);
	if (!is_less)
		tell_log_level(host, ticket, level);
}

static void
change_log_level(struct control_server *server, struct stream_ticket *ticket,
    const struct request *request)
{
	const struct control_host *host = &server->host;

	if (request->sets_level)
		set_log_level(host, ticket, request->level);
	answer(ticket, answer_make_log_level(host));
}

struct verification {
	struct pool_job job;
	char *line, *answer;	/* owned; NULL: it is not there */
	size_t len;		/* of LINE */
	struct stream_ticket *ticket;
};

static void
free_verification(struct verification *v)
{
	free(v->line);
	free(v->answer);
	free(v);
}

static void
work_on(void *context, struct pool_job *job)
{
	struct verification *v = (struct verification *)job;

	(void)context;
	v->answer = verify_answer_line(v->line, v->len);
	v->line = NULL;
}

static void
on_verified(void *context, struct pool_job *job, enum pool_end how)
{
	struct verification *v = (struct verification *)job;

	(void)context;
	stream_answer(v->ticket, how == POOL_LATE ? verify_busy : v->answer);
	free_verification(v);
}

static bool
submit(struct control_server *server, struct stream_ticket *ticket)
{
	struct verification *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return false;
	v->len = ticket->len;
	v->line = stream_take_line(ticket);
	v->ticket = ticket;
	if (pool_submit(server->pool, &v->job))
		return true;
	free_verification(v);
	return false;
}

/* Read once more there: most of such lines are too long to be read here. */
static void
verify(struct control_server *server, struct stream_ticket *ticket)
{
	size_t cost = REQUEST_COST * ticket->len;

	if (!stream_set_cost(ticket, cost > ticket->cost ? cost :
	    ticket->cost) || !submit(server, ticket))
		stream_answer(ticket, verify_busy);
}

static void
obey(struct control_server *server, struct stream_ticket *ticket,
    const struct request *request)
{
	struct control_host *host = &server->host;

	switch (request->command) {
	case REQUEST_STATUS:
		answer(ticket, answer_make_status(server->scratch, host));
		return;
	case REQUEST_RELOAD:
		reload(server, ticket);
		return;
	case REQUEST_LOG_LEVEL:
		change_log_level(server, ticket, request);
		return;
	case REQUEST_CACHE:
		answer(ticket, answer_make_cache(host));
		return;
	case REQUEST_ZONES:
		answer(ticket, answer_make_zones(server->scratch, host));
		return;
	case REQUEST_VERIFY:
		verify(server, ticket);
		return;
	}
}

static void
on_line(void *context, struct stream_ticket *ticket)
{
	struct control_server *server = context;
	struct slice line = { ticket->line, ticket->len };
	struct request request;
	struct strbuf problem;

	if (line.len > REQUEST_SHORT_OCTETS) {
		verify(server, ticket);
		return;
	}
	arena_reset(server->scratch);
	strbuf_init(&problem, server->scratch, PROBLEM_MAX);
	if (!request_parse(server->scratch, line, &request, &problem)) {
		answer(ticket, answer_make_error(server->scratch,
		    strbuf_slice(&problem)));
		return;
	}
	obey(server, ticket, &request);
	request_release(&request);
}

/* ---- the server ---------------------------------------------------------- */

static bool
prepare(struct control_server *server, struct event_base *base, int fd)
{
	const struct pool_options pool = {
		.base = base,
		.max_threads = VERIFY_THREADS,
		.max_waiting = VERIFY_QUEUE,
		.wait_ms = VERIFY_WAIT_MS,
		.work = work_on,
		.end = on_verified,
	};
	const struct stream_options stream = {
		.base = base,
		.log = server->host.log,
		.max_line = REQUEST_MAX_OCTETS,
		.max_memory = MAX_MEMORY,
		.too_long = "{\"error\":\"the line is too long\"}",
		.too_much = verify_busy,
		.take = on_line,
		.context = server,
	};

	server->scratch = arena_create(SCRATCH_MEMORY);
	server->pool = pool_create(&pool);
	if (server->scratch == NULL || server->pool == NULL) {
		close(fd);
		return false;
	}
	server->stream = stream_create(fd, &stream);
	return server->stream != NULL;
}

struct control_server *
control_start_server(struct event_base *base, int fd,
    const struct control_host *host)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		close(fd);
		return NULL;
	}
	server->host = *host;
	heap_release_large();	/* lines, and what is made of them */
	if (!prepare(server, base, fd))
		control_stop_server(&server);
	return server;
}

bool
control_is_quiet(const struct control_server *server)
{
	return pool_is_idle(server->pool);
}

/* The connections first: answers to them go nowhere then. */
void
control_stop_server(struct control_server **server)
{
	if (*server == NULL)
		return;
	stream_destroy(&(*server)->stream);
	pool_destroy(&(*server)->pool);
	arena_destroy(&(*server)->scratch);
	free(*server);
	*server = NULL;
}
