/* spf/validate.h - the client's validated domain names (RFC 7208 5.5), for the
 * "ptr" mechanism and the macro "p". */
#ifndef ASSAY_SPF_VALIDATE_H
#define ASSAY_SPF_VALIDATE_H

#include "spf/evaluation.h"

/* "ptr": whether one of the client's validated names is TARGET or below it.
 * (The list at the end of 5.5 says the reverse; the text above it and the
 * example below it say this.)  The term is counted already; a missing PTR
 * record is a void lookup. */
enum spf_status spf_match_ptr(struct spf_evaluation *ev, struct slice target,
    bool *is_match_out);

/* Set values.validated_name for <domain>, "unknown" where there is none (7.3).
 * The lookup counts as a term (4.6.4); one for the same <domain> is not made
 * twice. */
enum spf_status spf_find_validated_name(struct spf_evaluation *ev);

#endif
