/* control/http.h - the daemon over HTTP (libevent's evhttp): /metrics for
 * Prometheus, /healthz, and at / a page for people, drawn from /summary.json.
 *
 * It is read only, and takes no input but the request: everything that anyone
 * on this address may see.  One process serves, on its loop; what is read from
 * the store is read by a thread, one question at a time. */
#ifndef ASSAY_CONTROL_HTTP_H
#define ASSAY_CONTROL_HTTP_H

#include "base/slice.h"

struct control_host;
struct event_base;
struct http;
struct ip_address;
struct strbuf;

/* "192.0.2.1:8080" or "[2001:db8::1]:8080": an address, no name.  False where
 * it is neither. */
bool http_parse_listen(struct slice text, struct ip_address *address_out,
    uint16_t *port_out);

/* Listen on TEXT, of that form: before privileges are dropped, and before the
 * processes are forked.  The descriptor, which is the caller's and is closed on
 * exec; -1 with the problem appended. */
int http_open(const char *text, struct strbuf *problem);

/* Serve on FD, which is borrowed, on BASE's thread; also keeps the numbers of
 * the last 24 hours and puts them into the store.  HOST is borrowed.  Mode,
 * names and store are those of milter_retain_context() at the time, so a
 * context has to be set before the loop runs, and a reload needs nothing of us.
 * NULL where memory is out. */
struct http *http_start(struct event_base *base, int fd,
    const struct control_host *host);

/* Before BASE is freed.  Ends all connections; waits for the thread that uses
 * the store, which has a second to notice.  False where it did not: then
 * nothing may be freed that it uses, and the process is left with _exit.  Sets
 * *HTTP to NULL; NULL there is well. */
bool http_stop(struct http **http);

#endif
