/* cli/command.h - subcommands: tables of them, and the way to the one that is
 * meant. */
#ifndef ASSAY_CLI_COMMAND_H
#define ASSAY_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct option;

struct command {
	const char *name;	/* "send" */
	const char *path;	/* all words to type: "assay report send" */
	const char *arguments;	/* "[-c FILE] DOMAIN..." */
	const char *summary;	/* for the list of commands */
	/* The process's exit status, of sysexits(3).  ARGV[0] is the command's
	 * name. */
	int (*run)(const struct command *self, int argc, char **argv);
};

/* Run the command of the table that ARGV[1] names; SELF is the one that the
 * table is of.  "help", "-h" and "--help" list it.  Anything else is one line
 * on stderr that says what to type, and EX_USAGE. */
int command_dispatch(const struct command *self,
    const struct command *commands, size_t n, int argc, char **argv);

/* One line on stderr: the problem (NULL: none to tell) and the usage.  Gives
 * EX_USAGE. */
int command_misuse(const struct command *self, const char *problem);

/* What getopt_long(3), told to be silent and with ":" in front of its options,
 * has found wrong when it gave C; as command_misuse. */
int command_misuse_option(const struct command *self, int c, char **argv);

/* All options of ARGV, by getopt_long(3) with SHORTS, which begins with ":",
 * and LONGS; "-h" is for the usage, and *WANTS_HELP is true behind it.  TAKE
 * gives NULL, or what is wrong with the option, whose argument is optarg.  0,
 * or EX_USAGE; optind is at the first argument. */
int command_parse_options(const struct command *self, int argc, char **argv,
    const char *shorts, const struct option *longs,
    const char *(*take)(void *context, int c), void *context,
    bool *wants_help);

/* The usage on stdout.  Gives 0. */
int command_help(const struct command *self);

#endif
