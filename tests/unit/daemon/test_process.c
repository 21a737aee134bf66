/* Privileges and the way into the background, each in a process of its own. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "daemon/process.h"
#include "unit/test.h"

/* Drop privileges; 0, or 1 where that fails, with PROBLEM as expected. */
static int
drop(const char *user, const char *problem)
{
	struct arena *arena = arena_create(TEST_ARENA_CEILING);
	struct strbuf buf;
	bool is_dropped;

	if (arena == NULL)
		return 99;
	strbuf_init(&buf, arena, 1000);
	is_dropped = process_drop_privileges(user, &buf);
	if (!slice_starts_with(strbuf_slice(&buf), slice_from_cstr(problem)))
		return 98;
	arena_destroy(&arena);
	return is_dropped ? 0 : 1;
}

static int
become_nobody(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	gid_t groups[64];

	if (nobody == NULL || drop("nobody", "") != 0)
		return 2;
	if (getuid() != nobody->pw_uid || getgid() != nobody->pw_gid)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 5;
	for (int i = getgroups(64, groups); i-- > 0;)
		if (groups[i] == 0)
			return 6;
	/* Another user from here is refused, the same one is fine. */
	if (drop("root", "cannot become user root: start assayd as root") != 1)
		return 7;
	return drop("nobody", "") == 0 ? 0 : 8;
}

static int
become_stranger(void)
{
	return drop("no-such-user", "there is no user no-such-user") == 1 ?
	    0 : 1;
}

static int
stay(void)
{
	uid_t uid = getuid();

	if (drop(NULL, "") != 0 || getuid() != uid)
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

static int
prepare(void)
{
	struct rlimit limit;

	process_prepare();
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur != limit.rlim_max)
		return 1;
	if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0)
		return 2;
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 3;
}

static void
test_privileges(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(stay), 0);
	assert_int_equal(test_run_child(become_stranger), 0);
	assert_int_equal(test_run_child(prepare), 0);
	if (geteuid() != 0)
		skip();		/* only root can become another */
	assert_int_equal(test_run_child(become_nobody), 0);
}

/* ---- background ---------------------------------------------------------- */

/* The child is ready: the parent ends well though the child goes on. */
static int
fork_and_be_ready(void)
{
	int ready_fd, status;

	if (!process_fork(&ready_fd, &status))
		return status;
	process_leave_terminal();
	process_tell_ready(ready_fd);
	_exit(7);
}

static int
fork_and_fail(void)
{
	int ready_fd, status;

	if (!process_fork(&ready_fd, &status))
		return status;
	_exit(3);
}

/* Gone without a word, and with status 0: that is no success. */
static int
fork_and_vanish(void)
{
	int ready_fd, status;

	if (!process_fork(&ready_fd, &status))
		return status;
	_exit(0);
}

/* Sessions differ, and nothing of ours is held open once the child is ready. */
static int
fork_and_look(void)
{
	pid_t session = getsid(0);
	int ready_fd, status, fds[2];
	char octet = 'x';

	if (pipe(fds) != 0)
		return 90;
	dup2(fds[1], STDERR_FILENO);
	if (!process_fork(&ready_fd, &status)) {
		close(fds[1]);
		close(STDERR_FILENO);
		if (status != 0)
			return 91;
		/* The child's answer, then the end although it still runs. */
		if (read(fds[0], &octet, 1) != 1 || octet != 'y')
			return 92;
		return read(fds[0], &octet, 1) == 0 ? 0 : 93;
	}
	octet = getsid(0) != session && getsid(0) == getpid() ? 'y' : 'n';
	if (write(STDERR_FILENO, &octet, 1) != 1)
		_exit(94);
	close(fds[0]);
	close(fds[1]);
	process_leave_terminal();
	process_tell_ready(ready_fd);
	_exit(write(STDERR_FILENO, &octet, 1) == 1 ? 0 : 95);
}

static void
test_background(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(fork_and_be_ready), 0);
	assert_int_equal(test_run_child(fork_and_fail), 3);
	assert_int_equal(test_run_child(fork_and_vanish), 1);
	assert_int_equal(test_run_child(fork_and_look), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_privileges),
		cmocka_unit_test(test_background),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
