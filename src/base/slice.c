/* base/slice.c - see slice.h. */
#include "base/slice.h"

#include <string.h>

#include "base/ascii.h"

struct slice
slice_from_cstr(const char *text)
{
	return (struct slice){ text, text != NULL ? strlen(text) : 0 };
}

bool
slice_eq_nocase_octets(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len; i++)
		if (a.ptr[i] != b.ptr[i] &&
		    ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

bool
slice_starts_with(struct slice s, struct slice prefix)
{
	return slice_eq(slice_head(s, prefix.len), prefix);
}

bool
slice_starts_with_nocase(struct slice s, struct slice prefix)
{
	return slice_eq_nocase(slice_head(s, prefix.len), prefix);
}

bool
slice_ends_with_nocase(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	    slice_eq_nocase(slice_from(s, s.len - suffix.len), suffix);
}

struct slice
slice_trim_end(struct slice s)
{
	while (s.len > 0 && ascii_is_fws(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct slice
slice_trim(struct slice s)
{
	s = slice_trim_end(s);
	while (s.len > 0 && ascii_is_fws(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	return s;
}

size_t
slice_find(struct slice s, char c)
{
	const char *hit = s.len != 0 ? memchr(s.ptr, c, s.len) : NULL;

	return hit != NULL ? (size_t)(hit - s.ptr) : SIZE_MAX;
}

size_t
slice_find_last(struct slice s, char c)
{
	for (size_t i = s.len; i > 0; i--)
		if (s.ptr[i - 1] == c)
			return i - 1;
	return SIZE_MAX;
}

bool
slice_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_is_8bit(s.ptr[i]))
			return false;
	return true;
}

bool
slice_parse_uint(struct slice s, uint64_t max, uint64_t *value_out)
{
	uint64_t value = 0;

	*value_out = 0;
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.ptr[i] - '0');

		if (!ascii_is_digit(s.ptr[i]) || digit > max ||
		    value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*value_out = value;
	return true;
}

int
slice_compare_nocase(struct slice a, struct slice b)
{
	size_t common = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char x = (unsigned char)ascii_lower(a.ptr[i]);
		unsigned char y = (unsigned char)ascii_lower(b.ptr[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}
