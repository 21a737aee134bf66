/* cli/stats.h - assay stats and assay shadow: what the store remembers, summed
 * up. */
#ifndef ASSAY_CLI_STATS_H
#define ASSAY_CLI_STATS_H

#include "base/slice.h"

struct command;

int stats_run_command(const struct command *self, int argc, char **argv);
int shadow_run_command(const struct command *self, int argc, char **argv);

/* A field in quotes on stdout, escaped; one that a spreadsheet would take for a
 * formula begins with an apostrophe. */
void stats_print_csv_text(struct slice text);

#endif
