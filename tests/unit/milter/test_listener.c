/* tests/unit/milter/test_listener.c - the socket that is opened.
 *
 * libmilter opens one per process: each case has a child of its own. */
#include "milter/listener.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "milter/callbacks.h"
#include "milter/milter.h"
#include "unit/test.h"

#define MAX_PROBLEM 4096

struct folder {
	char path[64];
	char socket[128];	/* "unix:" and a path in it */
};

static const char *
socket_path(const struct folder *folder)
{
	return folder->socket + strlen("unix:");
}

static void
make_folder(struct folder *folder)
{
	strcpy(folder->path, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->socket, sizeof(folder->socket), "unix:%s/s",
	    folder->path);
}

static void
remove_folder(const struct folder *folder)
{
	unlink(socket_path(folder));
	assert_int_equal(rmdir(folder->path), 0);
}

/* In the child: what went wrong goes to FD, the status tells. */
static void
open_in_child(const struct milter_options *options, int fd)
{
	struct arena *arena = arena_create(65536);
	struct strbuf problem;
	int listener;
	bool ok;

	if (arena == NULL || smfi_register(callbacks_describe()) !=
	    MI_SUCCESS)
		_exit(2);
	strbuf_init(&problem, arena, MAX_PROBLEM);
	ok = listener_open(options, &listener, &problem);
	if (ok != (listener >= 0))
		_exit(2);
	if (write(fd, problem.ptr, problem.len) < 0)
		_exit(2);
	_exit(ok ? 0 : 1);
}

/* Empty where the socket was opened. */
static const char *
try_open(struct arena *arena, const struct milter_options *options)
{
	char *problem = arena_alloc(arena, MAX_PROBLEM + 1);
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_non_null(problem);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		open_in_child(options, fds[1]);
	close(fds[1]);
	n = read(fds[0], problem, MAX_PROBLEM);
	assert_true(n >= 0);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), n == 0 ? 0 : 1);
	return problem;
}

