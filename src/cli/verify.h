/* cli/verify.h - assay verify: what assayd would find of saved messages. */
#ifndef ASSAY_CLI_VERIFY_H
#define ASSAY_CLI_VERIFY_H

struct command;

/* 0: all messages would be accepted; VERIFY_NOT_ACCEPTED: one would not be;
 * VERIFY_UNREADABLE: one could not be read or judged; else of sysexits(3). */
enum {
	VERIFY_NOT_ACCEPTED = 1,
	VERIFY_UNREADABLE = 2,
};

int verify_run_command(const struct command *self, int argc, char **argv);

#endif
