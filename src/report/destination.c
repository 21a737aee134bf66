/* report/destination.c - see destination.h. */
#include "report/destination.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "dmarc/record.h"
#include "dmarc/uri.h"
#include "dmarc/walk.h"
#include "dns/dns.h"
#include "mail/domain.h"
#include "mail/lexical.h"

#define LOCAL_MAX_OCTETS 64	/* RFC 5321 4.5.3.1.1 */
#define ADDRESS_MAX_OCTETS (LOCAL_MAX_OCTETS + 1 + DOMAIN_MAX_OCTETS)

/* Elements of a rua of which no address is made are passed over unseen behind
 * as many: a text of 4 KB may have a thousand. */
#define MAX_UNUSABLE 16

struct search {
	const struct report_destination_request *request;
	struct arena *arena;
	struct dmarc_finder finder;
	struct report_destination *items;
	size_t n, n_slots, n_addresses, n_unusable;
};

/* ---- addresses ----------------------------------------------------------- */

static bool
is_safe_atext(char c)
{
	return mail_is_atext(c) && !ascii_is_8bit(c) && c != '!' && c != '%' &&
	    c != '|';
}

bool
report_is_safe_local_part(struct slice local)
{
	if (local.len == 0 || local.len > LOCAL_MAX_OCTETS ||
	    local.ptr[0] == '-' || local.ptr[0] == '/')
		return false;
	for (size_t i = 0; i < local.len; i++) {
		bool is_dot = local.ptr[i] == '.';

		if (!is_dot && !is_safe_atext(local.ptr[i]))
			return false;
		if (is_dot && (i == 0 || i + 1 == local.len ||
		    local.ptr[i - 1] == '.'))
			return false;
	}
	return true;
}

/* pct-encoded = "%" HEXDIG HEXDIG   (RFC 3986 2.1).  False where it is not, or
 * the result is longer than an address. */
static bool
decode_percent(struct arena *arena, struct slice text, struct slice *out)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, ADDRESS_MAX_OCTETS);
	for (size_t i = 0; i < text.len; i++) {
		int high, low;

		if (text.ptr[i] != '%') {
			strbuf_append_char(&buf, text.ptr[i]);
			continue;
		}
		if (text.len - i < 3)
			return false;
		high = ascii_hex_value(text.ptr[i + 1]);
		low = ascii_hex_value(text.ptr[i + 2]);
		if (high < 0 || low < 0)
			return false;
		strbuf_append_char(&buf, (char)(high * 16 + low));
		i += 2;
	}
	*out = strbuf_slice(&buf);
	return !buf.has_failed;
}

/* mailtoURI = "mailto:" [ to ] [ hfields ]   (RFC 6068 2): one address, and no
 * use is made of header fields.  *HOST_OUT is a part of *ADDRESS_OUT. */
static bool
parse_mailto(struct arena *arena, struct slice uri, struct slice *address_out,
    struct slice *host_out)
{
	static const struct slice scheme = SLICE_INIT("mailto:");
	struct slice to, local, domain;
	struct strbuf address;
	size_t at;

	if (!slice_starts_with_nocase(uri, scheme))
		return false;
	uri = slice_from(uri, scheme.len);
	if (!decode_percent(arena, slice_head(uri, slice_find(uri, '?')),
	    &to) || (at = slice_find_last(to, '@')) == SIZE_MAX)
		return false;
	local = slice_head(to, at);
	if (!report_is_safe_local_part(local) ||
	    !domain_normalize(arena, slice_from(to, at + 1), &domain))
		return false;
	strbuf_init(&address, arena, ADDRESS_MAX_OCTETS);
	strbuf_append(&address, local);
	strbuf_append_char(&address, '@');
	strbuf_append(&address, domain);
	*address_out = strbuf_slice(&address);
	*host_out = slice_from(*address_out, local.len + 1);
	return !address.has_failed;
}

