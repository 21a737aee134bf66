/* daemon/exchange.h - when several processes take a new configuration: all of
 * them, or none.  A state machine without clock or processes. */
#ifndef ASSAY_DAEMON_EXCHANGE_H
#define ASSAY_DAEMON_EXCHANGE_H

#include <stdbool.h>

#include "daemon/reload_board.h"

/* Reading files and user databases. */
#define EXCHANGE_PREPARE_MS 20000
/* Only a loop that is stuck does not do it at once. */
#define EXCHANGE_COMMIT_MS 5000
/* The files were changed while they were read: again, so often in all. */
#define EXCHANGE_TRIES 3

enum exchange_stage {
	EXCHANGE_IDLE = 0,
	EXCHANGE_PREPARING,
	EXCHANGE_COMMITTING,
};

struct exchange {
	enum exchange_stage stage;
	uint64_t fingerprint;	/* of what we have read ourselves */
	int64_t deadline_ms;	/* of this stage */
	unsigned n_tries;	/* of this reload */
};

/* A process as it is seen now; who died is not there, who was forked
 * meanwhile is. */
struct exchange_member {
	bool is_alive;
	enum reload_answer answer;	/* to this round */
	uint64_t fingerprint;
};

/* What to do now: WAIT often, each of the others once. */
enum exchange_action {
	EXCHANGE_WAIT = 0,
	EXCHANGE_COMMIT,	/* all are prepared: tell them */
	EXCHANGE_UNABLE,	/* one cannot: abort; the others too */
	EXCHANGE_AGAIN,		/* not all have read the same: once more */
	EXCHANGE_DIFFERENT,	/* and that too often */
	EXCHANGE_LATE,		/* one has not answered */
	EXCHANGE_DONE,		/* all work by it */
	EXCHANGE_DONE_LATE,	/* those will that have not said so, or their
				 * replacements */
};

/* We have read it; the others are told to. */
void exchange_begin(struct exchange *exchange, uint64_t fingerprint,
    int64_t now_ms);

enum exchange_action exchange_step(struct exchange *exchange,
    const struct exchange_member *members, unsigned n, int64_t now_ms);

#endif
