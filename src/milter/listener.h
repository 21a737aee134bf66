/* milter/listener.h - the socket where the MTA finds us. */
#ifndef ASSAY_MILTER_LISTENER_H
#define ASSAY_MILTER_LISTENER_H

#include <stdbool.h>

struct milter_options;
struct strbuf;

/* Open it through libmilter, which must have been registered with; the name is
 * in libmilter's notation.  A UNIX socket that nobody listens on any more is
 * replaced, and its mode and group are set.  With more than one worker to
 * share it after a fork it does not block who comes late to a connection.
 * *FD_OUT is the socket, -1 where it cannot be told.  False with the problem
 * appended. */
bool listener_open(const struct milter_options *options, int *fd_out,
    struct strbuf *problem);

/* Remove a UNIX socket's file, unless someone listens on it.  False with the
 * problem appended. */
bool listener_remove(const struct milter_options *options,
    struct strbuf *problem);

/* What it does for a UNIX socket, for the sake of another one: make way for it
 * at PATH, unless somebody listens there, with SOCKET as its name for people;
 * and, once it is bound, set its mode and group, of which, and of its name,
 * OPTIONS are looked at.  False with the problem appended. */
bool listener_make_way(const char *socket, const char *path,
    struct strbuf *problem);
bool listener_give_access(const struct milter_options *options,
    const char *path, struct strbuf *problem);

#endif
