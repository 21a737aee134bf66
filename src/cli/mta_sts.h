/* cli/mta_sts.h - assay mta-sts: how mail to a domain is to be delivered, for
 * Postfix and for people. */
#ifndef ASSAY_CLI_MTA_STS_H
#define ASSAY_CLI_MTA_STS_H

struct command;

int mta_sts_run_command(const struct command *self, int argc, char **argv);

int mta_sts_serve_run(const struct command *self, int argc, char **argv);
int mta_sts_query_run(const struct command *self, int argc, char **argv);

#endif
