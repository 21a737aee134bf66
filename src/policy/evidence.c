/* policy/evidence.c - see evidence.h.
 *
 * Each find_ function looks for one sign.  A domain counts as authenticated by
 * a DKIM pass or an SPF pass of MAIL FROM, unless that pass came by "+all" or
 * from half the Internet: it says nothing of the client then. */
#include "policy/evidence.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "mail/domain.h"
#include "mail/list_id.h"
#include "policy/history.h"
#include "policy/policy.h"
#include "policy/sealer.h"

/* RFC 2919 3 allows one; lists on lists have been seen to leave more. */
#define MAX_LIST_IDS 4

enum finding {
	ABSENT = 0,
	OPEN,			/* hangs on a missing DNS answer */
	FOUND,
};

static enum finding
better_of(enum finding a, enum finding b)
{
	return a > b ? a : b;
}

/* ---- authenticated domains ----------------------------------------------- */

static enum finding
find_spf(const struct spf_outcome *spf)
{
	switch (spf->result) {
	case SPF_PASS:
		return spf->is_pass_too_wide ? ABSENT : FOUND;
	case SPF_TEMPERROR:
		return OPEN;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
		break;
	}
	return ABSENT;
}

static enum finding
find_dkim(const struct dkim_outcome *dkim)
{
	switch (dkim->result) {
	case DKIM_RESULT_PASS:
		return FOUND;
	case DKIM_RESULT_TEMPERROR:
		return OPEN;
	case DKIM_RESULT_NONE:
	case DKIM_RESULT_FAIL:
	case DKIM_RESULT_POLICY:
	case DKIM_RESULT_NEUTRAL:
	case DKIM_RESULT_PERMERROR:
		break;
	}
	return ABSENT;
}

/* Whether a domain that IS_SOUGHT is authenticated. */
static enum finding
find_authenticated(const struct inspect_results *results,
    bool (*is_sought)(const void *context, struct slice domain),
    const void *context)
{
	enum finding finding = ABSENT;

	if (is_sought(context, results->spf.domain))
		finding = find_spf(&results->spf);
	for (size_t i = 0; i < results->n_dkim; i++)
		if (is_sought(context, results->dkim[i].domain))
			finding = better_of(finding,
			    find_dkim(&results->dkim[i]));
	return finding;
}

/* ---- arc, sealer --------------------------------------------------------- */

static enum finding
find_chain(const struct inspect_results *results)
{
	switch (results->arc.result) {
	case ARC_PASS:
		return FOUND;
	case ARC_TEMPERROR:
		return OPEN;
	case ARC_NONE:
	case ARC_FAIL:
		break;
	}
	return ABSENT;
}

static bool
needs_voucher(const struct dmarc_evaluation *evaluation)
{
	switch (evaluation->result) {
	case DMARC_FAIL:
	case DMARC_TEMPERROR:
		return true;
	case DMARC_NONE:
	case DMARC_PASS:
	case DMARC_PERMERROR:
		break;
	}
	return false;
}

/* For all authors whose domains fail: one of several is not enough. */
static enum finding
find_sealer(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;
	enum finding finding = find_chain(results);

	for (size_t i = 0; i < dmarc->n_evaluations && finding != ABSENT; i++)
		if (needs_voucher(&dmarc->evaluations[i]) &&
		    !policy_is_vouched_for(&options->trusted_sealers,
		    &results->arc, dmarc->evaluations[i].author_domain, arena))
			finding = ABSENT;
	return dmarc->n_evaluations != 0 ? finding : ABSENT;
}

/* ---- signature, signature-body ------------------------------------------- */

/* Whether D= would have been aligned, but that no walk is made for it: all of
 * the author's organization is taken as one, and where DNS failed for that
 * (inspect/ has it found), what lies above or below the author. */
static bool
is_authors_own(const struct dmarc_evaluation *evaluation, struct slice domain)
{
	struct slice author = evaluation->author_domain;

	if (domain.len == 0 || author.len == 0)
		return false;
	if (slice_eq(domain, author))
		return true;
	if (evaluation->record != NULL && evaluation->record->is_dkim_strict)
		return false;
	if (evaluation->org_domain.len != 0)
		return domain_is_within(domain, evaluation->org_domain);
	return domain_is_within(domain, author) ||
	    (domain_is_within(author, domain) &&
	    domain_count_labels(domain) > 1);
}

static bool
is_body_all_that_changed(const struct dkim_outcome *dkim)
{
	return dkim->header_hash_valid &&
	    (dkim->reason == DKIM_REASON_BODY_HASH ||
	    dkim->reason == DKIM_REASON_PARTIAL_BODY);
}

