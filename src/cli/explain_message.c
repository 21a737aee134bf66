/* cli/explain_message.c - see explain_message.h. */
#include "cli/explain_message.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/examine.h"
#include "cli/explain_advice.h"
#include "dmarc/align.h"
#include "dmarc/psl.h"
#include "dmarc/walk.h"
#include "mail/domain.h"
#include "policy/flags.h"

#define BUDGET_MS 20000		/* for what the examination did not ask */
#define MEMORY ((size_t)4 * 1024 * 1024)
#define MAX_LINE ((size_t)1024)

/* ---- where it came from -------------------------------------------------- */

static void
tell_origin(struct trace *trace, const struct examination *examination)
{
	const struct origin *origin = &examination->origin;
	struct strbuf client;

	strbuf_init(&client, trace_arena(trace), MAX_LINE);
	if (origin->client.family != IP_NONE)
		ip_append(&client, &origin->client);
	trace_tell(trace, "client", strbuf_slice(&client),
	    origin_source_text(origin->client_from, "from its Received field"),
	    SLICE_EMPTY);
	trace_tell(trace, "helo", origin->helo,
	    origin_source_text(origin->helo_from, "from its Received field"),
	    SLICE_EMPTY);
	trace_tell(trace, "sender", origin->sender.len != 0 ? origin->sender :
	    SLICE("<>"), origin_source_text(origin->sender_from,
	    "from its Return-Path field"), SLICE_EMPTY);
	if (examination->is_spf_left_out)
		trace_add(trace, "note", SLICE("SPF is left out, the client's "
		    "address is not known: give it with --ip"));
	if (examination->trust != POLICY_INSPECT)
		trace_printf(trace, "note", "assayd does not look at mail of "
		    "this client: %s", policy_trust_name(examination->trust));
}

static void
tell_message(struct trace *trace, struct slice name,
    const struct examination *examination)
{
	struct strbuf flags;

	trace_open(trace, "message", name);
	tell_origin(trace, examination);
	if (examination->problem == NULL) {
		strbuf_init(&flags, trace_arena(trace), MAX_LINE);
		policy_append_flags(&flags,
		    policy_flag_message(examination->results));
		if (flags.len != 0)
			trace_add(trace, "flags", strbuf_slice(&flags));
	}
	trace_close(trace, examination->problem != NULL ? "problem" : NULL,
	    slice_from_cstr(examination->problem));
}

/* ---- the list, and what did not pass ------------------------------------- */

/* What the examination had no need to ask is asked here. */
struct sequel {
	struct trace *trace;
	struct dmarc_finder finder;
	struct dmarc_identifiers identifiers;
	const struct inspect_results *results;
	struct slice author;		/* of the evaluation that decided */
	struct slice org_domain;	/* as the examination finds it */
	struct slice walked;		/* by the tree walk, which that may
					 * be */
	struct explain_case case_;
};

static struct slice
find_org_by(struct dmarc_finder *finder, struct slice author,
    struct trace *trace)
{
	const struct dmarc_org *org;

	finder->trace = trace;
	org = dmarc_find_org(finder, author);
	finder->trace = NULL;
	return org->failed == NULL ? org->name : SLICE_EMPTY;
}

/* Told of where the examination had no need of it. */
static void
find_orgs(struct sequel *sequel)
{
	static const struct dmarc_options tree_walk = DMARC_OPTIONS_DEFAULT;
	struct dmarc_finder *finder = &sequel->finder;
	bool is_told = sequel->results->dmarc.deciding->org_domain.len != 0;
	struct dmarc_finder walker;

	sequel->org_domain = find_org_by(finder, sequel->author, is_told ?
	    NULL : sequel->trace);
	switch (finder->options->discovery) {
	case DMARC_DISCOVERY_TREE_WALK:
		sequel->walked = sequel->org_domain;
		break;
	case DMARC_DISCOVERY_PSL:
		dmarc_finder_init(&walker, &tree_walk, finder->resolver,
		    finder->arena, finder->deadline_ms);
		sequel->walked = find_org_by(&walker, sequel->author,
		    sequel->trace);
		break;
	}
}

static void
compare_list(struct sequel *sequel, const struct psl *psl)
{
	struct slice by_list;

	if (psl == NULL) {
		trace_tell(sequel->trace, "public suffix list", SLICE_EMPTY,
		    "not there", SLICE("the system has no list to compare "
		    "with"));
		return;
	}
	by_list = dmarc_psl_org_domain(psl, sequel->author);
	if (sequel->walked.len == 0)
		trace_tell(sequel->trace, "public suffix list", by_list,
		    "the tree walk has no answer", SLICE_EMPTY);
	else if (slice_eq(by_list, sequel->walked))
		trace_tell(sequel->trace, "public suffix list", by_list,
		    "as the tree walk has it", SLICE_EMPTY);
	else
		trace_tell(sequel->trace, "public suffix list", by_list,
		    "the tree walk differs", sequel->walked);
}

