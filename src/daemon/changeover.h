/* daemon/changeover.h - from one configuration to the next, in one process,
 * while messages are under way.
 *
 * In two steps, so that several processes can take the second one together:
 * prepare reads the files, in a thread, and makes all that the configuration
 * needs; commit has messages begin with it.  What was replaced is destroyed
 * when its last message has ended.  All calls are the loop's thread's. */
#ifndef ASSAY_DAEMON_CHANGEOVER_H
#define ASSAY_DAEMON_CHANGEOVER_H

#include "daemon/generation.h"

struct changeover;

struct changeover_options {
	struct generation_maker *maker;	/* borrowed */
	const char *path;		/* borrowed; absolute */
	/* What is in force from now on, in place of BEFORE, which is NULL at
	 * the first time and not destroyed yet. */
	void (*switched)(void *arg, const struct generation *before,
	    const struct generation *now);
	void *arg;
};

/* FIRST is taken over, and in force at once.  NULL where memory is out: FIRST
 * is still the caller's then. */
struct changeover *changeover_create(const struct changeover_options *options,
    struct generation *first);

struct generation *changeover_current(const struct changeover *changeover);

/* Whether nothing is being prepared or waits to be committed. */
bool changeover_is_idle(const struct changeover *changeover);

/* When idle.  PREPARED is called once, later: true where everything is there
 * for a commit.  Else changeover_text has every problem, and all is as before.
 * False, and no call comes, where there can be no thread; the same holds. */
bool changeover_prepare(struct changeover *changeover,
    void (*prepared)(void *arg, bool is_prepared), void *arg);

/* Of what was prepared, as draft_fingerprint. */
uint64_t changeover_fingerprint(const struct changeover *changeover);

/* Once prepared.  changeover_text has what has changed. */
void changeover_commit(struct changeover *changeover);

/* Whatever is being prepared, or is: PREPARED is not called any more. */
void changeover_abort(struct changeover *changeover);

/* Lines for the operator, each with its line end, of the last thing that was
 * done; until the next. */
struct slice changeover_text(const struct changeover *changeover);

/* At the end of the process, once no message is under way: the store's writer
 * has written what it had until DEADLINE_MS (monotonic).  False where a thread
 * may be at something yet: then nothing may be freed, not even this. */
bool changeover_end(struct changeover *changeover, int64_t deadline_ms);

/* Sets *CHANGEOVER to NULL. */
void changeover_destroy(struct changeover **changeover);

#endif
