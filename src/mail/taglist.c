/* mail/taglist.c - see taglist.h. */
#include "mail/taglist.h"

#include <string.h>

#include "base/ascii.h"
#include "base/cursor.h"

/* ALNUMPUNC = ALPHA / DIGIT / "_" */
static bool
is_tag_name(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

/* tval = 1*VALCHAR, VALCHAR = %x21-3A / %x3C-7E; with the FWS between tvals.
 * 8-bit is let through for what RFC 8616 puts into d=, i= and s=.  So nothing
 * is left out but ";" and control characters. */
static bool
is_tag_value(char c)
{
	unsigned char octet = (unsigned char)c;

	return octet > ' ' ? octet != ';' && octet != 0x7f : ascii_is_fws(c);
}

/* Whether all of eight octets are VALCHARs; the sums overflow from one octet
 * into the next only where the first of them is none. */
static bool
are_valchars(const char *octets)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t word, other;

	memcpy(&word, octets, sizeof(word));
	other = word ^ ones * ';';	/* zero where it is one */
	return ((word | (word - ones * '!') | (word + ones) |
	    (other - ones)) & ones << 7) == 0;
}

/* Most of a signature is base64: many octets with nothing between them. */
static struct slice
take_tag_value(struct cursor *cur)
{
	const char *start = cur->pos;

	while (!cursor_at_end(cur)) {
		if (cur->end - cur->pos >= (ptrdiff_t)sizeof(uint64_t) &&
		    are_valchars(cur->pos))
			cur->pos += sizeof(uint64_t);
		else if (is_tag_value(*cur->pos))
			cur->pos++;
		else
			break;
	}
	return (struct slice){ start, (size_t)(cur->pos - start) };
}

/* tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS] */
enum tag_step
tag_take(struct cursor *cur, struct tag *tag)
{
	*tag = (struct tag){ SLICE_EMPTY, SLICE_EMPTY };
	cursor_skip_fws(cur);
	if (cursor_at_end(cur))		/* the list may end with its ";" */
		return TAG_END;
	tag->name = cursor_take_while(cur, is_tag_name);
	if (tag->name.len == 0 || !ascii_is_alpha(tag->name.ptr[0]))
		return TAG_MALFORMED;
	cursor_skip_fws(cur);
	if (!cursor_take_char(cur, '='))
		return TAG_MALFORMED;
	cursor_skip_fws(cur);
	tag->value = slice_trim_end(take_tag_value(cur));
	if (!cursor_take_char(cur, ';') && !cursor_at_end(cur))
		return TAG_MALFORMED;
	return TAG_FOUND;
}

const struct tag *
tag_find(const struct tag *tags, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(tags[i].name, name))
			return &tags[i];
	return NULL;
}

bool
tag_parse_list(struct slice list, struct tag *tags, size_t max, size_t *n_out)
{
	struct cursor cur = cursor_of(list);
	struct tag tag;
	enum tag_step step;
	size_t n = 0;

	*n_out = 0;
	while ((step = tag_take(&cur, &tag)) == TAG_FOUND) {
		if (n == max || tag_find(tags, n, tag.name) != NULL)
			return false;
		tags[n++] = tag;
	}
	if (step == TAG_MALFORMED)
		return false;
	*n_out = n;
	return true;
}

bool
tag_take_element(struct cursor *cur, char separator, struct slice *element_out)
{
	*element_out = SLICE_EMPTY;
	if (cursor_at_end(cur))
		return false;
	*element_out = slice_trim(cursor_take_until(cur, separator));
	cursor_take_char(cur, separator);
	return true;
}
