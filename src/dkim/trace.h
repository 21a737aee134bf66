/* dkim/trace.h - what the verification of a signature, DKIM's or ARC's, tells a
 * trace (base/trace.h).  For dkim/ and arc/; all do nothing where it is
 * NULL. */
#ifndef ASSAY_DKIM_TRACE_H
#define ASSAY_DKIM_TRACE_H

#include "base/trace.h"

struct dkim_header_index;
struct dkim_outcome;
struct dkim_signature;
struct dns_answer;
struct mail_header;

/* What SIG says; opens the node that dkim_trace_end closes. */
void dkim_trace_signature(struct trace *trace,
    const struct dkim_signature *sig);
void dkim_trace_end(struct trace *trace, const struct dkim_outcome *outcome);

/* Each field as it is hashed. */
void dkim_trace_header(struct trace *trace, struct dkim_header_index *index,
    const struct dkim_signature *sig);

/* Where the header differs from the copies that the signer has put into z=
 * (RFC 6376 3.5); nothing where there are none. */
void dkim_trace_copies(struct trace *trace, const struct mail_header *header,
    const struct dkim_signature *sig);

/* bh=, and COMPUTED over a body of OCTETS in the signature's form. */
void dkim_trace_body(struct trace *trace, const struct dkim_signature *sig,
    struct slice computed, uint64_t octets);

void dkim_trace_key(struct trace *trace, struct slice name,
    const struct dns_answer *answer);

#endif
