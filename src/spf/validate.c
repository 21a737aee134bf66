/* spf/validate.c - see validate.h. */
#include "spf/validate.h"

#include "mail/domain.h"

/* The client's names; NULL where its PTR records cannot be had, which the two
 * users of this take for "none" (5.5, 7.3), unless the time is up. */
static enum spf_status
query_names(struct spf_evaluation *ev, const struct dns_answer **names_out)
{
	struct slice reverse = dns_reverse_name(ev->arena,
	    &ev->request->client);

	if (spf_query(ev, reverse, DNS_PTR, names_out) == SPF_OK ||
	    !spf_is_over_budget(ev))
		return SPF_OK;
	return SPF_UNDECIDED;
}

/* A name whose addresses hold the client's is validated.  One that cannot be
 * looked up is skipped (5.5), unless the time is up. */
static enum spf_status
validate_name(struct spf_evaluation *ev, struct slice name,
    bool *is_validated_out)
{
	const struct dns_answer *answer;

	*is_validated_out = false;
	if (spf_query(ev, name, spf_address_type(ev), &answer) != SPF_OK)
		return spf_is_over_budget(ev) ? SPF_UNDECIDED : SPF_OK;
	for (size_t i = 0; i < answer->n_records; i++) {
		struct ip_address address = spf_record_address(ev,
		    &answer->records[i]);

		if (ip_eq(&address, &ev->request->client))
			*is_validated_out = true;
	}
	return SPF_OK;
}

enum closeness {
	CLOSE_EQUAL,		/* the name is the domain */
	CLOSE_WITHIN,		/* it is below it */
	CLOSE_NOT,
};

static enum closeness
compare_name(struct slice name, struct slice domain)
{
	if (slice_eq(name, domain))
		return CLOSE_EQUAL;
	return domain.len != 0 && domain_is_within(name, domain) ?
	    CLOSE_WITHIN : CLOSE_NOT;
}

/* The first validated name that is as close to DOMAIN as said; empty where
 * there is none.  Only such names are looked up.  Names past the limit are
 * ignored (4.6.4). */
static enum spf_status
find_name(struct spf_evaluation *ev, const struct dns_answer *names,
    struct slice domain, enum closeness closeness, struct slice *name_out)
{
	*name_out = SLICE_EMPTY;
	for (size_t i = 0; i < names->n_records &&
	    i < ev->options->max_names; i++) {
		struct slice name = names->records[i].text;
		bool is_validated;

		/* An escaped octet: no host has such a name. */
		if (name.len == 0 || slice_find(name, '\\') != SIZE_MAX ||
		    compare_name(name, domain) != closeness)
			continue;
		if (validate_name(ev, name, &is_validated) != SPF_OK)
			return SPF_UNDECIDED;
		if (is_validated) {
			*name_out = name;
			return SPF_OK;
		}
	}
	return SPF_OK;
}

/* Equal names first, then those within; with ANY the others last. */
static enum spf_status
find_closest_name(struct spf_evaluation *ev, const struct dns_answer *names,
    struct slice domain, bool any, struct slice *name_out)
{
	enum closeness last = any ? CLOSE_NOT : CLOSE_WITHIN;
	enum spf_status status = SPF_OK;

	*name_out = SLICE_EMPTY;
	for (enum closeness c = CLOSE_EQUAL; c <= last && status == SPF_OK &&
	    name_out->len == 0; c++)
		status = find_name(ev, names, domain, c, name_out);
	return status;
}

enum spf_status
spf_match_ptr(struct spf_evaluation *ev, struct slice target,
    bool *is_match_out)
{
	const struct dns_answer *names;
	struct slice name;
	enum spf_status status;

	*is_match_out = false;
	if ((status = query_names(ev, &names)) != SPF_OK || names == NULL)
		return status;
	if (names->n_records == 0)
		return spf_count_void_lookup(ev, target);
	status = find_closest_name(ev, names, target, false, &name);
	*is_match_out = name.len != 0;
	return status;
}

enum spf_status
spf_find_validated_name(struct spf_evaluation *ev)
{
	const struct dns_answer *names;
	struct slice name = SLICE_EMPTY;
	enum spf_status status;

	if (ev->validated_for.ptr != NULL &&
	    slice_eq(ev->validated_for, ev->values.domain))
		return SPF_OK;
	if ((status = spf_count_term(ev)) != SPF_OK ||
	    (status = query_names(ev, &names)) != SPF_OK)
		return status;
	if (names != NULL)
		status = find_closest_name(ev, names, ev->values.domain, true,
		    &name);
	if (status != SPF_OK)
		return status;
	ev->validated_for = ev->values.domain;
	ev->values.validated_name = name.len != 0 ? name : SLICE("unknown");
	return SPF_OK;
}
