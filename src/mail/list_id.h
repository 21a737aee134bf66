/* mail/list_id.h - the List-Id field (RFC 2919). */
#ifndef ASSAY_MAIL_LIST_ID_H
#define ASSAY_MAIL_LIST_ID_H

#include "base/slice.h"

struct arena;

/* The identifier in the field's value, normalized as a domain: what stands in
 * angle brackets behind the phrase, or all of a value without brackets, as some
 * write it.  False where there is none, or it is no domain name. */
bool mail_parse_list_id(struct arena *arena, struct slice value,
    struct slice *list_id_out);

#endif
