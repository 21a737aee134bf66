/* control/host.h - the daemon as those see it who speak with it from outside,
 * by the control socket or by HTTP.  daemon/ fills it in.
 *
 * All calls are the loop's thread's, and none blocks.  What verify works with
 * it gets from milter_retain_context (milter/milter.h). */
#ifndef ASSAY_CONTROL_HOST_H
#define ASSAY_CONTROL_HOST_H

#include "base/log.h"
#include "base/slice.h"

struct board;

enum control_reload {
	CONTROL_RELOAD_DONE = 0,
	CONTROL_RELOAD_REFUSED,		/* the old configuration stays */
	CONTROL_RELOAD_BUSY,		/* one is under way */
	CONTROL_RELOAD_FAILED,		/* no memory, a worker that is stuck */
};

struct control_host {
	struct board *board;		/* borrowed */
	struct log *log;		/* borrowed */
	const char *version;		/* "0.1.0" */
	/* Read the configuration anew.  DONE is called once, maybe from within
	 * the call, with lines of text for the operator, each with its line
	 * end: what has changed in meaning, or every problem as
	 * "FILE:LINE: what". */
	void (*reload)(void *arg, void (*done)(void *context,
	    enum control_reload result, struct slice lines), void *context);
	/* Until the next reload, or start. */
	void (*set_log_level)(void *arg, enum log_level level);
	void *arg;
};

#endif
