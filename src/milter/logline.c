/* milter/logline.c - see logline.h.
 *
 * The limits below keep the worst line under LOG_LINE_MAX, so that the verdict
 * at its end is never the part that is cut off. */
#include "milter/logline.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/ip.h"
#include "base/limit.h"
#include "base/strbuf.h"
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
#define LINE_MEMORY ((size_t)65536)

static bool
is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_vchar(value.ptr[i]) || value.ptr[i] == '"' ||
		    value.ptr[i] == '\\')
			return false;
	return value.len != 0;
}

static void
append_quoted(struct strbuf *text, struct slice value)
{
	strbuf_append_char(text, '"');
	while (value.len != 0) {
		struct slice part = slice_head(value, slice_find(value, '"'));

		strbuf_append_escaped(text, part, part.len);
		if (part.len < value.len)
			strbuf_append_cstr(text, "\\\"");
		value = slice_from(value, part.len + 1);
	}
	strbuf_append_char(text, '"');
}

static void
add_key(struct strbuf *text, const char *key)
{
	strbuf_append_char(text, ' ');
	strbuf_append_cstr(text, key);
	strbuf_append_char(text, '=');
}

static void
add(struct strbuf *text, const char *key, struct slice value, size_t max)
{
	struct slice shown = slice_head(value, max);

	add_key(text, key);
	if (is_plain(shown))
		strbuf_append(text, shown);
	else
		append_quoted(text, shown);
	if (shown.len < value.len)
		strbuf_append_cstr(text, "...");
}

static void
add_known(struct strbuf *text, const char *key, struct slice value, size_t max)
{
	if (value.len != 0)
		add(text, key, value, max);
}

static void
add_word(struct strbuf *text, const char *key, const char *word)
{
	add_key(text, key);
	strbuf_append_cstr(text, word);
}

static void
add_number(struct strbuf *text, const char *key, uint64_t number)
{
	add_key(text, key);
	strbuf_append_uint(text, number);
}

static void
append_connection(struct strbuf *text, const struct logline *line)
{
	const struct session *session = line->session;

	strbuf_append_cstr(text, "session=");
	strbuf_append_cstr(text, session->id);
	if (session->queue_id.len != 0)
		add(text, "queue", session->queue_id, MAX_WORD);
	else
		add_word(text, "queue", "NOQUEUE");
	add_known(text, "daemon", session->daemon_name, MAX_WORD);
	if (line->results != NULL && line->results->is_relayed) {
		strbuf_append_cstr(text, " client=");
		ip_append(text, &line->results->client);
		strbuf_append_cstr(text, " relay=");
	} else {
		strbuf_append_cstr(text, " client=");
	}
	ip_append(text, &session->client);
	add_known(text, "host", session->client_name, MAX_WORD);
}

static void
append_envelope(struct strbuf *text, const struct logline *line)
{
	const struct inspect_results *results = line->results;

	add(text, "helo", results->helo, MAX_WORD);
	if (results->sender.is_null)
		add_word(text, "mailfrom", "<>");
	else
		add(text, "mailfrom", results->sender.address, MAX_ADDRESS);
	if (line->is_at_mail)
		return;
	add_number(text, "rcpts", line->session->n_recipients);
	add(text, "from", results->authors.first_address, MAX_ADDRESS);
}

static void
append_spf(struct strbuf *text, const struct inspect_results *results)
{
	const struct spf_outcome *spf = &results->spf;

	if (!results->is_spf_checked)
		return;
	add_word(text, "spf", spf_result_name(spf->result));
	add_known(text, "spf_domain", spf->domain, MAX_DOMAIN);
	add_known(text, "spf_match", spf->mechanism, MAX_WORD);
	if (spf->result == SPF_TEMPERROR || spf->result == SPF_PERMERROR)
		add_known(text, "spf_reason", spf->reason, MAX_WORD);
	if (!results->sender.is_null && results->helo_spf.domain.len != 0)
		add_word(text, "helo_spf",
		    spf_result_name(results->helo_spf.result));
}

static void
append_signature(struct strbuf *text, const struct dkim_outcome *dkim)
{
	add_word(text, "dkim", dkim_result_name(dkim->result));
	add_known(text, "dkim_domain", dkim->domain, MAX_DOMAIN);
	add_known(text, "dkim_selector", dkim->selector, MAX_SELECTOR);
	if (dkim->result != DKIM_RESULT_PASS)
		add_known(text, "dkim_reason",
		    slice_from_cstr(dkim_reason_text(dkim->reason)), MAX_WORD);
}

static void
append_dkim(struct strbuf *text, const struct inspect_results *results)
{
	size_t n_more = results->n_ignored_signatures;

	if (!results->is_dkim_checked)
		return;
	if (results->n_dkim == 0)
		add_word(text, "dkim", "none");
	for (size_t i = 0; i < results->n_dkim; i++)
		if (i < MAX_SIGNATURES)
			append_signature(text, &results->dkim[i]);
		else
			n_more++;
	if (n_more != 0)
		add_number(text, "dkim_more", n_more);
}

