/* control/http_host.c - see http_host.h. */
#include "control/http_host.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/ip.h"

/* *DIGIT: it may be empty (RFC 3986 3.2.3). */
static bool
is_port(struct slice text)
{
	struct cursor cur = cursor_of(text);

	return cursor_take_while(&cur, ascii_is_digit).len == text.len;
}

/* "[" IPv6address "]" [ ":" port ] */
static bool
is_ip6_literal(struct slice host)
{
	struct ip_address address;
	size_t end = slice_find(host, ']');
	struct slice rest;

	if (end == SIZE_MAX ||
	    !ip_parse_v6(slice_head(slice_from(host, 1), end - 1), &address))
		return false;
	rest = slice_from(host, end + 1);
	return rest.len == 0 ||
	    (rest.ptr[0] == ':' && is_port(slice_from(rest, 1)));
}

static struct slice
without_dot(struct slice name)
{
	return name.len > 1 && name.ptr[name.len - 1] == '.' ?
	    slice_head(name, name.len - 1) : name;
}

bool
http_is_our_host(struct slice host, struct slice hostname)
{
	size_t colon = slice_find(host, ':');
	struct ip_address address;
	struct slice name;

	if (host.len != 0 && host.ptr[0] == '[')
		return is_ip6_literal(host);
	if (colon != SIZE_MAX && !is_port(slice_from(host, colon + 1)))
		return false;
	name = slice_head(host, colon);
	if (ip_parse_v4(name, &address))
		return true;
	name = without_dot(name);
	return slice_eq_nocase(name, SLICE("localhost")) ||
	    (name.len != 0 && slice_eq_nocase(name, without_dot(hostname)));
}