static void
find_signatures(const struct inspect_results *results,
    struct policy_evidence *evidence)
{
	for (size_t i = 0; i < results->n_dkim; i++) {
		const struct dkim_outcome *dkim = &results->dkim[i];

		if (dkim->result == DKIM_RESULT_PASS || !dkim->covers_from ||
		    !is_authors_own(results->dmarc.deciding, dkim->domain))
			continue;
		if (dkim->is_key_unknown)
			evidence->open |= POLICY_SIGN_SIGNATURE |
			    POLICY_SIGN_SIGNATURE_BODY;
		else if (!dkim->key_exists)
			continue;
		else if (is_body_all_that_changed(dkim))
			evidence->found |= POLICY_SIGN_SIGNATURE_BODY;
		else
			evidence->found |= POLICY_SIGN_SIGNATURE;
	}
}

/* ---- list ---------------------------------------------------------------- */

/* A List-Id is easily copied; what goes with it shows that a list's software
 * wrote it (RFC 2369, and the old Precedence). */
static bool
has_list_fields(const struct mail_header *header)
{
	static const struct slice names[] = {
		SLICE_INIT("List-Post"), SLICE_INIT("List-Unsubscribe"),
		SLICE_INIT("List-Subscribe"), SLICE_INIT("List-Help"),
		SLICE_INIT("List-Owner"), SLICE_INIT("List-Archive"),
	};
	const struct mail_field *precedence = mail_header_get(header,
	    SLICE("Precedence"), 0);

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (mail_header_get(header, names[i], 0) != NULL)
			return true;
	return precedence != NULL &&
	    slice_eq_nocase(slice_trim(precedence->value), SLICE("list"));
}

/* list-id = list-label "." list-id-namespace   (RFC 2919 2)
 * The namespace is the domain of the list's host; of a short name all of it
 * is. */
static struct slice
namespace_of(struct slice list_id)
{
	size_t n = domain_count_labels(list_id);

	return n > 2 ? domain_last_labels(list_id, n - 1) : list_id;
}

static bool
is_of_list(const void *context, struct slice domain)
{
	const struct slice *namespace = context;

	return domain_count_labels(domain) > 1 &&
	    (domain_is_within(domain, *namespace) ||
	    domain_is_within(*namespace, domain));
}

static enum finding
find_list(const struct inspect_results *results, struct arena *arena)
{
	const struct mail_header *header = results->header;
	enum finding finding = ABSENT;

	if (header == NULL || !has_list_fields(header))
		return ABSENT;
	for (size_t i = 0; i < MAX_LIST_IDS; i++) {
		const struct mail_field *field = mail_header_get(header,
		    SLICE("List-Id"), i);
		struct slice list_id;

		if (field == NULL)
			break;
		if (!mail_parse_list_id(arena, field->value, &list_id))
			continue;
		list_id = namespace_of(list_id);
		finding = better_of(finding, find_authenticated(results,
		    is_of_list, &list_id));
	}
	return finding;
}

/* ---- forwarder ----------------------------------------------------------- */

static bool
is_declared(const void *context, struct slice domain)
{
	return policy_list_has_domain(context, domain);
}

/* A forwarder that keeps the envelope sender has no MAIL FROM of its own: here,
 * where it is declared, its HELO is a name too. */
static enum finding
find_forwarder(const struct policy_options *options,
    const struct inspect_results *results)
{
	const struct policy_list *domains = &options->forwarder_domains;
	enum finding finding;

	for (size_t i = 0; i < options->n_forwarder_networks; i++)
		if (ip_network_contains(&options->forwarder_networks[i],
		    &results->client))
			return FOUND;
	finding = find_authenticated(results, is_declared, domains);
	if (is_declared(domains, results->helo_spf.domain))
		finding = better_of(finding, find_spf(&results->helo_spf));
	return finding;
}

/* ---- history ------------------------------------------------------------- */

/* Who repeats what somebody wrote says nothing of the path. */
static bool
has_path(const struct inspect_results *results)
{
	return results->client.family != IP_NONE &&
	    !results->is_client_hearsay;
}

/* For all authors whose domains fail, as with sealers. */
static enum finding
find_history(const struct policy_history *history,
    const struct inspect_results *results)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;

	if (history == NULL || !has_path(results))
		return ABSENT;
	for (size_t i = 0; i < dmarc->n_evaluations; i++)
		if (needs_voucher(&dmarc->evaluations[i]) &&
		    !history->has_passed(history->context,
		    dmarc->evaluations[i].author_domain, &results->client))
			return ABSENT;
	return dmarc->n_evaluations != 0 ? FOUND : ABSENT;
}

