/* cli/report_failures.h - assay report failures: send failure reports. */
#ifndef ASSAY_CLI_REPORT_FAILURES_H
#define ASSAY_CLI_REPORT_FAILURES_H

struct command;

/* 0; EX_TEMPFAIL where something waits for the next run; another of
 * sysexits(3). */
int report_failures_run(const struct command *self, int argc, char **argv);

#endif
