/* control/client.c - see client.h. */
#include "control/client.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "control/socket.h"

/* Of an answer: results of a message, or a reload's problems. */
#define MAX_ANSWER ((size_t)16 * 1024 * 1024)
#define FIRST_OCTETS ((size_t)16 * 1024)

/* ---- connecting ---------------------------------------------------------- */

static void
append_group(struct strbuf *text, gid_t gid)
{
	const struct group *group = getgrgid(gid);

	if (group != NULL)
		strbuf_printf(text, "\"%s\"", group->gr_name);
	else
		strbuf_printf(text, "%lu", (unsigned long)gid);
}

static void
append_user(struct strbuf *text, uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		strbuf_printf(text, "\"%s\"", user->pw_name);
	else
		strbuf_printf(text, "%lu", (unsigned long)uid);
}

/* Who may, then. */
static void
tell_access(struct strbuf *problem, const char *path)
{
	struct stat status;

	strbuf_printf(problem, "%s: permission denied: ", path);
	if (stat(path, &status) != 0) {
		strbuf_append_cstr(problem, "its folder may not be entered");
	} else if ((status.st_mode & S_IWGRP) != 0) {
		strbuf_append_cstr(problem, "become root, or a member of the "
		    "group ");
		append_group(problem, status.st_gid);
	} else {
		strbuf_append_cstr(problem, "become root");
		if (status.st_uid != 0) {
			strbuf_append_cstr(problem, ", or the user ");
			append_user(problem, status.st_uid);
		}
		strbuf_append_cstr(problem, "; control.socket_mode and "
		    "control.socket_group let others in");
	}
}

static enum client_status
tell_error(struct strbuf *problem, const char *path, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		tell_access(problem, path);
		return CLIENT_NOT_PERMITTED;
	case ENOENT:
	case ENOTDIR:
		strbuf_printf(problem, "%s: there is no such socket: assayd "
		    "does not run, or its configuration has another "
		    "control.socket, or none", path);
		return CLIENT_NOT_RUNNING;
	case ECONNREFUSED:
		strbuf_printf(problem, "%s: nobody listens there: assayd does "
		    "not run", path);
		return CLIENT_NOT_RUNNING;
	case EAGAIN:
		strbuf_printf(problem, "%s: assayd takes no more connections: "
		    "it is busy, or stuck", path);
		return CLIENT_NO_ANSWER;
	default:
		strbuf_printf(problem, "%s: %s", path, strerror(error));
		return CLIENT_NOT_RUNNING;
	}
}

enum client_status
client_connect(const char *name, int *fd_out, struct strbuf *problem)
{
	struct sockaddr_un address;
	int fd, error;

	*fd_out = -1;
	if (!control_find_address(name, &address)) {
		strbuf_append_cstr(problem, "a socket is \"unix:/PATH\"");
		return CLIENT_BAD_SOCKET;
	}
	/* Who does not accept is not waited for. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) == 0) {
		*fd_out = fd;
		return CLIENT_OK;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	return tell_error(problem, address.sun_path, error);
}

/* ---- asking -------------------------------------------------------------- */

static enum client_status
fail(struct strbuf *problem, enum client_status status, const char *what)
{
	strbuf_append_cstr(problem, what);
	return status;
}

/* False once there is no time left. */
static bool
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd ready = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		int n = poll(&ready, 1, left_ms <= 0 ? 0 :
		    left_ms > INT_MAX ? INT_MAX : (int)left_ms);

		if (n > 0)
			return true;
		if (n == 0 ? left_ms <= 0 : errno != EINTR)
			return false;
	}
}

/* False where the other side does not take it; it may have answered all the
 * same, and said why. */
static bool
send_text(int fd, struct slice text, int64_t deadline_ms)
{
	while (text.len != 0 && wait_for(fd, POLLOUT, deadline_ms)) {
		ssize_t n = send(fd, text.ptr, text.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			text = slice_from(text, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	return text.len == 0;
}

struct line {
	char *ptr;	/* owned */
	size_t len, capacity;
};

static bool
make_room(struct line *line)
{
	size_t capacity = line->capacity == 0 ? FIRST_OCTETS :
	    2 * line->capacity;
	char *mem;

	if (line->len < line->capacity)
		return true;
	if (capacity > MAX_ANSWER)
		return false;
	mem = realloc(line->ptr, capacity);
	if (mem == NULL)
		return false;
	line->ptr = mem;
	line->capacity = capacity;
	return true;
}

/* Up to the line's end, which is not part of it. */
static enum client_status
receive_line(int fd, int64_t deadline_ms, struct line *line,
    struct strbuf *problem)
{
	while (line->len == 0 || line->ptr[line->len - 1] != '\n') {
		ssize_t n;

		if (!make_room(line))
			return fail(problem, CLIENT_NO_MEMORY, "the answer "
			    "takes too much memory");
		if (!wait_for(fd, POLLIN, deadline_ms))
			return fail(problem, CLIENT_NO_ANSWER, "assayd does "
			    "not answer in time");
		n = recv(fd, line->ptr + line->len, line->capacity -
		    line->len, MSG_DONTWAIT);
		if (n > 0)
			line->len += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return fail(problem, CLIENT_NO_ANSWER, "assayd has "
			    "ended the connection without an answer");
	}
	line->len--;
	return CLIENT_OK;
}

static enum client_status
receive(int fd, int64_t deadline_ms, json_t **answer_out,
    struct strbuf *problem)
{
	struct line line = { NULL, 0, 0 };
	enum client_status status = receive_line(fd, deadline_ms, &line,
	    problem);

	if (status == CLIENT_OK) {
		*answer_out = json_loadb(line.ptr, line.len,
		    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		if (!json_is_object(*answer_out)) {
			json_decref(*answer_out);
			*answer_out = NULL;
			status = fail(problem, CLIENT_BAD_ANSWER, "what "
			    "answers is not assayd");
		}
	}
	free(line.ptr);
	return status;
}

enum client_status
client_ask(int fd, const json_t *request, int64_t deadline_ms,
    json_t **answer_out, struct strbuf *problem)
{
	char *text = json_dumps(request, JSON_COMPACT);

	*answer_out = NULL;
	if (text == NULL)
		return fail(problem, CLIENT_NO_MEMORY, "memory is out");
	if (send_text(fd, slice_from_cstr(text), deadline_ms))
		send_text(fd, SLICE("\n"), deadline_ms);
	free(text);
	return receive(fd, deadline_ms, answer_out, problem);
}
