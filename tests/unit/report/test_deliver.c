/* Handing messages over: to a program, and to a relay that may do anything. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "report/deliver.h"
#include "report/spool.h"
#include "unit/test.h"

#define FROM "dmarc@example.org"
#define TO "rua@example.com"

static const char *const words[] = {
	[DELIVER_SENT] = "sent",
	[DELIVER_DEFERRED] = "deferred",
	[DELIVER_REFUSED] = "refused",
	[DELIVER_NO_MAILBOX] = "no mailbox",
	[DELIVER_PERHAPS] = "perhaps",
	[DELIVER_BROKEN] = "broken",
};

static void
check_status(const char *name, enum deliver_status got,
    enum deliver_status want)
{
	if (got != want)
		fail_msg("%s: got %s, want %s", name, words[got],
		    words[want]);
}

static FILE *
make_message(const char *text)
{
	FILE *message = spool_create();

	assert_non_null(message);
	fputs(text, message);
	return message;
}

/* ---- the program --------------------------------------------------------- */

static char directory[64];

static void
path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

/* A program in place of sendmail(8): BODY with %s for the directory. */
static void
write_program(const char *body)
{
	char path[128];
	FILE *file;

	path_of(path, "program");
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\ncd %s\n%s\n", directory, body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static struct slice
read_result(struct arena *arena, const char *name)
{
	char path[128], octets[2000];
	struct slice copy;
	FILE *file;
	size_t n;

	path_of(path, name);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	assert_true(arena_copy(arena, (struct slice){ octets, n }, &copy));
	return copy;
}

static enum deliver_status
run_program(struct arena *arena, const char *transport, struct strbuf *note)
{
	FILE *message = make_message("Subject: x\n\n.\nlast\n");
	struct deliverer *deliverer;
	enum deliver_status status;

	strbuf_init(note, arena, 1000);
	deliverer = deliver_open(transport, "mx.example.org", note);
	assert_non_null(deliverer);
	assert_string_equal(deliverer->eol, "\n");
	status = deliverer->ops->send(deliverer, FROM, TO, message, note);
	deliver_close(&deliverer);
	assert_null(deliverer);
	fclose(message);
	return status;
}

static void
test_program(void **state)
{
	static const struct {
		const char *name, *body;
		enum deliver_status status;
		const char *note;
	} cases[] = {
		{ "taken", "exit 0", DELIVER_SENT, "" },
		{ "talks and takes", "echo hello; exit 0", DELIVER_SENT, "" },
		{ "try again", "exit 75", DELIVER_DEFERRED,
		  "the mail program's exit status is 75" },
		{ "full disk", "echo 'no space\033[2J' >&2; echo x; exit 74",
		  DELIVER_DEFERRED, "the mail program's exit status is 74: "
		  "no space\\x1b[2J" },
		{ "queue is down", "exit 69", DELIVER_DEFERRED,
		  "the mail program's exit status is 69" },
		{ "no such user", "exit 67", DELIVER_NO_MAILBOX,
		  "the mail program's exit status is 67" },
		{ "no such host", "exit 68", DELIVER_NO_MAILBOX,
		  "the mail program's exit status is 68" },
		{ "bad data", "exit 65", DELIVER_REFUSED,
		  "the mail program's exit status is 65" },
		{ "bad configuration", "exit 78", DELIVER_BROKEN,
		  "the mail program's exit status is 78" },
		{ "killed", "kill -9 $$", DELIVER_PERHAPS,
		  "the mail program was killed by signal 9" },
	};
	char transport[160];

	(void)state;
	snprintf(transport, sizeof(transport), "sendmail:%s/program",
	    directory);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct strbuf note;

		write_program(cases[i].body);
		check_status(cases[i].name, run_program(arena, transport,
		    &note), cases[i].status);
		test_assert_slice(cases[i].name, strbuf_slice(&note),
		    cases[i].note);
		arena_destroy(&arena);
	}
}

