/* cli/judge.h - assay judge: a message handed to the running assayd, as an MTA
 * without milters would hand it over. */
#ifndef ASSAY_CLI_JUDGE_H
#define ASSAY_CLI_JUDGE_H

struct command;

/* 0: all messages are accepted; JUDGE_NOT_ACCEPTED: one is not; JUDGE_FAILED:
 * one could not be read or judged; else of sysexits(3), as cli/ask.h says. */
enum {
	JUDGE_NOT_ACCEPTED = 1,
	JUDGE_FAILED = 2,
};

int judge_run_command(const struct command *self, int argc, char **argv);

#endif
