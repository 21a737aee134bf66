/* spf/check.c - see check.h.
 *
 * check_host() calls itself for "include" alone, so its depth is bounded by the
 * limit of terms and by SPF_MAX_DEPTH; "redirect" is a loop. */
#include "spf/check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "mail/domain.h"
#include "spf/evaluation.h"
#include "spf/explain.h"
#include "spf/mechanism.h"
#include "spf/published.h"
#include "spf/trace.h"
#include "spf/values.h"

#define SPF_MAX_DEPTH 20	/* includes within includes, whatever max_terms
				 * an operator may set */

static enum spf_result check_host(struct spf_evaluation *ev,
    struct slice domain);

static enum spf_result
result_of_failure(enum spf_status status)
{
	return status == SPF_BROKEN ? SPF_PERMERROR : SPF_TEMPERROR;
}

/* Initial processing (4.3), for names that macros made too: those of several
 * labels are cut to fit already (7.3). */
static bool
is_well_formed(struct slice domain)
{
	struct cursor cur = cursor_of(domain);
	size_t n_labels = 0;

	do {
		struct slice label = cursor_take_until(&cur, '.');

		if (label.len == 0 || label.len > DOMAIN_MAX_LABEL)
			return false;
		n_labels++;
	} while (cursor_take_char(&cur, '.'));
	return n_labels > 1;
}

/* Selecting records and their syntax (4.5, 4.6).  False where there is not
 * exactly one that can be used: *RESULT_OUT says what that makes. */
static bool
select_record(struct spf_evaluation *ev, const struct dns_answer *answer,
    const struct spf_published **record_out, enum spf_result *result_out)
{
	struct slice domain = ev->values.domain;
	size_t n = spf_find_published(answer, record_out);
	const struct spf_published *record = *record_out;

	if (n == 1 && record == NULL) {
		*result_out = SPF_TEMPERROR;
		spf_set_reason(ev, "out of memory", SLICE_EMPTY, "");
		return false;
	}
	if (n == 1 && record->is_valid)
		return true;
	*result_out = n == 0 ? SPF_NONE : SPF_PERMERROR;
	if (n != 1) {
		spf_set_reason(ev, "", domain, n != 0 ?
		    " has more than one SPF record" :
		    answer->status == DNS_NXDOMAIN ?
		    " does not exist" : " has no SPF record");
		return false;
	}
	spf_set_reason(ev, "the SPF record of ", domain, " is wrong at \"");
	spf_extend_reason(ev, "", record->error.term, "\": ");
	spf_extend_reason(ev, record->error.what, SLICE_EMPTY, "");
	return false;
}

/* From initial processing to the record's syntax (4.3 to 4.6).  False as
 * above. */
static bool
find_record(struct spf_evaluation *ev, const struct spf_published **record_out,
    enum spf_result *result_out)
{
	const struct dns_answer *answer;
	struct slice domain = ev->values.domain;
	enum spf_status status;

	*result_out = SPF_NONE;
	if (!is_well_formed(domain)) {
		spf_set_reason(ev, "\"", domain, "\" is no domain name");
		return false;
	}
	if ((status = spf_query(ev, domain, DNS_TXT, &answer)) != SPF_OK) {
		*result_out = result_of_failure(status);
		return false;
	}
	return select_record(ev, answer, record_out, result_out);
}

