/* tests/unit/control/test_stream.c - lines, their bounds, and answers that come
 * late; the loop turns when the test has it turn. */
#include "control/stream.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "control/socket.h"
#include "unit/test.h"

#define MAX_LINE 1000
#define MAX_MEMORY 4096
#define MAX_TICKETS 8
#define PATIENCE_S 60	/* with a loop that does not come to rest */

static struct {
	char folder[64], path[96];
	struct log *log;
	struct event_base *base;
	struct stream_server *server;
	struct stream_ticket *tickets[MAX_TICKETS];	/* not answered yet */
	size_t n_tickets;
} test;

static void
take(void *context, struct stream_ticket *ticket)
{
	assert_ptr_equal(context, &test);
	assert_true(test.n_tickets < MAX_TICKETS);
	test.tickets[test.n_tickets++] = ticket;
}

static int
start(void **state)
{
	struct stream_options options = {
		.max_line = MAX_LINE,
		.max_memory = MAX_MEMORY,
		.too_long = "too long",
		.too_much = "too much",
		.take = take,
		.context = &test,
	};
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	strcpy(test.folder, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(test.folder));
	snprintf(test.path, sizeof(test.path), "%s/c", test.folder);
	assert_true(control_find_address(test.path, &address));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	test.n_tickets = 0;
	test.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test", 0);
	test.base = event_base_new();
	assert_non_null(test.base);
	options.base = test.base;
	options.log = test.log;
	test.server = stream_create(fd, &options);
	assert_non_null(test.server);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	stream_destroy(&test.server);
	assert_null(test.server);
	event_base_free(test.base);
	log_destroy(&test.log);
	unlink(test.path);
	return rmdir(test.folder);
}

/* All that is to be done now; nothing here takes time, and what is left to do
 * would keep a processor busy. */
static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(test.base, EVLOOP_NONBLOCK);
	assert_int_equal(event_base_get_num_events(test.base,
	    EVENT_BASE_COUNT_ACTIVE), 0);
}

static int
connect_client(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(control_find_address(test.path, &address));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	turn();
	return fd;
}

static void
write_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
	turn();
}

static void
write_octets(int fd, size_t n)
{
	char *octets = malloc(n);

	assert_non_null(octets);
	memset(octets, 'x', n);
	assert_int_equal(send(fd, octets, n, MSG_NOSIGNAL), n);
	free(octets);
	turn();
}

