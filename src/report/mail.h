/* report/mail.h - the message that carries an aggregate report
 * (RFC 9990 3.5.2). */
#ifndef ASSAY_REPORT_MAIL_H
#define ASSAY_REPORT_MAIL_H

#include <stdio.h>

#include "base/slice.h"

struct siphash_key;
struct strbuf;

/* Domains are normalized (mail/domain.h), addresses as report/destination.h
 * gives them, REPORT_ID is letters and digits: nothing here needs quoting. */
struct report_mail {
	struct slice from, to;
	struct slice submitter, policy_domain;
	struct slice report_id;
	const struct siphash_key *secret;	/* report/token.h; NULL: no
						 * bounce will be believed */
	int64_t begin_s, end_s;		/* of the period, both within it */
	int64_t date_s;			/* of the message */
	uint64_t n_messages;		/* that are reported on */
};

/* filename = receiver "!" policy-domain "!" begin-timestamp "!" end-timestamp
 *            "!" unique-id ".xml.gz" */
void report_append_file_name(struct strbuf *text,
    const struct report_mail *mail);

/* Header and body, ATTACHMENT (the gzip'ed XML, from its start) encoded, each
 * line ended with EOL ("\n" or "\r\n"), none that begins with a dot.  False
 * where reading, writing or memory failed. */
bool report_write_mail(const struct report_mail *mail, FILE *attachment,
    const char *eol, FILE *out);

#endif
