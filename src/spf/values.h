/* spf/values.h - what a request says, as <sender>, <domain> and the macros want
 * it (RFC 7208 2.3, 2.4, 4.1, 4.3, 7.2). */
#ifndef ASSAY_SPF_VALUES_H
#define ASSAY_SPF_VALUES_H

#include "spf/macro.h"
#include "spf/request.h"

/* The <domain> of the request's identity, normalized, in the arena.  False, and
 * the text as written, where that is no domain of several labels. */
bool spf_find_domain(struct arena *arena, const struct spf_request *request,
    struct slice *domain_out);

/* All values but validated_name, in the arena or borrowed from the request.
 * DOMAIN is what spf_find_domain gave. */
void spf_fill_values(struct arena *arena, const struct spf_request *request,
    struct slice domain, struct spf_macro_values *values_out);

#endif
