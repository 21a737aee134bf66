/* cli/examine_setup.h - what examining saved messages begins with, on the
 * command line and behind it: verify, explain. */
#ifndef ASSAY_CLI_EXAMINE_SETUP_H
#define ASSAY_CLI_EXAMINE_SETUP_H

#include "base/strbuf.h"
#include "cli/examine.h"

struct command;
struct config;
struct psl;
struct recording;
struct tool_resolver;

#define EXAMINE_MAX_RECIPIENTS 100

/* The long options, for getopt_long(3)'s table; -c FILE goes with them.  A
 * command's own have numbers from EXAMINE_OPTION_END on. */
enum examine_option {
	EXAMINE_OPTION_IP = 256,
	EXAMINE_OPTION_HELO,
	EXAMINE_OPTION_FROM,
	EXAMINE_OPTION_RCPT,
	EXAMINE_OPTION_SMTPUTF8,
	EXAMINE_OPTION_ZONE,
	EXAMINE_OPTION_RECORD,
	EXAMINE_OPTION_REPLAY,
	EXAMINE_OPTION_END,
};

#define EXAMINE_LONG_OPTIONS \
	{ "ip", required_argument, NULL, EXAMINE_OPTION_IP }, \
	{ "helo", required_argument, NULL, EXAMINE_OPTION_HELO }, \
	{ "from", required_argument, NULL, EXAMINE_OPTION_FROM }, \
	{ "rcpt", required_argument, NULL, EXAMINE_OPTION_RCPT }, \
	{ "smtputf8", no_argument, NULL, EXAMINE_OPTION_SMTPUTF8 }, \
	{ "zone", required_argument, NULL, EXAMINE_OPTION_ZONE }, \
	{ "record", required_argument, NULL, EXAMINE_OPTION_RECORD }, \
	{ "replay", required_argument, NULL, EXAMINE_OPTION_REPLAY }

struct examine_setup {
	const struct command *command;	/* borrowed */
	struct arena *arena;
	struct strbuf problem;		/* for examine_setup_fail */
	const char *config_path;	/* NULL: the default one, if there */
	const char *zone, *record, *replay;
	struct config *config;
	struct psl *psl;		/* NULL: there is none */
	struct recording *recording;	/* NULL: neither of the two */
	struct tool_resolver *tool;	/* NULL: replayed */
	struct resolver *recorder;	/* around it, or the replay; or NULL */
	struct slice recipients[EXAMINE_MAX_RECIPIENTS];
	struct examiner_options examiner;	/* complete once it is open */
};

/* Ready for options.  False where memory is out, which is told on stderr. */
bool examine_setup_begin(struct examine_setup *setup,
    const struct command *command);

/* Take the option that getopt_long gave as C; false where it is none of these.
 * *PROBLEM_OUT is what is wrong with it, or NULL. */
bool examine_setup_take(struct examine_setup *setup, int c, const char *value,
    const char **problem_out);

/* What is wrong with the options as a whole, or NULL. */
const char *examine_setup_check(const struct examine_setup *setup);

/* The configuration, and who answers questions.  0, or the exit status; it is
 * told on stderr. */
int examine_setup_open(struct examine_setup *setup);

/* Write the recording, where one is wanted.  As above. */
int examine_setup_save(struct examine_setup *setup);

/* Tell of the problem; gives STATUS. */
int examine_setup_fail(struct examine_setup *setup, int status);

void examine_setup_end(struct examine_setup *setup);

#endif
