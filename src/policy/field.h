/* policy/field.h - our Authentication-Results field: results and verdict put
 * into the words of RFC 8601. */
#ifndef ASSAY_POLICY_FIELD_H
#define ASSAY_POLICY_FIELD_H

#include "base/slice.h"

struct arena;
struct inspect_results;
struct policy_verdict;

/* The field's value (authres/authres.h says its form), one part per method that
 * was tried; false where it cannot be built. */
bool policy_build_field(struct arena *arena, struct slice authserv_id,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice *value_out);

/* For a message that was not inspected: "ID; none" (RFC 8601 2.2). */
bool policy_build_empty_field(struct arena *arena, struct slice authserv_id,
    struct slice *value_out);

#endif
