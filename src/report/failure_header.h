/* report/failure_header.h - the third part of a failure report: the message's
 * header as far as it tells of authentication. */
#ifndef ASSAY_REPORT_FAILURE_HEADER_H
#define ASSAY_REPORT_FAILURE_HEADER_H

#include <stdbool.h>

struct mail_header;
struct siphash_key;
struct strbuf;

/* Redacted, each field ended with LF, in the header's order; those that do not
 * fit into FAILURE_MAX_HEADER are left out. */
void failure_append_header(struct strbuf *out, const struct siphash_key *key,
    const struct mail_header *header, bool tells_subject);

#endif
