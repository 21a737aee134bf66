/* cli/report.h - assay report: its subcommands, one file each. */
#ifndef ASSAY_CLI_REPORT_H
#define ASSAY_CLI_REPORT_H

struct command;

int report_run_command(const struct command *self, int argc, char **argv);

#endif
