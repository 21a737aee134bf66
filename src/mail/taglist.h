/* mail/taglist.h - DKIM's tag=value lists (RFC 6376 3.2), which ARC uses
 * too. */
#ifndef ASSAY_MAIL_TAGLIST_H
#define ASSAY_MAIL_TAGLIST_H

#include "base/slice.h"

struct cursor;

struct tag {
	struct slice name, value;	/* borrow the input; value is trimmed */
};

enum tag_step {
	TAG_FOUND,
	TAG_END,
	TAG_MALFORMED,
};

/* Read one tag-spec and the ";" behind it.  Names are case-sensitive. */
enum tag_step tag_take(struct cursor *cur, struct tag *tag);

/* Read the whole list into TAGS, at most MAX of them.  Fails on a malformed
 * list, more tags than MAX, and a name that appears twice (3.2: the entire
 * tag-list is invalid). */
bool tag_parse_list(struct slice list, struct tag *tags, size_t max,
    size_t *n_out);

/* The tag of this name, or NULL. */
const struct tag *tag_find(const struct tag *tags, size_t n, struct slice name);

/* One element of a list like h= (RFC 6376 3.5: colons, FWS around each),
 * trimmed; false at the end.  An empty element is returned as such. */
bool tag_take_element(struct cursor *cur, char separator,
    struct slice *element_out);

#endif
