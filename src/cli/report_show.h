/* cli/report_show.h - assay report show: aggregate reports of any provider. */
#ifndef ASSAY_CLI_REPORT_SHOW_H
#define ASSAY_CLI_REPORT_SHOW_H

struct command;

/* 0: all files were read; 1: one of them was not, or not to its end;
 * EX_USAGE. */
int report_show_run(const struct command *self, int argc, char **argv);

#endif
