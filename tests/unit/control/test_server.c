/* tests/unit/control/test_server.c - a control socket that is served by a loop
 * of its own, spoken with by a client that blocks; messages are judged by a
 * real milter context, with DNS from a zone in memory. */
#include "control/server.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "control/board.h"
#include "control/host.h"
#include "control/options.h"
#include "control/request.h"
#include "control/socket.h"
#include "control/stream.h"
#include "milter/milter.h"
#include "unit/asked.h"
#include "unit/inspect/sample.h"
#include "unit/test.h"

#define OURS "mx.example.org"
#define ANSWER_MS 20000
#define ZONE \
	"example.org TXT v=spf1 ip4:192.0.2.0/24 -all\n" \
	"_dmarc.example.org TXT v=DMARC1; p=reject\n" \
	"quarantine.example TXT v=spf1 -all\n" \
	"_dmarc.quarantine.example TXT v=DMARC1; p=quarantine\n" \
	"_dmarc.mute.example TIMEOUT\n" \
	"mute.example SERVFAIL\n" SAMPLE_KEYS

static struct {
	char folder[64], milter[96], control[96];
	struct control_options options;
	struct milter_context context;
	struct board *board;
	struct event_base *base;
	struct control_server *server;
	pthread_t thread;
	enum control_reload reload_result;
	unsigned n_reloads;
	enum log_level level;
} daemon_;

/* ---- a daemon ------------------------------------------------------------ */

static void
reload(void *arg, void (*done)(void *context, enum control_reload result,
    struct slice lines), void *context)
{
	(void)arg;
	daemon_.n_reloads++;
	done(context, daemon_.reload_result, SLICE("first \"line\"\n"
	    "f:1: second\xff\n"));
}

static void
set_log_level(void *arg, enum log_level level)
{
	(void)arg;
	atomic_store(&daemon_.board->log_level, (int)level);
}

static void *
run_loop(void *unused)
{
	(void)unused;
	event_base_loop(daemon_.base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void
open_milter(struct strbuf *problem)
{
	static const struct ip_network loopback = { { IP_V4, { 127 } }, 8 };

	daemon_.context = (struct milter_context){
		.milter = MILTER_OPTIONS_DEFAULT,
		.inspect = INSPECT_OPTIONS_DEFAULT,
		.policy = POLICY_OPTIONS_DEFAULT,
		.authserv_id = OURS,
		.hostname = "host.example.org",
		.resolver = test_zone(ZONE),
		.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test",
		    0),
	};
	daemon_.context.milter.socket = daemon_.milter;
	daemon_.context.policy.mode = POLICY_MODE_ENFORCE;
	daemon_.context.policy.trusted_networks = &loopback;
	daemon_.context.policy.n_trusted_networks = 1;
	assert_non_null(daemon_.context.log);
	if (!milter_open(&daemon_.context, problem))
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(problem)));
}

static void
open_control(struct strbuf *problem)
{
	struct control_host host = { .version = "1.2.3", .reload = reload,
		.set_log_level = set_log_level };
	int fd;

	host.log = daemon_.context.log;
	host.board = daemon_.board;
	if (!control_open_socket(&daemon_.options, &fd, problem))
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(problem)));
	assert_true(fd >= 0);
	daemon_.server = control_start_server(daemon_.base, fd, &host);
	assert_non_null(daemon_.server);
}

static int
start(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	(void)state;
	signal(SIGPIPE, SIG_IGN);	/* as the daemon does */
	strbuf_init(&problem, arena, 4096);
	strcpy(daemon_.folder, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(daemon_.folder));
	snprintf(daemon_.milter, sizeof(daemon_.milter), "unix:%s/m",
	    daemon_.folder);
	snprintf(daemon_.control, sizeof(daemon_.control), "unix:%s/c",
	    daemon_.folder);
	daemon_.options = (struct control_options){
		.socket = daemon_.control, .socket_mode = 0640 };
	daemon_.board = board_create(2);
	assert_non_null(daemon_.board);
	atomic_store(&daemon_.board->log_level, LOG_LEVEL_INFO);
	atomic_store(&daemon_.board->slots[0].pid, 42);
	atomic_store(&daemon_.board->slots[0].generation, 7);
	atomic_store(&daemon_.board->slots[0].milter.n_messages, 3);
	atomic_store(&daemon_.board->slots[1].milter.n_messages, 2);
	assert_int_equal(evthread_use_pthreads(), 0);
	daemon_.base = event_base_new();
	assert_non_null(daemon_.base);
	open_milter(&problem);
	open_control(&problem);
	assert_int_equal(pthread_create(&daemon_.thread, NULL, run_loop,
	    NULL), 0);
	arena_destroy(&arena);
	return 0;
}

