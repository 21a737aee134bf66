/* inspect/relay.h - who the client was, where mail comes by relays of ours. */
#ifndef ASSAY_INSPECT_RELAY_H
#define ASSAY_INSPECT_RELAY_H

#include "mail/received.h"

struct mail_header;

#define RELAY_MAX_HOPS 10	/* own hosts that one message is followed by */

struct relay_networks {
	const struct ip_network *list;	/* borrowed */
	size_t n;
};

struct relay_client {
	struct mail_received seen;
	/* Behind a loopback.  Most often that is a content filter's way back to
	 * its MTA, but a host's other software, a web form or a fetcher of
	 * mailboxes, hands in there what anybody wrote, Received fields
	 * included.  Good enough for SPF, not to trust anyone for it. */
	bool is_hearsay;
};

bool relay_is_own(const struct relay_networks *relays,
    const struct ip_address *address);

/* HEADER is of a message that a relay of ours has handed in, so the topmost
 * Received field is by that relay.  As long as a field names another of the
 * relays, or the same host's loopback, as the client, the next one is by that
 * one, and is read in its turn; the first other client is the one.  False where
 * one of these fields is not there or cannot be read.  Borrows HEADER. */
bool relay_find_client(const struct relay_networks *relays,
    const struct mail_header *header, struct relay_client *client_out);

#endif
