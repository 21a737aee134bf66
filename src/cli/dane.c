/* cli/dane.c - see dane.h. */
#include "cli/dane.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/mx.h"
#include "dns/dns.h"

#define MAX_NAME ((size_t)512)
#define MAX_ALIASES 4		/* an MX must not be one (RFC 5321 5.1) */

/* TLSA RDATA (RFC 6698 2.1): three octets and the data. */
#define HEAD_OCTETS 3
#define SHA256_OCTETS 32
#define SHA512_OCTETS 64

enum usage { USAGE_DANE_TA = 2, USAGE_DANE_EE = 3 };
enum selector { SELECTOR_CERTIFICATE = 0, SELECTOR_KEY = 1 };
enum matching { MATCHING_FULL = 0, MATCHING_SHA256 = 1, MATCHING_SHA512 = 2 };

static void
lower(uint32_t *ttl_s, const struct dns_answer *answer)
{
	if (answer->ttl_s < *ttl_s)
		*ttl_s = answer->ttl_s;
}

bool
dane_is_usable(struct slice rdata)
{
	size_t len = rdata.len - HEAD_OCTETS;

	if (rdata.len <= HEAD_OCTETS)
		return false;
	if (rdata.ptr[0] != USAGE_DANE_TA && rdata.ptr[0] != USAGE_DANE_EE)
		return false;
	if (rdata.ptr[1] != SELECTOR_CERTIFICATE &&
	    rdata.ptr[1] != SELECTOR_KEY)
		return false;
	return rdata.ptr[2] == MATCHING_FULL ||
	    (rdata.ptr[2] == MATCHING_SHA256 && len == SHA256_OCTETS) ||
	    (rdata.ptr[2] == MATCHING_SHA512 && len == SHA512_OCTETS);
}

/* ---- one host ------------------------------------------------------------ */

const struct dns_answer *
dane_ask(struct resolver *resolver, struct arena *arena, struct slice host,
    int64_t deadline_ms)
{
	struct strbuf name;

	strbuf_init(&name, arena, MAX_NAME);
	strbuf_printf(&name, "_25._tcp.%.*s", SLICE_PRINTF(host));
	return dns_query(resolver, arena, strbuf_slice(&name), DNS_TLSA,
	    deadline_ms);
}

static enum dane_state
judge(const struct dns_answer *tlsa)
{
	switch (tlsa->status) {
	case DNS_NOERROR:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return DANE_ABSENT;
	case DNS_TEMPFAIL:
		return DANE_FAILED;
	}
	if (!tlsa->secure)
		return DANE_INSECURE;
	for (size_t i = 0; i < tlsa->n_records; i++)
		if (dane_is_usable(tlsa->records[i].text))
			return DANE_USABLE;
	return DANE_UNUSABLE;
}

/* All that there are.  One family that fails is no way around the other's
 * records. */
static bool
has_secure_address(const struct dns_answer *v4, const struct dns_answer *v6)
{
	return (v4->n_records == 0 || v4->secure) &&
	    (v6->n_records == 0 || v6->secure) &&
	    v4->n_records + v6->n_records != 0;
}

/* The records may stand at the host's own name, where the name in the MX is an
 * alias (RFC 7672 2.2.2); then those go first. */
static bool
follow(struct resolver *resolver, struct arena *arena, struct slice *host,
    int64_t deadline_ms, uint32_t *ttl_s)
{
	const struct dns_answer *alias = dns_query(resolver, arena, *host,
	    DNS_CNAME, deadline_ms);

	if (alias->n_records == 0 || !alias->secure)
		return false;
	lower(ttl_s, alias);
	*host = alias->records[0].text;
	return true;
}

void
dane_look(struct resolver *resolver, struct arena *arena, struct slice host,
    int64_t deadline_ms, struct dane_host *host_out, uint32_t *ttl_s)
{
	const struct dns_answer *v4, *v6;
	struct slice target = host;
	unsigned n_aliases = 0;

	*host_out = (struct dane_host){ .name = host };
	dns_prefetch(resolver, host, DNS_AAAA);
	v4 = dns_query(resolver, arena, host, DNS_A, deadline_ms);
	v6 = dns_query(resolver, arena, host, DNS_AAAA, deadline_ms);
	lower(ttl_s, v4);
	lower(ttl_s, v6);
	host_out->has_secure_address = has_secure_address(v4, v6);
	host_out->is_unreachable = v4->n_records + v6->n_records == 0 &&
	    (v4->status == DNS_TEMPFAIL || v6->status == DNS_TEMPFAIL);
	if (!host_out->has_secure_address)
		return;
	if (v4->is_alias || v6->is_alias)
		while (n_aliases < MAX_ALIASES && follow(resolver, arena,
		    &target, deadline_ms, ttl_s))
			n_aliases++;
	host_out->tlsa = dane_ask(resolver, arena, target, deadline_ms);
	host_out->state = judge(host_out->tlsa);
	if (n_aliases != 0 && host_out->state == DANE_ABSENT) {
		host_out->tlsa = dane_ask(resolver, arena, host, deadline_ms);
		host_out->state = judge(host_out->tlsa);
	}
	lower(ttl_s, host_out->tlsa);
}

