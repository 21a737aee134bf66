/* base/utf8.c - see utf8.h. */
#include "base/utf8.h"

static bool
is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* How long the first octet says the sequence is, and the range that the second
 * must be in: it alone tells overlong forms and surrogates (RFC 3629 4). */
static size_t
read_first(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 1;
	if (is_between(c, 0xc2, 0xdf))
		return 2;
	if (is_between(c, 0xe0, 0xef))
		return 3;
	return is_between(c, 0xf0, 0xf4) ? 4 : 0;
}

size_t
utf8_sequence_octets(struct slice s)
{
	unsigned char low, high;
	size_t len;

	if (s.len == 0)
		return 0;
	len = read_first((unsigned char)s.ptr[0], &low, &high);
	if (len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (!is_between((unsigned char)s.ptr[i], low, high))
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

bool
utf8_is_valid(struct slice s)
{
	while (s.len > 0) {
		size_t len = utf8_sequence_octets(s);

		if (len == 0)
			return false;
		s = slice_from(s, len);
	}
	return true;
}
