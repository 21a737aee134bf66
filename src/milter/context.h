/* milter/context.h - how to listen, and what the sessions work with. */
#ifndef ASSAY_MILTER_CONTEXT_H
#define ASSAY_MILTER_CONTEXT_H

#include <stdatomic.h>

#include "inspect/inspect.h"
#include "policy/policy.h"

struct log;
struct report_options;
struct report_writer;

struct milter_options {
	const char *socket;	/* "unix:PATH", "inet:PORT@HOST", "inet6:..." */
	unsigned socket_mode;	/* of a UNIX socket, e.g. 0660 */
	const char *socket_group;	/* its group, or NULL */
	unsigned backlog;	/* listen(2)'s */
	unsigned workers;	/* processes that share the socket */
};

#define MILTER_MAX_WORKERS 64

#define MILTER_OPTIONS_DEFAULT { .socket = "unix:/run/assay/assayd.sock", \
	.socket_mode = 0660, .socket_group = NULL, .backlog = 256, \
	.workers = 1 }

/* What all senders together may take of one process; 0: no limit. */
struct milter_limits {
	unsigned max_sessions;	/* at once */
	unsigned memory_mb;	/* of all open messages */
};

#define MILTER_LIMITS_DEFAULT { .max_sessions = 0, .memory_mb = 512 }

/* What the sessions need; everything is borrowed and must outlive them. */
struct milter_context {
	struct milter_options milter;
	struct milter_limits limits;
	struct inspect_options inspect;
	struct policy_options policy;
	const char *authserv_id;	/* NULL: the MTA's {j}, else hostname */
	const char *hostname;		/* this host's, fully qualified */
	struct resolver *resolver;
	struct log *log;
	const struct report_options *report;
	struct report_writer *writer;	/* NULL: nothing is remembered */
	atomic_uint n_users;	/* milter/'s own */
};

#endif
