/* daemon/process.c - see process.h. */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/strbuf.h"

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;		/* then the soft limit is the bound */
}

static void
forbid_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	/* The limit does not bind a core_pattern that is a pipe; the flag
	 * does.  It is lost, or set, with a change of user. */
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return;
}

void
process_prepare(void)
{
	heap_share();
	heap_release_large();
	raise_file_limit();
	forbid_core_dumps();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file may not grow: write says so */
	if (chdir("/") != 0)
		return;		/* a folder is kept busy, no more */
}

void
process_hold_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- privileges ---------------------------------------------------------- */

/* All three of each are the new ones, and root cannot be had back. */
static bool
is_for_good(uid_t uid, gid_t gid)
{
	uid_t real_uid, effective_uid, saved_uid;
	gid_t real_gid, effective_gid, saved_gid;

	if (getresuid(&real_uid, &effective_uid, &saved_uid) != 0 ||
	    getresgid(&real_gid, &effective_gid, &saved_gid) != 0)
		return false;
	if (real_uid != uid || effective_uid != uid || saved_uid != uid ||
	    real_gid != gid || effective_gid != gid || saved_gid != gid)
		return false;
	return uid == 0 || (setuid(0) != 0 && seteuid(0) != 0);
}

static bool
become(const struct passwd *user, struct strbuf *problem)
{
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		strbuf_printf(problem, "cannot become user %s: %s",
		    user->pw_name, strerror(errno));
		return false;
	}
	if (!is_for_good(user->pw_uid, user->pw_gid)) {
		strbuf_printf(problem, "user %s could become root again",
		    user->pw_name);
		return false;
	}
	return true;
}

static bool
change_user(const char *name, struct strbuf *problem)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL) {
		strbuf_printf(problem, "there is no user %s", name);
		return false;
	}
	if (geteuid() == 0)
		return become(user, problem);
	if (is_for_good(user->pw_uid, getgid()))
		return true;
	strbuf_printf(problem, "cannot become user %s: start assayd as root "
	    "or as %s, or take \"user\" out of the configuration", name, name);
	return false;
}

bool
process_drop_privileges(const char *user, struct strbuf *problem)
{
	if (user != NULL && !change_user(user, problem))
		return false;
	forbid_core_dumps();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		strbuf_printf(problem, "cannot renounce new privileges: %s",
		    strerror(errno));
		return false;
	}
	return true;
}

/* ---- background ---------------------------------------------------------- */

/* One octet comes when CHILD is ready, none when it ends before. */
int
process_wait_ready(pid_t child, int fd)
{
	char octet;
	ssize_t n;
	int status;

	do
		n = read(fd, &octet, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) && WEXITSTATUS(status) != 0 ?
	    WEXITSTATUS(status) : 1;
}

bool
process_fork(int *ready_fd_out, int *exit_status_out)
{
	int fds[2];
	pid_t child;

	*ready_fd_out = -1;
	*exit_status_out = 1;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		perror("assayd: pipe");
		return false;
	}
	if ((child = fork()) < 0) {
		perror("assayd: fork");
		close(fds[0]);
		close(fds[1]);
		return false;
	}
	if (child != 0) {
		close(fds[1]);
		*exit_status_out = process_wait_ready(child, fds[0]);
		close(fds[0]);
		return false;
	}
	close(fds[0]);
	setsid();	/* cannot fail: a new process leads no group */
	*ready_fd_out = fds[1];
	return true;
}

void
process_leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
}

void
process_tell_ready(int ready_fd)
{
	/* Where the parent is gone already nobody waits. */
	if (write(ready_fd, "", 1) != 1)
		errno = 0;
	close(ready_fd);
}
