/* milter/logline.c - see logline.h.
 *
 * The limits below keep the worst line of text under LOG_LINE_MAX; in JSON,
 * whose escapes are longer, log_write_pairs() shortens the values once more. */
#include "milter/logline.h"

#include "base/arena.h"
#include "base/ip.h"
#include "base/limit.h"
#include "base/log_pairs.h"
#include "inspect/inspect.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/flags.h"
#include "policy/policy.h"
#include "policy/rules.h"

/* Octets shown, before escaping makes four of one. */
#define MAX_WORD ((size_t)64)
#define MAX_SELECTOR ((size_t)32)
#define MAX_ADDRESS ((size_t)160)
#define MAX_DOMAIN ((size_t)100)
#define MAX_REASON ((size_t)400)

#define MAX_SIGNATURES ((size_t)8)	/* told one by one */

static void
add_address(struct log_pairs *pairs, const char *key,
    const struct ip_address *address)
{
	ip_append(log_pairs_begin_value(pairs), address);
	log_pairs_end_value(pairs, key);
}

static void
add_connection(struct log_pairs *pairs, const struct logline *line)
{
	const struct session *session = line->session;

	log_pairs_add_word(pairs, "session", session->id);
	session_append_id(session, log_pairs_begin_value(pairs));
	log_pairs_end_value(pairs, "id");
	if (session->queue_id.len != 0)
		log_pairs_add(pairs, "queue", session->queue_id, MAX_WORD);
	else
		log_pairs_add_word(pairs, "queue", "NOQUEUE");
	log_pairs_add_known(pairs, "daemon", session->daemon_name, MAX_WORD);
	if (line->results != NULL && line->results->is_relayed) {
		add_address(pairs, "client", &line->results->client);
		add_address(pairs, "relay", &session->client);
	} else {
		add_address(pairs, "client", &session->client);
	}
	log_pairs_add_known(pairs, "host", session->client_name, MAX_WORD);
}

static void
add_envelope(struct log_pairs *pairs, const struct logline *line)
{
	const struct inspect_results *results = line->results;

	log_pairs_add(pairs, "helo", results->helo, MAX_WORD);
	if (results->sender.is_null)
		log_pairs_add_word(pairs, "mailfrom", "<>");
	else
		log_pairs_add(pairs, "mailfrom", results->sender.address,
		    MAX_ADDRESS);
	if (line->is_at_mail)
		return;
	log_pairs_add_number(pairs, "rcpts", line->session->n_recipients);
	log_pairs_add(pairs, "from", results->authors.first_address,
	    MAX_ADDRESS);
}

static void
add_spf(struct log_pairs *pairs, const struct inspect_results *results)
{
	const struct spf_outcome *spf = &results->spf;

	if (!results->is_spf_checked)
		return;
	log_pairs_add_word(pairs, "spf", spf_result_name(spf->result));
	log_pairs_add_known(pairs, "spf_domain", spf->domain, MAX_DOMAIN);
	log_pairs_add_known(pairs, "spf_match", spf->mechanism, MAX_WORD);
	if (spf->result == SPF_TEMPERROR || spf->result == SPF_PERMERROR)
		log_pairs_add_known(pairs, "spf_reason", spf->reason,
		    MAX_WORD);
	if (!results->sender.is_null && results->helo_spf.domain.len != 0)
		log_pairs_add_word(pairs, "helo_spf",
		    spf_result_name(results->helo_spf.result));
}

static void
add_signature(struct log_pairs *pairs, const struct dkim_outcome *dkim)
{
	log_pairs_begin_item(pairs, "dkim", dkim_result_name(dkim->result));
	log_pairs_add_known(pairs, "dkim_domain", dkim->domain, MAX_DOMAIN);
	log_pairs_add_known(pairs, "dkim_selector", dkim->selector,
	    MAX_SELECTOR);
	if (dkim->result != DKIM_RESULT_PASS)
		log_pairs_add_known(pairs, "dkim_reason",
		    slice_from_cstr(dkim_reason_text(dkim->reason)), MAX_WORD);
	log_pairs_end_item(pairs);
}

static void
add_dkim(struct log_pairs *pairs, const struct inspect_results *results)
{
	size_t n_more = results->n_ignored_signatures;

	if (!results->is_dkim_checked)
		return;
	if (results->n_dkim == 0) {
		log_pairs_begin_item(pairs, "dkim", "none");
		log_pairs_end_item(pairs);
	}
	for (size_t i = 0; i < results->n_dkim; i++)
		if (i < MAX_SIGNATURES)
			add_signature(pairs, &results->dkim[i]);
		else
			n_more++;
	if (n_more != 0)
		log_pairs_add_number(pairs, "dkim_more", n_more);
}

/* "pass/2:lists.example.org": the newest set and whose seal it has. */
static void
add_arc(struct log_pairs *pairs, const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;
	struct strbuf *value;

	if (!results->is_arc_checked)
		return;
	value = log_pairs_begin_value(pairs);
	strbuf_append_cstr(value, arc_result_name(arc->result));
	if (arc->result == ARC_PASS && arc->n_sets != 0)
		strbuf_printf(value, "/%zu:%.*s", arc->n_sets,
		    SLICE_PRINTF(arc->sets[arc->n_sets - 1].sealer));
	log_pairs_end_value(pairs, "arc");
	if (arc->failed_instance != 0)
		log_pairs_add_number(pairs, "arc_instance",
		    arc->failed_instance);
	log_pairs_add_known(pairs, "arc_reason",
	    slice_from_cstr(arc_reason_text(arc->reason)), MAX_WORD);
}