/* ---- the list ------------------------------------------------------------ */

static void
add(struct search *s, enum report_destination_status status,
    struct slice address)
{
	if (s->n == s->n_slots) {
		size_t n_slots = s->n_slots != 0 ? 2 * s->n_slots : 4;
		struct report_destination *items = arena_grow_array(s->arena,
		    s->items, s->n_slots, n_slots, sizeof(*items));

		if (items == NULL)
			return;		/* the arena remembers */
		s->items = items;
		s->n_slots = n_slots;
	}
	s->items[s->n++] = (struct report_destination){ status, address };
}

static void
add_unusable(struct search *s, struct slice uri)
{
	if (s->n_unusable++ < MAX_UNUSABLE)
		add(s, REPORT_DESTINATION_UNUSABLE, uri);
}

static bool
has_address(const struct search *s, struct slice address)
{
	for (size_t i = 0; i < s->n; i++)
		if (slice_eq(s->items[i].address, address))
			return true;
	return false;
}

/* False where the limit is reached. */
static bool
add_address(struct search *s, enum report_destination_status status,
    struct slice address)
{
	if (has_address(s, address))
		return true;
	if (s->n_addresses == s->request->max) {
		add(s, REPORT_DESTINATION_LEFT_OUT, address);
		return false;
	}
	s->n_addresses++;
	add(s, status, address);
	return true;
}

/* ---- confirmation -------------------------------------------------------- */

/* Steps 2 to 4; empty where the name would be too long. */
static struct slice
confirmation_name(struct arena *arena, struct slice policy_domain,
    struct slice host)
{
	struct strbuf name;

	strbuf_init(&name, arena, DOMAIN_MAX_OCTETS);
	strbuf_append(&name, policy_domain);
	strbuf_append(&name, SLICE("._report._dmarc."));
	strbuf_append(&name, host);
	return name.has_failed ? SLICE_EMPTY : strbuf_slice(&name);
}

/* Whether HOST is of the same organization as the record: OK, UNCONFIRMED or
 * UNKNOWN. */
static enum report_destination_status
compare_organizations(struct search *s, struct slice host)
{
	const struct dmarc_org *ours, *theirs;

	if (slice_eq(host, s->request->policy_domain))
		return REPORT_DESTINATION_OK;
	ours = dmarc_find_org(&s->finder, s->request->policy_domain);
	theirs = dmarc_find_org(&s->finder, host);
	if (ours->failed != NULL || theirs->failed != NULL)
		return REPORT_DESTINATION_UNKNOWN;
	return slice_eq(ours->name, theirs->name) ? REPORT_DESTINATION_OK :
	    REPORT_DESTINATION_UNCONFIRMED;
}

/* Step 9: all addresses of an override have HOST for theirs, or none is sent
 * to.  FALSE for an address elsewhere. */
static bool
is_override_at_home(struct search *s, struct slice uris, struct slice host)
{
	struct cursor list = cursor_of(uris);
	struct slice uri, address, home;

	while (dmarc_take_uri(&list, &uri))
		if (parse_mailto(s->arena, uri, &address, &home) &&
		    !slice_eq(home, host))
			return false;
	return true;
}

static bool
add_override(struct search *s, struct slice uris)
{
	struct cursor list = cursor_of(uris);
	struct slice uri, address, host;

	while (dmarc_take_uri(&list, &uri)) {
		if (!parse_mailto(s->arena, uri, &address, &host))
			add_unusable(s, uri);
		else if (!add_address(s, REPORT_DESTINATION_OK, address))
			return false;
	}
	return true;
}

