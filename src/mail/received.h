/* mail/received.h - the trace field (RFC 5321 4.4), as MTAs write it: who was
 * the client of the host that added it. */
#ifndef ASSAY_MAIL_RECEIVED_H
#define ASSAY_MAIL_RECEIVED_H

#include "base/ip.h"

struct mail_received {
	struct ip_address client;
	struct slice helo;	/* as the client gave it; borrows the value */
};

/* One field's value, in the forms of Postfix, Sendmail, Exim, qmail and
 * Exchange.  Only the address that the host itself saw is taken, never one that
 * the client may have written.  False where there is none, or any doubt.
 * Meant for fields of hosts that are trusted; any other field may say anything
 * in the same form. */
bool mail_parse_received(struct slice value,
    struct mail_received *received_out);

#endif