/* ---- all of them --------------------------------------------------------- */

static void
note(struct policy_evidence *evidence, enum policy_sign sign,
    enum finding finding)
{
	switch (finding) {
	case ABSENT:
		break;
	case OPEN:
		evidence->open |= (unsigned)sign;
		break;
	case FOUND:
		evidence->found |= (unsigned)sign;
		break;
	}
}

void
policy_find_evidence(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_evidence *evidence_out)
{
	struct policy_evidence evidence = { .found = 0 };
	bool had_failed = arena_has_failed(arena);

	note(&evidence, POLICY_SIGN_ARC, find_chain(results));
	find_signatures(results, &evidence);
	note(&evidence, POLICY_SIGN_LIST, find_list(results, arena));
	note(&evidence, POLICY_SIGN_FORWARDER, find_forwarder(options,
	    results));
	note(&evidence, POLICY_SIGN_RELAY, results->is_relayed ? FOUND :
	    ABSENT);
	note(&evidence, POLICY_SIGN_SEALER, find_sealer(options, results,
	    arena));
	note(&evidence, POLICY_SIGN_HISTORY, find_history(options->history,
	    results));
	/* What there was no memory to read may be a sign. */
	if (arena_has_failed(arena) && !had_failed)
		evidence.open |= policy_sought_signs(options, results) &
		    (POLICY_SIGN_LIST | POLICY_SIGN_SEALER);
	evidence_out->found = evidence.found & options->evidence;
	evidence_out->open = evidence.open & options->evidence &
	    ~evidence.found;
}

unsigned
policy_sought_signs(const struct policy_options *options,
    const struct inspect_results *results)
{
	unsigned signs = 0;

	if (results->is_spf_checked || results->is_dkim_checked)
		signs |= POLICY_SIGN_LIST;
	if (results->is_arc_checked)
		signs |= POLICY_SIGN_ARC;
	if (results->is_arc_checked && options->trusted_sealers.n != 0)
		signs |= POLICY_SIGN_SEALER;
	if (results->is_dkim_checked)
		signs |= POLICY_SIGN_SIGNATURE | POLICY_SIGN_SIGNATURE_BODY;
	if (options->n_forwarder_networks != 0 ||
	    options->forwarder_domains.n != 0)
		signs |= POLICY_SIGN_FORWARDER;
	if (results->are_relays_known)
		signs |= POLICY_SIGN_RELAY;
	if (options->history != NULL && has_path(results))
		signs |= POLICY_SIGN_HISTORY;
	return signs & options->evidence;
}

static const struct {
	enum policy_sign sign;
	const char *name, *meaning;
} names[] = {
	{ POLICY_SIGN_ARC, "arc", "an intact ARC chain, whoever sealed it" },
	{ POLICY_SIGN_SIGNATURE, "signature",
	  "a broken signature of the author domain" },
	{ POLICY_SIGN_SIGNATURE_BODY, "signature-body",
	  "a signature of the author domain of which only the body changed" },
	{ POLICY_SIGN_LIST, "list", "a mailing list that is authenticated" },
	{ POLICY_SIGN_FORWARDER, "forwarder", "a declared forwarder" },
	{ POLICY_SIGN_RELAY, "relay", "a declared relay of ours" },
	{ POLICY_SIGN_SEALER, "sealer",
	  "trusted ARC sealers vouch for the author" },
	{ POLICY_SIGN_HISTORY, "history",
	  "the author's mail is known to come by this path" },
};

void
policy_trace_evidence(const struct policy_options *options,
    const struct inspect_results *results,
    const struct policy_evidence *evidence)
{
	unsigned sought = policy_sought_signs(options, results);

	for (size_t i = 0; i < N_ELEMENTS(names) && results->trace != NULL;
	    i++) {
		unsigned sign = (unsigned)names[i].sign;

		trace_tell(results->trace, "evidence",
		    slice_from_cstr(names[i].name),
		    (evidence->found & sign) != 0 ? "found" :
		    (evidence->open & sign) != 0 ? "not known" :
		    (sought & sign) != 0 ? "not found" : "not looked for",
		    slice_from_cstr(names[i].meaning));
	}
}

void
policy_append_signs(struct strbuf *text, unsigned signs,
    const char *separator)
{
	const char *between = "";

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if ((signs & (unsigned)names[i].sign) == 0)
			continue;
		strbuf_append_cstr(text, between);
		strbuf_append_cstr(text, names[i].name);
		between = separator;
	}
}