/* What it is told, and given to read; no shell, no file of ours open. */
static void
test_program_input(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf note;
	char transport[160];

	(void)state;
	snprintf(transport, sizeof(transport), "sendmail:%s/program",
	    directory);
	write_program("printf '%s|' \"$@\" > arguments\ncat > input\n"
	    "ls /proc/self/fd | grep -vx -e 0 -e 1 -e 2 | wc -l > files");
	check_status("input", run_program(arena, transport, &note),
	    DELIVER_SENT);
	test_assert_slice("arguments", read_result(arena, "arguments"),
	    "-i|-f|" FROM "|--|" TO "|");
	test_assert_slice("input", read_result(arena, "input"),
	    "Subject: x\n\n.\nlast\n");
	/* The directory that ls reads. */
	test_assert_slice("files", read_result(arena, "files"), "1\n");
	arena_destroy(&arena);
}

static void
test_no_program(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf note;

	(void)state;
	check_status("none", run_program(arena,
	    "sendmail:/nonexistent/sendmail", &note), DELIVER_BROKEN);
	test_assert_slice("none", strbuf_slice(&note), "/nonexistent/sendmail "
	    "cannot be run: No such file or directory");
	arena_destroy(&arena);
}

static void
test_bad_transport(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, 1000);
	assert_null(deliver_open("file:///etc/passwd", "x", &problem));
	assert_true(problem.len != 0);
	arena_destroy(&arena);
}

/* ---- the relay ----------------------------------------------------------- */

/* What it says at each step; NULL: it hangs up in place of an answer. */
enum step { GREETING, EHLO, MAIL, RCPT, DATA, END, N_STEPS };

#define WILLING { "220 relay.example", "250-relay.example\r\n250 8BITMIME", \
    "250 2.1.0 Ok", "250 2.1.5 Ok", "354 go", "250 2.0.0 queued" }

struct relay {
	const char *replies[N_STEPS];
	int listener;
	unsigned port;
	pthread_t thread;
	unsigned n_connections;		/* that it takes */
	char said[4000];		/* all lines from the client */
	size_t len;
};

/* A line of the client's without its end; false where it has gone. */
static bool
read_line(struct relay *relay, FILE *in, char line[1000])
{
	size_t len;

	if (fgets(line, 1000, in) == NULL)
		return false;
	len = strlen(line);
	if (relay->len + len < sizeof(relay->said)) {
		memcpy(relay->said + relay->len, line, len + 1);
		relay->len += len;
	}
	return true;
}

static bool
say(FILE *out, const char *reply)
{
	return reply != NULL && fprintf(out, "%s\r\n", reply) > 0 &&
	    fflush(out) == 0;
}

static bool
take_data(struct relay *relay, FILE *in, FILE *out)
{
	char line[1000];

	if (!say(out, relay->replies[DATA]))
		return false;
	if (relay->replies[DATA][0] != '3')
		return true;
	while (read_line(relay, in, line))
		if (strcmp(line, ".\r\n") == 0)
			return say(out, relay->replies[END]);
	return false;
}

static bool
answer(struct relay *relay, FILE *in, FILE *out, const char *line)
{
	if (strncmp(line, "EHLO", 4) == 0)
		return say(out, relay->replies[EHLO]);
	if (strncmp(line, "MAIL", 4) == 0)
		return say(out, relay->replies[MAIL]);
	if (strncmp(line, "RCPT", 4) == 0)
		return say(out, relay->replies[RCPT]);
	if (strncmp(line, "DATA", 4) == 0)
		return take_data(relay, in, out);
	if (strncmp(line, "QUIT", 4) == 0) {
		say(out, "221 bye");
		return false;
	}
	return say(out, strncmp(line, "RSET", 4) == 0 ? "250 Ok" :
	    "502 what");
}

