/* report/mail_text.h - what the messages that carry reports of either kind have
 * in common. */
#ifndef ASSAY_REPORT_MAIL_TEXT_H
#define ASSAY_REPORT_MAIL_TEXT_H

#include <stdio.h>

#include "base/slice.h"

struct siphash_key;
struct strbuf;

/* A time as the header has it, in UTC. */
void report_append_date(struct strbuf *text, int64_t time_s);

/* The Message-ID field: REPORT_ID, which is letters and digits, the token that
 * a bounce from TO is believed by (SECRET as in report/token.h; NULL: without
 * one), and SUBMITTER. */
void report_append_message_id(struct strbuf *text, struct slice report_id,
    const struct siphash_key *secret, struct slice to,
    struct slice submitter);

/* What parts the message: no base64 line and no line of ours has "=_" in
 * front. */
void report_append_boundary(struct strbuf *text, struct slice report_id);

/* Write TEXT, each line ended with EOL, and start it anew.  False where memory
 * or writing failed. */
bool report_put_text(struct strbuf *text, const char *eol, FILE *out);

#endif
