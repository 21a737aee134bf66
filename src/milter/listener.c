/* milter/listener.c - see listener.h.
 *
 * Workers accept on one socket, opened before they are forked.  A connection
 * wakes all that wait, one gets it, and the others' accept fails with EAGAIN,
 * which libmilter takes for nothing: it neither logs nor counts it, and looks
 * whether it is to stop.  A socket for each, with SO_REUSEPORT, would wake one
 * alone; but the connections that wait at a worker die with it, a hash spreads
 * them whoever is busy, and UNIX sockets have nothing like it. */
#include "milter/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/slice.h"
#include "base/strbuf.h"
#include "milter/libmilter.h"
#include "milter/context.h"

/* Where our listening descriptor is looked for; it was opened at start. */
#define MAX_DESCRIPTOR 1024

static void
complain(struct strbuf *problem, const char *socket, const char *what)
{
	strbuf_printf(problem, "socket \"%s\": %s", socket, what);
}

/* The path of a UNIX socket's name, or NULL where it is another's. */
static const char *
find_path(const char *socket)
{
	static const struct slice prefixes[] = {
		SLICE_INIT("unix:"), SLICE_INIT("local:"),
	};

	for (size_t i = 0; i < N_ELEMENTS(prefixes); i++)
		if (slice_starts_with_nocase(slice_from_cstr(socket),
		    prefixes[i]))
			return socket + prefixes[i].len;
	return socket[0] == '/' ? socket : NULL;
}

/* Whether a process answers at the UNIX socket, or is too busy to (EAGAIN);
 * *ERROR_OUT is connect's. */
static bool
is_listened_on(const struct sockaddr_un *address, int *error_out)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	bool is_connected;

	*error_out = errno;
	if (fd < 0)
		return false;
	is_connected = connect(fd, (const struct sockaddr *)address,
	    sizeof(*address)) == 0 || errno == EAGAIN;
	*error_out = is_connected ? 0 : errno;
	close(fd);
	return is_connected;
}

/* The folder of a UNIX socket is the operator's to make. */
static bool
has_folder(const char *socket, const char *path, struct strbuf *problem)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct stat status;
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (len == 0)		/* the root, or the current folder */
		return true;
	memcpy(folder, path, len);
	folder[len] = '\0';
	if (stat(folder, &status) == 0)
		return true;
	strbuf_printf(problem, "socket \"%s\": %s: make %s first, for the "
	    "user that assayd runs as", socket, strerror(errno), folder);
	return false;
}

/* Make way for a new socket, unless someone uses the old one. */
bool
listener_make_way(const char *socket, const char *path, struct strbuf *problem)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int error;

	if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		complain(problem, socket, "the path is empty or too long");
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &status) != 0) {
		if (errno == ENOENT)
			return has_folder(socket, path, problem);
		complain(problem, socket, strerror(errno));
		return false;
	}
	if (!S_ISSOCK(status.st_mode)) {
		complain(problem, socket,
		    "a file that is no socket is in its place");
		return false;
	}
	if (is_listened_on(&address, &error)) {
		complain(problem, socket, "another process listens on it");
		return false;
	}
	if (error != ECONNREFUSED) {
		complain(problem, socket, strerror(error));
		return false;
	}
	if (unlink(path) != 0) {
		complain(problem, socket, strerror(errno));
		return false;
	}
	return true;
}

/* Root may do this in a folder of the user that assayd runs as: a link that has
 * taken the socket's place meanwhile is not followed. */
static bool
set_mode(const char *path, mode_t mode)
{
	struct stat status;

	if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	/* It wants /proc; where there is none, a look has to do. */
	return errno == EOPNOTSUPP && lstat(path, &status) == 0 &&
	    S_ISSOCK(status.st_mode) && chmod(path, mode) == 0;
}

bool
listener_give_access(const struct milter_options *options, const char *path,
    struct strbuf *problem)
{
	const struct group *group;

	if (options->socket_group != NULL) {
		group = getgrnam(options->socket_group);
		if (group == NULL) {
			strbuf_printf(problem,
			    "socket \"%s\": there is no group \"%s\"",
			    options->socket, options->socket_group);
			return false;
		}
		if (lchown(path, (uid_t)-1, group->gr_gid) != 0) {
			complain(problem, options->socket, strerror(errno));
			return false;
		}
	}
	if (!set_mode(path, (mode_t)options->socket_mode)) {
		complain(problem, options->socket, strerror(errno));
		return false;
	}
	return true;
}

static bool
listens(int fd)
{
	int is_listening = 0;
	socklen_t len = sizeof(is_listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
	    &len) == 0 && is_listening != 0;
}

static void
set_options(int fd, const struct milter_options *options)
{
	int on = 1, flags = fcntl(fd, F_GETFL);

	/* libmilter writes a reply in two pieces; Nagle's algorithm would hold
	 * the second one back for 40 ms.  Sockets accepted inherit the option.
	 * Without it all works, only slower: nothing to complain of. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* Those accepted do not inherit this.  A valid descriptor takes it. */
	if (options->workers > 1 && flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* libmilter does not tell its descriptor: it is the one that listens, before
 * anybody else has opened one. */
static int
find_descriptor(void)
{
	for (int fd = 0; fd < MAX_DESCRIPTOR; fd++)
		if (listens(fd))
			return fd;
	return -1;
}

static bool
open_socket(const char *socket, struct strbuf *problem)
{
	errno = 0;
	if (smfi_setconn(libmilter_text(socket)) == MI_SUCCESS &&
	    smfi_opensocket(false) == MI_SUCCESS)
		return true;
	if (errno == EADDRINUSE)
		complain(problem, socket, "another process listens on it: "
		    "perhaps an assayd that has not stopped yet");
	else
		complain(problem, socket, errno != 0 ? strerror(errno) :
		    "libmilter cannot open it");
	return false;
}

static bool
open_path(const struct milter_options *options, const char *path,
    struct strbuf *problem)
{
	mode_t old_mask;
	bool is_open;

	if (!listener_make_way(options->socket, path, problem))
		return false;
	/* Nobody may connect before mode and group are as they should be. */
	old_mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	is_open = open_socket(options->socket, problem);
	umask(old_mask);
	return is_open && listener_give_access(options, path, problem);
}

bool
listener_open(const struct milter_options *options, int *fd_out,
    struct strbuf *problem)
{
	const char *path = find_path(options->socket);
	bool is_open = path != NULL ? open_path(options, path, problem) :
	    open_socket(options->socket, problem);

	*fd_out = is_open ? find_descriptor() : -1;
	if (*fd_out >= 0)
		set_options(*fd_out, options);
	return is_open;
}

bool
listener_remove(const struct milter_options *options, struct strbuf *problem)
{
	const char *path = find_path(options->socket);

	return path == NULL || listener_make_way(options->socket, path,
	    problem);
}
