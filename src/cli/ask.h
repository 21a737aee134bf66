/* cli/ask.h - what the subcommands begin with that speak with a running assayd,
 * over its control socket. */
#ifndef ASSAY_CLI_ASK_H
#define ASSAY_CLI_ASK_H

#include <jansson.h>
#include <stdio.h>

#include "base/strbuf.h"

struct command;

/* The long options of all of them; -c FILE and -h go with them.  A command's
 * own have numbers from ASK_OPTION_END on. */
enum ask_option {
	ASK_OPTION_SOCKET = 256,
	ASK_OPTION_JSON,
	ASK_OPTION_END,
};

#define ASK_LONG_OPTIONS \
	{ "socket", required_argument, NULL, ASK_OPTION_SOCKET }, \
	{ "json", no_argument, NULL, ASK_OPTION_JSON }, \
	{ "help", no_argument, NULL, 'h' }

struct ask {
	const struct command *command;	/* borrowed */
	const char *config_path;	/* NULL: the daemon's own */
	const char *socket;		/* NULL: what that says */
	bool is_json;
	struct arena *arena;		/* owned, and so on */
	struct strbuf problem;
	int fd;				/* -1: not connected yet */
};

/* False where memory is out, which is told on stderr. */
bool ask_begin(struct ask *ask, const struct command *command);
void ask_end(struct ask *ask);

/* False where C is none of the options above. */
bool ask_take_option(struct ask *ask, int c);

/* All of ARGV, for a command that has no others and takes at most
 * MAX_ARGUMENTS.  0, or EX_USAGE. */
int ask_parse(struct ask *ask, int argc, char **argv, int max_arguments,
    bool *wants_help);

/* Send REQUEST, which is released, and wait for the answer, the caller's to
 * release.  0, or the exit status, told on stderr: EX_UNAVAILABLE where assayd
 * does not run, EX_NOPERM, EX_TEMPFAIL where no answer comes, EX_CONFIG. */
int ask_daemon(struct ask *ask, json_t *request, json_t **answer_out);

/* The same, where the answer has nothing but an error to tell of: that is
 * EX_PROTOCOL. */
int ask_for(struct ask *ask, json_t *request, json_t **answer_out);

/* "error" of an answer, or NULL. */
const char *ask_get_error(const json_t *answer);

/* ANSWER as it is, for programs.  0, or EX_IOERR. */
int ask_print_json(const json_t *answer);

#endif
