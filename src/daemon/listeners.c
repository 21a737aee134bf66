/* daemon/listeners.c - see listeners.h. */
#include "daemon/listeners.h"

#include <unistd.h>

#include "control/http.h"
#include "control/options.h"
#include "control/socket.h"

bool
listeners_open(struct listeners *listeners,
    const struct control_options *options, struct strbuf *problem)
{
	if (!control_open_socket(options, &listeners->control_fd, problem))
		return false;
	if (options->http[0] == '\0')
		return true;
	listeners->http_fd = http_open(options->http, problem);
	if (listeners->http_fd >= 0)
		return true;
	listeners_close(listeners);
	return false;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
listeners_close(struct listeners *listeners)
{
	close_one(&listeners->control_fd);
	close_one(&listeners->http_fd);
}
