/* policy/ruling.c - see ruling.h. */
#include "policy/ruling.h"

#include "base/strbuf.h"
#include "base/trace.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/sentence.h"

/* What there is to judge a message by. */
struct trial {
	const struct policy_options *options;
	const struct inspect_results *results;
	struct arena *arena;
};

/* Verdicts from mild to harsh; deferred mail is as far from its recipient as
 * refused mail. */
enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_QUARANTINE,
	SEVERITY_REFUSE,
};

static enum severity
severity_of(const struct policy_verdict *verdict)
{
	switch (verdict->wanted) {
	case POLICY_ACCEPT:
		return verdict->disposition == POLICY_DISPOSITION_QUARANTINE ?
		    SEVERITY_QUARANTINE : SEVERITY_NONE;
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		return SEVERITY_QUARANTINE;
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		break;
	}
	return SEVERITY_REFUSE;
}

/* "local rule 2: why (author domain example.org)" */
static void
append_rule(struct strbuf *text, const struct trial *trial,
    const struct policy_rule *rule)
{
	const struct mail_authors *authors = &trial->results->authors;

	strbuf_append_cstr(text, "local rule ");
	strbuf_append_escaped(text, rule->name, POLICY_RULE_NAME_MAX);
	strbuf_append_cstr(text, ": ");
	strbuf_append_escaped(text, rule->why, POLICY_RULE_WHY_MAX);
	if (authors->n_domains == 0)
		return;
	strbuf_append_cstr(text, " (author domain ");
	sentence_append_domain(text, authors->domains[0]);
	strbuf_append_char(text, ')');
}

static void
refuse(const struct trial *trial, const struct policy_rule *rule,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	sentence_begin(&text, trial->arena);
	strbuf_append_cstr(&text, "rejected by ");
	append_rule(&text, trial, rule);
	sentence_reject(verdict, POLICY_REPLY_RULE,
	    sentence_end(&text, "rejected by a local rule"));
}

static void
defer(const struct trial *trial, const struct policy_rule *rule,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	sentence_begin(&text, trial->arena);
	strbuf_append_cstr(&text, "DMARC cannot be evaluated now, and ");
	append_rule(&text, trial, rule);
	strbuf_append_cstr(&text, " waits for it");
	sentence_defer(verdict,
	    sentence_end(&text, "DMARC cannot be evaluated now"));
}

/* Whether DMARC's answer, which did not come, could still be the pass that
 * keeps RULE from applying: its harshness has to wait for it. */
static bool
does_hang(const struct trial *trial, const struct policy_rule *rule)
{
	switch (rule->action) {
	case POLICY_RULE_ACCEPT:
	case POLICY_RULE_NONE:
		return false;
	case POLICY_RULE_QUARANTINE:
	case POLICY_RULE_REJECT:
		break;
	}
	return !rule->is_always &&
	    trial->results->dmarc.result == DMARC_TEMPERROR;
}

static void
carry_out(const struct trial *trial, const struct policy_rule *rule,
    struct policy_verdict *verdict)
{
	verdict->wanted = POLICY_ACCEPT;
	verdict->disposition = POLICY_DISPOSITION_NONE;
	switch (rule->action) {
	case POLICY_RULE_ACCEPT:
	case POLICY_RULE_NONE:
		return;
	case POLICY_RULE_QUARANTINE:
		if (!sentence_quarantine(trial->options, verdict))
			refuse(trial, rule, verdict);
		return;
	case POLICY_RULE_REJECT:
		refuse(trial, rule, verdict);
		return;
	}
}

/* What RULE makes of the verdict that there would be without it. */
static void
apply(const struct trial *trial, const struct policy_rule *rule,
    struct policy_verdict *verdict)
{
	const struct policy_verdict before = *verdict;
	bool has_author = trial->results->author_status == MAIL_AUTHOR_OK;

	if (does_hang(trial, rule)) {
		if (!trial->options->is_temperror_accepted)
			defer(trial, rule, verdict);
	} else if (has_author || rule->action != POLICY_RULE_NONE) {
		carry_out(trial, rule, verdict);
	}	/* else it was no policy's doing */
	if (verdict->wanted == before.wanted &&
	    verdict->disposition == before.disposition)
		return;
	verdict->override = POLICY_OVERRIDE_LOCAL_POLICY;
	verdict->override_comment = rule->why;
}

/* Whether RULE is about the message; *CHANGED is the verdict with it.  To know
 * how many of the recipients must fit, that is held against the one without. */
static bool
does_match(const struct trial *trial, const struct policy_rule *rule,
    const struct policy_verdict *verdict, struct policy_verdict *changed)
{
	/* What does not fit one of them does not fit all of them. */
	if (policy_rule_has_ended(rule, trial->results->start_s) ||
	    !policy_rule_matches(rule, trial->results, false))
		return false;
	*changed = *verdict;
	apply(trial, rule, changed);
	return severity_of(changed) >= severity_of(verdict) ||
	    policy_rule_matches(rule, trial->results, true);
}

/* In front of the reason: an MTA's quarantine shows its first words. */
static void
name_rule(const struct trial *trial, struct policy_verdict *verdict)
{
	struct strbuf reason;

	sentence_begin(&reason, trial->arena);
	strbuf_append_cstr(&reason, "rule ");
	strbuf_append_escaped(&reason, verdict->rule->name,
	    POLICY_RULE_NAME_MAX);
	strbuf_append_cstr(&reason, ": ");
	strbuf_append_escaped(&reason, verdict->rule->why,
	    POLICY_RULE_WHY_MAX);
	if (verdict->reason.len != 0)
		strbuf_append_cstr(&reason, "; ");
	strbuf_append(&reason, verdict->reason);
	verdict->reason = sentence_end(&reason, "rule");
}

void
policy_apply_rules(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	const struct trial trial = { options, results, arena };

	for (size_t i = 0; i < options->n_rules; i++) {
		const struct policy_rule *rule = &options->rules[i];
		struct policy_verdict changed;

		if (rule->is_shadow && verdict->shadow_rule != NULL)
			continue;
		if (!does_match(&trial, rule, verdict, &changed)) {
			trace_tell(results->trace, "rule", rule->name,
			    "no match", rule->why);
			continue;
		}
		trace_tell(results->trace, rule->is_shadow ? "shadow rule" :
		    "rule", rule->name, "match", rule->why);
		if (rule->is_shadow) {
			verdict->shadow_rule = rule;
			verdict->shadow_wanted = changed.wanted;
			continue;
		}
		*verdict = changed;
		verdict->rule = rule;
		name_rule(&trial, verdict);
		return;
	}
}
