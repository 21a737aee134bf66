/* control/http_peers.h - who is connected over HTTP: so many at a time, and
 * each for so long, whatever he does or does not do.  evhttp itself has a bound
 * for neither: it waits anew for each octet. */
#ifndef ASSAY_CONTROL_HTTP_PEERS_H
#define ASSAY_CONTROL_HTTP_PEERS_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct evhttp;
struct http_peers;
struct log;

/* What has come from one and waits to be taken: evhttp bounds neither a chunk's
 * size line nor what comes while it writes.  More than a header may have, for
 * which it has an answer. */
#define HTTP_PEER_OCTETS ((size_t)32 * 1024)

/* One more waits, unaccepted, until another one has gone. */
#define HTTP_MAX_PEERS 32

/* From accepting him to the last octet of the answer. */
#define HTTP_PEER_MS 15000

/* Take connections from FD, which is borrowed, for SERVER.  NULL where memory
 * is out. */
struct http_peers *http_peers_create(struct event_base *base,
    struct evhttp *server, int fd, struct log *log);

/* Nobody comes any more; before evhttp_free. */
void http_peers_close(struct http_peers *peers);

/* After evhttp_free.  Sets *PEERS to NULL; NULL there is well. */
void http_peers_destroy(struct http_peers **peers);

#endif
