/* control/stream.c - see stream.h. */
#include "control/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "control/read_ahead.h"

#define BACKLOG 64
#define READ_AHEAD ((size_t)64 * 1024)	/* in front of a line's buffer */
#define FIRST_OCTETS ((size_t)512)
#define PAUSE_S 1	/* where no more connections can be taken */

enum client_state {
	CLIENT_IDLE = 0,	/* no octet of a line is there */
	CLIENT_READING,		/* one is under way */
	CLIENT_BUSY,		/* it waits for its answer */
	CLIENT_WRITING,		/* that is under way */
};

struct stream_client {
	struct stream_server *server;
	struct stream_client *next, **place;	/* who points here */
	struct bufferevent *stream;
	struct event *timer;
	enum client_state state;
	int64_t since_ms;	/* it is in that state */
	struct stream_ticket *ticket;	/* BUSY: borrowed */
	bool is_ended;		/* nothing more comes */
	bool is_last;		/* the connection ends behind the answer */
	char *line;
	size_t len, capacity;
	pid_t pid;
	uid_t uid;
};

struct stream_server {
	struct stream_options options;
	struct evconnlistener *listener;
	struct event *pause;
	struct log_limit full;
	struct stream_client *clients;
	size_t n_clients;
	struct stream_ticket *tickets;
	size_t memory;		/* of all lines */
};

/* ---- clients ------------------------------------------------------------- */

static void
set_state(struct stream_client *client, enum client_state state)
{
	static const struct timeval idle = { STREAM_IDLE_S, 0 };
	static const struct timeval line = { STREAM_LINE_S, 0 };
	static const struct timeval slow = { STREAM_WRITE_S, 0 };
	const struct timeval *limit = NULL;

	client->state = state;
	client->since_ms = clock_monotonic_ms();
	switch (state) {
	case CLIENT_IDLE:
		/* Who cannot be read is ended by the timer. */
		(void)bufferevent_enable(client->stream, EV_READ);
		limit = &idle;
		break;
	case CLIENT_READING:
		limit = &line;
		break;
	case CLIENT_BUSY:	/* whoever answers has limits */
		event_del(client->timer);
		return;
	case CLIENT_WRITING:
		limit = &slow;
		break;
	}
	event_add(client->timer, limit);
}

static void
drop_line(struct stream_client *client)
{
	client->server->memory -= client->capacity;
	free(client->line);
	client->line = NULL;
	client->len = client->capacity = 0;
}

static void
close_client(struct stream_client *client)
{
	if (client->ticket != NULL)
		client->ticket->client = NULL;
	drop_line(client);
	*client->place = client->next;
	if (client->next != NULL)
		client->next->place = client->place;
	client->server->n_clients--;
	if (client->stream != NULL)
		bufferevent_free(client->stream);
	if (client->timer != NULL)
		event_free(client->timer);
	free(client);
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	close_client(context);
}

/* ---- answers ------------------------------------------------------------- */

static void
write_line(struct stream_client *client, const char *text)
{
	struct evbuffer *output = bufferevent_get_output(client->stream);

	set_state(client, CLIENT_WRITING);
	/* Half an answer is none. */
	if (evbuffer_add(output, text, strlen(text)) != 0 ||
	    evbuffer_add(output, "\n", 1) != 0)
		close_client(client);
}

/* Its line is not wanted: what is left of it is not read. */
static void
refuse_line(struct stream_client *client, const char *text)
{
	drop_line(client);
	client->is_last = true;
	bufferevent_disable(client->stream, EV_READ);
	write_line(client, text);
}

static void
unlink_ticket(struct stream_ticket *ticket)
{
	struct stream_ticket **place = &ticket->server->tickets;

	while (*place != ticket)
		place = &(*place)->next;
	*place = ticket->next;
	ticket->server->memory -= ticket->cost;
}

char *
stream_take_line(struct stream_ticket *ticket)
{
	char *line = ticket->line;

	ticket->line = NULL;
	return line;
}

