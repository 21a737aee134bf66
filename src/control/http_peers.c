/* control/http_peers.c - see http_peers.h.
 *
 * evhttp asks for a bufferevent for each connection it has accepted, and does
 * not tell when it lets go of it.  So each is kept with a reference of ours;
 * one that evhttp has freed has no callbacks left, and a timer that runs while
 * anyone is there looks for those. */
#include "control/http_peers.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/slice.h"
#include "control/read_ahead.h"

#define SWEEP_US (100 * 1000)

struct peer {
	struct bufferevent *connection;	/* a reference; NULL: a free place */
	int64_t deadline_ms;
};

struct http_peers {
	struct log *log;		/* borrowed */
	struct evhttp *server;		/* borrowed */
	struct evhttp_bound_socket *socket;	/* the server's, and ... */
	struct evconnlistener *listener;	/* ... its own */
	struct event *timer;
	struct peer places[HTTP_MAX_PEERS];
	size_t n;
	bool is_paused;			/* nobody is accepted */
	struct log_limit trouble;
};

static bool
has_gone(const struct peer *peer)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(peer->connection, NULL, NULL, &on_event, NULL);
	return on_event == NULL;
}

/* What came and has not been taken is more than evhttp takes of a request. */
static bool
is_full(const struct peer *peer)
{
	return evbuffer_get_length(bufferevent_get_input(
	    peer->connection)) >= HTTP_PEER_OCTETS;
}

/* What evhttp is told is that the connection has failed: who is full is not
 * read any more, so it would not see an end. */
static void
hang_up(const struct peer *peer)
{
	bufferevent_trigger_event(peer->connection,
	    BEV_EVENT_READING | BEV_EVENT_ERROR, 0);
}

static void
forget(struct http_peers *peers, struct peer *peer)
{
	bufferevent_decref(peer->connection);	/* closes its descriptor */
	peer->connection = NULL;
	peers->n--;
}

static void
pause_accepting(struct http_peers *peers)
{
	const struct timeval interval = { .tv_usec = SWEEP_US };

	evconnlistener_disable(peers->listener);
	peers->is_paused = true;
	event_add(peers->timer, &interval);
}

static void
sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http_peers *peers = arg;
	int64_t now_ms = clock_monotonic_ms();

	(void)fd;
	(void)what;
	for (size_t i = 0; i < N_ELEMENTS(peers->places); i++) {
		struct peer *peer = &peers->places[i];

		if (peer->connection == NULL)
			continue;
		if (has_gone(peer))
			forget(peers, peer);
		else if (now_ms >= peer->deadline_ms || is_full(peer))
			hang_up(peer);
	}
	if (peers->is_paused && peers->n < N_ELEMENTS(peers->places)) {
		peers->is_paused = false;
		evconnlistener_enable(peers->listener);
	}
	if (peers->n == 0)
		event_del(peers->timer);
}

/* evhttp's question. */
static struct bufferevent *
admit(struct event_base *base, void *arg)
{
	const struct timeval interval = { .tv_usec = SWEEP_US };
	struct bufferevent *connection = bufferevent_socket_new(base, -1,
	    BEV_OPT_CLOSE_ON_FREE);
	struct http_peers *peers = arg;
	struct peer *peer = peers->places;

	if (connection == NULL)
		return NULL;	/* evhttp fails at it in its turn */
	/* Nobody is accepted once all places are taken. */
	assert(peers->n < N_ELEMENTS(peers->places));
	while (peer->connection != NULL)
		peer++;
	if (!read_ahead_bound(connection, HTTP_PEER_OCTETS)) {
		bufferevent_free(connection);
		return NULL;
	}
	bufferevent_incref(connection);
	peer->connection = connection;
	peer->deadline_ms = clock_monotonic_ms() + HTTP_PEER_MS;
	if (peers->n++ == 0)
		event_add(peers->timer, &interval);
	if (peers->n == N_ELEMENTS(peers->places))
		pause_accepting(peers);
	return connection;
}

/* No descriptors left, most likely: the loop is not to turn on that. */
static void
note_accept_failure(struct evconnlistener *listener, void *arg)
{
	struct http_peers *peers = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)listener;
	log_write_limited(peers->log, &peers->trouble, LOG_LEVEL_WARNING,
	    "http: a connection cannot be accepted: %s", strerror(error));
	pause_accepting(peers);
}

static bool
bind_listener(struct http_peers *peers, struct event_base *base, int fd)
{
	peers->listener = evconnlistener_new(base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (peers->listener == NULL)
		return false;
	peers->socket = evhttp_bind_listener(peers->server, peers->listener);
	if (peers->socket == NULL) {
		evconnlistener_free(peers->listener);
		return false;
	}
	evconnlistener_set_error_cb(peers->listener, note_accept_failure);
	return true;
}

struct http_peers *
http_peers_create(struct event_base *base, struct evhttp *server, int fd,
    struct log *log)
{
	struct http_peers *peers = calloc(1, sizeof(*peers));

	if (peers == NULL)
		return NULL;
	peers->log = log;
	peers->server = server;
	peers->timer = event_new(base, -1, EV_PERSIST, sweep, peers);
	if (peers->timer == NULL || !bind_listener(peers, base, fd)) {
		http_peers_destroy(&peers);
		return NULL;
	}
	evhttp_set_bevcb(server, admit, peers);
	return peers;
}

void
http_peers_close(struct http_peers *peers)
{
	evhttp_del_accept_socket(peers->server, peers->socket);
	peers->is_paused = false;
}

void
http_peers_destroy(struct http_peers **peers)
{
	struct http_peers *old = *peers;

	if (old == NULL)
		return;
	for (size_t i = 0; i < N_ELEMENTS(old->places); i++)
		if (old->places[i].connection != NULL)
			forget(old, &old->places[i]);
	if (old->timer != NULL)
		event_free(old->timer);
	free(old);
	*peers = NULL;
}
