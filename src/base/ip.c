/* base/ip.c - see ip.h. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/strbuf.h"

#define V4_OCTETS 4
#define V6_OCTETS 16

static const unsigned char mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

static bool
parse_family(int family, struct slice s, unsigned char *octets)
{
	char text[INET6_ADDRSTRLEN];

	if (s.len == 0 || s.len >= sizeof(text) ||
	    slice_find(s, '\0') != SIZE_MAX)
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	return inet_pton(family, text, octets) == 1;
}

bool
ip_parse_v4(struct slice s, struct ip_address *address_out)
{
	*address_out = (struct ip_address){ .family = IP_V4 };
	return parse_family(AF_INET, s, address_out->octets);
}

bool
ip_parse_v6(struct slice s, struct ip_address *address_out)
{
	*address_out = (struct ip_address){ .family = IP_V6 };
	return parse_family(AF_INET6, s, address_out->octets);
}

static void
fold_mapped(struct ip_address *address)
{
	struct ip_address v4 = { .family = IP_V4 };

	if (address->family != IP_V6 || memcmp(address->octets, mapped_prefix,
	    sizeof(mapped_prefix)) != 0)
		return;
	memcpy(v4.octets, address->octets + sizeof(mapped_prefix), V4_OCTETS);
	*address = v4;
}

bool
ip_parse(struct slice s, struct ip_address *address_out)
{
	if (ip_parse_v4(s, address_out))
		return true;
	if (ip_parse_v6(s, address_out)) {
		fold_mapped(address_out);
		return true;
	}
	*address_out = (struct ip_address){ .family = IP_NONE };
	return false;
}

struct ip_address
ip_from_sockaddr(const struct sockaddr *addr)
{
	struct ip_address address = { .family = IP_NONE };

	if (addr == NULL)
		return address;
	if (addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, addr, sizeof(in));
		address.family = IP_V4;
		memcpy(address.octets, &in.sin_addr, V4_OCTETS);
	} else if (addr->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, addr, sizeof(in6));
		address.family = IP_V6;
		memcpy(address.octets, &in6.sin6_addr, V6_OCTETS);
		fold_mapped(&address);
	}
	return address;
}

bool
ip_parse_network(struct slice s, struct ip_network *network_out)
{
	size_t slash = slice_find(s, '/');
	unsigned max, fold = 0;
	uint64_t bits;

	*network_out = (struct ip_network){ .prefix_bits = 0 };
	if (ip_parse_v4(slice_head(s, slash), &network_out->address)) {
		max = 8 * V4_OCTETS;
	} else if (ip_parse_v6(slice_head(s, slash), &network_out->address)) {
		max = 8 * V6_OCTETS;
		fold_mapped(&network_out->address);
		if (network_out->address.family == IP_V4)
			fold = 8 * sizeof(mapped_prefix);
	} else {
		return false;
	}
	bits = max;
	if (slash != SIZE_MAX &&
	    !slice_parse_uint(slice_from(s, slash + 1), max, &bits))
		return false;
	if (bits < fold)	/* wider than the mapped range: no one family */
		return false;
	network_out->prefix_bits = (unsigned)bits - fold;
	return true;
}

bool
ip_eq(const struct ip_address *a, const struct ip_address *b)
{
	return a->family == b->family &&
	    memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

bool
ip_network_contains(const struct ip_network *network,
    const struct ip_address *address)
{
	unsigned whole = network->prefix_bits / 8;
	unsigned rest = network->prefix_bits % 8;
	unsigned char mask;

	if (network->address.family != address->family ||
	    address->family == IP_NONE)
		return false;
	if (memcmp(network->address.octets, address->octets, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	mask = (unsigned char)(0xff << (8 - rest));
	return ((network->address.octets[whole] ^ address->octets[whole]) &
	    mask) == 0;
}

void
ip_append(struct strbuf *buf, const struct ip_address *address)
{
	char text[INET6_ADDRSTRLEN];

	switch (address->family) {
	case IP_NONE:
		break;
	case IP_V4:
		for (size_t i = 0; i < 4; i++) {
			if (i != 0)
				strbuf_append_char(buf, '.');
			strbuf_append_uint(buf, address->octets[i]);
		}
		return;
	case IP_V6:
		if (inet_ntop(AF_INET6, address->octets, text,
		    sizeof(text)) == NULL)
			break;
		strbuf_append_cstr(buf, text);
		return;
	}
	strbuf_append(buf, SLICE("unknown"));
}