static void
test_mode_and_group(void **state)
{
	const struct group *group = getgrgid(getgid());
	struct arena *arena = test_arena();
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct folder folder;
	struct stat status;

	(void)state;
	make_folder(&folder);
	options.socket = folder.socket;
	options.socket_mode = 0664;
	options.socket_group = group != NULL ? group->gr_name : NULL;
	assert_string_equal(try_open(arena, &options), "");
	assert_int_equal(stat(socket_path(&folder), &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0664);
	assert_int_equal(status.st_gid, getgid());

	/* That process is gone: its socket is stale and is replaced. */
	options.socket_mode = 0600;
	assert_string_equal(try_open(arena, &options), "");
	assert_int_equal(stat(socket_path(&folder), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);

	options.socket_group = "no-such-group-here";
	assert_non_null(strstr(try_open(arena, &options),
	    "no-such-group-here"));
	remove_folder(&folder);
	arena_destroy(&arena);
}

/* What lies behind a link in the socket's place stays as it is. */
static void
test_link(void **state)
{
	const struct group *group = getgrgid(getgid());
	struct arena *arena = test_arena();
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct strbuf problem;
	struct folder folder;
	struct stat status;
	char file[128];
	int fd;

	(void)state;
	make_folder(&folder);
	snprintf(file, sizeof(file), "%s/file", folder.path);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlink(file, socket_path(&folder)), 0);
	options.socket = folder.socket;
	options.socket_mode = 0666;
	options.socket_group = group != NULL ? group->gr_name : NULL;
	strbuf_init(&problem, arena, MAX_PROBLEM);
	assert_false(listener_give_access(&options, socket_path(&folder),
	    &problem));
	assert_int_equal(stat(file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	unlink(file);
	remove_folder(&folder);
	arena_destroy(&arena);
}

static struct sockaddr_un
address_of(const struct folder *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, socket_path(folder));
	return address;
}

/* Somebody else, who takes up to BACKLOG connections. */
static int
listen_there(const struct folder *folder, int backlog)
{
	struct sockaddr_un address = address_of(folder);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int
connect_there(const struct folder *folder)
{
	struct sockaddr_un address = address_of(folder);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

static void
test_in_use(void **state)
{
	struct arena *arena = test_arena();
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct folder folder;
	struct stat status;
	int fd;

	(void)state;
	make_folder(&folder);
	options.socket = folder.socket;
	fd = listen_there(&folder, 5);
	assert_non_null(strstr(try_open(arena, &options), "listens"));
	assert_int_equal(stat(socket_path(&folder), &status), 0);
	close(fd);
	remove_folder(&folder);
	arena_destroy(&arena);
}

/* Who is too busy to accept connections is not waited for. */
static void
test_in_use_and_busy(void **state)
{
	struct arena *arena = test_arena();
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct folder folder;
	int fd, waiting;

	(void)state;
	make_folder(&folder);
	options.socket = folder.socket;
	fd = listen_there(&folder, 0);
	waiting = connect_there(&folder);
	assert_non_null(strstr(try_open(arena, &options), "listens"));
	close(waiting);
	close(fd);
	remove_folder(&folder);
	arena_destroy(&arena);
}

static void
test_refused(void **state)
{
	struct arena *arena = test_arena();
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct folder folder;
	struct stat status;
	char text[512];
	FILE *file;

	(void)state;
	make_folder(&folder);

	options.socket = folder.socket;	/* another kind of file is kept */
	file = fopen(socket_path(&folder), "w");
	assert_non_null(file);
	fclose(file);
	assert_non_null(strstr(try_open(arena, &options), "no socket"));
	assert_int_equal(stat(socket_path(&folder), &status), 0);

	snprintf(text, sizeof(text), "unix:%s/none/s", folder.path);
	options.socket = text;
	assert_non_null(strstr(try_open(arena, &options),
	    "No such file or directory: make "));

	memset(text, 'x', sizeof(text));
	memcpy(text, "local:/", 7);
	text[sizeof(text) - 1] = '\0';
	assert_non_null(strstr(try_open(arena, &options), "too long"));

	options.socket = "unix:";
	assert_non_null(strstr(try_open(arena, &options), "empty"));
	options.socket = "gopher:70@localhost";
	assert_non_null(strstr(try_open(arena, &options), "gopher"));
	remove_folder(&folder);
	arena_destroy(&arena);
}

/* In the child: a port of ours, and whether connections to it come without
 * Nagle's delay. */
static void
check_internet_in_child(void)
{
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	struct arena *arena = arena_create(65536);
	struct strbuf problem;
	char text[64];
	in_port_t port;
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 0, listener;
	bool is_ours = false;

	if (arena == NULL ||
	    bind(fd, (struct sockaddr *)&address, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		_exit(2);
	close(fd);
	port = ntohs(address.sin_port);
	snprintf(text, sizeof(text), "inet:%u@127.0.0.1", (unsigned)port);
	options.socket = text;
	strbuf_init(&problem, arena, MAX_PROBLEM);
	if (smfi_register(callbacks_describe()) != MI_SUCCESS ||
	    !listener_open(&options, &listener, &problem))
		_exit(3);
	len = sizeof(address);
	if (getsockname(listener, (struct sockaddr *)&address, &len) == 0) {
		len = sizeof(on);
		is_ours = ntohs(address.sin_port) == port && getsockopt(
		    listener, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0;
	}
	_exit(is_ours && on != 0 ? 0 : 1);
}

static void
test_no_delay(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		check_internet_in_child();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In the child: who comes late to a connection waits only where nobody shares
 * the socket; and closed, it leaves no file.  0 where all is right. */
static int
share_in_child(const struct milter_options *options, const char *path)
{
	struct arena *arena = arena_create(65536);
	struct strbuf problem;
	struct stat status;
	int fd, flags;

	if (arena == NULL || smfi_register(callbacks_describe()) !=
	    MI_SUCCESS)
		return 2;
	strbuf_init(&problem, arena, MAX_PROBLEM);
	if (!listener_open(options, &fd, &problem) || stat(path, &status) != 0)
		return 3;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 ||
	    ((flags & O_NONBLOCK) != 0) != (options->workers > 1))
		return 4;
	if (listener_remove(options, &problem))	/* it is listened on */
		return 5;
	close(fd);
	if (!listener_remove(options, &problem) || stat(path, &status) == 0)
		return 6;
	return listener_remove(options, &problem) ? 0 : 7;
}

static void
test_shared(void **state)
{
	struct milter_options options = MILTER_OPTIONS_DEFAULT;
	struct folder folder;

	(void)state;
	make_folder(&folder);
	options.socket = folder.socket;
	for (options.workers = 1; options.workers <= 2; options.workers++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(share_in_child(&options, socket_path(&folder)));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	remove_folder(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode_and_group),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_in_use_and_busy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_delay),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
