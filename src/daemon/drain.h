/* daemon/drain.h - a graceful end, as a state machine without clock or
 * threads: messages that are under way may finish, then libmilter is stopped,
 * each for a bounded time. */
#ifndef ASSAY_DAEMON_DRAIN_H
#define ASSAY_DAEMON_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

/* smfi_stop was seen to take 4.5 s. */
#define DRAIN_STOP_MS 6000

enum drain_stage {
	DRAIN_RUNNING = 0,	/* nobody has asked for an end */
	DRAIN_MESSAGES,		/* waiting for open messages */
	DRAIN_STOPPING,		/* waiting for libmilter to return */
	DRAIN_OVER,
};

struct drain {
	enum drain_stage stage;
	int64_t deadline_ms;	/* of this stage */
	int64_t stop_ms;	/* how long libmilter may take to return */
};

enum drain_action {
	DRAIN_WAIT = 0,
	DRAIN_STOP,		/* now stop libmilter, in a thread */
	DRAIN_LEAVE,		/* leave the loop */
};

/* An end is asked for.  Again while messages are waited for: wait no more.
 * True at the first time. */
bool drain_begin(struct drain *drain, int64_t now_ms, unsigned limit_s);

/* What to do now, each but DRAIN_WAIT once. */
enum drain_action drain_step(struct drain *drain, unsigned n_open,
    int64_t now_ms);

#endif
