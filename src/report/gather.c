/* report/gather.c - see gather.h.
 *
 * The digest of RFC 9990 for whoever reads this: a row says what DMARC made of
 * the message, not what came of it for other reasons; where that is not what
 * the domain had published, it says why. */
#include "report/gather.h"

#include <assert.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "dmarc/uri.h"
#include "mail/domain.h"
#include "policy/policy.h"
#include "report/configuration.h"
#include "report/echo.h"
#include "report/history.h"
#include "report/options.h"
#include "report/writer.h"

#define MAX_REASON_COMMENT ((size_t)140)

/* Signatures that were not verified (their result is no pass and no fail) need
 * not be told of, RFC 9990 wants the others: some may help their domain to find
 * a mistake, and many would only fill the store. */
#define MAX_UNVERIFIED 8

/* "policy_test_mode" and at most two of the longest type with a comment. */
static_assert(sizeof("policy_test_mode") + 2 * (sizeof("trusted_forwarder ") +
    MAX_REASON_COMMENT) <= REPORT_MAX_REASONS, "reasons may be too long");

static const struct dmarc_evaluation no_evaluation = {
	.result = DMARC_NONE,
};

static const struct dmarc_evaluation *
nth_evaluation(const struct report_message *message, size_t i)
{
	const struct dmarc_outcome *dmarc = &message->results->dmarc;

	if (i < dmarc->n_evaluations)
		return &dmarc->evaluations[i];
	return message->results->is_dmarc_checked ? dmarc->deciding :
	    &no_evaluation;
}

size_t
report_count_facts(const struct report_message *message)
{
	size_t n = message->results->dmarc.n_evaluations;

	return message->results->is_dmarc_checked && n != 0 ? n : 1;
}

/* Printable ASCII of at most MAX octets, whatever TEXT is. */
static struct slice
clean(struct arena *arena, struct slice text, size_t max)
{
	struct strbuf shown;

	strbuf_init(&shown, arena, max);
	strbuf_append_escaped(&shown, text, text.len);
	return strbuf_slice(&shown);
}

/* As it is compared, or nothing. */
static struct slice
domain_of(struct arena *arena, struct slice name)
{
	struct slice domain;

	return domain_normalize(arena, name, &domain) ? domain : SLICE_EMPTY;
}

/* ---- the row ------------------------------------------------------------- */

/* What a relay of ours only repeats is not said of anybody in a report, and
 * what it does not say cannot be: it is the relay, then, that mail came by. */
static struct ip_address
find_source(const struct inspect_results *results)
{
	if (results->is_relayed && (results->is_client_hearsay ||
	    results->client.family == IP_NONE))
		return results->relay;
	return results->client;
}

static struct slice
find_recipient_domain(const struct inspect_results *results)
{
	struct slice domain;

	if (results->n_recipients == 0 || results->n_more_recipients != 0)
		return SLICE_EMPTY;
	domain = results->recipients[0].domain;
	for (size_t i = 1; i < results->n_recipients; i++)
		if (!slice_eq(results->recipients[i].domain, domain))
			return SLICE_EMPTY;
	return domain;
}

static void
gather_spf(const struct inspect_results *results, struct arena *arena,
    struct report_fact *fact)
{
	if (!results->is_spf_checked)
		return;
	fact->spf_domain = domain_of(arena, results->spf.domain);
	fact->spf_result = slice_from_cstr(spf_result_name(
	    results->spf.result));
}

/* RFC 9990: pass where the domain has asked for more than nothing. */
static struct slice
find_disposition(const struct report_message *message,
    const struct dmarc_evaluation *evaluation)
{
	if (evaluation->result == DMARC_PASS)
		return evaluation->published == DMARC_POLICY_NONE ?
		    SLICE("none") : SLICE("pass");
	return slice_from_cstr(policy_disposition_name(
	    message->verdict->disposition));
}

/* ---- reasons ------------------------------------------------------------- */

static void
add_reason(struct strbuf *reasons, const char *type, struct slice comment)
{
	if (reasons->len != 0)
		strbuf_append_char(reasons, '\n');
	strbuf_append_cstr(reasons, type);
	if (comment.len != 0)
		strbuf_append_char(reasons, ' ');
	strbuf_append(reasons, comment);
}

/* Where nothing of the verdict tells why a fail got something else. */
static struct slice
find_local_reason(const struct report_message *message,
    const struct dmarc_evaluation *evaluation)
{
	if (evaluation != message->results->dmarc.deciding)
		return SLICE("decided by another author domain");
	return SLICE("local configuration");
}

