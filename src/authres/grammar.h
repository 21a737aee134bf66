/* authres/grammar.h - the octets that the field's words are made of (RFC 8601
 * 2.2), shared by those who write and those who read it. */
#ifndef ASSAY_AUTHRES_GRAMMAR_H
#define ASSAY_AUTHRES_GRAMMAR_H

#include "base/ascii.h"
#include "base/slice.h"

/* token of RFC 2045 5.1: no blank, no control, no tspecials.  ASCII only. */
static inline bool
authres_is_token(char c)
{
	static const struct slice tspecials =
	    SLICE_INIT("()<>@,;:\\\"/[]?=");

	return ascii_is_vchar(c) && slice_find(tspecials, c) == SIZE_MAX;
}

/* Keyword of RFC 5321 4.1.2, and the underscore that some put there. */
static inline bool
authres_is_keyword(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

#endif
