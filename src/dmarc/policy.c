/* dmarc/policy.c - see policy.h. */
#include "dmarc/policy.h"

#include "base/trace.h"
#include "dmarc/walk.h"
#include "dns/dns.h"

/* RFC 7489 6.6.3: the Author Domain, then its Organizational Domain, nothing
 * between or above.  Several records at the first end it there, as they do not
 * on a tree walk. */
static const struct dmarc_lookup *
inherit_by_list(struct dmarc_finder *finder, const struct dmarc_lookup *own)
{
	struct slice org = dmarc_find_org(finder, own->name)->name;

	if (own->n_records > 1 || org.len == 0 || slice_eq(org, own->name))
		return NULL;
	return dmarc_look_up(finder, org);
}

static const struct dmarc_lookup *
inherit_by_walk(struct dmarc_finder *finder, const struct dmarc_lookup *own)
{
	const struct dmarc_org *org = dmarc_find_org(finder, own->name);

	return org->failed != NULL ? org->failed : org->inherited;
}

const struct dmarc_lookup *
dmarc_find_record(struct dmarc_finder *finder, struct slice author,
    const struct dmarc_lookup **failed_out)
{
	const struct dmarc_lookup *found = dmarc_look_up(finder, author);

	*failed_out = NULL;
	if (found->why == NULL && !found->has_record)
		switch (finder->options->discovery) {
		case DMARC_DISCOVERY_TREE_WALK:
			found = inherit_by_walk(finder, found);
			break;
		case DMARC_DISCOVERY_PSL:
			found = inherit_by_list(finder, found);
			break;
		}
	if (found != NULL && found->why != NULL) {
		*failed_out = found;
		return NULL;
	}
	return found != NULL && found->has_record ? found : NULL;
}

/* 4.7: t=y asks for one level less. */
static enum dmarc_policy
lower(const struct dmarc_record *record, enum dmarc_policy policy)
{
	if (!record->is_testing)
		return policy;
	switch (policy) {
	case DMARC_POLICY_REJECT:
		return DMARC_POLICY_QUARANTINE;
	case DMARC_POLICY_QUARANTINE:
	case DMARC_POLICY_NONE:
		break;
	}
	return DMARC_POLICY_NONE;
}

enum existence {
	EXISTS,
	EXISTS_NOT,
	EXISTENCE_UNKNOWN,
};

/* 3.2.13, RFC 8020: only NXDOMAIN says that a name does not exist, and not even
 * that where it is an alias whose target is missing. */
static enum existence
find_existence(const struct dmarc_finder *finder, struct slice domain)
{
	const struct dns_answer *answer = dns_query(finder->resolver,
	    finder->arena, domain, DNS_A, finder->deadline_ms);

	trace_tell(finder->trace, "does it exist", domain,
	    dns_status_name(answer->status), SLICE("np= is for what does "
	    "not, sp= for the rest"));
	switch (answer->status) {
	case DNS_NOERROR:
	case DNS_NODATA:
		return EXISTS;
	case DNS_NXDOMAIN:
		return answer->is_alias ? EXISTS : EXISTS_NOT;
	case DNS_TEMPFAIL:
		break;
	}
	return EXISTENCE_UNKNOWN;
}

void
dmarc_choose_policy(struct dmarc_finder *finder, struct slice author,
    const struct dmarc_lookup *found, bool has_passed,
    struct dmarc_choice *choice_out)
{
	const struct dmarc_record *record = &found->record;
	enum dmarc_policy published = slice_eq(found->name, author) ?
	    record->p : record->sp;
	bool is_known = true;

	if (!slice_eq(found->name, author) && record->np != record->sp &&
	    !has_passed)
		switch (find_existence(finder, author)) {
		case EXISTS:
			break;
		case EXISTS_NOT:
			published = record->np;
			break;
		case EXISTENCE_UNKNOWN:
			is_known = lower(record, record->np) ==
			    lower(record, record->sp);
			break;
		}
	*choice_out = (struct dmarc_choice){
		.published = published,
		.policy = lower(record, published),
		.is_known = is_known,
	};
}
