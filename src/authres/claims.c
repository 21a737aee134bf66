/* authres/claims.c - whose field it is; see authres.h.
 *
 * A forged field that stays is believed by the reader's program; one removed
 * without need is missed by nobody.  So this is no parser: whatever some
 * reader could take for our id is taken for it. */
#include "authres/authres.h"

#include "authres/grammar.h"
#include "base/ascii.h"

/* What comes before the first ";" that stands in no comment or string: the id
 * with its version.  Everything where a comment or string does not end, since
 * readers will not agree on where it was meant to. */
static struct slice
find_head(struct slice value)
{
	size_t depth = 0;
	bool is_quoted = false;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\\' && (is_quoted || depth > 0))
			i++;
		else if (c == '"' && depth == 0)
			is_quoted = !is_quoted;
		else if (c == '(' && !is_quoted)
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == ';' && !is_quoted && depth == 0)
			return slice_head(value, i);
	}
	return value;
}

/* Whether an id ends before index I: no octet of a token stands there, or the
 * dot that may end a domain name.  8-bit octets may be blanks to somebody. */
static bool
is_end_of_id(struct slice s, size_t i)
{
	if (i < s.len && s.ptr[i] == '.')
		i++;
	return i >= s.len || !authres_is_token(s.ptr[i]);
}

static bool
contains_id(struct slice s, struct slice id)
{
	for (size_t i = 0; i < s.len; i++)
		if ((i == 0 || !authres_is_token(s.ptr[i - 1])) &&
		    slice_starts_with_nocase(slice_from(s, i), id) &&
		    is_end_of_id(s, i + id.len))
			return true;
	return false;
}

/* Whether HEAD says ID when comments, quotes, backslashes and white space are
 * left out, wherever they stand. */
static bool
spells_id(struct slice head, struct slice id)
{
	size_t depth = 0, n = 0;

	for (size_t i = 0; i < head.len; i++) {
		char c = head.ptr[i];

		if (c == '\\' && depth > 0) {
			i++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (depth == 0 && c != '"' && c != '\\' &&
		    !ascii_is_fws(c)) {
			if (ascii_lower(c) != ascii_lower(id.ptr[n]))
				return false;
			if (++n == id.len)
				return is_end_of_id(head, i + 1);
		}
	}
	return false;
}

/* Some programs decode encoded-words in every field before they look at it. */
static bool
has_encoded_word(struct slice head)
{
	for (size_t i = 1; i < head.len; i++)
		if (head.ptr[i - 1] == '=' && head.ptr[i] == '?')
			return true;
	return false;
}

bool
authres_claims_id(struct slice value, struct slice authserv_id)
{
	struct slice head = find_head(value);

	if (authserv_id.len > 0 &&
	    authserv_id.ptr[authserv_id.len - 1] == '.')
		authserv_id.len--;
	if (authserv_id.len == 0)
		return false;
	return contains_id(head, authserv_id) ||
	    spells_id(head, authserv_id) || has_encoded_word(head);
}
