/* config/socket.c - see socket.h. */
#include "config/socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/ip.h"

#define MAX_PATH_OCTETS (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define MAX_HOST_OCTETS 253

static enum socket_problem
parse_path(struct slice path, struct socket_name *name)
{
	if (path.len == 0 || path.ptr[0] != '/')
		return SOCKET_RELATIVE_PATH;
	if (path.len > MAX_PATH_OCTETS)
		return SOCKET_LONG_PATH;
	name->is_unix = true;
	name->path = path;
	return SOCKET_OK;
}

static bool
is_port(struct slice text)
{
	uint64_t port;

	return slice_parse_uint(text, 65535, &port) && port != 0;
}

static bool
is_host_octet(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static enum socket_problem
check_host(struct slice host, bool is_inet6)
{
	struct cursor cur = cursor_of(host);
	struct ip_address address;

	if (ip_parse_v4(host, &address))
		return is_inet6 ? SOCKET_WRONG_FAMILY : SOCKET_OK;
	if (ip_parse_v6(host, &address))
		return is_inet6 ? SOCKET_OK : SOCKET_WRONG_FAMILY;
	if (host.len == 0 || host.len > MAX_HOST_OCTETS ||
	    cursor_take_while(&cur, is_host_octet).len != host.len)
		return SOCKET_BAD_HOST;
	return SOCKET_OK;
}

/* PORT [ "@" HOST ], HOST perhaps in brackets. */
static enum socket_problem
parse_internet(struct slice text, bool is_inet6, struct socket_name *name)
{
	size_t at = slice_find(text, '@');
	size_t colon = slice_find_last(text, ':');

	if (at == SIZE_MAX && colon != SIZE_MAX)
		return SOCKET_REVERSED;
	if (!is_port(slice_head(text, at)))
		return SOCKET_BAD_PORT;
	if (at == SIZE_MAX)
		return SOCKET_OK;
	name->host = slice_from(text, at + 1);
	if (name->host.len > 2 && name->host.ptr[0] == '[' &&
	    name->host.ptr[name->host.len - 1] == ']')
		name->host = slice_head(slice_from(name->host, 1),
		    name->host.len - 2);
	return check_host(name->host, is_inet6);
}

enum socket_problem
socket_parse(struct slice text, struct socket_name *name_out)
{
	struct cursor cur = cursor_of(text);

	*name_out = (struct socket_name){ false, SLICE_EMPTY, SLICE_EMPTY };
	if (cursor_take_text_nocase(&cur, SLICE("unix:")) ||
	    cursor_take_text_nocase(&cur, SLICE("local:")) ||
	    cursor_peek(&cur) == '/')
		return parse_path(cursor_rest(&cur), name_out);
	if (cursor_take_text_nocase(&cur, SLICE("inet:")))
		return parse_internet(cursor_rest(&cur), false, name_out);
	if (cursor_take_text_nocase(&cur, SLICE("inet6:")))
		return parse_internet(cursor_rest(&cur), true, name_out);
	return SOCKET_NO_FORM;
}

const char *
socket_problem_text(enum socket_problem problem)
{
	switch (problem) {
	case SOCKET_OK:
		return "nothing is wrong";
	case SOCKET_NO_FORM:
		return "write \"unix:/PATH\", \"inet:PORT@ADDRESS\" or "
		    "\"inet6:PORT@ADDRESS\"";
	case SOCKET_RELATIVE_PATH:
		return "write the whole path, from the first \"/\" on: "
		    "\"unix:/run/assay/assayd.sock\"";
	case SOCKET_LONG_PATH:
		return "the path of a UNIX socket has at most 107 octets: "
		    "write a shorter one";
	case SOCKET_REVERSED:
		return "the port comes first here, otherwise than in Postfix: "
		    "write \"inet:8891@127.0.0.1\"";
	case SOCKET_BAD_PORT:
		return "write a port from 1 to 65535: \"inet:8891@127.0.0.1\"";
	case SOCKET_BAD_HOST:
		return "write an address or a host name behind the \"@\": "
		    "\"inet:8891@127.0.0.1\"";
	case SOCKET_WRONG_FAMILY:
		return "inet: wants an IPv4 address, inet6: an IPv6 one: "
		    "write \"inet:8891@127.0.0.1\" or \"inet6:8891@::1\"";
	}
	return "";
}
