/* spf/mechanism.c - see mechanism.h. */
#include "spf/mechanism.h"

#include "base/cursor.h"
#include "spf/validate.h"

#define WIDE_BITS 8		/* a prefix shorter than this is too wide */

bool
spf_causes_queries(enum spf_mechanism mechanism)
{
	switch (mechanism) {
	case SPF_MECHANISM_INCLUDE:
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
	case SPF_MECHANISM_PTR:
	case SPF_MECHANISM_EXISTS:
		return true;
	case SPF_MECHANISM_ALL:
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		break;
	}
	return false;
}

/* The prefix length that is for the client's family. */
static unsigned
client_bits(const struct spf_evaluation *ev,
    const struct spf_directive *directive)
{
	return ev->request->client.family == IP_V6 ? directive->ip6_bits :
	    directive->ip4_bits;
}

/* Whether the client is in the network around one of NAME's addresses. */
static enum spf_status
match_addresses(struct spf_evaluation *ev, struct slice name,
    const struct spf_directive *directive, bool *is_void_out,
    bool *is_match_out)
{
	const struct dns_answer *answer;
	enum spf_status status;

	*is_void_out = *is_match_out = false;
	if ((status = spf_query(ev, name, spf_address_type(ev), &answer)) !=
	    SPF_OK)
		return status;
	*is_void_out = answer->n_records == 0;
	for (size_t i = 0; i < answer->n_records && !*is_match_out; i++) {
		struct ip_network network = {
			.address = spf_record_address(ev, &answer->records[i]),
			.prefix_bits = client_bits(ev, directive),
		};

		*is_match_out = ip_network_contains(&network,
		    &ev->request->client);
	}
	return SPF_OK;
}

static enum spf_status
match_a(struct spf_evaluation *ev, struct slice target,
    const struct spf_directive *directive, bool *is_match_out)
{
	bool is_void;
	enum spf_status status = match_addresses(ev, target, directive,
	    &is_void, is_match_out);

	if (status == SPF_OK && is_void)
		status = spf_count_void_lookup(ev, target);
	return status;
}

/* "." says that there is no mail host (RFC 7505); an escaped octet is in the
 * name of none. */
static bool
is_host_name(struct slice name)
{
	return name.len != 0 && slice_find(name, '\\') == SIZE_MAX;
}

/* The limit of void lookups is one of terms (4.6.4), so hosts without an
 * address of the client's family do not count one by one: only an "mx" that
 * found no address at all does. */
static enum spf_status
match_hosts(struct spf_evaluation *ev, struct slice target,
    const struct dns_answer *hosts, const struct spf_directive *directive,
    bool *is_match_out)
{
	bool has_address = false;

	for (size_t i = 0; i < hosts->n_records && !*is_match_out; i++) {
		bool is_void;
		enum spf_status status;

		if (!is_host_name(hosts->records[i].text))
			continue;
		status = match_addresses(ev, hosts->records[i].text, directive,
		    &is_void, is_match_out);
		if (status != SPF_OK)
			return status;
		if (!is_void)
			has_address = true;
	}
	return has_address ? SPF_OK : spf_count_void_lookup(ev, target);
}

/* More names than the limit are a permerror, whatever the first of them would
 * give: their order is not the publisher's. */
static enum spf_status
match_mx(struct spf_evaluation *ev, struct slice target,
    const struct spf_directive *directive, bool *is_match_out)
{
	const struct dns_answer *answer;
	enum spf_status status;

	if ((status = spf_query(ev, target, DNS_MX, &answer)) != SPF_OK)
		return status;
	if (answer->n_records > ev->options->max_names) {
		spf_set_reason(ev, "", target, " has too many MX records");
		return SPF_BROKEN;
	}
	return match_hosts(ev, target, answer, directive, is_match_out);
}

/* "a DNS A RR lookup (even when the connection type is IPv6)" (5.7) */
static enum spf_status
match_exists(struct spf_evaluation *ev, struct slice target,
    bool *is_match_out)
{
	const struct dns_answer *answer;
	enum spf_status status;

	if ((status = spf_query(ev, target, DNS_A, &answer)) != SPF_OK)
		return status;
	*is_match_out = answer->n_records != 0;
	return *is_match_out ? SPF_OK : spf_count_void_lookup(ev, target);
}

enum spf_status
spf_match_mechanism(struct spf_evaluation *ev,
    const struct spf_directive *directive, bool *is_match_out)
{
	struct slice target;
	enum spf_status status;

	*is_match_out = false;
	status = spf_find_target(ev, directive->domain_spec, &target);
	if (status != SPF_OK)
		return status;
	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		*is_match_out = true;
		break;
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		*is_match_out = ip_network_contains(&directive->network,
		    &ev->request->client);
		break;
	case SPF_MECHANISM_A:
		return match_a(ev, target, directive, is_match_out);
	case SPF_MECHANISM_MX:
		return match_mx(ev, target, directive, is_match_out);
	case SPF_MECHANISM_PTR:
		return spf_match_ptr(ev, target, is_match_out);
	case SPF_MECHANISM_EXISTS:
		return match_exists(ev, target, is_match_out);
	case SPF_MECHANISM_INCLUDE:	/* check.c: it needs check_host() */
		break;
	}
	return SPF_OK;
}

bool
spf_is_too_wide(const struct spf_evaluation *ev,
    const struct spf_directive *directive)
{
	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		return true;
	case SPF_MECHANISM_IP4:
	case SPF_MECHANISM_IP6:
		return directive->network.prefix_bits < WIDE_BITS;
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
		return client_bits(ev, directive) < WIDE_BITS;
	case SPF_MECHANISM_PTR:
	case SPF_MECHANISM_EXISTS:
	case SPF_MECHANISM_INCLUDE:
		break;
	}
	return false;
}
