/* cli/report_prune.h - assay report prune. */
#ifndef ASSAY_CLI_REPORT_PRUNE_H
#define ASSAY_CLI_REPORT_PRUNE_H

struct command;

int report_prune_run(const struct command *self, int argc, char **argv);

#endif
