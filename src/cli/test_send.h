/* cli/test_send.h - assay test-send: an SMTP dialogue, step by step. */
#ifndef ASSAY_CLI_TEST_SEND_H
#define ASSAY_CLI_TEST_SEND_H

struct command;

/* 0: every step was taken; TEST_SEND_REFUSED and TEST_SEND_DEFERRED: a 5xx, a
 * 4xx; else of sysexits(3). */
enum {
	TEST_SEND_REFUSED = 1,
	TEST_SEND_DEFERRED = 2,
};

int test_send_run_command(const struct command *self, int argc, char **argv);

#endif
