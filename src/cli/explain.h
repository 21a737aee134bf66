/* cli/explain.h - assay explain: why a message was judged as it was. */
#ifndef ASSAY_CLI_EXPLAIN_H
#define ASSAY_CLI_EXPLAIN_H

#include "base/slice.h"

struct command;

/* What may be explained. */
enum explain_kind {
	EXPLAIN_UNKNOWN = 0,
	EXPLAIN_MESSAGE,
	EXPLAIN_RESULTS,	/* an Authentication-Results field */
	EXPLAIN_REPLY,		/* what an SMTP server said */
	EXPLAIN_ID,		/* of a message or session in the log */
};

/* What TEXT is by its form: of a file where IS_FILE, else of the command line,
 * where a message does not come from. */
enum explain_kind explain_find_kind(struct slice text, bool is_file);

/* 0: it is explained; EXPLAIN_UNREADABLE: it could not be read or is not what
 * it was said to be; EXPLAIN_NOT_FOUND: the log has no such id; else of
 * sysexits(3). */
enum {
	EXPLAIN_NOT_FOUND = 1,
	EXPLAIN_UNREADABLE = 2,
};

int explain_run_command(const struct command *self, int argc, char **argv);

#endif
