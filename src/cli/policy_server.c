/* cli/policy_server.c - see policy_server.h. */
#include "cli/policy_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cli/policy_map.h"
#include "cli/policy_pool.h"
#include "cli/policy_store.h"
#include "cli/socketmap.h"
#include "control/read_ahead.h"
#include "mail/domain.h"

#define MAX_CLIENTS 500
#define BACKLOG 128
#define IDLE_S 600		/* Postfix keeps connections: ipc_idle, 5 s,
				 * and ipc_ttl, 1000 s */
#define WRITE_S 30
#define TICK_S 30
#define REFRESHES_PER_TICK 200
#define LOAD_PAGE 500
#define LOAD_MEMORY ((size_t)LOAD_PAGE * 128 * 1024)
#define SCRATCH_MEMORY (4 * SOCKETMAP_MAX_REPLY)
#define SHOWN_OCTETS ((size_t)1000)

struct client {
	struct policy_server *server;
	struct client *newer, *older;	/* by use */
	struct bufferevent *stream;
	struct event *deadline;
	struct policy_map_entry *waits_for;	/* NULL: for nothing */
	struct client *next_waiter;
};

struct policy_server {
	struct event_base *base;
	struct log *log;
	struct log_limit malformed, full, problems;
	struct tls_policy_finder finder;
	struct timeval timeout;
	struct evconnlistener *listener;
	struct event *tick;
	struct policy_map *map;
	struct policy_pool *pool;
	struct arena *scratch;		/* of one request or finding */
	struct client *newest, *oldest;
	size_t n_clients;
};

/* ---- clients ------------------------------------------------------------- */

static void
unlink_client(struct client *client)
{
	struct policy_server *server = client->server;

	if (client->newer != NULL)
		client->newer->older = client->older;
	else
		server->newest = client->older;
	if (client->older != NULL)
		client->older->newer = client->newer;
	else
		server->oldest = client->newer;
}

static void
make_newest(struct client *client)
{
	struct policy_server *server = client->server;

	client->newer = NULL;
	client->older = server->newest;
	if (server->newest != NULL)
		server->newest->newer = client;
	else
		server->oldest = client;
	server->newest = client;
}

static void
begin_waiting(struct client *client, struct policy_map_entry *entry)
{
	client->waits_for = entry;
	client->next_waiter = entry->waiters;
	entry->waiters = client;
	event_add(client->deadline, &client->server->timeout);
	bufferevent_disable(client->stream, EV_READ);
}

static void
end_waiting(struct client *client)
{
	struct client *other = client->waits_for->waiters;

	if (other == client) {
		client->waits_for->waiters = client->next_waiter;
	} else {
		while (other->next_waiter != client)
			other = other->next_waiter;
		other->next_waiter = client->next_waiter;
	}
	client->waits_for = NULL;
	client->next_waiter = NULL;
	event_del(client->deadline);
}

static void
close_client(struct client *client)
{
	if (client->waits_for != NULL)
		end_waiting(client);
	unlink_client(client);
	client->server->n_clients--;
	if (client->stream != NULL)
		bufferevent_free(client->stream);
	if (client->deadline != NULL)
		event_free(client->deadline);
	free(client);
}

/* ---- answers ------------------------------------------------------------- */

/* False, as for all of these, where there is no reply: the next one would be
 * taken for it, so the client must be closed. */
static bool
send_reply(struct client *client, enum socketmap_status status,
    struct slice text)
{
	struct strbuf reply;
	struct slice octets;

	strbuf_init(&reply, client->server->scratch,
	    SOCKETMAP_MAX_REPLY + 16);
	socketmap_append(&reply, status, text);
	octets = strbuf_slice(&reply);
	/* Half an answer is none: the client comes again. */
	if (reply.has_failed)
		octets = SLICE("11:TEMP memory,");
	return bufferevent_write(client->stream, octets.ptr,
	    octets.len) == 0;
}

static bool
send_answer(struct client *client, const struct tls_policy *policy)
{
	struct strbuf text;

	strbuf_init(&text, client->server->scratch, SOCKETMAP_MAX_REPLY);
	if (tls_policy_append(&text, policy, clock_wall_s()) &&
	    !text.has_failed)
		return send_reply(client, SOCKETMAP_OK, strbuf_slice(&text));
	return send_reply(client, SOCKETMAP_NOTFOUND, SLICE_EMPTY);
}

static bool
look_again(struct policy_server *server, struct policy_map_entry *entry)
{
	if (entry->is_pinned)
		return true;
	entry->is_pinned = policy_pool_submit(server->pool,
	    policy_map_domain(entry), &entry->policy, entry);
	if (!entry->is_pinned)
		log_write_limited(server->log, &server->full,
		    LOG_LEVEL_WARNING, "too many domains at once, too few "
		    "threads or too little memory: some get no policy");
	return entry->is_pinned;
}

