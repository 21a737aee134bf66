/* dmarc/uri.h - reporting URIs: the values of rua= and ruf= (RFC 9989 4.8). */
#ifndef ASSAY_DMARC_URI_H
#define ASSAY_DMARC_URI_H

#include "base/slice.h"

struct cursor;

/* The next syntactically valid URI of the list, whatever its scheme, without
 * the obsolete "!10m" behind it; malformed ones are passed over.  False at the
 * end.  Borrows the list. */
bool dmarc_take_uri(struct cursor *list, struct slice *uri_out);

#endif
