/* control/socket.c - see socket.h. */
#include "control/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "control/options.h"
#include "milter/context.h"
#include "milter/listener.h"

#define BACKLOG 64

bool
control_find_address(const char *socket, struct sockaddr_un *address_out)
{
	static const struct slice prefix = SLICE_INIT("unix:");
	const char *path = slice_starts_with_nocase(slice_from_cstr(socket),
	    prefix) ? socket + prefix.len : socket;
	size_t len = strlen(path);

	*address_out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] != '/' || len >= sizeof(address_out->sun_path))
		return false;
	memcpy(address_out->sun_path, path, len);
	return true;
}

static bool
complain(const struct control_options *options, struct strbuf *problem,
    const char *what)
{
	strbuf_printf(problem, "socket \"%s\": %s", options->socket, what);
	return false;
}

static bool
find_address(const struct control_options *options,
    struct sockaddr_un *address, struct strbuf *problem)
{
	return control_find_address(options->socket, address) ||
	    complain(options, problem, "it is not \"unix:/PATH\", or longer "
	    "than a socket's path may be");
}

static bool
bind_socket(const struct control_options *options, int fd,
    const struct sockaddr_un *address, struct strbuf *problem)
{
	const struct milter_options access = {
		.socket = options->socket,
		.socket_mode = options->socket_mode,
		.socket_group = options->socket_group,
	};
	/* Nobody may connect before mode and group are as they should be. */
	mode_t old_mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	int code = bind(fd, (const struct sockaddr *)address,
	    sizeof(*address));

	umask(old_mask);
	if (code != 0 || listen(fd, BACKLOG) != 0)
		return complain(options, problem, strerror(errno));
	return listener_give_access(&access, address->sun_path, problem);
}

bool
control_open_socket(const struct control_options *options, int *fd_out,
    struct strbuf *problem)
{
	struct sockaddr_un address;
	int fd;

	*fd_out = -1;
	if (options->socket[0] == '\0')
		return true;
	if (!find_address(options, &address, problem) || !listener_make_way(
	    options->socket, address.sun_path, problem))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain(options, problem, strerror(errno));
	if (!bind_socket(options, fd, &address, problem)) {
		close(fd);
		return false;
	}
	*fd_out = fd;
	return true;
}

bool
control_remove_socket(const struct control_options *options,
    struct strbuf *problem)
{
	struct sockaddr_un address;

	return options->socket[0] == '\0' || (find_address(options, &address,
	    problem) && listener_make_way(options->socket, address.sun_path,
	    problem));
}
