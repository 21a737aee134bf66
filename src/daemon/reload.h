/* daemon/reload.h - the configuration is read anew: in the only process there
 * is.  All calls are the loop's thread's. */
#ifndef ASSAY_DAEMON_RELOAD_H
#define ASSAY_DAEMON_RELOAD_H

#include "control/host.h"

struct board;
struct changeover;
struct reload;

struct reload_options {
	struct changeover *changeover;	/* borrowed, as the others are */
	struct board *board;
	struct log *log;
};

/* NULL where memory is out. */
struct reload *reload_create(const struct reload_options *options);

/* Before the changeover is destroyed.  Sets *RELOAD to NULL. */
void reload_destroy(struct reload **reload);

/* SIGHUP: now, or once more when what is under way has ended. */
void reload_request(void *reload);

/* The same for struct control_host: BUSY where one is under way. */
void reload_answer(void *reload, void (*done)(void *context,
    enum control_reload result, struct slice lines), void *context);

#endif
