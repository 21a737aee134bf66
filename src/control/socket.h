/* control/socket.h - where the control socket is. */
#ifndef ASSAY_CONTROL_SOCKET_H
#define ASSAY_CONTROL_SOCKET_H

#include <stdbool.h>

struct control_options;
struct sockaddr_un;
struct strbuf;

/* Bind and listen, before privileges are dropped and processes are forked, and
 * behind milter_open, which looks for a descriptor that listens; a
 * socket that nobody listens on any more is replaced, and mode and group are
 * set.  *FD_OUT is -1 where OPTIONS name none.  False with the problem
 * appended; *FD_OUT is -1 then, too. */
bool control_open_socket(const struct control_options *options, int *fd_out,
    struct strbuf *problem);

/* At the end of the daemon, by one process, once all have closed it: the file
 * goes, unless another daemon has made it its own.  Nothing where OPTIONS name
 * none.  False with the problem appended. */
bool control_remove_socket(const struct control_options *options,
    struct strbuf *problem);

/* Of "unix:/PATH" or "/PATH".  False where it is neither, or does not fit. */
bool control_find_address(const char *socket, struct sockaddr_un *address_out);

#endif
