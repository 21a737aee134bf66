/* cli/origin.h - from whom a saved message came: what an MTA would know of it,
 * read from the fields that the MTA wrote. */
#ifndef ASSAY_CLI_ORIGIN_H
#define ASSAY_CLI_ORIGIN_H

#include "base/ip.h"
#include "base/slice.h"

struct mail_header;
struct relay_networks;

enum origin_source {
	ORIGIN_UNKNOWN = 0,
	ORIGIN_GIVEN,		/* by the user */
	ORIGIN_FIELD,		/* by the message's own Received, Return-Path */
};

struct origin {
	struct ip_address client;
	struct slice helo;
	struct slice sender;	/* as MAIL has it, with brackets */
	enum origin_source client_from, helo_from, sender_from;
};

/* "as given"; FIELD, words for it, where it is from there. */
const char *origin_source_text(enum origin_source source, const char *field);

/* Fill in what is ORIGIN_UNKNOWN.  The client is that of the topmost Received
 * field whose client is neither of RELAYS nor of a private network or this
 * host: the hosts behind it are taken for one's own.  The sender is that of the
 * topmost Return-Path.  Who made the message up may have written these fields
 * himself: that is for the user to know.  Borrows HEADER. */
void origin_find(const struct mail_header *header,
    const struct relay_networks *relays, struct origin *origin);

#endif
