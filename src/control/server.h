/* control/server.h - the control socket: whoever may connect to it sends JSON
 * objects, one a line, and gets one back for each (assay-control(7)).
 *
 * It serves on a loop of its owner's and blocks it for nobody: messages to be
 * verified go to threads of its own. */
#ifndef ASSAY_CONTROL_SERVER_H
#define ASSAY_CONTROL_SERVER_H

#include <stdbool.h>

struct control_host;
struct control_server;
struct event_base;

/* Serve on BASE from now on, which must be threadsafe (evthread_use_pthreads),
 * with a copy of HOST; what that names is borrowed.  SIGPIPE is ignored.  FD is
 * of control_open_socket (control/socket.h), and the server's to close.
 * milter_open was called before: messages are judged by the context that
 * milter_retain_context gives.  NULL where memory is out; FD is closed then,
 * too. */
struct control_server *control_start_server(struct event_base *base, int fd,
    const struct control_host *host);

/* Whether no message is being verified.  Those under way count as open ones
 * (milter/milter.h), so that a drain waits for them; where this is false when
 * the loop has ended, nothing that they use may be freed. */
bool control_is_quiet(const struct control_server *server);

/* Only when it is quiet; NULL is let pass.  Sets *SERVER to NULL. */
void control_stop_server(struct control_server **server);

#endif
