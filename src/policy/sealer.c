/* policy/sealer.c - see sealer.h. */
#include "policy/sealer.h"

#include "arc/chain.h"
#include "authres/authres.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "mail/domain.h"
#include "policy/names.h"

/* The oldest set of the run of trusted sealers up to the newest, or NULL. */
static const struct arc_set *
find_oldest_trusted(const struct policy_list *trusted,
    const struct arc_outcome *arc)
{
	const struct arc_set *oldest = NULL;

	for (size_t i = arc->n_sets; i-- > 0;) {
		if (!policy_list_has_domain(trusted, arc->sets[i].sealer))
			break;
		oldest = &arc->sets[i];
	}
	return oldest;
}

/* The one property of this kind; NULL for none or several. */
static const struct authres_property *
find_property(const struct authres_method *method, struct slice ptype,
    struct slice name)
{
	const struct authres_property *found = NULL;

	for (size_t i = 0; i < method->n_properties; i++) {
		const struct authres_property *property =
		    &method->properties[i];

		if (!slice_eq_nocase(property->ptype, ptype) ||
		    !slice_eq_nocase(property->name, name))
			continue;
		if (found != NULL)
			return NULL;
		found = property;
	}
	return found;
}

static bool
is_of_author(const struct authres_method *method, struct slice author_domain,
    struct arena *arena)
{
	const struct authres_property *from = find_property(method,
	    SLICE("header"), SLICE("from"));
	struct slice domain;

	return from != NULL && domain_normalize(arena, from->value, &domain) &&
	    slice_eq(domain, author_domain);
}

/* One word against it is enough: a sealer that contradicts itself vouches for
 * nothing. */
static bool
tells_of_pass(struct slice aar, struct slice author_domain,
    struct arena *arena)
{
	struct authres results;
	bool has_pass = false;

	if (!authres_parse(arena, aar, &results))
		return false;
	for (size_t i = 0; i < results.n_methods; i++) {
		const struct authres_method *method = &results.methods[i];

		if (!slice_eq_nocase(method->method, SLICE("dmarc")))
			continue;
		if (!slice_eq_nocase(method->result, SLICE("pass")))
			return false;
		if (is_of_author(method, author_domain, arena))
			has_pass = true;
	}
	return has_pass;
}

bool
policy_is_vouched_for(const struct policy_list *trusted,
    const struct arc_outcome *arc, struct slice author_domain,
    struct arena *arena)
{
	const struct arc_set *oldest = find_oldest_trusted(trusted, arc);

	return oldest != NULL && arc->sets[arc->n_sets - 1].covers_from &&
	    tells_of_pass(oldest->results, author_domain, arena);
}

/* ---- the comment --------------------------------------------------------- */

/* Where the first sealer had the message from, if it says so. */
static void
append_remote_ip(struct strbuf *text, struct slice aar, struct arena *arena)
{
	const struct authres_property *property = NULL;
	struct ip_address address;
	struct authres results;

	if (!authres_parse(arena, aar, &results))
		return;
	for (size_t i = 0; i < results.n_methods && property == NULL; i++)
		property = find_property(&results.methods[i], SLICE("smtp"),
		    SLICE("remote-ip"));
	if (property == NULL || !ip_parse(property->value, &address))
		return;
	strbuf_append_cstr(text, " remote-ip[1]=");
	ip_append(text, &address);
}

void
policy_append_seals(struct strbuf *text, const struct arc_outcome *arc,
    struct arena *arena)
{
	strbuf_printf(text, "arc=%s", arc_result_name(arc->result));
	for (size_t i = arc->n_sets; i-- > 0;) {
		const struct arc_set *set = &arc->sets[i];

		if (arc->n_sets - i > POLICY_MAX_SEALERS_TOLD) {
			strbuf_append_cstr(text, " ...");
			break;
		}
		strbuf_printf(text, " as[%zu].d=", i + 1);
		strbuf_append_escaped(text, set->sealer, DOMAIN_MAX_OCTETS);
		strbuf_printf(text, " as[%zu].s=", i + 1);
		strbuf_append_escaped(text, set->seal_selector,
		    DOMAIN_MAX_OCTETS);
	}
	if (arc->n_sets != 0)
		append_remote_ip(text, arc->sets[0].results, arena);
}