static bool
answer(struct client *client, struct slice domain)
{
	struct policy_server *server = client->server;
	struct policy_map_entry *entry = policy_map_find(server->map, domain);
	int64_t now_s = clock_wall_s();

	if (entry == NULL)
		entry = policy_map_add(server->map, domain);
	if (entry == NULL)
		return send_reply(client, SOCKETMAP_NOTFOUND, SLICE_EMPTY);
	entry->used_s = now_s;
	switch (policy_map_judge(entry, server->finder.wants_dane, now_s,
	    clock_monotonic_ms())) {
	case POLICY_MAP_UNKNOWN:
		if (look_again(server, entry)) {
			begin_waiting(client, entry);
			return true;
		}
		break;
	case POLICY_MAP_STALE:
		look_again(server, entry);
		break;
	case POLICY_MAP_FRESH:
		break;
	}
	return send_answer(client, &entry->policy);
}

/* Postfix asks for more than domains: "[host]", "host:587", ".parent". */
static bool
take_request(struct client *client, struct slice key)
{
	struct slice domain;

	if (domain_normalize(client->server->scratch, key, &domain))
		return answer(client, domain);
	return send_reply(client, SOCKETMAP_NOTFOUND, SLICE_EMPTY);
}

/* One request, or false: there is none to take now, or the client is gone. */
static bool
take_input(struct client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->stream);
	size_t n = evbuffer_get_length(input), len;
	struct slice octets, key;

	if (client->waits_for != NULL || n == 0 || evbuffer_get_length(
	    bufferevent_get_output(client->stream)) != 0)
		return false;
	octets.len = n < SOCKETMAP_MAX_INPUT ? n : SOCKETMAP_MAX_INPUT;
	octets.ptr = (const char *)evbuffer_pullup(input,
	    (ev_ssize_t)octets.len);
	if (octets.ptr == NULL)
		return false;
	switch (socketmap_take(octets, &key, &len)) {
	case SOCKETMAP_PARTIAL:
		return false;
	case SOCKETMAP_MALFORMED:
		log_write_limited(client->server->log,
		    &client->server->malformed, LOG_LEVEL_WARNING,
		    "a client speaks no socketmap, and is cut off");
		close_client(client);
		return false;
	case SOCKETMAP_REQUEST:
		break;
	}
	unlink_client(client);
	make_newest(client);
	arena_reset(client->server->scratch);
	if (!take_request(client, key)) {
		close_client(client);
		return false;
	}
	evbuffer_drain(input, len);
	return true;
}

static void
on_read(struct bufferevent *stream, void *context)
{
	(void)stream;
	while (take_input(context))
		;
}

/* A reply is gone: the next request may be there already. */
static void
on_written(struct bufferevent *stream, void *context)
{
	if (bufferevent_enable(stream, EV_READ) == 0)
		on_read(stream, context);
	else
		close_client(context);
}

static void
on_end(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	close_client(context);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;
	const struct policy_map_entry *entry = client->waits_for;

	(void)fd;
	(void)what;
	end_waiting(client);
	arena_reset(client->server->scratch);
	if (!send_answer(client, &entry->policy))
		close_client(client);
}

/* ---- findings ------------------------------------------------------------ */

static void
tell(struct policy_server *server, const struct policy_finding *finding,
    const struct tls_policy *before)
{
	struct strbuf text, was, problem;
	int64_t now_s = clock_wall_s();

	strbuf_init(&text, server->scratch, SOCKETMAP_MAX_REPLY);
	strbuf_init(&was, server->scratch, SOCKETMAP_MAX_REPLY);
	strbuf_init(&problem, server->scratch, 4 * SHOWN_OCTETS);
	tls_policy_append(&text, &finding->policy, now_s);
	tls_policy_append(&was, before, now_s);
	strbuf_append_escaped(&problem, finding->problem, SHOWN_OCTETS);
	if (!slice_eq(strbuf_slice(&text), strbuf_slice(&was)))
		log_write(server->log, LOG_LEVEL_INFO, "domain=%.*s "
		    "policy=\"%.*s\"", SLICE_PRINTF(finding->domain),
		    SLICE_PRINTF(strbuf_slice(&text)));
	if (finding->problem.len != 0)	/* all have one where DNS is down */
		log_write_limited(server->log, &server->problems,
		    LOG_LEVEL_INFO, "domain=%.*s problem=\"%.*s\"",
		    SLICE_PRINTF(finding->domain),
		    SLICE_PRINTF(strbuf_slice(&problem)));
}

