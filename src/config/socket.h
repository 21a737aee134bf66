/* config/socket.h - the milter's socket, in libmilter's notation. */
#ifndef ASSAY_CONFIG_SOCKET_H
#define ASSAY_CONFIG_SOCKET_H

#include "base/slice.h"

enum socket_problem {
	SOCKET_OK = 0,
	SOCKET_NO_FORM,		/* none of unix:, local:, inet:, inet6:, / */
	SOCKET_RELATIVE_PATH,
	SOCKET_LONG_PATH,	/* does not fit into a sockaddr_un */
	SOCKET_REVERSED,	/* HOST:PORT, as Postfix writes it */
	SOCKET_BAD_PORT,
	SOCKET_BAD_HOST,
	SOCKET_WRONG_FAMILY,	/* inet: with an IPv6 address, or inet6: with
				 * an IPv4 one */
};

struct socket_name {
	bool is_unix;
	struct slice path;	/* UNIX */
	struct slice host;	/* else; empty: every address of this host */
};

/* What kind of socket TEXT names; borrows TEXT.  Looks nothing up. */
enum socket_problem socket_parse(struct slice text,
    struct socket_name *name_out);

/* What to write instead. */
const char *socket_problem_text(enum socket_problem problem);

#endif
