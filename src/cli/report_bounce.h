/* cli/report_bounce.h - assay report bounce: a bounce of a report, from an MTA
 * by a pipe. */
#ifndef ASSAY_CLI_REPORT_BOUNCE_H
#define ASSAY_CLI_REPORT_BOUNCE_H

struct command;

/* 0, also where there was nothing to do, so that the MTA does not bounce the
 * bounce; EX_TEMPFAIL where it is to be tried again. */
int report_bounce_run(const struct command *self, int argc, char **argv);

#endif