static void
on_finding(void *context, const struct policy_finding *finding)
{
	struct policy_server *server = context;
	struct policy_map_entry *entry = finding->context;

	arena_reset(server->scratch);
	tell(server, finding, &entry->policy);
	if (!finding->is_known || !policy_map_set(server->map, entry,
	    &finding->policy, clock_monotonic_ms()))
		log_write_limited(server->log, &server->full,
		    LOG_LEVEL_WARNING, "memory is out: a policy is forgotten");
	entry->is_pinned = false;
	while (entry->waiters != NULL) {
		struct client *client = entry->waiters;

		end_waiting(client);
		arena_reset(server->scratch);
		if (!send_answer(client, &entry->policy))
			close_client(client);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct policy_server *server = context;
	int64_t now_s = clock_wall_s();
	unsigned n = 0;

	(void)fd;
	(void)what;
	for (struct policy_map_entry *entry = policy_map_oldest(server->map);
	    entry != NULL && n < REFRESHES_PER_TICK; entry = entry->newer)
		if (!entry->is_pinned && policy_map_is_due(entry, now_s)) {
			if (!look_again(server, entry))
				return;
			n++;
		}
}

/* ---- connections --------------------------------------------------------- */

/* Whoever has been silent for the longest time makes room. */
static bool
make_room(struct policy_server *server)
{
	struct client *client = server->oldest;

	if (server->n_clients < MAX_CLIENTS)
		return true;
	while (client != NULL && client->waits_for != NULL)
		client = client->newer;
	if (client != NULL)
		close_client(client);
	return client != NULL;
}

static void
on_connection(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *context)
{
	static const struct timeval idle = { IDLE_S, 0 };
	static const struct timeval slow = { WRITE_S, 0 };
	struct policy_server *server = context;
	struct client *client = NULL;

	(void)listener;
	(void)address;
	(void)len;
	if (make_room(server))
		client = calloc(1, sizeof(*client));
	if (client == NULL) {
		close(fd);
		return;
	}
	client->server = server;
	make_newest(client);
	server->n_clients++;
	client->deadline = evtimer_new(server->base, on_deadline, client);
	client->stream = bufferevent_socket_new(server->base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (client->stream == NULL)
		close(fd);
	if (client->stream == NULL || client->deadline == NULL ||
	    !read_ahead_bound(client->stream, SOCKETMAP_MAX_INPUT) ||
	    bufferevent_enable(client->stream, EV_READ) != 0) {
		close_client(client);
		return;
	}
	bufferevent_setcb(client->stream, on_read, on_written, on_end,
	    client);
	bufferevent_set_timeouts(client->stream, &idle, &slow);
}

/* ---- the server ---------------------------------------------------------- */

static bool
prepare(struct policy_server *server, int listener)
{
	static const struct timeval interval = { TICK_S, 0 };

	server->listener = evconnlistener_new(server->base, on_connection,
	    server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	    listener);
	if (server->listener == NULL) {
		close(listener);
		return false;
	}
	server->scratch = arena_create(SCRATCH_MEMORY);
	server->map = policy_map_create(POLICY_MAP_MAX_ENTRIES,
	    POLICY_MAP_MAX_OCTETS);
	server->pool = policy_pool_create(server->base, &server->finder,
	    on_finding, server);
	server->tick = event_new(server->base, -1, EV_PERSIST, on_tick,
	    server);
	return server->scratch != NULL && server->map != NULL &&
	    server->pool != NULL && server->tick != NULL &&
	    event_add(server->tick, &interval) == 0;
}

struct policy_server *
policy_server_create(struct event_base *base, struct log *log,
    const struct tls_policy_finder *finder, unsigned timeout_s, int listener)
{
	struct policy_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		close(listener);
		return NULL;
	}
	server->base = base;
	server->log = log;
	server->finder = *finder;
	server->timeout.tv_sec = timeout_s;
	if (!prepare(server, listener))
		policy_server_destroy(&server);
	return server;
}

void
policy_server_destroy(struct policy_server **server)
{
	struct policy_server *s = *server;

	if (s == NULL)
		return;
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	while (s->oldest != NULL)
		close_client(s->oldest);
	policy_pool_destroy(&s->pool);
	if (s->tick != NULL)
		event_free(s->tick);
	policy_map_destroy(&s->map);
	arena_destroy(&s->scratch);
	free(s);
	*server = NULL;
}

static void
load_one(struct policy_server *server, struct arena *arena,
    const struct store_mta_sts *item)
{
	struct tls_policy policy = { .is_recalled = true };
	struct policy_map_entry *entry;
	struct strbuf problem;

	strbuf_init(&problem, arena, SHOWN_OCTETS);
	if (!tls_policy_read(arena, item, &policy, &problem) ||
	    (entry = policy_map_add(server->map, item->domain)) == NULL)
		return;
	entry->used_s = item->fetched_s;
	/* Where there is no room it is looked for when it is asked for. */
	(void)policy_map_set(server->map, entry, &policy, 0);
}

size_t
policy_server_load(struct policy_server *server)
{
	char after_text[DOMAIN_MAX_OCTETS];
	struct slice after = { after_text, 0 };
	struct arena *arena = arena_create(LOAD_MEMORY);
	int64_t now_s = clock_wall_s();
	size_t n_all = 0, n = LOAD_PAGE;

	while (arena != NULL && n == LOAD_PAGE && policy_map_count(
	    server->map) + n <= POLICY_MAP_MAX_ENTRIES) {
		struct store_mta_sts *items;

		arena_reset(arena);
		n = policy_store_list(server->finder.store, arena, after,
		    now_s, LOAD_PAGE, &items);
		for (size_t i = 0; i < n; i++)
			load_one(server, arena, &items[i]);
		n_all += n;
		if (n != 0 && items[n - 1].domain.len <= sizeof(after_text)) {
			after.len = items[n - 1].domain.len;
			memcpy(after_text, items[n - 1].domain.ptr, after.len);
		} else {
			break;
		}
	}
	arena_destroy(&arena);
	return n_all;
}