/* "include": what the result of the included record makes (5.2). */
static enum spf_status
match_include(struct spf_evaluation *ev, const struct spf_directive *directive,
    bool *is_match_out)
{
	struct slice domain = ev->values.domain, target;
	unsigned n_missing = ev->n_missing;
	enum spf_result result;
	enum spf_status status = spf_find_target(ev, directive->domain_spec,
	    &target);

	*is_match_out = false;
	if (status != SPF_OK)
		return status;
	if (ev->depth == SPF_MAX_DEPTH) {
		spf_set_reason(ev, "the includes of ", domain,
		    " are nested too deep");
		return SPF_BROKEN;
	}
	ev->depth++;
	result = check_host(ev, target);
	ev->depth--;
	trace_tell(ev->trace, "include", target, spf_result_name(result),
	    SLICE_EMPTY);
	ev->values.domain = domain;
	if (ev->n_missing != n_missing)		/* it may match or not */
		return SPF_OK;
	switch (result) {
	case SPF_PASS:
		*is_match_out = true;
		break;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		break;
	case SPF_TEMPERROR:
		return SPF_UNDECIDED;
	case SPF_NONE:
		spf_extend_reason(ev, ", but the record of ", domain,
		    " includes it");
		return SPF_BROKEN;
	case SPF_PERMERROR:
		return SPF_BROKEN;
	}
	return SPF_OK;
}

static enum spf_status
match_directive(struct spf_evaluation *ev,
    const struct spf_directive *directive, bool *is_match_out)
{
	enum spf_status status;

	*is_match_out = false;
	if (spf_causes_queries(directive->mechanism) &&
	    (status = spf_count_term(ev)) != SPF_OK)
		return status;
	if (directive->mechanism == SPF_MECHANISM_INCLUDE)
		return match_include(ev, directive, is_match_out);
	return spf_match_mechanism(ev, directive, is_match_out);
}

/* An include that matches leaves what its record's match has set. */
static void
note_match(struct spf_evaluation *ev, const struct spf_record *record,
    const struct spf_directive *directive)
{
	if (directive->mechanism != SPF_MECHANISM_INCLUDE)
		ev->is_match_too_wide = spf_is_too_wide(ev, directive);
	if (ev->depth != 0)
		return;
	ev->mechanism = directive->text;
	ev->explanation_spec = record->explanation;
	spf_set_reason(ev, "\"", directive->text, "\" in the SPF record of ");
	spf_extend_reason(ev, "", ev->values.domain, " matches ");
	spf_extend_reason(ev, "", ev->values.client_readable, "");
}

/* Whether the directive ends the evaluation.  Running ahead, trouble behind
 * something that is missing ends nothing. */
static bool
evaluate_directive(struct spf_evaluation *ev, const struct spf_record *record,
    const struct spf_directive *directive, enum spf_result *result_out)
{
	const bool is_told = ev->trace != NULL;
	bool is_match;
	enum spf_status status;

	if (is_told)
		spf_trace_term(ev, directive);
	status = match_directive(ev, directive, &is_match);
	if (is_told)
		spf_trace_term_end(ev, directive, status, is_match);
	if (status == SPF_UNDECIDED && ev->n_missing != 0)
		return false;
	if (status != SPF_OK) {
		*result_out = result_of_failure(status);
		return true;
	}
	if (!is_match)
		return false;
	*result_out = directive->qualifier;
	note_match(ev, record, directive);
	return true;
}

/* Mechanisms from left to right (4.6.2).  False where none matches. */
static bool
evaluate_directives(struct spf_evaluation *ev,
    const struct spf_published *published, enum spf_result *result_out)
{
	struct spf_published_cursor cur = spf_published_begin(published);
	struct spf_directive directive;

	while (spf_published_take(&cur, &directive))
		if (evaluate_directive(ev, &published->record, &directive,
		    result_out))
			return true;
	return false;
}

/* 4.7 */
static enum spf_result
default_result(struct spf_evaluation *ev)
{
	if (ev->depth == 0)
		ev->mechanism = SLICE("default");
	spf_set_reason(ev, "nothing in the SPF record of ", ev->values.domain,
	    " matches ");
	spf_extend_reason(ev, "", ev->values.client_readable, "");
	return SPF_NEUTRAL;
}

/* 6.1.  Where the record holds an "all" we never come here. */
static enum spf_status
follow_redirect(struct spf_evaluation *ev, const struct spf_record *record)
{
	enum spf_status status = spf_count_term(ev);
	struct slice target;

	if (status == SPF_OK)
		status = spf_find_target(ev, record->redirect, &target);
	if (status != SPF_OK)
		return status;
	trace_add(ev->trace, "redirect", target);
	ev->values.domain = target;
	return SPF_OK;
}