bool
stream_set_cost(struct stream_ticket *ticket, size_t cost)
{
	struct stream_server *server = ticket->server;
	size_t others;

	if (server == NULL)
		return false;
	others = server->memory - ticket->cost;
	if (others > server->options.max_memory ||
	    cost > server->options.max_memory - others)
		return false;
	server->memory = others + cost;
	ticket->cost = cost;
	return true;
}

void
stream_answer(struct stream_ticket *ticket, const char *text)
{
	struct stream_client *client = ticket->client;

	if (ticket->server != NULL)
		unlink_ticket(ticket);
	free(ticket->line);
	free(ticket);
	if (client == NULL)
		return;
	client->ticket = NULL;
	if (text != NULL)
		write_line(client, text);
	else
		close_client(client);
}

/* ---- lines --------------------------------------------------------------- */

/* The line is whole: its memory becomes the ticket's. */
static void
give_line(struct stream_client *client)
{
	struct stream_server *server = client->server;
	struct stream_ticket *ticket = calloc(1, sizeof(*ticket));

	if (ticket == NULL) {
		close_client(client);
		return;
	}
	*ticket = (struct stream_ticket){
		.server = server, .client = client, .next = server->tickets,
		.line = client->line, .len = client->len,
		.cost = client->capacity,
		.pid = client->pid, .uid = client->uid,
	};
	server->tickets = ticket;
	client->line = NULL;
	client->len = client->capacity = 0;
	client->ticket = ticket;
	set_state(client, CLIENT_BUSY);
	server->options.take(server->options.context, ticket);
}

static bool
grow_line(struct stream_client *client, size_t needed)
{
	struct stream_server *server = client->server;
	size_t capacity = client->capacity != 0 ? client->capacity :
	    FIRST_OCTETS;
	char *line;

	while (capacity < needed)
		capacity *= 2;
	if (server->memory - client->capacity + capacity >
	    server->options.max_memory)
		return false;
	line = realloc(client->line, capacity);
	if (line == NULL)
		return false;
	server->memory += capacity - client->capacity;
	client->line = line;
	client->capacity = capacity;
	return true;
}

/* LEN octets more from the input.  False where the line is refused. */
static bool
take_octets(struct stream_client *client, struct evbuffer *input, size_t len)
{
	const struct stream_options *options = &client->server->options;
	size_t needed = client->len + len;

	if (needed > options->max_line) {
		refuse_line(client, options->too_long);
		return false;
	}
	if (needed > client->capacity && !grow_line(client, needed)) {
		refuse_line(client, options->too_much);
		return false;
	}
	evbuffer_remove(input, client->line + client->len, len);
	client->len = needed;
	return true;
}

/* What is left where the connection ends is a line, too. */
static void
take_end(struct stream_client *client)
{
	if (client->len != 0)
		give_line(client);
	else
		close_client(client);
}

/* All that is there, up to the end of a line.  False where there is nothing
 * to take now, or the client is gone. */
static bool
take_input(struct stream_client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->stream);
	size_t n = evbuffer_get_contiguous_space(input);
	const char *octets, *end;

	if (client->state == CLIENT_BUSY || client->state == CLIENT_WRITING)
		return false;
	if (n == 0)
		n = evbuffer_get_length(input);
	if (n == 0) {
		if (client->is_ended)
			take_end(client);
		return false;
	}
	if (client->state == CLIENT_IDLE)
		set_state(client, CLIENT_READING);
	octets = (const char *)evbuffer_pullup(input, (ev_ssize_t)n);
	end = memchr(octets, '\n', n);
	if (!take_octets(client, input, end != NULL ?
	    (size_t)(end - octets) : n))
		return false;
	if (end == NULL)
		return true;
	evbuffer_drain(input, 1);
	give_line(client);
	return false;
}

static void
on_read(struct bufferevent *stream, void *context)
{
	(void)stream;
	while (take_input(context))
		;
}

/* An answer is gone: the next line may be there already. */
static void
on_written(struct bufferevent *stream, void *context)
{
	struct stream_client *client = context;

	if (client->state != CLIENT_WRITING)
		return;
	if (client->is_last) {
		close_client(client);
		return;
	}
	set_state(client, CLIENT_IDLE);
	on_read(stream, client);
}

