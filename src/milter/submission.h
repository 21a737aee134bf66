/* milter/submission.h - a message that is handed over whole, with its envelope,
 * by who speaks no milter protocol: judged, logged and remembered as in a
 * session of libmilter's, and left to be carried out by who asked. */
#ifndef ASSAY_MILTER_SUBMISSION_H
#define ASSAY_MILTER_SUBMISSION_H

#include "base/ip.h"
#include "milter/conclude.h"

/* All of it is borrowed. */
struct submission {
	struct ip_address client;	/* IP_NONE: no SMTP client's */
	struct slice listener;	/* the MTA's name for the service it came to */
	struct slice helo;
	struct slice sender;	/* as MAIL has it, brackets or none */
	bool is_smtputf8, is_authenticated;
	struct slice queue_id;
	const struct slice *recipients;	/* as RCPT has them */
	size_t n_recipients;
	struct slice octets;	/* the message: inspect/message.h */
};

struct submission_outcome {
	const char *session;	/* its id in the log */
	enum policy_trust trust;
	bool is_at_mail;	/* refused before the header was looked at */
	struct conclusion conclusion;
	const char *redirect;	/* for POLICY_REDIRECT */
};

/* TELL is called once, with what lives until it returns.  False, and it was not
 * called, where there is no memory for a session, or none may begin any more.
 * Any thread but the loop's: it waits for DNS. */
bool submission_judge(const struct submission *submission,
    void (*tell)(void *context, const struct submission_outcome *outcome),
    void *context);

#endif
