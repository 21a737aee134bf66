/* control/stream.h - connections that send lines and get a line back for each,
 * one at a time, on the loop.
 *
 * Whoever may connect may still be hostile, or broken: the number of
 * connections, the length of a line, the memory that all of them take, and the
 * time that a line may take to come or an answer to be read are bounded. */
#ifndef ASSAY_CONTROL_STREAM_H
#define ASSAY_CONTROL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct event_base;
struct log;
struct stream_server;

/* Who connects when there are as many takes the place of who has been silent
 * for the longest time. */
#define STREAM_MAX_CLIENTS 128
#define STREAM_IDLE_S 300	/* between an answer and the next line */
#define STREAM_LINE_S 60	/* from a line's first octet to its end */
#define STREAM_WRITE_S 30	/* for an answer to be read */

struct stream_client;

/* A line that wants an answer. */
struct stream_ticket {
	struct stream_server *server;	/* NULL: it has ended */
	struct stream_client *client;	/* NULL: it has left */
	struct stream_ticket *next;
	char *line;		/* without its end; owned, or NULL: taken */
	size_t len;
	size_t cost;		/* what it counts for, in octets of memory */
	pid_t pid;		/* who asks; 0 where it is not known */
	uid_t uid;
};

struct stream_options {
	struct event_base *base;	/* borrowed */
	struct log *log;		/* borrowed */
	size_t max_line;	/* octets */
	size_t max_memory;	/* of all lines together */
	const char *too_long, *too_much;	/* answers to what is more; the
						 * connection ends behind
						 * them */
	/* A line has come.  TICKET is to be answered, from here or later. */
	void (*take)(void *context, struct stream_ticket *ticket);
	void *context;
};

/* FD is a listening socket that does not block, and the server's to close.
 * NULL where memory is out; it is closed then, too. */
struct stream_server *stream_create(int fd,
    const struct stream_options *options);

/* Lines that have no answer yet are answered by their owners all the same; it
 * goes nowhere.  Sets *SERVER to NULL. */
void stream_destroy(struct stream_server **server);

/* The line, which is the caller's to free now. */
char *stream_take_line(struct stream_ticket *ticket);

/* Have it count for COST octets in all until it is answered.  False, and
 * nothing has changed, where that is more than there is. */
bool stream_set_cost(struct stream_ticket *ticket, size_t cost);

/* A line end is put behind TEXT; without TEXT the connection ends.  TICKET is
 * gone. */
void stream_answer(struct stream_ticket *ticket, const char *text);

#endif
