/* report/redact.h - what leaves the host in a failure report, without what is
 * nobody's business (RFC 6590, RFC 9991 7). */
#ifndef ASSAY_REPORT_REDACT_H
#define ASSAY_REPORT_REDACT_H

#include "base/siphash.h"
#include "base/slice.h"

struct strbuf;

/* Lines are folded behind as many octets at the latest. */
#define REDACT_MAX_LINE 900

/* A local part as 16 hexadecimal digits: equal ones (ASCII case folded) give
 * equal ones under the same key, and nothing else can be told of them. */
void redact_append_local(struct strbuf *out, const struct siphash_key *key,
    struct slice local);

/* TEXT as printable ASCII and nothing else of what follows. */
void redact_append_clean(struct strbuf *out, struct slice text);

/* TEXT as printable ASCII ("?" for what is not), folds kept as LF and a tab:
 * with redacted local parts wherever a "@" stands between two words, and with
 * web addresses that nobody can click on (hxxp://). */
void redact_append_text(struct strbuf *out, const struct siphash_key *key,
    struct slice text);

/* The addresses in a field's value, redacted, without the names beside them,
 * with commas between. */
void redact_append_addresses(struct strbuf *out,
    const struct siphash_key *key, struct slice value);

#endif
