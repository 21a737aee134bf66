/* tests/unit/control/test_client.c - a client of the control socket, and what
 * it says of servers that are not there, or not assayd. */
#include "control/client.h"

#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "control/socket.h"
#include "unit/test.h"

#define LATE_MS 20000

static char folder[64], path[96];

static int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/c", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int
listen_there(void)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(control_find_address(path, &address));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void
expect_refusal(const char *socket, enum client_status want, const char *words)
{
	struct arena *arena = test_arena();
	struct strbuf problem;
	enum client_status status;
	int fd;

	strbuf_init(&problem, arena, 4096);
	status = client_connect(socket, &fd, &problem);
	if (status != want || fd != -1 ||
	    strstr(strbuf_cstr(&problem), words) == NULL)
		fail_msg("%s: status %d, %s", socket, (int)status,
		    strbuf_cstr(&problem));
	arena_destroy(&arena);
}

static void
test_nobody(void **state)
{
	char name[128], file[128];
	int fd;

	(void)state;
	expect_refusal("inet:8891@127.0.0.1", CLIENT_BAD_SOCKET,
	    "\"unix:/PATH\"");
	expect_refusal("", CLIENT_BAD_SOCKET, "\"unix:/PATH\"");
	expect_refusal("unix:run/c", CLIENT_BAD_SOCKET, "\"unix:/PATH\"");
	expect_refusal("unix:/none/such/control.sock", CLIENT_NOT_RUNNING,
	    "/none/such/control.sock: there is no such socket: assayd does "
	    "not run");
	fd = listen_there();
	close(fd);
	snprintf(name, sizeof(name), "unix:%s", path);
	snprintf(file, sizeof(file), "%s: nobody listens there", path);
	expect_refusal(name, CLIENT_NOT_RUNNING, file);
	unlink(path);
}

/* In a child that is nobody: whether it is refused, with these words. */
static const char *refusal;

static int
be_refused(void)
{
	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 ||
	    setuid(65534) != 0)
		return 1;
	expect_refusal(path, CLIENT_NOT_PERMITTED, refusal);
	return 0;
}

/* It is stuck, and others have asked before. */
static void
test_stuck(void **state)
{
	int fd = listen_there(), waiting[2];
	struct arena *arena = test_arena();
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, 4096);
	for (size_t i = 0; i < N_ELEMENTS(waiting); i++)
		assert_int_equal(client_connect(path, &waiting[i], &problem),
		    CLIENT_OK);
	expect_refusal(path, CLIENT_NO_ANSWER, "busy, or stuck");
	for (size_t i = 0; i < N_ELEMENTS(waiting); i++)
		close(waiting[i]);
	close(fd);
	unlink(path);
	arena_destroy(&arena);
}

static void
test_not_permitted(void **state)
{
	static const struct {
		mode_t folder_mode, mode;
		uid_t owner;
		const char *words;
	} cases[] = {
		{ 0755, 0660, 0, ": permission denied: become root, or a "
		    "member of the group \"root\"" },
		{ 0755, 0600, 0, ": permission denied: become root; "
		    "control.socket_mode" },
		{ 0755, 0600, 54321, ": permission denied: become root, or "
		    "the user 54321; control.socket_mode" },
		{ 0700, 0660, 0, ": permission denied: its folder may not be "
		    "entered" },
	};
	int fd;

	(void)state;
	if (geteuid() != 0)	/* nobody else can become nobody */
		skip();
	fd = listen_there();
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		refusal = cases[i].words;
		assert_int_equal(chmod(folder, cases[i].folder_mode), 0);
		assert_int_equal(chmod(path, cases[i].mode), 0);
		assert_int_equal(chown(path, cases[i].owner, 0), 0);
		assert_int_equal(test_run_child(be_refused), 0);
	}
	close(fd);
	unlink(path);
}

/* ---- answers ------------------------------------------------------------- */

struct server {
	int fd;			/* listening */
	struct slice answer;
};

/* The request's line is read, the answer written as it is. */
static void *
serve(void *context)
{
	const struct server *server = context;
	int fd = accept(server->fd, NULL, NULL);
	char c = '\0';

	while (recv(fd, &c, 1, 0) == 1 && c != '\n')
		;
	if (server->answer.len != 0)
		(void)send(fd, server->answer.ptr, server->answer.len,
		    MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *name;
		struct slice answer;
		enum client_status status;
		const char *problem;
	} cases[] = {
		{ "right", SLICE_INIT("{\"a\":\"b\"}\n"), CLIENT_OK, "" },
		{ "with a NUL", SLICE_INIT("{\"a\":\"\\u0000\"}\n"),
		    CLIENT_OK, "" },
		{ "nothing", SLICE_INIT(""), CLIENT_NO_ANSWER,
		    "without an answer" },
		{ "half", SLICE_INIT("{\"a\":\"b\"}"), CLIENT_NO_ANSWER,
		    "without an answer" },
		{ "a list", SLICE_INIT("[]\n"), CLIENT_BAD_ANSWER,
		    "is not assayd" },
		{ "words", SLICE_INIT("220 mx.example.org ESMTP\r\n"),
		    CLIENT_BAD_ANSWER, "is not assayd" },
		{ "an empty line", SLICE_INIT("\n"), CLIENT_BAD_ANSWER,
		    "is not assayd" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct server server = { listen_there(), cases[i].answer };
		json_t *request = json_pack("{s:s}", "command", "status");
		json_t *answer;
		struct strbuf problem;
		pthread_t thread;
		int fd;

		strbuf_init(&problem, arena, 4096);
		assert_int_equal(pthread_create(&thread, NULL, serve,
		    &server), 0);
		assert_int_equal(client_connect(path, &fd, &problem),
		    CLIENT_OK);
		if (client_ask(fd, request, clock_monotonic_ms() + LATE_MS,
		    &answer, &problem) != cases[i].status ||
		    (answer != NULL) != (cases[i].status == CLIENT_OK) ||
		    strstr(strbuf_cstr(&problem), cases[i].problem) == NULL)
			fail_msg("%s: %s", cases[i].name,
			    strbuf_cstr(&problem));
		pthread_join(thread, NULL);
		json_decref(answer);
		json_decref(request);
		close(fd);
		close(server.fd);
		unlink(path);
		arena_destroy(&arena);
	}
}

/* Who accepts and does no more is waited for no longer than is said. */
static void
test_silence(void **state)
{
	struct arena *arena = test_arena();
	json_t *request = json_pack("{s:s}", "command", "status"), *answer;
	int listener = listen_there(), fd;
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, 4096);
	assert_int_equal(client_connect(path, &fd, &problem), CLIENT_OK);
	assert_int_equal(client_ask(fd, request, clock_monotonic_ms() + 20,
	    &answer, &problem), CLIENT_NO_ANSWER);
	assert_null(answer);
	test_assert_slice("problem", strbuf_slice(&problem),
	    "assayd does not answer in time");
	json_decref(request);
	close(fd);
	close(listener);
	unlink(path);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
