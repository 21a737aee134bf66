/* cli/check_mta_sts.c - see check.h: MTA-STS (RFC 8461). */
#include "cli/check.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/check_txt.h"
#include "cli/mx.h"
#include "cli/policy_fetch.h"
#include "mail/domain.h"
#include "mta_sts/policy.h"
#include "mta_sts/record.h"

#define MAX_TEXT ((size_t)4096)
#define SHORT_AGE_S 86400	/* RFC 8461 3.2: weeks or more are expected */

static bool
check_record(struct check *check, struct slice text)
{
	struct slice id;

	switch (mta_sts_parse_record(text, &id)) {
	case MTA_STS_RECORD_OK:
		check_add(check, CHECK_GOOD, "mta-sts", "mta-sts-record",
		    NULL, "the record's id is %s", check_show(check, id));
		return true;
	case MTA_STS_RECORD_OTHER:
	case MTA_STS_RECORD_MALFORMED:
		break;
	}
	check_add(check, CHECK_CRITICAL, "mta-sts", "mta-sts-record-syntax",
	    "write \"v=STSv1; id=20260101T000000;\", with a new id whenever "
	    "the policy changes", "the record cannot be read: %s",
	    check_show(check, text));
	return false;
}

/* Senders under "enforce" deliver to no host that the policy leaves out. */
static void
check_hosts(struct check *check, const struct mta_sts_policy *policy)
{
	struct strbuf problem;
	struct mx_hosts hosts;
	size_t n_missing = 0;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (!mx_find(check->resolver, check->arena, check->domain, &hosts,
	    &problem))
		return;		/* check_mx has told */
	for (size_t i = 0; i < hosts.n; i++) {
		struct slice host;

		if (domain_normalize(check->arena, hosts.names[i], &host) &&
		    mta_sts_allows(policy, host))
			continue;
		n_missing++;
		check_add(check, policy->mode == MTA_STS_ENFORCE ?
		    CHECK_CRITICAL : CHECK_WARNING, "mta-sts",
		    "mta-sts-mx-missing", "add an mx line to the policy",
		    "the policy does not allow the MX %s",
		    check_show(check, hosts.names[i]));
	}
	if (n_missing == 0)
		check_add(check, CHECK_GOOD, "mta-sts", "mta-sts-mx", NULL,
		    "the policy allows every MX");
}

static void
check_policy(struct check *check, const struct mta_sts_policy *policy)
{
	switch (policy->mode) {
	case MTA_STS_ENFORCE:
		check_add(check, CHECK_GOOD, "mta-sts", "mta-sts-mode", NULL,
		    "mode is enforce, for %u days",
		    policy->max_age_s / 86400);
		break;
	case MTA_STS_TESTING:
		check_add(check, CHECK_NOTE, "mta-sts", "mta-sts-testing",
		    "set mode to enforce when TLS-RPT shows no failures",
		    "mode is testing: senders deliver in any case");
		break;
	case MTA_STS_NONE:
		check_add(check, CHECK_NOTE, "mta-sts", "mta-sts-mode-none",
		    NULL, "mode is none: there is no policy");
		return;
	}
	if (policy->max_age_s < SHORT_AGE_S)
		check_add(check, CHECK_WARNING, "mta-sts", "mta-sts-max-age",
		    "weeks are usual (RFC 8461 3.2)", "max_age is only %u "
		    "seconds", policy->max_age_s);
	check_hosts(check, policy);
}

static void
parse_policy(struct check *check, struct slice body)
{
	struct mta_sts_policy policy;
	unsigned line;
	const char *problem = mta_sts_parse_policy(check->arena, body,
	    &policy, &line);

	if (problem == NULL)
		check_policy(check, &policy);
	else if (line != 0)
		check_add(check, CHECK_CRITICAL, "mta-sts",
		    "mta-sts-policy-syntax", NULL,
		    "line %u of the policy: %s", line, problem);
	else
		check_add(check, CHECK_CRITICAL, "mta-sts",
		    "mta-sts-policy-syntax", NULL, "the policy: %s", problem);
}

static const char *
advise(enum policy_fetch_status status)
{
	switch (status) {
	case POLICY_FETCH_OK:
	case POLICY_FETCH_FAILED:
		break;
	case POLICY_FETCH_ABSENT:
		return "put the policy at https://mta-sts.DOMAIN/.well-known/"
		    "mta-sts.txt, or take the record away";
	case POLICY_FETCH_UNREACHABLE:
		return "see that the web server answers";
	case POLICY_FETCH_UNTRUSTED:
		return "the certificate must hold for mta-sts.DOMAIN";
	case POLICY_FETCH_REFUSED:
		return "serve it as text/plain, at that very place";
	}
	return NULL;
}

static void
fetch_policy(struct check *check)
{
	struct strbuf problem;
	struct slice body;
	enum policy_fetch_status status;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	status = policy_fetch(check->resolver, check->arena, check->domain,
	    POLICY_FETCH_TIMEOUT_MS, NULL, &body, &problem);
	if (status == POLICY_FETCH_OK)
		parse_policy(check, body);
	else
		check_add(check, status == POLICY_FETCH_FAILED ?
		    CHECK_UNKNOWN : CHECK_CRITICAL, "mta-sts",
		    "mta-sts-fetch", advise(status), "%.*s",
		    SLICE_PRINTF(strbuf_slice(&problem)));
}

void
check_mta_sts(struct check *check)
{
	struct slice text;

	switch (check_find_txt(check, check_name_below(check, "_mta-sts"),
	    SLICE("v=STSv1"), "mta-sts", &text)) {
	case CHECK_TXT_ONE:
		if (check_record(check, text))
			fetch_policy(check);
		break;
	case CHECK_TXT_NONE:
		check_add(check, CHECK_NOTE, "mta-sts", "mta-sts-none",
		    "with MTA-STS senders insist on TLS (RFC 8461)",
		    "there is no record");
		break;
	case CHECK_TXT_SEVERAL:
		check_add(check, CHECK_CRITICAL, "mta-sts", "mta-sts-several",
		    "leave one", "there are several records: none counts");
		break;
	case CHECK_TXT_FAILED:
		break;
	}
}