static enum spf_result
check_host(struct spf_evaluation *ev, struct slice domain)
{
	const struct spf_published *published;
	enum spf_result result;
	enum spf_status status;

	ev->values.domain = domain;
	if (!find_record(ev, &published, &result))
		return result;
	while (!evaluate_directives(ev, published, &result)) {
		if (published->record.redirect.len == 0)
			return default_result(ev);
		if ((status = follow_redirect(ev, &published->record)) !=
		    SPF_OK)
			return result_of_failure(status);
		if (find_record(ev, &published, &result))
			continue;
		if (result != SPF_NONE)
			return result;
		spf_extend_reason(ev, ", but the record of ", domain,
		    " redirects to it");
		return SPF_PERMERROR;
	}
	return result;
}

static int64_t
find_deadline(const struct spf_request *request,
    const struct spf_options *options)
{
	int64_t budget_ends_ms = clock_monotonic_ms() + options->budget_ms;

	return budget_ends_ms < request->deadline_ms ? budget_ends_ms :
	    request->deadline_ms;
}

static enum spf_result
check_identity(struct spf_evaluation *ev, struct slice *domain_out)
{
	bool is_domain = spf_find_domain(ev->arena, ev->request, domain_out);

	if (ev->request->client.family == IP_NONE) {
		spf_set_reason(ev, "the client has no IP address", SLICE_EMPTY,
		    "");
		return SPF_NONE;
	}
	if (!is_domain) {
		spf_set_reason(ev, "\"", *domain_out, "\" is no domain name");
		return SPF_NONE;
	}
	spf_fill_values(ev->arena, ev->request, *domain_out, &ev->values);
	return check_host(ev, *domain_out);
}

static void
evaluate(struct spf_evaluation *ev, struct spf_outcome *outcome)
{
	*outcome = (struct spf_outcome){ .identity = ev->request->identity };
	if (ev->trace != NULL)
		spf_trace_check(ev);
	outcome->result = check_identity(ev, &outcome->domain);
	if (outcome->result == SPF_FAIL)
		outcome->explanation = spf_explain(ev);
	outcome->is_pass_too_wide = outcome->result == SPF_PASS &&
	    ev->is_match_too_wide;
	outcome->mechanism = ev->mechanism;
	outcome->reason = strbuf_slice(&ev->reason);
	outcome->n_terms = ev->n_terms;
	outcome->n_void_lookups = ev->n_void_lookups;
	if (arena_has_failed(ev->arena)) {	/* nothing above is reliable */
		outcome->result = SPF_TEMPERROR;
		outcome->mechanism = outcome->explanation = SLICE_EMPTY;
		outcome->is_pass_too_wide = false;
		outcome->reason = SLICE("out of memory for this message");
	}
	if (ev->trace != NULL)
		spf_trace_check_end(ev, outcome);
}

void
spf_check(const struct spf_request *request,
    const struct spf_options *options, struct resolver *resolver,
    struct arena *arena, struct spf_outcome *outcome)
{
	struct spf_evaluation ev = {
		.request = request,
		.options = options,
		.resolver = resolver,
		.arena = arena,
		.trace = request->trace,
		.deadline_ms = find_deadline(request, options),
	};

	evaluate(&ev, outcome);
}

bool
spf_run_ahead(const struct spf_request *request,
    const struct spf_options *options, struct resolver *resolver,
    struct arena *arena, struct spf_outcome *outcome)
{
	struct spf_evaluation ev = {
		.request = request,
		.options = options,
		.resolver = resolver,
		.arena = arena,
		.trace = request->trace,
		.deadline_ms = CLOCK_NEVER_MS,
		.is_ahead = true,
	};

	evaluate(&ev, outcome);
	return ev.n_missing == 0 && !arena_has_failed(arena);
}
