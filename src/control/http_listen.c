/* control/http_listen.c - the listening socket (control/http.h). */
#include "control/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/strbuf.h"

#define BACKLOG 64

bool
http_parse_listen(struct slice text, struct ip_address *address_out,
    uint16_t *port_out)
{
	size_t colon = slice_find_last(text, ':');
	struct slice host = slice_head(text, colon);
	uint64_t port = 0;

	*address_out = (struct ip_address){ .family = IP_NONE };
	*port_out = 0;
	if (colon == SIZE_MAX || !slice_parse_uint(slice_from(text, colon + 1),
	    UINT16_MAX, &port) || port == 0)
		return false;
	*port_out = (uint16_t)port;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		return ip_parse_v6(slice_head(slice_from(host, 1),
		    host.len - 2), address_out);
	return ip_parse_v4(host, address_out);
}

static socklen_t
fill_name(const struct ip_address *address, uint16_t port,
    struct sockaddr_storage *name)
{
	struct sockaddr_in *in = (struct sockaddr_in *)name;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;

	memset(name, 0, sizeof(*name));
	if (address->family == IP_V4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->octets, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->octets, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

/* "[::]" is of IPv6 alone, as it is written. */
static bool
listen_at(int fd, const struct sockaddr_storage *name, socklen_t len)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return false;
	if (name->ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return false;
	return bind(fd, (const struct sockaddr *)name, len) == 0 &&
	    listen(fd, BACKLOG) == 0;
}

int
http_open(const char *text, struct strbuf *problem)
{
	struct sockaddr_storage name;
	struct ip_address address;
	uint16_t port;
	socklen_t len;
	int fd;

	if (!http_parse_listen(slice_from_cstr(text), &address, &port)) {
		strbuf_printf(problem, "http.listen: %s is no ADDRESS:PORT",
		    text);
		return -1;
	}
	len = fill_name(&address, port, &name);
	fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd >= 0 && listen_at(fd, &name, len))
		return fd;
	strbuf_printf(problem, "http.listen: %s: %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}