static struct slice
gather_reasons(const struct report_message *message,
    const struct dmarc_evaluation *evaluation, struct arena *arena)
{
	const struct policy_verdict *verdict = message->verdict;
	bool is_other = !slice_eq(find_disposition(message, evaluation),
	    slice_from_cstr(dmarc_policy_name(evaluation->policy)));
	bool is_held_back = verdict->action != verdict->wanted;
	struct strbuf reasons;

	if (evaluation->result != DMARC_FAIL)
		return SLICE_EMPTY;
	strbuf_init(&reasons, arena, REPORT_MAX_REASONS);
	if (evaluation->policy != evaluation->published)
		add_reason(&reasons, "policy_test_mode", SLICE_EMPTY);
	if (is_other && is_held_back)
		add_reason(&reasons, "local_policy", SLICE("monitor mode"));
	if (is_other && verdict->override != POLICY_OVERRIDE_NONE)
		add_reason(&reasons, policy_override_name(verdict->override),
		    clean(arena, verdict->override_comment,
		    MAX_REASON_COMMENT));
	else if (is_other && !is_held_back)
		add_reason(&reasons, "local_policy",
		    find_local_reason(message, evaluation));
	return strbuf_slice(&reasons);
}

/* ---- signatures ---------------------------------------------------------- */

/* The order in which they are told of, where not all can be. */
enum signature_rank {
	RANK_STRICT = 0,	/* passes, of the Author Domain itself */
	RANK_RELAXED,		/* passes, of its organization */
	RANK_OTHER,		/* passes */
	RANK_FAILED,
	N_RANKS,
};

static bool
is_of_organization(const struct dmarc_evaluation *evaluation,
    struct slice domain)
{
	struct slice author = evaluation->author_domain;

	if (evaluation->org_domain.len != 0)
		return domain_is_within(domain, evaluation->org_domain);
	return author.len != 0 && (domain_is_within(domain, author) ||
	    (domain_is_within(author, domain) &&
	    domain_count_labels(domain) > 1));
}

static enum signature_rank
rank_of(const struct dkim_outcome *dkim,
    const struct dmarc_evaluation *evaluation)
{
	if (dkim->result != DKIM_RESULT_PASS)
		return RANK_FAILED;
	if (slice_eq(dkim->domain, evaluation->author_domain))
		return RANK_STRICT;
	return is_of_organization(evaluation, dkim->domain) ? RANK_RELAXED :
	    RANK_OTHER;
}

static bool
is_verified(const struct dkim_outcome *dkim)
{
	return dkim->result == DKIM_RESULT_PASS ||
	    dkim->result == DKIM_RESULT_FAIL;
}

static bool
add_signature(const struct dkim_outcome *dkim, struct report_fact *fact)
{
	const struct report_signature signature = {
		.domain = dkim->domain, .selector = dkim->selector,
		.result = slice_from_cstr(dkim_result_name(dkim->result)),
	};

	/* One that was not tried has no result to tell. */
	if (dkim->reason == DKIM_REASON_TOO_MANY ||
	    fact->n_signatures == REPORT_MAX_SIGNATURES ||
	    !report_is_signature(&signature))
		return false;
	fact->signatures[fact->n_signatures++] = signature;
	return true;
}

static void
gather_signatures(const struct inspect_results *results,
    const struct dmarc_evaluation *evaluation, struct report_fact *fact)
{
	size_t room = MAX_UNVERIFIED;

	for (unsigned rank = 0; rank < N_RANKS; rank++)
		for (size_t i = 0; i < results->n_dkim; i++) {
			const struct dkim_outcome *dkim = &results->dkim[i];

			if (rank_of(dkim, evaluation) != rank ||
			    (room == 0 && !is_verified(dkim)))
				continue;
			if (add_signature(dkim, fact) && !is_verified(dkim))
				room--;
		}
}

/* ---- what was published -------------------------------------------------- */

static struct slice
gather_configuration(const struct report_message *message,
    const struct dmarc_record *record, struct arena *arena)
{
	const struct report_configuration configuration = {
		.p = record->p, .sp = record->sp, .np = record->np,
		.has_np = record->has_np,
		.is_dkim_strict = record->is_dkim_strict,
		.is_spf_strict = record->is_spf_strict,
		.is_testing = record->is_testing,
		.discovery = message->discovery, .fo = record->fo,
		.rua = record->rua, .ruf = record->ruf,
		.error = slice_from_cstr(record->problem),
	};
	struct strbuf text;

	strbuf_init(&text, arena, REPORT_CONFIGURATION_MAX);
	report_append_configuration(&text, &configuration);
	return strbuf_slice(&text);
}

/* Somebody is to be told, and it does not come again. */
static bool
is_reportable(const struct report_message *message,
    const struct dmarc_evaluation *evaluation)
{
	struct cursor rua = cursor_of(evaluation->record->rua);
	struct slice uri;

	return report_does_tell_uris(evaluation->record->rua) &&
	    dmarc_take_uri(&rua, &uri) &&
	    message->verdict->action != POLICY_TEMPFAIL &&
	    !report_is_echo(message->results, evaluation,
	    slice_from_cstr(message->options->from));
}

static void
gather_policy(const struct report_message *message,
    const struct dmarc_evaluation *evaluation, struct arena *arena,
    struct report_fact *fact)
{
	if (!evaluation->has_policy)
		return;
	fact->policy_domain = evaluation->policy_domain;
	fact->configuration = gather_configuration(message,
	    evaluation->record, arena);
	fact->is_reportable = is_reportable(message, evaluation);
}

/* ---- statistics ---------------------------------------------------------- */

