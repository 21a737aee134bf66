/* cli/period.h - what stats and shadow have in common: which days, in which
 * form, and the store. */
#ifndef ASSAY_CLI_PERIOD_H
#define ASSAY_CLI_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

struct command;
struct config;
struct store;

enum period_form {
	PERIOD_TABLE = 0,
	PERIOD_JSON,
	PERIOD_CSV,
};

#define PERIOD_DEFAULT_DAYS 7
#define PERIOD_MAX_DAYS 36500

struct period {
	const char *config_path;
	uint32_t from, to;	/* days, both included */
	enum period_form form;
	const char *by;		/* --by, or NULL */
	unsigned top;		/* rows shown; 0: all */
	struct config *config;	/* owned, both */
	struct store *store;
};

/* Read -c, --days, --from, --to, --json, --csv, --by and --top.  0, or the exit
 * status; *WANTS_HELP. */
int period_parse(const struct command *command, int argc, char **argv,
    struct period *period, bool *wants_help);

/* 0, or the exit status, told of on stderr. */
int period_open(struct period *period);
void period_close(struct period *period);

#endif