static int
stop(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, 4096);
	event_base_loopbreak(daemon_.base);
	assert_int_equal(pthread_join(daemon_.thread, NULL), 0);
	for (int i = 0; i < 1000 && !control_is_quiet(daemon_.server); i++)
		poll(NULL, 0, 10);
	assert_true(control_is_quiet(daemon_.server));
	control_stop_server(&daemon_.server);
	assert_null(daemon_.server);
	assert_true(control_remove_socket(&daemon_.options, &problem));
	assert_int_not_equal(access(daemon_.control + strlen("unix:"), F_OK),
	    0);
	assert_true(milter_abandon(&problem));
	assert_true(milter_close());
	event_base_free(daemon_.base);
	dns_destroy_resolver(&daemon_.context.resolver);
	log_destroy(&daemon_.context.log);
	board_destroy(&daemon_.board);
	assert_int_equal(rmdir(daemon_.folder), 0);
	libevent_global_shutdown();
	arena_destroy(&arena);
	return 0;
}

/* ---- a client ------------------------------------------------------------ */

static int
connect_client(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(control_find_address(daemon_.control, &address));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

/* False where the other side has hung up. */
static bool
send_octets(int fd, struct slice octets)
{
	while (octets.len != 0) {
		ssize_t n = send(fd, octets.ptr, octets.len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		octets = slice_from(octets, (size_t)n);
	}
	return true;
}

static void
send_line(int fd, const char *line)
{
	assert_true(send_octets(fd, slice_from_cstr(line)));
	assert_true(send_octets(fd, SLICE("\n")));
}

/* One line, its end cut off; empty at the end of the connection. */
static struct slice
receive(struct arena *arena, int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct strbuf line;
	char c = '\0';

	strbuf_init(&line, arena, 1024 * 1024);
	while (poll(&ready, 1, ANSWER_MS) == 1 && recv(fd, &c, 1, 0) == 1 &&
	    c != '\n')
		strbuf_append_char(&line, c);
	return strbuf_slice(&line);
}

static json_t *
receive_json(int fd)
{
	struct arena *arena = test_arena();
	struct slice line = receive(arena, fd);
	json_t *object = json_loadb(line.ptr, line.len, 0, NULL);

	if (!json_is_object(object))
		fail_msg("no object: %.*s", SLICE_PRINTF(line));
	arena_destroy(&arena);
	return object;
}

static json_t *
ask(const char *line)
{
	int fd = connect_client();
	json_t *answer;

	send_line(fd, line);
	answer = receive_json(fd);
	close(fd);
	return answer;
}

/* The value at "a.b.c". */
static json_t *
find(json_t *object, const char *path)
{
	char key[64];

	while (object != NULL && path[0] != '\0') {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof(key));
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	return object;
}

static void
assert_text(const char *name, json_t *object, const char *path,
    const char *want)
{
	const char *got = json_string_value(find(object, path));

	if (want == NULL ? find(object, path) != NULL :
	    got == NULL || strstr(got, want) == NULL) {
		char *all = json_dumps(object, 0);

		fail_msg("%s: %s: no \"%s\" in %s", name, path,
		    want != NULL ? want : "(nothing)", all);
	}
}

/* ---- the daemon's own ---------------------------------------------------- */

static void
test_mode(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(daemon_.control + strlen("unix:"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void
test_status(void **state)
{
	json_t *answer = ask("{\"command\":\"status\"}");

	(void)state;
	assert_text("status", answer, "version", "1.2.3");
	assert_text("status", answer, "mode", "enforce");
	assert_text("status", answer, "log_level", "info");
	assert_int_equal(json_integer_value(find(answer, "generation")), 7);
	assert_int_equal(json_integer_value(find(answer, "mail.messages")),
	    5);
	assert_int_equal(json_array_size(find(answer, "processes")), 1);
	assert_true(json_is_object(find(answer, "mail.verdicts")));
	assert_true(json_is_null(find(answer, "store")));
	json_decref(answer);
}

static void
test_log_level(void **state)
{
	static const struct {
		const char *line, *level;
	} cases[] = {
		{ "{\"command\":\"log-level\"}", "info" },
		{ "{\"command\":\"log-level\",\"level\":\"debug\"}", "debug" },
		{ "{\"command\":\"log-level\"}", "debug" },
		{ "{\"command\":\"log-level\",\"level\":\"info\"}", "info" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		json_t *answer = ask(cases[i].line);

		assert_text(cases[i].line, answer, "level", cases[i].level);
		json_decref(answer);
	}
}

static void
test_reload(void **state)
{
	static const struct {
		enum control_reload result;
		const char *error, *lines;
	} cases[] = {
		{ CONTROL_RELOAD_DONE, NULL, "changes" },
		{ CONTROL_RELOAD_REFUSED, "the old one stays", "problems" },
		{ CONTROL_RELOAD_BUSY, "another reload", "problems" },
		{ CONTROL_RELOAD_FAILED, "has failed", "problems" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		json_t *answer, *lines;

		daemon_.reload_result = cases[i].result;
		answer = ask("{\"command\":\"reload\"}");
		assert_text("reload", answer, "error", cases[i].error);
		assert_int_equal(json_is_true(find(answer, "reloaded")),
		    cases[i].error == NULL);
		lines = find(answer, cases[i].lines);
		assert_int_equal(json_array_size(lines), 2);
		assert_string_equal(json_string_value(json_array_get(lines,
		    1)), "f:1: second\\xff");
		json_decref(answer);
	}
	assert_int_equal(daemon_.n_reloads, N_ELEMENTS(cases));
}

static void
test_others(void **state)
{
	json_t *answer = ask("{\"command\":\"cache\"}");

	(void)state;
	assert_true(json_is_null(find(answer, "ratio")));
	assert_int_equal(json_integer_value(find(answer, "hits")), 0);
	json_decref(answer);
	answer = ask("{\"command\":\"zones\"}");
	assert_int_equal(json_array_size(find(answer, "zones")), 0);
	assert_true(json_is_array(find(answer, "zones")));
	json_decref(answer);
}

/* ---- messages ------------------------------------------------------------ */

#define SUBMIT(client, sender, message) "{\"command\":\"verify\"," \
	"\"client\":" client ",\"helo\":\"mail.example.org\"," \
	"\"mail_from\":\"" sender "\",\"rcpt_to\":[\"<u@example.org>\"]," \
	"\"queue_id\":\"4XyZ\",\"message\":\"" message "\"}"
#define HONEST "\"192.0.2.1\""
#define FORGER "\"198.51.100.66\""
#define FORGED "Authentication-Results: " OURS "; spf=pass\\r\\n"
#define FOREIGN "Authentication-Results: mx.example.net; spf=pass\\r\\n"

static void
test_verdicts(void **state)
{
	static const struct {
		const char *name, *line, *action;
		const char *path, *part;	/* of the answer */
	} cases[] = {
		{ "honest", SUBMIT(HONEST, "<a@example.org>",
		    "From: a@example.org\\r\\n\\r\\nx\\r\\n"), "accept",
		    "field.value", "dmarc=pass (p=reject dis=none)" },
		{ "forged", SUBMIT(FORGER, "<a@none.example>",
		    "From: a@example.org\\r\\n\\r\\nx\\r\\n"), "reject",
		    "reply.text", "rejected by the DMARC policy of "
		    "example.org" },
		{ "its code", SUBMIT(FORGER, "<a@none.example>",
		    "From: a@example.org\\r\\n\\r\\nx\\r\\n"), "reject",
		    "reply.code", "550" },
		{ "no field where it is refused", SUBMIT(FORGER,
		    "<a@none.example>", "From: a@example.org\\r\\n\\r\\n"),
		    "reject", "field", NULL },
		{ "quarantined", SUBMIT(FORGER, "<a@none.example>",
		    "From: a@quarantine.example\\r\\n\\r\\nx\\r\\n"), "hold",
		    "quarantine_reason", "dmarc=fail p=quarantine" },
		{ "results", SUBMIT(FORGER, "<a@none.example>",
		    "From: a@quarantine.example\\r\\n\\r\\nx\\r\\n"), "hold",
		    "results.dmarc.result", "fail" },
		{ "no answer", SUBMIT(FORGER, "<a@none.example>",
		    "From: a@mute.example\\r\\n\\r\\nx\\r\\n"), "tempfail",
		    "reply.enhanced", "4.7.0" },
		{ "null sender", SUBMIT(HONEST, "",
		    "From: a@none.example\\r\\n\\r\\n"), "accept",
		    "field.value", "smtp.helo=mail.example.org" },
		{ "LF only", SUBMIT(HONEST, "a@example.org",
		    "From: a@example.org\\n\\nx\\n"), "accept",
		    "field.value", "dmarc=pass" },
		{ "trusted", SUBMIT("\"127.0.0.1\"", "<a@example.org>",
		    "From: a@example.org\\r\\n\\r\\nx"), "accept",
		    "field.value", OURS "; none" },
		{ "trust is told", SUBMIT("\"127.0.0.1\"", "<a@example.org>",
		    "From: a@example.org\\r\\n\\r\\nx"), "accept",
		    "trust", "network" },
		{ "no SMTP client's", SUBMIT("null", "<a@example.org>",
		    "From: a@example.org\\r\\n\\r\\nx"), "accept",
		    "trust", "local" },
		{ "nothing at all", SUBMIT(HONEST, "<a@example.org>", ""),
		    "reject", "reply.text", "From" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		json_t *answer = ask(cases[i].line);

		assert_text(cases[i].name, answer, "action", cases[i].action);
		assert_text(cases[i].name, answer, cases[i].path,
		    cases[i].part);
		assert_text(cases[i].name, answer, "error", NULL);
		json_decref(answer);
	}
	assert_int_equal(milter_count_open_messages(), 0);
}

static void
test_removals(void **state)
{
	json_t *answer = ask(SUBMIT(HONEST, "<a@example.org>", FORGED FOREIGN
	    FORGED "From: a@example.org\\r\\n\\r\\n"));
	json_t *list = find(answer, "remove_fields");

	(void)state;
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(find(json_array_get(list, 0),
	    "index")), 3);
	assert_int_equal(json_integer_value(find(json_array_get(list, 1),
	    "index")), 1);
	assert_text("removals", json_array_get(list, 1), "name",
	    "Authentication-Results");
	json_decref(answer);
}

static void
test_spf_at_mail(void **state)
{
	json_t *answer;

	(void)state;
	daemon_.context.policy.spf_reject = 1U << SPF_FAIL;
	answer = ask(SUBMIT(FORGER, "<a@example.org>", "x"));
	daemon_.context.policy.spf_reject = 0;
	assert_text("SPF", answer, "action", "reject");
	assert_text("SPF", answer, "stage", "mail");
	assert_text("SPF", answer, "reply.enhanced", "5.7.23");
	assert_text("SPF", answer, "results.spf.result", "fail");
	json_decref(answer);
}

static void
test_redirect(void **state)
{
	json_t *answer;

	(void)state;
	daemon_.context.policy.quarantine = POLICY_QUARANTINE_REDIRECT;
	daemon_.context.policy.quarantine_address = "<q@example.org>";
	answer = ask(SUBMIT(FORGER, "<a@none.example>",
	    "From: a@quarantine.example\\r\\n\\r\\nx\\r\\n"));
	daemon_.context.policy.quarantine = POLICY_QUARANTINE_HOLD;
	assert_text("redirect", answer, "action", "redirect");
	assert_text("redirect", answer, "redirect", "<q@example.org>");
	json_decref(answer);
}

/* A body of LEN octets behind an honest header. */
static char *
make_large(size_t len)
{
	static const char head[] = "{\"command\":\"verify\",\"client\":"
	    HONEST ",\"helo\":\"h\",\"mail_from\":\"a@example.org\","
	    "\"message\":\"From: a@example.org\\r\\n\\r\\n";
	char *line = malloc(sizeof(head) + len + sizeof("\"}"));

	assert_non_null(line);
	memcpy(line, head, sizeof(head) - 1);
	memset(line + sizeof(head) - 1, 'x', len);
	strcpy(line + sizeof(head) - 1 + len, "\"}");
	return line;
}

static void
test_large_message(void **state)
{
	char *line = make_large(8 * 1024 * 1024);
	json_t *answer = ask(line);

	(void)state;
	assert_text("large", answer, "action", "accept");
	assert_text("large", answer, "field.value", "dmarc=pass");
	json_decref(answer);
	free(line);
}

/* ---- lines and connections ----------------------------------------------- */

static void
test_errors(void **state)
{
	static const char *const lines[] = {
		"", "x", "{}", "[]", "{\"command\":\"quit\"}",
		"{\"command\":\"status\"", "\xff\xfe", "GET / HTTP/1.1",
	};
	int fd = connect_client();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		json_t *answer;

		send_line(fd, lines[i]);
		answer = receive_json(fd);
		assert_text(lines[i], answer, "error", "");
		json_decref(answer);
	}
	close(fd);
}

static void
test_many_lines(void **state)
{
	int fd = connect_client();

	(void)state;
	for (int i = 0; i < 100; i++) {
		send_line(fd, "{\"command\":\"log-level\"}");
		send_line(fd, SUBMIT("null", "", "x"));
	}
	for (int i = 0; i < 100; i++) {
		json_t *answer = receive_json(fd);

		assert_text("first", answer, "level", "info");
		json_decref(answer);
		answer = receive_json(fd);
		assert_text("second", answer, "action", "accept");
		json_decref(answer);
	}
	close(fd);
}

/* Octet by octet; and the end of the connection ends a line, too. */
static void
test_pieces(void **state)
{
	static const char line[] = "{\"command\":\"log-level\"}";
	int fd = connect_client();
	json_t *answer;

	(void)state;
	for (size_t i = 0; i < strlen(line); i++)
		assert_true(send_octets(fd, (struct slice){ line + i, 1 }));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	answer = receive_json(fd);
	assert_text("pieces", answer, "level", "info");
	json_decref(answer);
	assert_int_equal(recv(fd, &(char){ 0 }, 1, 0), 0);
	close(fd);
}

static void
test_too_long(void **state)
{
	size_t octets = 1024 * 1024, sent = 0;
	char *block = malloc(octets);
	struct arena *arena = test_arena();
	int fd = connect_client();
	struct slice line;

	(void)state;
	assert_non_null(block);
	memset(block, 'x', octets);
	while (sent <= REQUEST_MAX_OCTETS && send_octets(fd,
	    (struct slice){ block, octets }))
		sent += octets;
	line = receive(arena, fd);
	/* The rest is not read: its reset may take the answer along. */
	if (line.len != 0)
		test_assert_slice("too long", line,
		    "{\"error\":\"the line is too long\"}");
	assert_true(sent >= REQUEST_MAX_OCTETS - octets);
	test_assert_slice("the end", receive(arena, fd), "");
	close(fd);
	free(block);
	arena_destroy(&arena);
}

/* Who says nothing, or half of something, keeps nobody out. */
static void
test_crowd(void **state)
{
	int fds[STREAM_MAX_CLIENTS + 20];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(fds); i++) {
		fds[i] = connect_client();
		if (i % 2 == 0)
			send_octets(fds[i], SLICE("{\"command\":"));
	}
	json_decref(ask("{\"command\":\"status\"}"));
	for (size_t i = 0; i < N_ELEMENTS(fds); i++)
		close(fds[i]);
}

/* It has left before its answer is there. */
static void
test_gone(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		int fd = connect_client();

		send_line(fd, SUBMIT(HONEST, "<a@example.org>",
		    "From: a@example.org\\r\\n\\r\\nx\\r\\n"));
		close(fd);
	}
	json_decref(ask("{\"command\":\"status\"}"));
}

/* Draining, messages are put off, and the daemon still tells how it does. */
static void
test_drain(void **state)
{
	json_t *answer;

	(void)state;
	milter_begin_drain();
	answer = ask(SUBMIT(HONEST, "<a@example.org>", "x"));
	assert_text("drain", answer, "action", "tempfail");
	assert_text("drain", answer, "reply.enhanced", "4.3.2");
	json_decref(answer);
	json_decref(ask("{\"command\":\"status\"}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_log_level),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_removals),
		cmocka_unit_test(test_spf_at_mail),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_large_message),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
