/* spf/evaluation.c - see evaluation.h. */
#include "spf/evaluation.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "spf/trace.h"
#include "spf/validate.h"

#define MAX_REASON 2048		/* octets: a few subjects, each escaped */
#define MAX_SUBJECT 100		/* octets shown of a name or a term */

void
spf_set_reason(struct spf_evaluation *ev, const char *before,
    struct slice subject, const char *after)
{
	strbuf_init(&ev->reason, ev->arena, MAX_REASON);
	spf_extend_reason(ev, before, subject, after);
}

void
spf_extend_reason(struct spf_evaluation *ev, const char *before,
    struct slice subject, const char *after)
{
	strbuf_append_cstr(&ev->reason, before);
	strbuf_append_escaped(&ev->reason, subject, MAX_SUBJECT);
	strbuf_append_cstr(&ev->reason, after);
}

enum spf_status
spf_count_term(struct spf_evaluation *ev)
{
	if (ev->is_explaining)
		return SPF_OK;
	if (ev->n_terms < ev->options->max_terms) {
		ev->n_terms++;
		return SPF_OK;
	}
	spf_set_reason(ev, "the SPF record of ", ev->values.domain,
	    " goes over the limit of terms that cause DNS queries");
	return SPF_BROKEN;
}

enum spf_status
spf_count_void_lookup(struct spf_evaluation *ev, struct slice name)
{
	if (ev->n_missing != 0)		/* it may be found yet */
		return SPF_OK;
	if (ev->n_void_lookups < ev->options->max_void_lookups) {
		ev->n_void_lookups++;
		return SPF_OK;
	}
	spf_set_reason(ev, "too many DNS lookups found nothing, the last for ",
	    name, "");
	return SPF_BROKEN;
}

enum spf_status
spf_query(struct spf_evaluation *ev, struct slice name, enum dns_type type,
    const struct dns_answer **answer_out)
{
	static const struct dns_answer missing = { .status = DNS_NODATA };
	const struct dns_answer *answer = dns_query(ev->resolver, ev->arena,
	    name, type, ev->is_ahead ? DNS_AT_HAND_MS : ev->deadline_ms);

	if (ev->trace != NULL)
		spf_trace_answer(ev, name, type, answer);
	*answer_out = NULL;
	if (answer->status != DNS_TEMPFAIL) {
		*answer_out = answer;
		return SPF_OK;
	}
	if (ev->is_ahead) {
		dns_prefetch(ev->resolver, name, type);
		ev->n_missing++;
		*answer_out = &missing;
		return SPF_OK;
	}
	spf_set_reason(ev, "no answer from the DNS for ",
	    slice_from_cstr(dns_type_name(type)), " of ");
	spf_extend_reason(ev, "", name, "");
	if (answer->why != NULL)
		spf_extend_reason(ev, " (", slice_from_cstr(answer->why), ")");
	return SPF_UNDECIDED;
}

enum dns_type
spf_address_type(const struct spf_evaluation *ev)
{
	return ev->request->client.family == IP_V6 ? DNS_AAAA : DNS_A;
}

struct ip_address
spf_record_address(const struct spf_evaluation *ev,
    const struct dns_record *record)
{
	struct ip_address address = { .family = ev->request->client.family };

	memcpy(address.octets, record->address,
	    address.family == IP_V6 ? 16 : 4);
	return address;
}

enum spf_status
spf_find_target(struct spf_evaluation *ev, struct slice spec,
    struct slice *target_out)
{
	unsigned n_missing = ev->n_missing;
	enum spf_status status;

	*target_out = ev->values.domain;
	if (spec.len == 0)
		return SPF_OK;
	if (spf_uses_validated_name(spec) &&
	    (status = spf_find_validated_name(ev)) != SPF_OK)
		return status;
	if (ev->n_missing != n_missing)		/* the name is not known yet */
		return SPF_UNDECIDED;
	switch (spf_expand_domain_spec(ev->arena, spec, &ev->values,
	    target_out)) {
	case SPF_MACRO_OK:
		return SPF_OK;
	case SPF_MACRO_NO_MEMORY:
		spf_set_reason(ev, "out of memory", SLICE_EMPTY, "");
		return SPF_UNDECIDED;
	case SPF_MACRO_MALFORMED:
	case SPF_MACRO_TOO_LONG:
		break;
	}
	spf_set_reason(ev, "the macros in \"", spec, "\" make no usable name");
	return SPF_BROKEN;
}

bool
spf_is_over_budget(const struct spf_evaluation *ev)
{
	return clock_monotonic_ms() >= ev->deadline_ms;
}
