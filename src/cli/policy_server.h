/* cli/policy_server.h - the server that Postfix asks by its socketmap protocol
 * how to deliver to a domain: one loop, clients whose requests wait while
 * policy_pool.h finds out.
 *
 * An answer is there within the timeout: what was known before, or that nothing
 * is, where finding out takes longer; that goes on, once for all who ask. */
#ifndef ASSAY_CLI_POLICY_SERVER_H
#define ASSAY_CLI_POLICY_SERVER_H

#include "cli/tls_policy.h"

struct event_base;
struct log;
struct policy_server;

/* BASE, LOG and what FINDER names are borrowed; LISTENER is a listening socket
 * that is not to block, and the server's to close.  NULL where memory is out:
 * LISTENER is closed then, too. */
struct policy_server *policy_server_create(struct event_base *base,
    struct log *log, const struct tls_policy_finder *finder,
    unsigned timeout_s, int listener);

/* Blocks until its threads have ended. */
void policy_server_destroy(struct policy_server **server);

/* What the store remembers, before the loop runs; how many policies. */
size_t policy_server_load(struct policy_server *server);

#endif