/* ---- a domain ------------------------------------------------------------ */

/* Each is asked for, before the answer to any is waited for. */
static void
prefetch(struct resolver *resolver, struct arena *arena,
    const struct dns_answer *mx, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice host = mx->records[i].text;
		struct strbuf name;

		strbuf_init(&name, arena, MAX_NAME);
		strbuf_printf(&name, "_25._tcp.%.*s", SLICE_PRINTF(host));
		dns_prefetch(resolver, host, DNS_A);
		dns_prefetch(resolver, host, DNS_AAAA);
		dns_prefetch(resolver, strbuf_slice(&name), DNS_TLSA);
	}
}

struct census {
	size_t n;		/* hosts of which something is known */
	size_t n_safe, n_unusable;
	bool is_incomplete;	/* a host is left out, which may have records */
};

static void
count(struct census *census, const struct dane_host *host)
{
	if (host->is_unreachable) {
		census->is_incomplete = true;
		return;
	}
	census->n++;
	switch (host->state) {
	case DANE_ABSENT:
	case DANE_INSECURE:
		break;
	case DANE_FAILED:	/* nobody may deliver there */
	case DANE_USABLE:
		census->n_safe++;
		break;
	case DANE_UNUSABLE:
		census->n_unusable++;
		break;
	}
}

static bool
cover(struct resolver *resolver, struct arena *arena,
    const struct slice *hosts, size_t n, int64_t deadline_ms,
    enum dane_coverage *coverage_out, uint32_t *ttl_s)
{
	struct census census = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		struct dane_host host;

		dane_look(resolver, arena, hosts[i], deadline_ms, &host,
		    ttl_s);
		count(&census, &host);
	}
	if (census.n_safe != 0)
		*coverage_out = census.n_safe == census.n ?
		    DANE_COVERS_ALL : DANE_COVERS_SOME;
	else if (census.n_unusable != 0)
		*coverage_out = DANE_COVERS_UNUSABLY;
	/* Whose addresses we could not find the MTA may find: it is to look
	 * for records there, and loses nothing where there are none. */
	if (census.n_safe == 0 && census.n != 0 && census.is_incomplete)
		*coverage_out = DANE_COVERS_SOME;
	return census.n != 0;
}

/* An MX that nobody vouches for may lead anywhere, so DANE says nothing then
 * (RFC 7672 2.2.1). */
bool
dane_find(struct resolver *resolver, struct arena *arena, struct slice domain,
    int64_t deadline_ms, enum dane_coverage *coverage_out, uint32_t *ttl_s)
{
	const struct dns_answer *mx = dns_query(resolver, arena, domain,
	    DNS_MX, deadline_ms);
	struct slice hosts[MX_MAX_HOSTS];
	size_t n = 0;

	*coverage_out = DANE_COVERS_NONE;
	lower(ttl_s, mx);
	if (mx->status == DNS_TEMPFAIL)
		return false;
	if (!mx->secure || mx->status == DNS_NXDOMAIN)
		return true;
	if (mx->status == DNS_NODATA)
		return cover(resolver, arena, &domain, 1, deadline_ms,
		    coverage_out, ttl_s);
	for (; n < mx->n_records && n < MX_MAX_HOSTS; n++)
		hosts[n] = mx->records[n].text;
	prefetch(resolver, arena, mx, n);
	return cover(resolver, arena, hosts, n, deadline_ms, coverage_out,
	    ttl_s);
}

const char *
dane_coverage_name(enum dane_coverage coverage)
{
	switch (coverage) {
	case DANE_COVERS_NONE:
		return "none";
	case DANE_COVERS_UNUSABLY:
		return "unusable";
	case DANE_COVERS_SOME:
		return "some";
	case DANE_COVERS_ALL:
		return "all";
	}
	return "";
}