/* Whether an identifier of DOMAIN that passes would be aligned. */
static bool
would_align(struct sequel *sequel, struct slice domain, bool is_dkim)
{
	static const struct dmarc_record relaxed = { .psd = 'u' };
	const struct dmarc_evaluation *deciding =
	    sequel->results->dmarc.deciding;
	struct dmarc_identifier identifier = { .is_dkim = is_dkim };
	struct dmarc_alignment alignment;

	if (!domain_normalize(sequel->finder.arena, domain,
	    &identifier.domain))
		return false;
	sequel->identifiers.items = &identifier;
	sequel->identifiers.n = 1;
	dmarc_align(&sequel->finder, &sequel->identifiers, sequel->author,
	    deciding->record != NULL ? deciding->record : &relaxed,
	    &alignment);
	return alignment.spf != NULL || alignment.dkim != NULL;
}

/* What passed, the examination has told of. */
static bool
align_result(struct sequel *sequel, struct slice domain, bool is_dkim,
    bool has_passed)
{
	bool is_aligned;

	sequel->finder.trace = has_passed ? NULL : sequel->trace;
	is_aligned = would_align(sequel, domain, is_dkim);
	sequel->finder.trace = NULL;
	return is_aligned;
}

static bool
has_failures(const struct inspect_results *results)
{
	bool has_one = results->is_spf_checked &&
	    results->spf.result != SPF_PASS && results->spf.domain.len != 0;

	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result != DKIM_RESULT_PASS)
			has_one = true;
	return has_one;
}

static void
align_all(struct sequel *sequel)
{
	const struct inspect_results *results = sequel->results;
	struct trace *trace = has_failures(results) ? sequel->trace : NULL;
	bool *aligned = arena_alloc_array(sequel->finder.arena,
	    results->n_dkim + 1, sizeof(*aligned));

	if (aligned == NULL)
		return;
	trace_open(trace, "what did not pass",
	    SLICE("whether it would be aligned"));
	if (results->is_spf_checked)
		sequel->case_.is_spf_aligned = align_result(sequel,
		    results->spf.domain, false,
		    results->spf.result == SPF_PASS);
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].domain.len != 0)
			aligned[i] = align_result(sequel,
			    results->dkim[i].domain, true,
			    results->dkim[i].result == DKIM_RESULT_PASS);
	trace_close(trace, NULL, SLICE_EMPTY);
	sequel->case_.is_dkim_aligned = aligned;
}

static void
tell_sequel(const struct examiner_options *options, const struct psl *psl,
    const struct examination *examination, struct arena *arena,
    struct trace *trace)
{
	struct sequel sequel = { .trace = trace,
		.results = examination->results,
		.case_ = { .examination = examination,
		    .policy = options->policy } };

	dmarc_finder_init(&sequel.finder, &options->inspect->dmarc,
	    options->resolver, arena, clock_monotonic_ms() + BUDGET_MS);
	if (sequel.results->is_dmarc_checked)
		sequel.author =
		    sequel.results->dmarc.deciding->author_domain;
	if (sequel.author.len != 0) {
		find_orgs(&sequel);
		compare_list(&sequel, psl);
		align_all(&sequel);
	}
	sequel.case_.org_domain = sequel.org_domain;
	explain_advise(&sequel.case_, trace);
}

/* ---- the message --------------------------------------------------------- */

/* Its lines are those of the folded field. */
static void
tell_field(struct trace *trace, struct slice field)
{
	if (field.len == 0)
		return;
	trace_open(trace, "field", SLICE("Authentication-Results"));
	while (field.len != 0) {
		size_t lf = slice_find(field, '\n');

		trace_add(trace, "line", slice_trim(slice_head(field, lf)));
		field = slice_from(field, lf != SIZE_MAX ? lf + 1 : field.len);
	}
	trace_close(trace, NULL, SLICE_EMPTY);
}

bool
explain_message(const struct examiner_options *options,
    const struct psl *psl, struct slice name, struct slice octets,
    struct trace *trace)
{
	struct examiner_options traced = *options;
	struct arena *arena = arena_create(MEMORY);
	struct examination examination = { .problem = "memory is out" };
	struct examiner *examiner;

	traced.trace = trace;
	examiner = examiner_create(&traced);
	if (examiner != NULL && arena != NULL)
		examiner_examine(examiner, octets, &examination);
	tell_message(trace, name, &examination);
	if (examination.problem == NULL) {
		tell_sequel(options, psl, &examination, arena, trace);
		tell_field(trace, examination.field);
	}
	examiner_destroy(&examiner);
	if (arena != NULL)
		arena_destroy(&arena);
	return examination.problem == NULL;
}
