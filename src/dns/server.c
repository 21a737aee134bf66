/* dns/server.c - see server.h. */
#include "dns/server.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/ip.h"

#define INTERFACE_MAX 15	/* octets of an interface's name on Linux */

static bool
is_interface_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static bool
check_interface(struct slice name)
{
	struct cursor cur = cursor_of(name);

	cursor_take_while(&cur, is_interface_char);
	return name.len != 0 && name.len <= INTERFACE_MAX &&
	    cursor_at_end(&cur);
}

/* ADDRESS, or for a link's own IPv6 address ADDRESS%INTERFACE (RFC 4007). */
static bool
check_address(struct slice s)
{
	struct ip_address address;
	size_t percent = slice_find(s, '%');

	if (percent == SIZE_MAX)
		return ip_parse_v4(s, &address) || ip_parse_v6(s, &address);
	return ip_parse_v6(slice_head(s, percent), &address) &&
	    check_interface(slice_from(s, percent + 1));
}

bool
dns_check_server(struct slice server)
{
	size_t at = slice_find(server, '@');
	uint64_t port = 53;

	if (at != SIZE_MAX && (!slice_parse_uint(slice_from(server, at + 1),
	    UINT16_MAX, &port) || port == 0))
		return false;
	return check_address(slice_head(server, at));
}

static bool
is_word(char c)
{
	return !ascii_is_fws(c);
}

/* The keyword starts the line (resolv.conf(5)); what follows the address is of
 * no concern. */
static bool
parse_line(struct slice line, struct slice *server_out)
{
	struct cursor cur = cursor_of(line);

	if (!cursor_take_text_nocase(&cur, SLICE("nameserver")) ||
	    !ascii_is_wsp((char)cursor_peek(&cur)))
		return false;
	cursor_skip_wsp(&cur);
	*server_out = cursor_take_while(&cur, is_word);
	return check_address(*server_out);
}

bool
dns_take_nameserver(struct slice *text, struct slice *server_out)
{
	struct cursor cur = cursor_of(*text);
	bool is_found = false;

	while (!is_found && !cursor_at_end(&cur)) {
		is_found = parse_line(cursor_take_until(&cur, '\n'),
		    server_out);
		cursor_take_char(&cur, '\n');
	}
	if (!is_found)
		*server_out = SLICE_EMPTY;
	*text = cursor_rest(&cur);
	return is_found;
}
