/* daemon/daemon.h - assayd from its configuration to its end. */
#ifndef ASSAY_DAEMON_DAEMON_H
#define ASSAY_DAEMON_DAEMON_H

struct daemon_options;

/* The whole life; the status to exit with. */
int daemon_run(const struct daemon_options *options);

/* -t: 0 where the file has no problem; else 1 and all of them on stderr.  What
 * is only noted goes to stdout. */
int daemon_test_config(const char *path);

#endif
