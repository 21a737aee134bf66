/* report/deliver.h - handing a message over, to sendmail(8) or an SMTP relay.
 *
 * Addresses are as report/destination.h gives them: no octet of theirs means
 * anything to SMTP or to a program's arguments. */
#ifndef ASSAY_REPORT_DELIVER_H
#define ASSAY_REPORT_DELIVER_H

#include <stdio.h>

#include "base/slice.h"

struct strbuf;

enum deliver_status {
	DELIVER_SENT = 0,	/* it is another one's to deliver now */
	DELIVER_DEFERRED,	/* not taken for now */
	DELIVER_REFUSED,	/* this message will never be taken */
	DELIVER_NO_MAILBOX,	/* nor any other to this recipient */
	DELIVER_PERHAPS,	/* it went out and was not answered */
	DELIVER_BROKEN,		/* there is nobody to hand it to: others would
				 * fare no better */
};

struct deliverer;

struct deliverer_ops {
	/* MESSAGE from its start; one recipient.  One sentence, printable, is
	 * appended to NOTE unless SENT. */
	enum deliver_status (*send)(struct deliverer *deliverer,
	    const char *from, const char *to, FILE *message,
	    struct strbuf *note);
	void (*close)(struct deliverer *deliverer);
};

/* The first member of each implementation's own struct. */
struct deliverer {
	const struct deliverer_ops *ops;
	const char *eol;	/* that the messages' lines are to have */
};

/* TRANSPORT is "sendmail:PATH" or "smtp://HOST:PORT"; HELO is what we call
 * ourselves there.  Both are copied.  NULL with one sentence in PROBLEM. */
struct deliverer *deliver_open(const char *transport, const char *helo,
    struct strbuf *problem);
void deliver_close(struct deliverer **deliverer);

/* NULL where memory is out. */
struct deliverer *deliver_open_sendmail(const char *path);
struct deliverer *deliver_open_smtp(const char *url, const char *helo);

#endif
