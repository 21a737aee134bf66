/* cli/report_tools.h - what the subcommands that make reports work with.  As
 * in report_setup.h, each of these tells on stderr what went wrong and gives
 * the exit status for it. */
#ifndef ASSAY_CLI_REPORT_TOOLS_H
#define ASSAY_CLI_REPORT_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/compose.h"

struct arena;
struct config;
struct deliverer;
struct psl;
struct store;
struct strbuf;
struct tool_resolver;

/* What is not open yet is NULL. */
struct report_tools {
	struct arena *arena;		/* owned, all of these */
	struct config *config;
	struct psl *psl;
	struct store *store;
	struct tool_resolver *resolver;
	struct deliverer *deliverer;
	struct report_sender sender;	/* lives in the arena */
};

/* The arena alone. */
int report_tools_init(struct report_tools *tools, size_t arena_ceiling);

/* For what setup_load_config has put into CONFIG: the sender, the public suffix
 * list, the way out where IS_SENDING, and the store. */
int report_tools_open(struct report_tools *tools, bool is_sending);

int report_tools_open_resolver(struct report_tools *tools);

/* PROBLEM in a line of its own.  Gives EX_CONFIG. */
int report_tools_tell(const struct strbuf *problem);

/* All of it, however far it came. */
void report_tools_close(struct report_tools *tools);

#endif
