/* cli/status.h - assay status: how the running assayd does. */
#ifndef ASSAY_CLI_STATUS_H
#define ASSAY_CLI_STATUS_H

struct command;

/* 0: it runs, and nothing is wrong; STATUS_UNWELL: something is; else of
 * sysexits(3), as cli/ask.h says. */
enum {
	STATUS_UNWELL = 1,
};

int status_run_command(const struct command *self, int argc, char **argv);

#endif
