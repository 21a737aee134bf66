/* daemon/process.h - the process's own affairs: limits, user, background. */
#ifndef ASSAY_DAEMON_PROCESS_H
#define ASSAY_DAEMON_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct strbuf;

/* As many open files as the hard limit lets, no core dumps (mail would lie in
 * them), no SIGPIPE, "/" as working folder.  Nothing of it is vital: what
 * cannot be done is left. */
void process_prepare(void);

/* From now on SIGTERM, SIGINT, SIGHUP and SIGUSR1 wait until somebody is ready
 * for them. */
void process_hold_signals(void);

/* Become USER (NULL: stay) for good: groups, group and user, which is verified;
 * no program run later may gain rights.  On failure false and the problem
 * appended; the process must not go on then. */
bool process_drop_privileges(const char *user, struct strbuf *problem);

/* Fork.  True in the child, which has a session of its own and still the
 * caller's stdin, stdout and stderr; *READY_FD_OUT is for
 * process_tell_ready.  False in the parent, once the child is ready or gone,
 * with the status to exit with. */
bool process_fork(int *ready_fd_out, int *exit_status_out);

/* Wait for CHILD, which process_tell_ready will be called in with the other end
 * of FD: 0 when it is ready; else it has ended, is waited for, and this is the
 * status to exit with. */
int process_wait_ready(pid_t child, int fd);

/* Let go of stdin, stdout and stderr. */
void process_leave_terminal(void);

/* Let go of whoever waits at READY_FD; all that is to be told is told. */
void process_tell_ready(int ready_fd);

#endif
