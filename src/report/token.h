/* report/token.h - what a bounce must show to be believed.
 *
 * Our messages' Message-ID has the report's id and, behind a dot, a token for
 * the one destination that this message goes to.  Nobody makes one without the
 * store's secret, and a destination's own is of no use against another one: a
 * report's id alone goes to all of them. */
#ifndef ASSAY_REPORT_TOKEN_H
#define ASSAY_REPORT_TOKEN_H

#include "base/siphash.h"
#include "base/slice.h"

struct strbuf;

#define REPORT_TOKEN_OCTETS ((size_t)16)

/* Hexadecimal digits. */
void report_append_token(struct strbuf *out, const struct siphash_key *secret,
    struct slice report_id, struct slice destination);

bool report_check_token(const struct siphash_key *secret,
    struct slice report_id, struct slice destination, struct slice token);

#endif
