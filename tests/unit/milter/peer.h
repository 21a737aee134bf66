/* tests/unit/milter/peer.h - the MTA's side of the milter protocol, as the
 * header mfdef.h of libmilter and its behaviour define it.  Fails the test
 * where the other side does not answer in time. */
#ifndef ASSAY_TESTS_UNIT_MILTER_PEER_H
#define ASSAY_TESTS_UNIT_MILTER_PEER_H

#include "base/slice.h"

struct arena;

/* What Postfix offers, and what an MTA of protocol 2 does. */
#define PEER_ALL_ACTIONS 0x1ffUL
#define PEER_ALL_STEPS 0x1fffffUL
#define PEER_V2_ACTIONS 0x3fUL
#define PEER_V2_STEPS 0x7fUL

struct peer {
	struct arena *arena;	/* for what is received; owned */
	int fd;
	unsigned long actions, steps;	/* as the milter chose them */
	struct slice symbols;	/* its macro lists, "STAGE:NAMES;" each */
};

/* Connect and negotiate.  False where the milter closes the connection. */
bool peer_open(struct peer *peer, const char *path, unsigned long version,
    unsigned long actions, unsigned long steps);

/* Connect and say nothing. */
void peer_connect(struct peer *peer, const char *path);
void peer_close(struct peer *peer);	/* without a word */
void peer_quit(struct peer *peer);

/* Raw packets.  Sending to a milter that has hung up is no failure. */
void peer_send(struct peer *peer, char command, struct slice data);

/* One packet's command, 0 at the end of the connection. */
char peer_receive(struct peer *peer, struct slice *data_out);

/* NAME and value in turn, NULL last; for the stage of COMMAND. */
void peer_define(struct peer *peer, int command, ...);

/* Events, each giving the answer's command: 'c' where none is due; *TEXT_OUT
 * (where not NULL) is the reply's text.  FAMILY as SMFIA_ has it. */
char peer_client(struct peer *peer, const char *name, char family,
    const char *address);
char peer_helo(struct peer *peer, const char *name);
char peer_mail(struct peer *peer, const char *path, const char *parameter,
    struct slice *text_out);
char peer_rcpt(struct peer *peer, const char *path);
char peer_field(struct peer *peer, struct slice name, struct slice value);
char peer_end_header(struct peer *peer);
char peer_body(struct peer *peer, struct slice chunk);

/* Fields as "Name: value\n", the value as the negotiation wants it. */
void peer_fields(struct peer *peer, const char *text);

/* The end of the message, with the last of the body.  *CHANGES_OUT is what is
 * to be changed, one line for each: "insert 0 Name:value", "delete 3 Name",
 * "quarantine reason", "add rcpt", "remove rcpt". */
char peer_end(struct peer *peer, struct slice chunk,
    struct slice *changes_out, struct slice *text_out);

void peer_abort(struct peer *peer);

#endif
