/* mail/path.c - see path.h.
 *
 * The MTA has accepted the argument, so this is no test of its syntax: it only
 * finds the place where the domain begins.  A domain that is none is found out
 * by whoever normalizes it. */
#include "mail/path.h"

/* A-d-l = At-domain *( "," At-domain ) ":", which a receiver ignores (RFC 5321
 * 3.3).  The colons of an IPv6 literal are inside its brackets. */
static struct slice
skip_source_route(struct slice path)
{
	bool is_in_literal = false;

	if (!slice_starts_with(path, SLICE("@")))
		return path;
	for (size_t i = 0; i < path.len; i++) {
		if (path.ptr[i] == '[')
			is_in_literal = true;
		else if (path.ptr[i] == ']')
			is_in_literal = false;
		else if (path.ptr[i] == ':' && !is_in_literal)
			return slice_from(path, i + 1);
	}
	return path;
}

/* The last "@" that stands in no quoted string, or SIZE_MAX; there is none
 * where a quote does not end. */
static size_t
find_at(struct slice address)
{
	size_t at = SIZE_MAX;
	bool is_quoted = false;

	for (size_t i = 0; i < address.len; i++) {
		char c = address.ptr[i];

		if (c == '\\')
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '@' && !is_quoted)
			at = i;
	}
	return is_quoted ? SIZE_MAX : at;
}

void
mail_split_address(struct slice address, struct slice *local_out,
    struct slice *domain_out)
{
	size_t at = find_at(address);

	*local_out = slice_head(address, at);
	*domain_out = at != SIZE_MAX ? slice_from(address, at + 1) :
	    SLICE_EMPTY;
}

bool
mail_is_address(struct slice address, struct slice local, struct slice domain)
{
	struct slice own_local, own_domain;

	mail_split_address(address, &own_local, &own_domain);
	return own_domain.len != 0 && slice_eq_nocase(local, own_local) &&
	    slice_eq_nocase(domain, own_domain);
}

void
mail_parse_path(struct slice argument, struct mail_path *path_out)
{
	struct slice path = slice_trim(argument);

	if (slice_starts_with(path, SLICE("<"))) {
		path = slice_from(path, 1);
		if (path.len > 0 && path.ptr[path.len - 1] == '>')
			path.len--;
	}
	path = slice_trim(skip_source_route(slice_trim(path)));
	path_out->is_null = path.len == 0;
	path_out->address = path;
	mail_split_address(path, &path_out->local, &path_out->domain);
}
