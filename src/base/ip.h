/* base/ip.h - IP addresses and networks as values. */
#ifndef ASSAY_BASE_IP_H
#define ASSAY_BASE_IP_H

#include "base/slice.h"

struct sockaddr;
struct strbuf;

enum ip_family {
	IP_NONE = 0,		/* not known, or no IP: a UNIX socket */
	IP_V4,
	IP_V6,
};

struct ip_address {
	enum ip_family family;
	unsigned char octets[16];	/* network order; 4 used for IPv4 */
};

struct ip_network {
	struct ip_address address;
	unsigned prefix_bits;	/* 0 to 32 or 128 */
};

/* An IPv4-mapped IPv6 address (::ffff:0:0/96) becomes the IPv4 one, in both:
 * RFC 7208 5 wants it so.  Text is inet_pton(3)'s, all of S. */
bool ip_parse(struct slice s, struct ip_address *address_out);
struct ip_address ip_from_sockaddr(const struct sockaddr *addr);

/* The same without folding mapped addresses and for one family, as SPF's ip4
 * and ip6 terms want it. */
bool ip_parse_v4(struct slice s, struct ip_address *address_out);
bool ip_parse_v6(struct slice s, struct ip_address *address_out);

/* ADDRESS or ADDRESS/BITS. */
bool ip_parse_network(struct slice s, struct ip_network *network_out);

bool ip_eq(const struct ip_address *a, const struct ip_address *b);

/* False for different families; bits beyond the prefix are not looked at. */
bool ip_network_contains(const struct ip_network *network,
    const struct ip_address *address);

/* As inet_ntop(3) writes it (RFC 5952); "unknown" for IP_NONE. */
void ip_append(struct strbuf *buf, const struct ip_address *address);

#endif
