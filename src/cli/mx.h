/* cli/mx.h - where a domain's mail goes (RFC 5321 5.1, RFC 7505). */
#ifndef ASSAY_CLI_MX_H
#define ASSAY_CLI_MX_H

#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct resolver;
struct strbuf;

#define MX_MAX_HOSTS 50		/* of one domain; those preferred least are left
				 * out */

struct mx_hosts {
	const struct slice *names;	/* by preference; in the arena */
	const uint16_t *preferences;
	size_t n;
	bool is_implicit;	/* no MX: the domain itself */
};

/* DOMAIN as dns.h wants names.  False with the problem, one sentence, appended:
 * it does not exist, takes no mail, or DNS failed.  Blocks. */
bool mx_find(struct resolver *resolver, struct arena *arena,
    struct slice domain, struct mx_hosts *hosts_out, struct strbuf *problem);

/* The addresses of a host, IPv4 first, at most MX_MAX_ADDRESSES; where there is
 * none *WHY_OUT is static text, and *HAS_FAILED_OUT true where DNS failed for
 * now.  Blocks. */
#define MX_MAX_ADDRESSES 16
size_t mx_find_addresses(struct resolver *resolver, struct arena *arena,
    struct slice host, struct ip_address addresses[MX_MAX_ADDRESSES],
    const char **why_out, bool *has_failed_out);

#endif