/* Who has shut down his side may still read. */
static void
on_end(struct bufferevent *stream, short what, void *context)
{
	struct stream_client *client = context;

	if ((what & BEV_EVENT_EOF) == 0) {
		close_client(client);
		return;
	}
	client->is_ended = true;
	on_read(stream, client);
}

/* ---- connections --------------------------------------------------------- */

static bool
make_room(struct stream_server *server)
{
	struct stream_client *oldest = NULL;

	if (server->n_clients < STREAM_MAX_CLIENTS)
		return true;
	for (struct stream_client *client = server->clients; client != NULL;
	    client = client->next)
		if (client->state != CLIENT_BUSY && (oldest == NULL ||
		    client->since_ms < oldest->since_ms))
			oldest = client;
	if (oldest != NULL)
		close_client(oldest);
	return oldest != NULL;
}

static void
find_peer(struct stream_client *client, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return;
	client->pid = peer.pid;
	client->uid = peer.uid;
}

static struct stream_client *
create_client(struct stream_server *server, int fd)
{
	struct stream_client *client = make_room(server) ?
	    calloc(1, sizeof(*client)) : NULL;

	if (client == NULL) {
		close(fd);
		return NULL;
	}
	client->server = server;
	client->next = server->clients;
	client->place = &server->clients;
	if (client->next != NULL)
		client->next->place = &client->next;
	server->clients = client;
	server->n_clients++;
	find_peer(client, fd);
	client->timer = evtimer_new(server->options.base, on_timer, client);
	client->stream = bufferevent_socket_new(server->options.base, fd,
	    BEV_OPT_CLOSE_ON_FREE);
	if (client->stream == NULL)
		close(fd);
	if (client->stream != NULL && client->timer != NULL)
		return client;
	close_client(client);
	return NULL;
}

static void
on_connection(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *context)
{
	struct stream_client *client = create_client(context, fd);

	(void)listener;
	(void)address;
	(void)len;
	if (client == NULL)
		return;
	if (!read_ahead_bound(client->stream, READ_AHEAD)) {
		close_client(client);
		return;
	}
	bufferevent_setcb(client->stream, on_read, on_written, on_end,
	    client);
	set_state(client, CLIENT_IDLE);
}

/* No descriptor is left, most likely: without a pause the loop would spin. */
static void
on_accept_failure(struct evconnlistener *listener, void *context)
{
	static const struct timeval pause = { PAUSE_S, 0 };
	struct stream_server *server = context;

	log_write_limited(server->options.log, &server->full,
	    LOG_LEVEL_WARNING, "control socket: accept: %s",
	    strerror(errno));
	evconnlistener_disable(listener);
	event_add(server->pause, &pause);
}

static void
on_pause(evutil_socket_t fd, short what, void *context)
{
	struct stream_server *server = context;

	(void)fd;
	(void)what;
	evconnlistener_enable(server->listener);
}

/* ---- the server ---------------------------------------------------------- */

struct stream_server *
stream_create(int fd, const struct stream_options *options)
{
	struct stream_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		close(fd);
		return NULL;
	}
	server->options = *options;
	server->listener = evconnlistener_new(options->base, on_connection,
	    server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	    fd);
	if (server->listener == NULL)
		close(fd);
	else
		evconnlistener_set_error_cb(server->listener,
		    on_accept_failure);
	server->pause = evtimer_new(options->base, on_pause, server);
	if (server->listener == NULL || server->pause == NULL)
		stream_destroy(&server);
	return server;
}

void
stream_destroy(struct stream_server **server)
{
	struct stream_server *s = *server;

	if (s == NULL)
		return;
	while (s->clients != NULL)
		close_client(s->clients);
	for (struct stream_ticket *ticket = s->tickets; ticket != NULL;
	    ticket = ticket->next)
		ticket->server = NULL;
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	if (s->pause != NULL)
		event_free(s->pause);
	free(s);
	*server = NULL;
}
