/* cli/report_status.h - assay report status. */
#ifndef ASSAY_CLI_REPORT_STATUS_H
#define ASSAY_CLI_REPORT_STATUS_H

struct command;

int report_status_run(const struct command *self, int argc, char **argv);

#endif
