/* control/client.h - the other end of the control socket: ask, and wait for the
 * answer. */
#ifndef ASSAY_CONTROL_CLIENT_H
#define ASSAY_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdint.h>

struct strbuf;

enum client_status {
	CLIENT_OK = 0,
	CLIENT_BAD_SOCKET,	/* no name of one */
	CLIENT_NOT_RUNNING,	/* nobody listens there */
	CLIENT_NOT_PERMITTED,
	CLIENT_NO_ANSWER,	/* not in time, the connection ended, or too
				 * many wait to be accepted */
	CLIENT_BAD_ANSWER,	/* it is no JSON object */
	CLIENT_NO_MEMORY,
};

/* SOCKET is "unix:/PATH" or "/PATH".  *FD_OUT is the caller's to close, and
 * does not block.  But for CLIENT_OK, PROBLEM says what is wrong, and what to
 * do about it.  Does not wait. */
enum client_status client_connect(const char *socket, int *fd_out,
    struct strbuf *problem);

/* Send REQUEST, which is borrowed, and wait for its answer, the caller's to
 * release, until DEADLINE_MS (clock_monotonic_ms).  SIGPIPE is left alone: none
 * comes. */
enum client_status client_ask(int fd, const json_t *request,
    int64_t deadline_ms, json_t **answer_out, struct strbuf *problem);

#endif