/* Steps 5 to 9. */
static bool
add_external(struct search *s, struct slice address, struct slice host)
{
	const struct report_destination_request *request = s->request;
	struct slice name = confirmation_name(s->arena,
	    request->policy_domain, host);
	enum report_destination_status status = REPORT_DESTINATION_UNCONFIRMED;
	const struct dns_answer *answer;

	if (name.len == 0)
		return add_address(s, status, address);
	answer = dns_query(request->resolver, s->arena, name, DNS_TXT,
	    request->deadline_ms);
	if (answer->status == DNS_TEMPFAIL)
		return add_address(s, REPORT_DESTINATION_UNKNOWN, address);
	for (size_t i = 0; i < answer->n_records; i++) {
		struct dmarc_record record;
		struct slice uris;

		if (dmarc_parse_record(answer->records[i].text, &record) ==
		    DMARC_RECORD_OTHER)
			continue;
		status = REPORT_DESTINATION_OK;
		uris = request->is_failure ? record.ruf : record.rua;
		if (uris.len == 0)
			continue;
		if (!is_override_at_home(s, uris, host))
			return add_address(s, REPORT_DESTINATION_ELSEWHERE,
			    address);
		return add_override(s, uris);
	}
	return add_address(s, status, address);
}

/* False where the limit is reached. */
static bool
add_uri(struct search *s, struct slice uri)
{
	enum report_destination_status status;
	struct slice address, host;

	if (!parse_mailto(s->arena, uri, &address, &host)) {
		add_unusable(s, uri);
		return true;
	}
	if (has_address(s, address))
		return true;
	if (s->n_addresses == s->request->max)
		return add_address(s, REPORT_DESTINATION_LEFT_OUT, address);
	status = compare_organizations(s, host);
	if (status == REPORT_DESTINATION_UNCONFIRMED)
		return add_external(s, address, host);
	return add_address(s, status, address);
}

bool
report_find_destinations(const struct report_destination_request *request,
    struct arena *arena, struct report_destination **destinations_out,
    size_t *n_out)
{
	struct search s = { .request = request, .arena = arena };
	struct cursor list = cursor_of(request->uris);
	struct slice uri;

	dmarc_finder_init(&s.finder, request->dmarc, request->resolver, arena,
	    request->deadline_ms);
	while (dmarc_take_uri(&list, &uri) && add_uri(&s, uri))
		continue;
	*destinations_out = s.items;
	*n_out = s.n;
	return !arena_has_failed(arena);
}

/* The confirmations are asked for together with the walks, though most often
 * one of the two is not needed: a day's run waits for neither. */
void
report_prefetch_destinations(
    const struct report_destination_request *request, struct arena *arena)
{
	struct cursor list = cursor_of(request->uris);
	struct dmarc_finder finder;
	struct slice uri, address, host;
	unsigned n = 0;
	bool has_external = false;

	dmarc_finder_init(&finder, request->dmarc, request->resolver, arena,
	    request->deadline_ms);
	while (n < request->max && dmarc_take_uri(&list, &uri)) {
		struct slice name;

		if (!parse_mailto(arena, uri, &address, &host))
			continue;
		n++;
		if (slice_eq(host, request->policy_domain))
			continue;
		has_external = true;
		dmarc_prefetch_org(&finder, host);
		name = confirmation_name(arena, request->policy_domain, host);
		if (name.len != 0)
			dns_prefetch(request->resolver, name, DNS_TXT);
	}
	if (has_external)
		dmarc_prefetch_org(&finder, request->policy_domain);
}

const char *
report_destination_text(enum report_destination_status status)
{
	switch (status) {
	case REPORT_DESTINATION_OK:
		return "reports are sent there";
	case REPORT_DESTINATION_UNUSABLE:
		return "not an address that reports are sent to";
	case REPORT_DESTINATION_UNCONFIRMED:
		return "its host has not agreed to take these reports";
	case REPORT_DESTINATION_ELSEWHERE:
		return "its host names a destination at another host";
	case REPORT_DESTINATION_UNKNOWN:
		return "DNS has not answered whether its host agrees";
	case REPORT_DESTINATION_LEFT_OUT:
		return "one destination too many, and all behind it";
	}
	return "";
}
