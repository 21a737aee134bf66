/* daemon/engine.h - what each process of the daemon has for itself, behind the
 * last fork: the loop, the configuration in force, and what goes with them. */
#ifndef ASSAY_DAEMON_ENGINE_H
#define ASSAY_DAEMON_ENGINE_H

#include <stdbool.h>

struct board;
struct config;
struct draft;
struct engine;
struct listeners;
struct log;
struct reload_board;
struct strbuf;
struct supervisor_place;

/* How long the end waits for the store. */
#define ENGINE_WRITER_MS 5000

struct engine_options {
	const struct config *boot;	/* the first configuration; all of it
					 * is borrowed */
	const char *config_path;	/* absolute */
	const char *hostname;
	struct log *log;
	bool is_foreground;
	struct board *board;
	struct reload_board *reload_board;	/* NULL: the only process */
	const struct supervisor_place *place;	/* NULL: the only process */
	/* Taken over by whoever serves, closed by whoever does not. */
	struct listeners *listeners;
};

/* Ready to run, by DRAFT, which it shares.  NULL with the problem appended. */
struct engine *engine_create(const struct engine_options *options,
    const struct draft *draft, struct strbuf *problem);

/* Until the process is to end; its exit status. */
int engine_run(struct engine *engine);

/* Behind that, or in its place: what is to be written is, for a bounded time.
 * False where a thread may still use what it has: then nothing may be freed,
 * and the process is left with _exit. */
bool engine_end(struct engine *engine);

/* Only when that was true.  Sets *ENGINE to NULL; NULL there is well. */
void engine_destroy(struct engine **engine);

#endif
