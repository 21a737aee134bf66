/* daemon/reload_client.c - see reload_client.h. */
#include "daemon/reload_client.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/exchange.h"
#include "daemon/reload_board.h"

#define POLL_MS 20
/* One that is under way, and ours behind it. */
#define PATIENCE_MS (2 * (EXCHANGE_TRIES * EXCHANGE_PREPARE_MS + \
	EXCHANGE_COMMIT_MS))

struct reload_client {
	struct reload_board *board;	/* borrowed */
	pid_t supervisor;
	struct event *poll;
	int64_t deadline_ms;
	void (*done)(void *context, enum control_reload result,
	    struct slice lines);	/* NULL: nobody waits */
	void *context;
};

static void
end(struct reload_client *client, enum control_reload result,
    struct slice lines)
{
	void (*done)(void *, enum control_reload, struct slice) =
	    client->done;

	client->done = NULL;
	event_del(client->poll);
	done(client->context, result, lines);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct reload_client *client = arg;
	struct reload_board *board = client->board;

	(void)fd;
	(void)what;
	if (atomic_load(&board->n_answered) == atomic_load(&board->n_asked))
		end(client, (enum control_reload)board->result,
		    (struct slice){ board->text, board->text_len });
	else if (clock_monotonic_ms() >= client->deadline_ms)
		end(client, CONTROL_RELOAD_FAILED,
		    SLICE("the supervisor does not answer\n"));
}

void
reload_client_ask(void *arg, void (*done)(void *context,
    enum control_reload result, struct slice lines), void *context)
{
	const struct timeval interval = { 0, POLL_MS * 1000 };
	struct reload_client *client = arg;

	if (client->done != NULL) {
		done(context, CONTROL_RELOAD_BUSY, SLICE_EMPTY);
		return;
	}
	if (getppid() != client->supervisor) {	/* it has died, we will */
		done(context, CONTROL_RELOAD_FAILED,
		    SLICE("there is no supervisor\n"));
		return;
	}
	if (event_add(client->poll, &interval) != 0) {
		done(context, CONTROL_RELOAD_FAILED,
		    SLICE("memory is out\n"));
		return;
	}
	client->done = done;
	client->context = context;
	client->deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
	atomic_fetch_add(&client->board->n_asked, 1);
	(void)kill(client->supervisor, SIGHUP);
}

struct reload_client *
reload_client_create(struct event_base *base, struct reload_board *board)
{
	struct reload_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->board = board;
	client->supervisor = getppid();
	client->poll = event_new(base, -1, EV_PERSIST, on_poll, client);
	if (client->poll == NULL)
		reload_client_destroy(&client);
	return client;
}

void
reload_client_destroy(struct reload_client **client)
{
	if (*client == NULL)
		return;
	if ((*client)->poll != NULL)
		event_free((*client)->poll);
	free(*client);
	*client = NULL;
}
