/* Lines for a reader who is there, who is late, and who has gone to sleep. */
#include "base/log_stderr.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/capture.h"
#include "unit/test.h"

#define N_MANY 100000
#define N_PROCESSES 4
#define N_RACES 20

/* Standard error is one end of them, the reader has the other. */
struct reader {
	int fd, saved_fd;
};

static void
take_stderr(struct reader *reader, const int fds[2])
{
	reader->fd = fds[0];
	reader->saved_fd = dup(STDERR_FILENO);
	assert_true(reader->saved_fd >= 0);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
}

static void
give_stderr_back(struct reader *reader)
{
	assert_int_equal(dup2(reader->saved_fd, STDERR_FILENO),
	    STDERR_FILENO);
	close(reader->saved_fd);
	close(reader->fd);
}

/* All there is, its first octets in TEXT. */
static size_t
read_all(const struct reader *reader, char *text, size_t max)
{
	char piece[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = read(reader->fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < n && len + (size_t)i < max; i++)
			text[len + (size_t)i] = piece[i];
		len += (size_t)n;
	}
	return len;
}

/* Until there is no room: then a line takes as long as its patience. */
static void
fill(struct log_stderr *err, struct slice line)
{
	struct pollfd stream = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (int i = 0; i < N_MANY; i++) {
		if (poll(&stream, 1, 0) == 0) {
			assert_int_equal(log_stderr_write(err, line), 0);
			return;
		}
		assert_int_equal(log_stderr_write(err, line), 0);
	}
	fail_msg("it takes all there is");
}

static void
play(int fds[2])
{
	static char text[8];
	struct log_stderr *err = log_stderr_create();
	struct reader reader;

	assert_non_null(err);
	take_stderr(&reader, fds);
	assert_int_equal(log_stderr_write(err, SLICE("one\n")), 0);
	assert_int_equal(read_all(&reader, text, sizeof(text)), 4);
	assert_memory_equal(text, "one\n", 4);
	fill(err, SLICE("0123456789abcdef0123456789abcdef0123456789abcde\n"));
	assert_int_equal(log_stderr_write(err, SLICE("two\n")), 0);
	assert_int_equal(log_stderr_write(err, SLICE("two\n")), 0);
	assert_true(read_all(&reader, text, 0) > 0);
	assert_int_equal(log_stderr_write(err, SLICE("three\n")), 3);
	assert_int_equal(log_stderr_write(err, SLICE("3 are lost\n")), 0);
	log_stderr_told(err, 3);
	assert_int_equal(log_stderr_write(err, SLICE("four\n")), 0);
	give_stderr_back(&reader);
	log_stderr_destroy(&err);
	assert_null(err);
}

static void
test_pipe(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	play(fds);
}

static void
test_socket(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	play(fds);
}

/* What is lost like the others was not told. */
static void
test_not_told(void **state)
{
	struct log_stderr *err = log_stderr_create();
	struct reader reader;
	int fds[2];

	(void)state;
	assert_non_null(err);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
	take_stderr(&reader, fds);
	fill(err, SLICE("line\n"));
	assert_int_equal(log_stderr_write(err, SLICE("line\n")), 0);
	read_all(&reader, NULL, 0);
	assert_int_equal(log_stderr_write(err, SLICE("line\n")), 2);
	assert_int_equal(log_stderr_write(err, SLICE("2 are lost\n")), 0);
	log_stderr_told(err, 2);
	read_all(&reader, NULL, 0);
	assert_int_equal(log_stderr_write(err, SLICE("line\n")), 3);
	log_stderr_told(err, 3);
	give_stderr_back(&reader);
	log_stderr_destroy(&err);
}

/* The beginning of a line that found no room for its end gets a line end. */
static void
test_cut(void **state)
{
	static char long_line[12000], text[64 * 1024];
	struct log_stderr *err = log_stderr_create();
	struct reader reader;
	int fds[2];
	size_t len;

	(void)state;
	memset(long_line, 'x', sizeof(long_line));
	assert_non_null(err);
	assert_int_equal(pipe(fds), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 8192) == 8192);
	take_stderr(&reader, fds);
	assert_int_equal(log_stderr_write(err, (struct slice){ long_line,
	    sizeof(long_line) }), 0);
	assert_int_equal(read_all(&reader, text, 0), 8192);
	/* The rest of it has been given up. */
	assert_int_equal(log_stderr_write(err, SLICE("next\n")), 1);
	len = read_all(&reader, text, sizeof(text));
	assert_int_equal(len, 6);
	assert_memory_equal(text, "\nnext\n", 6);
	give_stderr_back(&reader);
	log_stderr_destroy(&err);
}

static void
test_gone(void **state)
{
	struct log_stderr *err = log_stderr_create();
	struct reader reader;
	int fds[2];

	(void)state;
	assert_non_null(err);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	take_stderr(&reader, fds);
	shutdown(reader.fd, SHUT_RDWR);
	assert_int_equal(log_stderr_write(err, SLICE("one\n")), 0);
	give_stderr_back(&reader);
	log_stderr_destroy(&err);
}

static void
test_file(void **state)
{
	struct arena *arena = test_arena();
	struct log_stderr *err = log_stderr_create();
	struct capture capture;

	(void)state;
	assert_non_null(err);
	capture_start(&capture);
	for (int i = 0; i < 3; i++)
		assert_int_equal(log_stderr_write(err, SLICE("line\n")), 0);
	test_assert_slice("file", capture_end(&capture, arena),
	    "line\nline\nline\n");
	log_stderr_destroy(&err);
	arena_destroy(&arena);
}

/* Of several processes with one pipe: who has seen room may find it taken. */
static int
write_along(struct log_stderr *err, int start_fd)
{
	static char line[4000];
	char octet;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	alarm(5);		/* who waits for ever is killed */
	if (read(start_fd, &octet, 1) != 0)
		return 1;
	for (int i = 0; i < 40; i++)
		log_stderr_write(err, (struct slice){ line, sizeof(line) });
	return 0;
}

/* How many of them came to their end.  Asserts nothing: that would be written
 * where there is no room. */
static int
race(struct log_stderr *err)
{
	pid_t pids[N_PROCESSES];
	int start[2], status, n_ended = 0;

	if (pipe(start) != 0)
		return -1;
	for (int i = 0; i < N_PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			close(start[1]);
			_exit(write_along(err, start[0]));
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < N_PROCESSES; i++)
		n_ended += pids[i] > 0 && waitpid(pids[i], &status, 0) ==
		    pids[i] && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return n_ended;
}

static void
test_processes(void **state)
{
	struct reader reader;
	struct log_stderr *err = log_stderr_create();
	int fds[2], n_ended = N_PROCESSES;

	(void)state;
	assert_non_null(err);
	assert_int_equal(pipe(fds), 0);
	take_stderr(&reader, fds);
	for (int i = 0; i < N_RACES && n_ended == N_PROCESSES; i++) {
		n_ended = race(err);
		(void)read_all(&reader, NULL, 0);
	}
	give_stderr_back(&reader);
	log_stderr_destroy(&err);
	assert_int_equal(n_ended, N_PROCESSES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_told),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
