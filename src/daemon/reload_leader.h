/* daemon/reload_leader.h - the configuration is read anew: by the supervisor,
 * for all processes that it has forked.
 *
 * It reads the files itself first: whom it forks later then has what it has
 * read, and a file that is no good costs the others nothing. */
#ifndef ASSAY_DAEMON_RELOAD_LEADER_H
#define ASSAY_DAEMON_RELOAD_LEADER_H

#include <stdbool.h>

#include "base/slice.h"

struct board;
struct draft;
struct log;
struct reload_board;
struct reload_leader;

/* All is borrowed. */
struct reload_leader_options {
	const char *path;		/* absolute */
	bool is_foreground;
	struct draft *draft;		/* in force; replaced by a reload */
	struct board *board;
	struct reload_board *reload_board;
	struct log *log;
	/* That there may be news on the reload board, to all others. */
	void (*alert)(void *arg);
	/* Whether the process of that seat lives. */
	bool (*is_alive)(void *arg, unsigned seat);
	/* DRAFT is another one. */
	void (*switched)(void *arg);
	void *arg;
};

/* NULL where memory is out. */
struct reload_leader *reload_lead(const struct reload_leader_options *options);
void reload_leader_destroy(struct reload_leader **leader);

/* SIGHUP: now, or once more when what is under way has ended. */
void reload_leader_hangup(struct reload_leader *leader);

/* Do what is to be done now.  In how many milliseconds to look again;
 * INT64_MAX: when there is another SIGHUP. */
int64_t reload_leader_step(struct reload_leader *leader);

/* A process is about to be forked for that seat: nobody has answered there. */
void reload_leader_forking(struct reload_leader *leader, unsigned seat);

#endif
