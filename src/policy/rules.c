/* policy/rules.c - see rules.h: which messages a rule is about.  What it does
 * to them is in ruling.c. */
#include "policy/rules.h"

#include "inspect/inspect.h"
#include "mail/domain.h"
#include "policy/policy.h"

bool
policy_rule_has_ended(const struct policy_rule *rule, int64_t now_s)
{
	return now_s >= rule->end_s;
}

bool
policy_wants_recipients(const struct policy_options *options)
{
	for (size_t i = 0; i < options->n_rules; i++)
		if (options->rules[i].match.n_recipients != 0)
			return true;
	return false;
}

/* Whether as many of TOTAL fit as are asked for. */
static bool
are_enough(size_t n_fitting, size_t total, bool is_weaker)
{
	return is_weaker ? total != 0 && n_fitting == total : n_fitting != 0;
}

static bool
match_authors(const struct policy_rule_match *match,
    const struct inspect_results *results, bool is_weaker)
{
	const struct mail_authors *authors = &results->authors;
	size_t n = 0;

	if (match->author_domains.n == 0)
		return true;
	for (size_t i = 0; i < authors->n_domains; i++)
		if (policy_list_has_domain(&match->author_domains,
		    authors->domains[i]))
			n++;
	return are_enough(n, authors->n_domains, is_weaker);
}

static bool
match_signatures(const struct policy_rule_match *match,
    const struct inspect_results *results)
{
	if (match->dkim_domains.n == 0)
		return true;
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result == DKIM_RESULT_PASS &&
		    policy_list_has_domain(&match->dkim_domains,
		    results->dkim[i].domain))
			return true;
	return false;
}

/* Whoever sealed earlier is only vouched for by those behind. */
static bool
match_sealer(const struct policy_rule_match *match,
    const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;

	if (match->sealers.n == 0)
		return true;
	return arc->result == ARC_PASS && arc->n_sets != 0 &&
	    policy_list_has_domain(&match->sealers,
	    arc->sets[arc->n_sets - 1].sealer);
}

static bool
match_client(const struct policy_rule_match *match,
    const struct inspect_results *results, bool is_weaker)
{
	if (is_weaker && results->is_client_hearsay)
		return match->n_clients == 0;
	for (size_t i = 0; i < match->n_clients; i++)
		if (ip_network_contains(&match->clients[i], &results->client))
			return true;
	return match->n_clients == 0;
}

static bool
match_listener(const struct policy_rule_match *match,
    const struct inspect_results *results)
{
	for (size_t i = 0; i < match->listeners.n; i++)
		if (slice_eq(match->listeners.items[i], results->listener))
			return true;
	return match->listeners.n == 0;
}

static bool
match_recipient(const struct policy_rule_match *match,
    const struct inspect_recipient *recipient)
{
	for (size_t i = 0; i < match->n_recipients; i++) {
		const struct policy_recipient *wanted = &match->recipients[i];

		if ((wanted->local.len == 0 ||
		    slice_eq_nocase(wanted->local, recipient->local)) &&
		    (wanted->domain.len == 0 ||
		    policy_match_domain(wanted->domain, recipient->domain)))
			return true;
	}
	return false;
}

static bool
match_recipients(const struct policy_rule_match *match,
    const struct inspect_results *results, bool is_weaker)
{
	size_t n = 0;

	if (match->n_recipients == 0)
		return true;
	for (size_t i = 0; i < results->n_recipients; i++)
		if (match_recipient(match, &results->recipients[i]))
			n++;
	return are_enough(n, results->n_recipients +
	    results->n_more_recipients, is_weaker);
}

bool
policy_rule_matches(const struct policy_rule *rule,
    const struct inspect_results *results, bool is_weaker)
{
	const struct policy_rule_match *match = &rule->match;

	if (!rule->is_always && (!results->is_dmarc_checked ||
	    results->dmarc.result == DMARC_PASS))
		return false;
	return match_client(match, results, is_weaker) &&
	    match_listener(match, results) &&
	    match_authors(match, results, is_weaker) &&
	    match_signatures(match, results) &&
	    match_sealer(match, results) &&
	    match_recipients(match, results, is_weaker);
}
