/* daemon/listeners.h - where the daemon may be spoken with by others than the
 * MTA: sockets opened while we may be root, and before any fork. */
#ifndef ASSAY_DAEMON_LISTENERS_H
#define ASSAY_DAEMON_LISTENERS_H

#include <stdbool.h>

struct control_options;
struct strbuf;

struct listeners {
	int control_fd, http_fd;	/* owned; -1: not wanted */
};

#define LISTENERS_NONE { .control_fd = -1, .http_fd = -1 }

/* Into what is LISTENERS_NONE.  False with the problem appended; what was
 * opened is closed. */
bool listeners_open(struct listeners *listeners,
    const struct control_options *options, struct strbuf *problem);

/* In this process: it becomes LISTENERS_NONE. */
void listeners_close(struct listeners *listeners);

#endif
