/* dmarc/uri.c - see uri.h.
 *
 * Valid means here: a scheme, a colon and something after it, no blanks; for
 * mailto: one address.  What is sent where is not decided here. */
#include "dmarc/uri.h"

#include "base/ascii.h"
#include "base/cursor.h"

static bool
is_scheme_octet(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

static bool
is_wsp_only(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_wsp(s.ptr[i]))
			return false;
	return true;
}

/* Printable, and no "!": RFC 9989 4.8 wants it percent-encoded. */
static bool
has_only_uri_octets(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_vchar(s.ptr[i]) || s.ptr[i] == '!')
			return false;
	return true;
}

/* obs-dmarc-report-size = "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] */
static struct slice
without_report_size(struct slice uri)
{
	size_t mark = slice_find_last(uri, '!');
	struct slice size;
	size_t n = 0;

	if (mark == SIZE_MAX)
		return uri;
	size = slice_from(uri, mark + 1);
	while (n < size.len && ascii_is_digit(size.ptr[n]))
		n++;
	if (n == 0 || size.len - n > 1)
		return uri;
	if (n < size.len &&
	    slice_find(SLICE("kmgt"), ascii_lower(size.ptr[n])) == SIZE_MAX)
		return uri;
	return slice_head(uri, mark);
}

/* One address before what RFC 6068 lets follow as header fields. */
static bool
is_mail_target(struct slice rest)
{
	struct slice address = slice_head(rest, slice_find(rest, '?'));
	size_t at = slice_find_last(address, '@');

	return at != SIZE_MAX && at > 0 && at + 1 < address.len;
}

static bool
is_uri(struct slice uri)
{
	struct cursor cur = cursor_of(uri);
	struct slice scheme = cursor_take_while(&cur, is_scheme_octet);

	if (scheme.len == 0 || !ascii_is_alpha(scheme.ptr[0]) ||
	    !cursor_take_char(&cur, ':') || cursor_at_end(&cur) ||
	    !has_only_uri_octets(uri))
		return false;
	return !slice_eq_nocase(scheme, SLICE("mailto")) ||
	    is_mail_target(cursor_rest(&cur));
}

/* dmarc-urilist = uri *(*WSP "," *WSP uri) */
bool
dmarc_take_uri(struct cursor *list, struct slice *uri_out)
{
	while (!cursor_at_end(list)) {
		struct slice element, uri;
		struct cursor cur;

		cursor_skip_wsp(list);
		element = cursor_take_until(list, ',');
		cursor_take_char(list, ',');
		cur = cursor_of(element);
		uri = cursor_take_while(&cur, ascii_is_vchar);
		if (!is_wsp_only(cursor_rest(&cur)))
			continue;
		uri = without_report_size(uri);
		if (is_uri(uri)) {
			*uri_out = uri;
			return true;
		}
	}
	*uri_out = SLICE_EMPTY;
	return false;
}
