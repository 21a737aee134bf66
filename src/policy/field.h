/* policy/field.h - our Authentication-Results field: results and verdict put
 * into the words of RFC 8601. */
#ifndef ASSAY_POLICY_FIELD_H
#define ASSAY_POLICY_FIELD_H

#include "base/slice.h"

struct arena;
struct inspect_results;
struct policy_verdict;

/* The field's value (authres/authres.h says its form), one part per method that
 * was tried, for DKIM one per signature, at most POLICY_FIELD_MAX_SIGNATURES,
 * passing ones before others.  False where it cannot be built. */
#define POLICY_FIELD_MAX_SIGNATURES 12	/* fits AUTHRES_MAX_OCTETS, whatever
					 * they say */
bool policy_build_field(struct arena *arena, struct slice authserv_id,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice *value_out);

/* For a message that was not checked: "ID; none" (RFC 8601 2.2). */
bool policy_build_empty_field(struct arena *arena, struct slice authserv_id,
    struct slice *value_out);

#endif