/* All that is there now; "-" behind it where the connection has ended. */
static void
expect_text(int fd, const char *want)
{
	char text[256];
	size_t len = 0;
	ssize_t n;

	turn();
	while ((n = recv(fd, text + len, sizeof(text) - 2 - len,
	    MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	if (n == 0)
		text[len++] = '-';
	text[len] = '\0';
	assert_string_equal(text, want);
}

static void
answer(size_t i, const char *text)
{
	stream_answer(test.tickets[i], text);
	turn();
}

static void
test_lines(void **state)
{
	int fd = connect_client();

	(void)state;
	write_text(fd, "one");
	assert_int_equal(test.n_tickets, 0);
	write_text(fd, "!\ntwo\nthree");
	assert_int_equal(test.n_tickets, 1);	/* one at a time */
	test_assert_slice("line", (struct slice){ test.tickets[0]->line,
	    test.tickets[0]->len }, "one!");
	assert_int_equal(test.tickets[0]->pid, getpid());
	assert_int_equal(test.tickets[0]->uid, getuid());
	answer(0, "1");
	expect_text(fd, "1\n");
	assert_int_equal(test.n_tickets, 2);
	answer(1, "2");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	turn();
	assert_int_equal(test.n_tickets, 3);	/* its end ends a line */
	answer(2, "3");
	expect_text(fd, "2\n3\n-");
	close(fd);
}

static void
test_empty_line(void **state)
{
	int fd = connect_client();

	(void)state;
	write_text(fd, "\n\n");
	assert_int_equal(test.tickets[0]->len, 0);
	answer(0, "");
	answer(1, NULL);	/* no answer: the connection ends */
	expect_text(fd, "\n-");
	close(fd);
}

static void
test_too_long(void **state)
{
	int fd = connect_client(), other = connect_client();

	(void)state;
	write_octets(fd, MAX_LINE);
	write_text(fd, "\n");
	assert_int_equal(test.n_tickets, 1);
	assert_int_equal(test.tickets[0]->len, MAX_LINE);
	answer(0, "right");
	write_octets(fd, MAX_LINE + 1);
	expect_text(fd, "right\ntoo long\n-");
	write_text(other, "x\n");
	answer(1, "served");
	expect_text(other, "served\n");
	close(fd);
	close(other);
}

/* Lines that are not whole yet count, those in hand do, and what is answered
 * does no more. */
static void
test_too_much(void **state)
{
	int fds[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		fds[i] = connect_client();
	for (size_t i = 0; i < 4; i++)
		write_octets(fds[i], MAX_LINE);	/* 1024 octets each */
	write_text(fds[4], "x");
	expect_text(fds[4], "too much\n-");
	write_text(fds[0], "\n");
	close(fds[4]);
	fds[4] = connect_client();
	write_text(fds[4], "x");
	expect_text(fds[4], "too much\n-");
	answer(0, "done");
	close(fds[4]);
	fds[4] = connect_client();
	write_text(fds[4], "x\n");
	assert_int_equal(test.n_tickets, 2);
	answer(1, "done");
	expect_text(fds[4], "done\n");
	for (size_t i = 0; i < 5; i++)
		close(fds[i]);
}

static void
test_cost(void **state)
{
	int fd = connect_client();

	(void)state;
	write_text(fd, "x\n");
	assert_false(stream_set_cost(test.tickets[0], MAX_MEMORY + 1));
	assert_true(stream_set_cost(test.tickets[0], MAX_MEMORY));
	assert_true(stream_set_cost(test.tickets[0], 1));
	assert_true(stream_set_cost(test.tickets[0], MAX_MEMORY));
	free(stream_take_line(test.tickets[0]));
	answer(0, "y");
	write_text(fd, "x\n");
	assert_true(stream_set_cost(test.tickets[1], MAX_MEMORY));
	answer(1, "y");
	expect_text(fd, "y\ny\n");
	close(fd);
}

/* Who asked has gone, and then the server has. */
static void
test_gone(void **state)
{
	int fd = connect_client();

	(void)state;
	write_text(fd, "x\n");
	close(fd);
	turn();
	answer(0, "to nobody");
	fd = connect_client();
	write_text(fd, "x\n");
	stream_destroy(&test.server);
	assert_false(stream_set_cost(test.tickets[1], 1));
	stream_answer(test.tickets[1], "to nobody");
	expect_text(fd, "-");
	close(fd);
}

/* What comes behind a line waits until that has its answer, and keeps nobody
 * busy (libevent would look at full input again and again); the same behind a
 * line that is refused. */
static void
test_full(void **state)
{
	static const char lines[] = "second\nthird\n";
	int fd = connect_client(), refused = connect_client();

	(void)state;
	alarm(PATIENCE_S);
	write_text(fd, "first\n");
	while (send(fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		turn();
	assert_int_equal(test.n_tickets, 1);
	answer(0, "1");
	assert_int_equal(test.n_tickets, 2);
	test_assert_slice("line", (struct slice){ test.tickets[1]->line,
	    test.tickets[1]->len }, "second");
	close(fd);
	answer(1, "to nobody");
	write_octets(refused, 2 * MAX_LINE);
	while (send(refused, lines, strlen(lines), MSG_DONTWAIT |
	    MSG_NOSIGNAL) > 0)
		turn();
	expect_text(refused, "too long\n-");
	close(refused);
	alarm(0);
}

static void
test_crowd(void **state)
{
	int fds[STREAM_MAX_CLIENTS + 1];

	(void)state;
	fds[0] = connect_client();
	write_text(fds[0], "x\n");	/* who waits for an answer stays */
	for (size_t i = 1; i < STREAM_MAX_CLIENTS; i++) {
		fds[i] = connect_client();
		poll(NULL, 0, i < 3 ? 2 : 0);	/* the first is the oldest */
	}
	fds[STREAM_MAX_CLIENTS] = connect_client();
	expect_text(fds[1], "-");
	expect_text(fds[2], "");
	answer(0, "y");
	expect_text(fds[0], "y\n");
	for (size_t i = 0; i < N_ELEMENTS(fds); i++)
		close(fds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, start, stop),
		cmocka_unit_test_setup_teardown(test_empty_line, start, stop),
		cmocka_unit_test_setup_teardown(test_too_long, start, stop),
		cmocka_unit_test_setup_teardown(test_too_much, start, stop),
		cmocka_unit_test_setup_teardown(test_cost, start, stop),
		cmocka_unit_test_setup_teardown(test_gone, start, stop),
		cmocka_unit_test_setup_teardown(test_full, start, stop),
		cmocka_unit_test_setup_teardown(test_crowd, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
