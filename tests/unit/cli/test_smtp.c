/* The SMTP client against servers that mean no good. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/smtp.h"
#include "unit/test.h"

#define TIMEOUT_MS 300
#define PAUSE_US 20000

struct server {
	int listener;
	unsigned port;
	void (*serve)(int fd);
	pthread_t thread;
};

static void *
run_server(void *context)
{
	const struct server *server = context;
	int fd = accept(server->listener, NULL, NULL);

	if (fd >= 0) {
		server->serve(fd);
		close(fd);
	}
	return NULL;
}

static void
start(struct server *server, void (*serve)(int fd))
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->serve = serve;
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address,
	    size), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(getsockname(server->listener,
	    (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, run_server,
	    server), 0);
}

static void
stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
}

static struct smtp *
reach(struct arena *arena, const struct server *server,
    struct strbuf *problem)
{
	static const struct ip_address here = { IP_V4, { 127, 0, 0, 1 } };
	struct smtp *smtp;

	strbuf_init(problem, arena, 1000);
	assert_int_equal(smtp_connect(arena, &here, 1, server->port,
	    TIMEOUT_MS, problem, &smtp), SMTP_OK);
	return smtp;
}

/* An octet at a time, each well within the timeout. */
static void
drip(int fd)
{
	for (size_t i = 0; i < 100; i++) {
		if (send(fd, "2", 1, MSG_NOSIGNAL) != 1)
			return;
		usleep(PAUSE_US);
	}
}

static void
test_drip(void **state)
{
	struct arena *arena = test_arena();
	int64_t before_ms = clock_monotonic_ms();
	struct smtp_reply reply;
	struct strbuf problem;
	struct server server;
	struct smtp *smtp;

	(void)state;
	start(&server, drip);
	smtp = reach(arena, &server, &problem);
	assert_int_equal(smtp_read_reply(smtp, &reply), SMTP_TIMEOUT);
	assert_true(clock_monotonic_ms() - before_ms < 4 * TIMEOUT_MS);
	smtp_close(&smtp);
	stop(&server);
	arena_destroy(&arena);
}

/* FIN, then RST: what writes into it then gets EPIPE. */
static void
hang_up(int fd)
{
	static const struct linger at_once = { 1, 0 };

	assert_int_equal(send(fd, "220 go\r\n", 8, MSG_NOSIGNAL), 8);
	shutdown(fd, SHUT_WR);
	usleep(PAUSE_US);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void
test_hang_up(void **state)
{
	struct arena *arena = test_arena();
	struct smtp_reply reply;
	struct strbuf problem;
	struct server server;
	struct smtp_tls tls;
	struct smtp *smtp;

	(void)state;
	start(&server, hang_up);
	smtp = reach(arena, &server, &problem);
	assert_int_equal(smtp_read_reply(smtp, &reply), SMTP_OK);
	stop(&server);
	assert_int_not_equal(smtp_start_tls(smtp, "localhost", &tls),
	    SMTP_OK);
	assert_true(problem.len != 0);
	smtp_close(&smtp);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drip),
		cmocka_unit_test(test_hang_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
