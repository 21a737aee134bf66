/* cli/report_send.h - assay report send. */
#ifndef ASSAY_CLI_REPORT_SEND_H
#define ASSAY_CLI_REPORT_SEND_H

struct command;

int report_send_run(const struct command *self, int argc, char **argv);

#endif