static void
add_flags(struct log_pairs *pairs, const struct inspect_results *results)
{
	unsigned flags = policy_flag_message(results);

	if (flags == 0)
		return;
	policy_append_flags(log_pairs_begin_value(pairs), flags);
	log_pairs_end_list(pairs, "flags");
}

static void
add_dmarc(struct log_pairs *pairs, const struct inspect_results *results)
{
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;

	if (!results->is_dmarc_checked)
		return;
	log_pairs_add_word(pairs, "dmarc",
	    dmarc_result_name(results->dmarc.result));
	log_pairs_add_known(pairs, "dmarc_domain", deciding->author_domain,
	    MAX_DOMAIN);
	if (!deciding->has_policy)
		return;
	log_pairs_add_known(pairs, "dmarc_record", deciding->policy_domain,
	    MAX_DOMAIN);
	log_pairs_add_word(pairs, "policy",
	    dmarc_policy_name(deciding->policy));
	log_pairs_add_flag(pairs, "spf_aligned", deciding->is_spf_aligned);
	log_pairs_add_flag(pairs, "dkim_aligned", deciding->is_dkim_aligned);
}

static void
add_limits(struct log_pairs *pairs, unsigned limits)
{
	if (limits == 0)
		return;
	limit_append_names(log_pairs_begin_value(pairs), limits);
	log_pairs_end_list(pairs, "limits");
}

static void
add_message(struct log_pairs *pairs, const struct logline *line)
{
	const struct inspect_results *results = line->results;

	if (line->session->trust != POLICY_INSPECT)
		log_pairs_add_word(pairs, "trusted",
		    policy_trust_name(line->session->trust));
	add_spf(pairs, results);
	add_limits(pairs, results->limits_hit);
	if (line->is_at_mail)
		return;
	add_dkim(pairs, results);
	add_arc(pairs, results);
	add_dmarc(pairs, results);
	add_flags(pairs, results);
	if (!results->is_header_whole)
		log_pairs_add_word(pairs, "header", "cut");
	if (results->n_forged_fields != 0)
		log_pairs_add_number(pairs, "forged",
		    results->n_forged_fields);
}

static void
add_rules(struct log_pairs *pairs, const struct policy_verdict *verdict)
{
	const struct policy_rule *shadow = verdict->shadow_rule;

	if (verdict->rule != NULL)
		log_pairs_add(pairs, "rule", verdict->rule->name, MAX_WORD);
	if (shadow == NULL)
		return;
	log_pairs_add(pairs, "shadow_rule", shadow->name, MAX_WORD);
	log_pairs_add(pairs, "shadow_why", shadow->why, POLICY_RULE_WHY_MAX);
	log_pairs_add_word(pairs, "shadow_wanted",
	    policy_action_name(verdict->shadow_wanted));
}

static void
add_signs(struct log_pairs *pairs, const char *key, unsigned signs)
{
	if (signs == 0)
		return;
	policy_append_signs(log_pairs_begin_value(pairs), signs, ",");
	log_pairs_end_list(pairs, key);
}

static void
add_verdict(struct log_pairs *pairs, const struct policy_verdict *verdict)
{
	log_pairs_add_word(pairs, "verdict",
	    policy_action_name(verdict->action));
	if (verdict->wanted != verdict->action)
		log_pairs_add_word(pairs, "wanted",
		    policy_action_name(verdict->wanted));
	add_signs(pairs, "evidence", verdict->evidence);
	add_signs(pairs, "evidence_open", verdict->open_evidence);
	log_pairs_add_known(pairs, "override", slice_from_cstr(
	    policy_override_name(verdict->override)), MAX_WORD);
	log_pairs_add_known(pairs, "override_comment",
	    verdict->override_comment, MAX_REASON);
	add_rules(pairs, verdict);
	log_pairs_add_known(pairs, "reason", verdict->reason, MAX_REASON);
}

void
logline_collect(const struct logline *line, struct log_pairs *pairs)
{
	log_pairs_init(pairs);
	add_connection(pairs, line);
	if (line->results != NULL) {
		add_envelope(pairs, line);
		add_message(pairs, line);
	}
	if (line->verdict != NULL)
		add_verdict(pairs, line->verdict);
	if (line->note != NULL)
		log_pairs_add(pairs, "note", slice_from_cstr(line->note),
		    MAX_REASON);
}

static void
write_pairs(struct log *log, enum log_level level, const struct logline *line,
    struct log_pairs *pairs)
{
	logline_collect(line, pairs);
	log_write_pairs(log, level, pairs);
}

/* For when there is no memory: that, too, is told. */
__attribute__((noinline))
static void
write_from_stack(struct log *log, enum log_level level,
    const struct logline *line)
{
	struct log_pairs pairs;

	write_pairs(log, level, line, &pairs);
}

/* Pairs are some 8 KB: on the stack each of the threads would keep them. */
void
logline_write(enum log_level level, const struct logline *line)
{
	struct log *log = line->session->service->log;
	struct arena *arena = inspect_arena(line->session->inspect);
	struct log_pairs *pairs;

	if (!log_is_enabled(log, level))
		return;
	pairs = arena != NULL ? arena_alloc(arena, sizeof(*pairs)) : NULL;
	if (pairs != NULL)
		write_pairs(log, level, line, pairs);
	else
		write_from_stack(log, level, line);
}