/* "arc=pass/2:lists.example.org": the newest set and whose seal it has. */
static void
append_arc(struct strbuf *text, const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;

	if (!results->is_arc_checked)
		return;
	add_word(text, "arc", arc_result_name(arc->result));
	if (arc->result == ARC_PASS && arc->n_sets != 0)
		strbuf_printf(text, "/%zu:%.*s", arc->n_sets,
		    SLICE_PRINTF(arc->sets[arc->n_sets - 1].sealer));
	if (arc->failed_instance != 0)
		add_number(text, "arc_instance", arc->failed_instance);
	add_known(text, "arc_reason",
	    slice_from_cstr(arc_reason_text(arc->reason)), MAX_WORD);
}

static void
append_flags(struct strbuf *text, const struct inspect_results *results)
{
	unsigned flags = policy_flag_message(results);

	if (flags == 0)
		return;
	strbuf_append_cstr(text, " flags=");
	policy_append_flags(text, flags);
}

static void
append_dmarc(struct strbuf *text, const struct inspect_results *results)
{
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;

	if (!results->is_dmarc_checked)
		return;
	add_word(text, "dmarc", dmarc_result_name(results->dmarc.result));
	add_known(text, "dmarc_domain", deciding->author_domain, MAX_DOMAIN);
	if (!deciding->has_policy)
		return;
	add_known(text, "dmarc_record", deciding->policy_domain, MAX_DOMAIN);
	add_word(text, "policy", dmarc_policy_name(deciding->policy));
	add_word(text, "spf_aligned", deciding->is_spf_aligned ? "yes" : "no");
	add_word(text, "dkim_aligned",
	    deciding->is_dkim_aligned ? "yes" : "no");
}

static void
append_limits(struct strbuf *text, unsigned limits)
{
	if (limits == 0)
		return;
	strbuf_append_cstr(text, " limits=");
	limit_append_names(text, limits);
}

static void
append_message(struct strbuf *text, const struct logline *line)
{
	const struct inspect_results *results = line->results;

	if (line->session->trust != POLICY_INSPECT)
		add_word(text, "trusted",
		    policy_trust_name(line->session->trust));
	append_spf(text, results);
	append_limits(text, results->limits_hit);
	if (line->is_at_mail)
		return;
	append_dkim(text, results);
	append_arc(text, results);
	append_dmarc(text, results);
	append_flags(text, results);
	if (!results->is_header_whole)
		add_word(text, "header", "cut");
	if (results->n_forged_fields != 0)
		add_number(text, "forged", results->n_forged_fields);
}

static void
append_rules(struct strbuf *text, const struct policy_verdict *verdict)
{
	if (verdict->rule != NULL)
		add(text, "rule", verdict->rule->name, MAX_WORD);
	if (verdict->shadow_rule == NULL)
		return;
	add(text, "shadow_rule", verdict->shadow_rule->name, MAX_WORD);
	add(text, "shadow_why", verdict->shadow_rule->why,
	    POLICY_RULE_WHY_MAX);
	add_word(text, "shadow_wanted",
	    policy_action_name(verdict->shadow_wanted));
}

static void
add_signs(struct strbuf *text, const char *key, unsigned signs)
{
	if (signs == 0)
		return;
	add_key(text, key);
	policy_append_signs(text, signs, ",");
}

static void
append_verdict(struct strbuf *text, const struct policy_verdict *verdict)
{
	add_word(text, "verdict", policy_action_name(verdict->action));
	if (verdict->wanted != verdict->action)
		add_word(text, "wanted", policy_action_name(verdict->wanted));
	add_signs(text, "evidence", verdict->evidence);
	add_signs(text, "evidence_open", verdict->open_evidence);
	add_known(text, "override", slice_from_cstr(policy_override_name(
	    verdict->override)), MAX_WORD);
	add_known(text, "override_comment", verdict->override_comment,
	    MAX_REASON);
	append_rules(text, verdict);
	add_known(text, "reason", verdict->reason, MAX_REASON);
}

void
logline_append(struct strbuf *text, const struct logline *line)
{
	append_connection(text, line);
	if (line->results != NULL) {
		append_envelope(text, line);
		append_message(text, line);
	}
	if (line->verdict != NULL)
		append_verdict(text, line->verdict);
	if (line->note != NULL)
		add(text, "note", slice_from_cstr(line->note), MAX_REASON);
}

static void
write_in(struct arena *arena, enum log_level level, const struct logline *line)
{
	struct strbuf text;

	strbuf_init(&text, arena, 4 * LOG_LINE_MAX);
	logline_append(&text, line);
	log_write_text(line->session->service->log, level,
	    strbuf_slice(&text));
}

/* In the message's arena, or in one of its own where there is none or it has
 * little room: it may be why there is something to tell. */
void
logline_write(enum log_level level, const struct logline *line)
{
	struct log *log = line->session->service->log;
	struct arena *arena = inspect_arena(line->session->inspect);

	if (!log_is_enabled(log, level))
		return;
	if (arena != NULL && arena_room(arena) > LINE_MEMORY) {
		write_in(arena, level, line);
		return;
	}
	if ((arena = arena_create(LINE_MEMORY)) == NULL) {
		log_write(log, level, "session=%s: no memory for its log line",
		    line->session->id);
		return;
	}
	write_in(arena, level, line);
	arena_destroy(&arena);
}
