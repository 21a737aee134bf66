/* dns/dns.c - see dns.h: what is the same whoever answers. */
#include "dns/dns.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "dns/name.h"
#include "dns/resolver.h"

/* "f.f. ... .ip6.arpa": 32 nibbles with a dot each, and the suffix. */
#define REVERSE_NAME_MAX 73

/* The text as resolver.h wants it, in TEXT_OUT. */
static bool
normalise(struct slice name, char text_out[DNS_NAME_TEXT_MAX],
    struct slice *name_out)
{
	struct dns_name checked;

	if (!dns_name_parse(name, &checked))
		return false;
	if (name.ptr[name.len - 1] == '.')
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		text_out[i] = ascii_lower(name.ptr[i]);
	*name_out = (struct slice){ text_out, name.len };
	return true;
}

static void
release_answer(void *object)
{
	dns_answer_release(object);
}

const struct dns_answer *
dns_query(struct resolver *resolver, struct arena *arena, struct slice name,
    enum dns_type type, int64_t deadline_ms)
{
	char text[DNS_NAME_TEXT_MAX];
	const struct dns_answer *answer;

	if (!normalise(name, text, &name))
		return &dns_answer_impossible_name;
	answer = resolver->ops->query(resolver, name, type, deadline_ms);
	/* A cleanup takes any object; this one is only counted, not written. */
	if (!arena_add_cleanup(arena, release_answer,
	    (void *)(uintptr_t)answer))
		return &dns_answer_no_memory;
	return answer;
}

void
dns_prefetch(struct resolver *resolver, struct slice name, enum dns_type type)
{
	char text[DNS_NAME_TEXT_MAX];

	if (normalise(name, text, &name))
		resolver->ops->prefetch(resolver, name, type);
}

void
dns_destroy_resolver(struct resolver **resolver)
{
	if (*resolver == NULL)
		return;
	(*resolver)->ops->destroy(*resolver);
	*resolver = NULL;
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_TLSA:
		return "TLSA";
	}
	return "?";
}

const char *
dns_status_name(enum dns_status status)
{
	switch (status) {
	case DNS_NOERROR:
		return "NOERROR";
	case DNS_NODATA:
		return "NODATA";
	case DNS_NXDOMAIN:
		return "NXDOMAIN";
	case DNS_TEMPFAIL:
		return "TEMPFAIL";
	}
	return "?";
}

static void
append_reverse_v4(struct strbuf *buf, const unsigned char octets[4])
{
	strbuf_printf(buf, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2],
	    octets[1], octets[0]);
}

static void
append_reverse_v6(struct strbuf *buf, const unsigned char octets[16])
{
	for (size_t i = 16; i-- > 0;)
		strbuf_printf(buf, "%x.%x.", octets[i] & 15u, octets[i] >> 4);
	strbuf_append(buf, SLICE("ip6.arpa"));
}

struct slice
dns_reverse_name(struct arena *arena, const struct ip_address *address)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, REVERSE_NAME_MAX);
	switch (address->family) {
	case IP_NONE:
		break;
	case IP_V4:
		append_reverse_v4(&buf, address->octets);
		break;
	case IP_V6:
		append_reverse_v6(&buf, address->octets);
		break;
	}
	return buf.has_failed ? SLICE_EMPTY : strbuf_slice(&buf);
}
