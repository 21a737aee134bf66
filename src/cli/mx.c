/* cli/mx.c - see mx.h. */
#include "cli/mx.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "dns/dns.h"

#define MAX_NAME ((size_t)255)

static bool
refuse(struct strbuf *problem, struct slice domain, const char *why)
{
	strbuf_append_escaped(problem, domain, MAX_NAME);
	strbuf_printf(problem, ": %s", why);
	return false;
}

/* In the order of preference; equal ones as they came, for a dialogue that a
 * person looks at is to be the same each time. */
static bool
sort(struct arena *arena, const struct dns_answer *answer,
    struct mx_hosts *hosts)
{
	struct slice *names = arena_alloc_array(arena, MX_MAX_HOSTS,
	    sizeof(*names));
	uint16_t *preferences = arena_alloc_array(arena, MX_MAX_HOSTS,
	    sizeof(*preferences));
	size_t n = 0;

	if (names == NULL || preferences == NULL)
		return false;
	for (size_t i = 0; i < answer->n_records; i++) {
		const struct dns_record *record = &answer->records[i];
		size_t at = n;

		while (at > 0 && preferences[at - 1] > record->preference)
			at--;
		if (at == MX_MAX_HOSTS)
			continue;
		n = n < MX_MAX_HOSTS ? n + 1 : n;
		for (size_t j = n - 1; j > at; j--) {
			names[j] = names[j - 1];
			preferences[j] = preferences[j - 1];
		}
		names[at] = record->text;
		preferences[at] = record->preference;
	}
	hosts->names = names;
	hosts->preferences = preferences;
	hosts->n = n;
	return true;
}

static bool
take_implicit(struct arena *arena, struct slice domain,
    struct mx_hosts *hosts)
{
	struct slice *name = arena_alloc(arena, sizeof(*name));
	uint16_t *preference = arena_alloc(arena, sizeof(*preference));

	if (name == NULL || preference == NULL)
		return false;
	*name = domain;
	*hosts = (struct mx_hosts){ name, preference, 1, true };
	return true;
}

bool
mx_find(struct resolver *resolver, struct arena *arena, struct slice domain,
    struct mx_hosts *hosts_out, struct strbuf *problem)
{
	const struct dns_answer *answer = dns_query(resolver, arena, domain,
	    DNS_MX, INT64_MAX);

	*hosts_out = (struct mx_hosts){ .n = 0 };
	switch (answer->status) {
	case DNS_NOERROR:
		if (!sort(arena, answer, hosts_out))
			return refuse(problem, domain, "memory is out");
		if (hosts_out->n == 1 && hosts_out->names[0].len == 0)
			return refuse(problem, domain, "it takes no mail "
			    "(null MX, RFC 7505)");
		return true;
	case DNS_NODATA:
		return take_implicit(arena, domain, hosts_out) ||
		    refuse(problem, domain, "memory is out");
	case DNS_NXDOMAIN:
		return refuse(problem, domain, "the domain does not exist");
	case DNS_TEMPFAIL:
		break;
	}
	return refuse(problem, domain, answer->why);
}

static size_t
take_addresses(const struct dns_answer *answer, enum ip_family family,
    struct ip_address *addresses, size_t max)
{
	size_t n = answer->n_records < max ? answer->n_records : max;

	for (size_t i = 0; i < n; i++) {
		addresses[i] = (struct ip_address){ .family = family };
		for (size_t j = 0; j < sizeof(addresses[i].octets); j++)
			addresses[i].octets[j] =
			    answer->records[i].address[j];
	}
	return n;
}

size_t
mx_find_addresses(struct resolver *resolver, struct arena *arena,
    struct slice host, struct ip_address addresses[MX_MAX_ADDRESSES],
    const char **why_out, bool *has_failed_out)
{
	const struct dns_answer *v4, *v6;
	size_t n;

	*why_out = NULL;
	*has_failed_out = false;
	dns_prefetch(resolver, host, DNS_AAAA);
	v4 = dns_query(resolver, arena, host, DNS_A, INT64_MAX);
	v6 = dns_query(resolver, arena, host, DNS_AAAA, INT64_MAX);
	n = take_addresses(v4, IP_V4, addresses, MX_MAX_ADDRESSES);
	n += take_addresses(v6, IP_V6, addresses + n, MX_MAX_ADDRESSES - n);
	if (n != 0)
		return n;
	*has_failed_out = v4->status == DNS_TEMPFAIL ||
	    v6->status == DNS_TEMPFAIL;
	*why_out = v4->status == DNS_TEMPFAIL ? v4->why :
	    v6->status == DNS_TEMPFAIL ? v6->why : "it has no address";
	return 0;
}
