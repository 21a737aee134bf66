/* report/failure_mail.h - the message that carries a failure report: three
 * parts of a multipart/report (RFC 6591). */
#ifndef ASSAY_REPORT_FAILURE_MAIL_H
#define ASSAY_REPORT_FAILURE_MAIL_H

#include <stdio.h>

#include "base/slice.h"

struct report_sender;

struct failure_mail {
	const struct report_sender *sender;
	struct slice to;		/* as report/destination.h gives it */
	struct slice report_id;		/* letters and digits */
	struct slice author_domain;
	int64_t date_s;			/* of the message */
	uint64_t incidents;
	struct slice fields, header;	/* failure_split_message */
	struct slice spf_record;	/* for its SPF-DNS field; empty: not
					 * known, the field is left out */
};

/* The two texts of a store_failure's message, borrowed; and the domain whose
 * SPF record its SPF-DNS field wants, or nothing. */
void failure_split_message(struct slice message, struct slice *fields_out,
    struct slice *header_out, struct slice *spf_domain_out);

/* As report_write_mail. */
bool failure_write_mail(const struct failure_mail *mail, const char *eol,
    FILE *out);

#endif