static void
serve(struct relay *relay, int fd)
{
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
	char line[1000];

	if (say(out, relay->replies[GREETING]))
		while (read_line(relay, in, line) &&
		    answer(relay, in, out, line))
			continue;
	fclose(out);
	fclose(in);
}

static void *
run_relay(void *context)
{
	struct relay *relay = context;

	for (unsigned i = 0; i < relay->n_connections; i++) {
		int fd = accept(relay->listener, NULL, NULL);

		if (fd < 0)
			break;
		serve(relay, fd);
	}
	return NULL;
}

static void
start_relay(struct relay *relay, const char *const replies[N_STEPS])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	*relay = (struct relay){ .n_connections = 1 };
	memcpy(relay->replies, replies, sizeof(relay->replies));
	relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(relay->listener >= 0);
	assert_int_equal(bind(relay->listener,
	    (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(relay->listener, 5), 0);
	assert_int_equal(getsockname(relay->listener,
	    (struct sockaddr *)&address, &len), 0);
	relay->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&relay->thread, NULL, run_relay,
	    relay), 0);
}

static void
stop_relay(struct relay *relay)
{
	pthread_join(relay->thread, NULL);
	close(relay->listener);
}

static struct deliverer *
open_relay(const struct relay *relay, struct strbuf *note)
{
	struct deliverer *deliverer;
	char transport[64];

	snprintf(transport, sizeof(transport), "smtp://127.0.0.1:%u",
	    relay->port);
	deliverer = deliver_open(transport, "mx.example.org", note);
	assert_non_null(deliverer);
	assert_string_equal(deliverer->eol, "\r\n");
	return deliverer;
}

