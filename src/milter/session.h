/* milter/session.h - one connection from the MTA, which is one SMTP session.
 *
 * It is created with the connection's first callback and destroyed with
 * xxfi_close, whatever came between; libmilter runs one callback of it at a
 * time.  A message is open from an accepted MAIL to its end and is counted
 * in the service for that long. */
#ifndef ASSAY_MILTER_SESSION_H
#define ASSAY_MILTER_SESSION_H

#include "base/ip.h"
#include "milter/measure.h"
#include "policy/policy.h"

struct arena;
struct inspect;
struct milter_context;
struct service;
struct strbuf;

struct session {
	struct service *service;	/* borrowed */
	char id[64];		/* for the log: our own text */
	bool is_negotiated;	/* false behind QUIT_NC: libmilter tells us
				 * nothing of the negotiation then */
	unsigned long steps;	/* SMFIP_ bits in force; 0 if not negotiated */
	unsigned long actions;	/* SMFIF_ bits, the same */
	bool is_admitted;	/* it counts among limits.sessions */
	bool is_one_too_many;	/* and is to be turned away */
	bool is_connected;	/* xxfi_connect was called */
	unsigned n_messages;	/* begun, the open one included */
	struct arena *arena;	/* the connection's; owned */
	struct inspect *inspect;	/* owned; NULL where memory was out */
	struct ip_address client;
	struct slice client_name, daemon_name;	/* in the arena */

	/* The message that is open; all zero while there is none.  Its text
	 * lives in inspect's arena. */
	bool is_open;
	struct milter_context *context;	/* that it began with; counted */
	bool has_header_ended;
	enum policy_trust trust;
	const char *failure;	/* the first thing that went wrong, static */
	struct slice queue_id, authserv_id;
	unsigned n_recipients;
	const char **recipients;	/* kept only where they may be needed */
	size_t capacity;
	struct measure measure;
};

/* NULL where memory is out. */
struct session *session_create(struct service *service);
void session_destroy(struct session **session);

/* Copies; DAEMON_NAME is the MTA's for the service that the client came to. */
void session_connect(struct session *session, struct slice client_name,
    struct slice daemon_name, const struct ip_address *client);

/* One that works by the present configuration until its end, whatever comes.
 * False where the service is draining and takes no new message.  Ends one that
 * was open. */
bool session_begin_message(struct session *session);

/* Ask for a place among MAX sessions (0: no limit), which it has until its end.
 * False where there is none. */
bool session_admit(struct session *session, unsigned max);

/* It cannot go on for a limit of the process's: that is counted and told. */
void session_hit_limit(const struct session *session, enum limit limit);

/* Forgets the message, if one is open. */
void session_end_message(struct session *session);

/* Note what went wrong with the open message, for its end; the first counts. */
void session_note_failure(struct session *session, const char *failure);

/* Once the MTA tells it; empty, it is not told yet. */
void session_set_queue_id(struct session *session, struct slice id);

/* The open message's own name, "SESSION.2" for the second of its session. */
void session_append_id(const struct session *session, struct strbuf *text);

/* Have replies call the message by what the log calls it: the queue id, or its
 * own where there is none. */
void session_name_message(struct session *session);

void session_add_recipient(struct session *session, struct slice argument);

#endif
