/* cli/check_sender.c - see check.h: what mail by a client would get here that
 * has no signature. */
#include "cli/check.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/settings.h"
#include "inspect/inspect.h"
#include "policy/policy.h"

#define MAX_TEXT ((size_t)1024)

static enum inspect_status
play(struct check *check, struct inspect *in,
    const struct inspect_results **results)
{
	struct strbuf address;
	enum inspect_status status;

	strbuf_init(&address, check->arena, MAX_TEXT);
	strbuf_printf(&address, "<postmaster@%.*s>",
	    SLICE_PRINTF(check->domain));
	status = inspect_connect(in, &check->as_sender);
	if (status == INSPECT_OK)
		status = inspect_helo(in, check->domain);
	if (status == INSPECT_OK)
		status = inspect_mail(in, strbuf_slice(&address), false,
		    check->hostname);
	if (status == INSPECT_OK)
		status = inspect_add_field(in, SLICE("From"),
		    strbuf_slice(&address));
	if (status == INSPECT_OK)
		status = inspect_end_header(in);
	return status == INSPECT_OK ? inspect_finish(in, results) : status;
}

static enum check_severity
severity_of(enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		return CHECK_GOOD;
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		return CHECK_WARNING;
	case POLICY_REJECT:
		return CHECK_CRITICAL;
	case POLICY_TEMPFAIL:
		return CHECK_UNKNOWN;
	}
	return CHECK_UNKNOWN;
}

static void
judge(struct check *check, struct inspect *in,
    const struct inspect_results *results)
{
	const struct policy_options *policy = &check->config->policy;
	struct policy_verdict verdict;

	policy_judge_sender(policy, results, inspect_arena(in), &verdict);
	if (verdict.wanted == POLICY_ACCEPT)
		policy_judge_message(policy, results, inspect_arena(in),
		    &verdict);
	check_add(check, severity_of(verdict.wanted), "sender", "sender",
	    NULL, "mail from this address, not signed, would get: spf=%s "
	    "dmarc=%s, %s", spf_result_name(results->spf.result),
	    dmarc_result_name(results->dmarc.result),
	    policy_action_name(verdict.wanted));
	if (results->spf.reason.len != 0)
		check_add(check, CHECK_NOTE, "sender", "sender-spf", NULL,
		    "%s", check_show(check, results->spf.reason));
	if (verdict.reason.len != 0)
		check_add(check, CHECK_NOTE, "sender", "sender-verdict",
		    NULL, "%s", check_show(check, verdict.reason));
}

void
check_sender(struct check *check)
{
	const struct inspect_results *results = NULL;
	struct inspect *in = inspect_create(&check->config->inspect,
	    check->resolver, check->hostname);

	if (in == NULL || play(check, in, &results) != INSPECT_OK)
		check->has_failed = true;
	else
		judge(check, in, results);
	if (in != NULL)
		inspect_destroy(&in);
}