static void
test_relay(void **state)
{
	static const struct {
		const char *name;
		const char *replies[N_STEPS];
		enum deliver_status status;
		const char *note;
	} cases[] = {
		{ "taken", WILLING, DELIVER_SENT, "" },
		{ "hangs up at once", { NULL }, DELIVER_DEFERRED,
		  NULL },
		{ "does not want us now", { "421 later" },
		  DELIVER_DEFERRED, NULL },
		{ "does not want us", { "554 never" },
		  DELIVER_DEFERRED, NULL },
		{ "sender refused", { "220 x", "250 x", "550 5.1.8 no" },
		  DELIVER_DEFERRED, "the relay replied: 550 5.1.8 no" },
		{ "recipient refused", { "220 x", "250 x", "250 x",
		  "550 5.1.1 no such user\033[2J" }, DELIVER_NO_MAILBOX,
		  "the relay replied: 550 5.1.1 no such user\\x1b[2J" },
		{ "relaying refused", { "220 x", "250 x", "250 x",
		  "554 5.7.1 Relay access denied" }, DELIVER_REFUSED,
		  "the relay replied: 554 5.7.1 Relay access denied" },
		{ "recipient not now", { "220 x", "250 x", "250 x",
		  "450 4.2.1 later" }, DELIVER_DEFERRED,
		  "the relay replied: 450 4.2.1 later" },
		{ "data not now", { "220 x", "250 x", "250 x", "250 x",
		  "451 4.3.0 later" }, DELIVER_DEFERRED,
		  "the relay replied: 451 4.3.0 later" },
		{ "data refused", { "220 x", "250 x", "250 x", "250 x",
		  "554 5.6.0 no" }, DELIVER_REFUSED,
		  "the relay replied: 554 5.6.0 no" },
		{ "message not now", { "220 x", "250 x", "250 x", "250 x",
		  "354 x", "452 4.3.1 full" }, DELIVER_DEFERRED,
		  "the relay replied: 452 4.3.1 full" },
		{ "message refused", { "220 x", "250 x", "250 x", "250 x",
		  "354 x", "552 5.3.4 too large" }, DELIVER_REFUSED,
		  "the relay replied: 552 5.3.4 too large" },
		{ "hangs up before MAIL", { "220 x", NULL },
		  DELIVER_DEFERRED, NULL },
		{ "hangs up at RCPT", { "220 x", "250 x", "250 x", NULL },
		  DELIVER_DEFERRED, NULL },
		/* It may have the message: nobody knows. */
		{ "hangs up at the end", { "220 x", "250 x", "250 x", "250 x",
		  "354 x", NULL }, DELIVER_PERHAPS, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		FILE *message = make_message("Subject: x\r\n\r\ntext\r\n");
		struct relay relay;
		struct deliverer *deliverer;
		struct strbuf note;

		strbuf_init(&note, arena, 1000);
		start_relay(&relay, cases[i].replies);
		deliverer = open_relay(&relay, &note);
		check_status(cases[i].name, deliverer->ops->send(deliverer,
		    FROM, TO, message, &note), cases[i].status);
		deliver_close(&deliverer);
		stop_relay(&relay);
		if (cases[i].note != NULL)
			test_assert_slice(cases[i].name, strbuf_slice(&note),
			    cases[i].note);
		else
			assert_true(note.len != 0);
		fclose(message);
		arena_destroy(&arena);
	}
}

/* Two messages over one connection, with what SMTP asks of them. */
static void
test_relay_dialogue(void **state)
{
	static const char *const willing[N_STEPS] = WILLING;
	struct arena *arena = test_arena();
	FILE *message = make_message("Subject: x\r\n\r\n.dot\r\n");
	struct relay relay;
	struct deliverer *deliverer;
	struct strbuf note;

	(void)state;
	strbuf_init(&note, arena, 1000);
	start_relay(&relay, willing);
	deliverer = open_relay(&relay, &note);
	for (int i = 0; i < 2; i++)
		check_status("dialogue", deliverer->ops->send(deliverer, FROM,
		    TO, message, &note), DELIVER_SENT);
	deliver_close(&deliverer);
	stop_relay(&relay);
	test_assert_slice("dialogue", slice_from_cstr(relay.said),
	    "EHLO mx.example.org\r\n"
	    "MAIL FROM:<" FROM ">\r\n"
	    "RCPT TO:<" TO ">\r\n"
	    "DATA\r\n"
	    "Subject: x\r\n\r\n..dot\r\n.\r\n"
	    "MAIL FROM:<" FROM ">\r\n"
	    "RCPT TO:<" TO ">\r\n"
	    "DATA\r\n"
	    "Subject: x\r\n\r\n..dot\r\n.\r\n"
	    "QUIT\r\n");
	fclose(message);
	arena_destroy(&arena);
}

static void
test_no_relay(void **state)
{
	static const char *const willing[N_STEPS] = WILLING;
	struct arena *arena = test_arena();
	FILE *message = make_message("x\r\n");
	struct relay relay;
	struct deliverer *deliverer;
	struct strbuf note;

	(void)state;
	strbuf_init(&note, arena, 1000);
	start_relay(&relay, willing);
	deliverer = open_relay(&relay, &note);
	shutdown(relay.listener, SHUT_RDWR);
	stop_relay(&relay);		/* its port is closed now */
	check_status("none", deliverer->ops->send(deliverer, FROM, TO,
	    message, &note), DELIVER_DEFERRED);
	deliver_close(&deliverer);
	fclose(message);
	arena_destroy(&arena);
}

/* Files that whoever started us left open are not ours to close. */
static int
make_directory(void **state)
{
	(void)state;
	for (int fd = 3; fd < 256; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	strncpy(directory, "/tmp/assay-test-deliver-XXXXXX",
	    sizeof(directory) - 1);
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
remove_directory(void **state)
{
	static const char *const files[] = { "program", "arguments", "input",
		"files" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		path_of(path, files[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_program_input),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_bad_transport),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_relay_dialogue),
		cmocka_unit_test(test_no_relay),
	};

	return cmocka_run_group_tests(tests, make_directory,
	    remove_directory);
}
