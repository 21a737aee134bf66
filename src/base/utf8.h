/* base/utf8.h - whether octets are UTF-8 (RFC 3629). */
#ifndef ASSAY_BASE_UTF8_H
#define ASSAY_BASE_UTF8_H

#include "base/slice.h"

/* The octets (1 to 4) of the character that S begins with; 0 where S is empty
 * or begins with none: cut short, overlong, a surrogate, past U+10FFFF. */
size_t utf8_sequence_octets(struct slice s);

bool utf8_is_valid(struct slice s);

#endif
