/* cli/socketmap.h - the server's side of Postfix's socketmap protocol
 * (socketmap_table(5)): netstrings, a request and a reply in turn. */
#ifndef ASSAY_CLI_SOCKETMAP_H
#define ASSAY_CLI_SOCKETMAP_H

#include "base/slice.h"

struct strbuf;

/* Of a request: a table's name and a domain are far below it.  A client that
 * announces more is cut off. */
#define SOCKETMAP_MAX_REQUEST ((size_t)2048)

/* Of a reply, which Postfix drops where it is longer. */
#define SOCKETMAP_MAX_REPLY ((size_t)100000)

/* Octets of a request on the wire. */
#define SOCKETMAP_MAX_INPUT (SOCKETMAP_MAX_REQUEST + sizeof("2048:,"))

enum socketmap_step {
	SOCKETMAP_REQUEST,
	SOCKETMAP_PARTIAL,	/* more has to come */
	SOCKETMAP_MALFORMED,	/* no way on */
};

/* One request from the head of INPUT; *LEN_OUT: its octets on the wire.
 * *KEY_OUT is what is asked for, and borrows INPUT; whatever the table's name
 * is. */
enum socketmap_step socketmap_take(struct slice input, struct slice *key_out,
    size_t *len_out);

enum socketmap_status {
	SOCKETMAP_OK,		/* TEXT is the value */
	SOCKETMAP_NOTFOUND,	/* TEXT is empty */
	SOCKETMAP_TEMP,		/* TEXT says why */
	SOCKETMAP_PERM,
};

void socketmap_append(struct strbuf *out, enum socketmap_status status,
    struct slice text);

#endif
