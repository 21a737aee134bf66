/* cli/mailbox.h - the messages of a file, an mbox or a Maildir, one by one.
 *
 * A file whose first line begins with "From " is an mbox (mboxrd: one ">" is
 * taken from ">From " lines).  A directory with cur/ or new/ is a Maildir; its
 * messages come in the order of their names. */
#ifndef ASSAY_CLI_MAILBOX_H
#define ASSAY_CLI_MAILBOX_H

#include "base/slice.h"

struct mailbox;
struct strbuf;

/* Octets of one message, and of all of stdin. */
#define MAILBOX_MAX_MESSAGE ((size_t)1024 * 1024 * 1024)

struct mailbox_message {
	struct slice name;	/* "FILE", "FILE#3", "DIRECTORY/cur/NAME" */
	struct slice octets;
	const char *problem;	/* it cannot be read: static text; or NULL */
	void *memory;		/* mailbox_release's */
};

/* PATH may be "-".  NULL with the problem, "PATH: what", appended. */
struct mailbox *mailbox_open(const char *path, struct strbuf *problem);
void mailbox_close(struct mailbox **mailbox);

/* Whether there can be more than one message. */
bool mailbox_is_collection(const struct mailbox *mailbox);

/* What there is to do and what of it is done, in octets or in files. */
void mailbox_get_progress(const struct mailbox *mailbox, uint64_t *done_out,
    uint64_t *all_out);

/* The next message, to be released before the mailbox is closed, by any thread;
 * false at the end.  One thread at a time. */
bool mailbox_next(struct mailbox *mailbox, struct mailbox_message *message);
void mailbox_release(struct mailbox_message *message);

#endif