static void
gather_verdict(const struct policy_verdict *verdict, struct arena *arena,
    struct report_fact *fact)
{
	struct strbuf signs;

	fact->action = slice_from_cstr(policy_action_name(verdict->action));
	fact->wanted = slice_from_cstr(policy_action_name(verdict->wanted));
	if (verdict->rule != NULL)
		fact->rule = clean(arena, verdict->rule->name,
		    REPORT_MAX_RULE);
	if (verdict->shadow_rule != NULL) {
		fact->shadow_rule = clean(arena, verdict->shadow_rule->name,
		    REPORT_MAX_RULE);
		fact->shadow_wanted = slice_from_cstr(policy_action_name(
		    verdict->shadow_wanted));
	}
	strbuf_init(&signs, arena, REPORT_MAX_EVIDENCE);
	policy_append_signs(&signs, verdict->evidence, ",");
	fact->evidence = strbuf_slice(&signs);
}

/* ---- the whole ----------------------------------------------------------- */

/* What only reports tell is not kept where none will: else every name that a
 * sender makes up would be a row of its own, of mail that nobody asks about and
 * that may be no more than a MAIL command. */
static void
forget_unreported(struct report_fact *fact)
{
	if (fact->is_reportable)
		return;
	fact->configuration = fact->reasons = SLICE_EMPTY;
	fact->envelope_from = fact->envelope_to = SLICE_EMPTY;
	fact->spf_domain = SLICE_EMPTY;
	fact->n_signatures = 0;
}

void
report_gather_fact(const struct report_message *message, size_t i,
    struct arena *arena, struct report_fact *fact_out)
{
	const struct inspect_results *results = message->results;
	const struct dmarc_evaluation *evaluation = nth_evaluation(message, i);

	*fact_out = (struct report_fact){
		.day = (uint32_t)(results->start_s / CLOCK_DAY_S),
		.author_domain = evaluation->author_domain,
		.source = find_source(results),
		.envelope_from = results->sender_domain,
		.disposition = find_disposition(message, evaluation),
		.is_dkim_aligned = evaluation->is_dkim_aligned,
		.is_spf_aligned = evaluation->is_spf_aligned,
		.reasons = gather_reasons(message, evaluation, arena),
	};
	if (message->options->tells_recipient_domain)
		fact_out->envelope_to = find_recipient_domain(results);
	gather_spf(results, arena, fact_out);
	gather_signatures(results, evaluation, fact_out);
	gather_policy(message, evaluation, arena, fact_out);
	if (results->is_dmarc_checked)
		fact_out->dmarc_result = slice_from_cstr(dmarc_result_name(
		    evaluation->result));
	if (results->is_arc_checked)
		fact_out->arc_result = slice_from_cstr(arc_result_name(
		    results->arc.result));
	gather_verdict(message->verdict, arena, fact_out);
	forget_unreported(fact_out);
}

bool
report_gather_pass(const struct report_message *message, size_t i,
    struct store_pass *pass_out)
{
	const struct inspect_results *results = message->results;
	const struct dmarc_evaluation *evaluation = nth_evaluation(message, i);

	*pass_out = (struct store_pass){
		.author_domain = evaluation->author_domain,
		.day = (uint32_t)(results->start_s / CLOCK_DAY_S),
		.count = 1,
	};
	return evaluation->result == DMARC_PASS &&
	    (evaluation->is_dkim_aligned || (evaluation->is_spf_aligned &&
	    !results->spf.is_pass_too_wide)) &&
	    !results->is_client_hearsay &&
	    report_find_path(&results->client, &pass_out->path);
}

bool
report_wants_recipients(const struct report_options *options)
{
	return options->from != NULL || options->tells_recipient_domain;
}

static void
remember_fact(const struct report_message *message, size_t i,
    struct arena *arena, struct report_writer *writer)
{
	struct report_fact fact;
	struct strbuf octets;

	report_gather_fact(message, i, arena, &fact);
	strbuf_init(&octets, arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(&fact, &octets);
	/* Dropped ones are counted, and told of by the writer. */
	(void)report_write(writer, REPORT_RECORD_FACT,
	    message->results->start_s,
	    octets.has_failed ? SLICE_EMPTY : strbuf_slice(&octets));
}

static void
remember_pass(const struct report_message *message, size_t i,
    struct arena *arena, struct report_writer *writer)
{
	struct store_pass pass;
	struct strbuf octets;

	if (!report_gather_pass(message, i, &pass))
		return;
	strbuf_init(&octets, arena, REPORT_PASS_MAX_OCTETS);
	report_encode_pass(&pass, &octets);
	(void)report_write(writer, REPORT_RECORD_PASS,
	    message->results->start_s,
	    octets.has_failed ? SLICE_EMPTY : strbuf_slice(&octets));
}

void
report_remember(const struct report_message *message, struct arena *arena,
    struct report_writer *writer)
{
	for (size_t i = 0; i < report_count_facts(message); i++) {
		remember_fact(message, i, arena, writer);
		remember_pass(message, i, arena, writer);
	}
}
