/* cli/check_dmarc.c - see check.h: DMARC (RFC 9989), and whether its reports
 * arrive (RFC 9990 4). */
#include "cli/check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "cli/check_txt.h"
#include "config/settings.h"
#include "dmarc/check.h"
#include "dmarc/policy.h"
#include "dmarc/psl.h"
#include "dmarc/walk.h"
#include "report/destination.h"

#define MAX_DESTINATIONS 10
#define BUDGET_MS 60000

/* ---- the record ---------------------------------------------------------- */

/* What RFC 9989 has taken out. */
static void
check_legacy_tags(struct check *check, struct slice text)
{
	static const struct slice legacy[] = {
		SLICE_INIT("pct"), SLICE_INIT("rf"), SLICE_INIT("ri"),
	};
	struct cursor cur = cursor_of(text);

	while (!cursor_at_end(&cur)) {
		struct slice tag = slice_trim(cursor_take_until(&cur, ';'));
		struct slice name = slice_trim(slice_head(tag,
		    slice_find(tag, '=')));

		cursor_take_char(&cur, ';');
		for (size_t i = 0; i < N_ELEMENTS(legacy); i++)
			if (slice_eq_nocase(name, legacy[i]))
				check_add(check, CHECK_NOTE, "dmarc",
				    "dmarc-legacy-tag", "take it away; t=y "
				    "stands for what pct=0 was",
				    "the tag %s means nothing any more "
				    "(RFC 9989)", check_show(check, name));
	}
}

static void
check_text(struct check *check, struct slice policy_domain)
{
	struct check at = *check;
	struct slice text, name;

	/* The same list of findings, seen from the record's own domain. */
	at.domain = policy_domain;
	name = check_name_below(&at, "_dmarc");
	check->has_failed |= at.has_failed;
	if (check_find_txt(check, name, SLICE("v=DMARC1"), "dmarc", &text) ==
	    CHECK_TXT_ONE)
		check_legacy_tags(check, text);
}

static void
check_policy(struct check *check, struct dmarc_finder *finder,
    const struct dmarc_lookup *found)
{
	const struct dmarc_record *record = &found->record;
	struct dmarc_choice choice;

	dmarc_choose_policy(finder, check->domain, found, false, &choice);
	check_add(check, choice.policy == DMARC_POLICY_NONE ?
	    CHECK_WARNING : CHECK_GOOD, "dmarc", "dmarc-policy",
	    choice.policy == DMARC_POLICY_NONE ? "with reports at hand, go "
	    "on to quarantine, then reject" : NULL,
	    "the policy for %s is %s, by the record at %s (p=%s sp=%s "
	    "np=%s)", check_show(check, check->domain),
	    dmarc_policy_name(choice.policy), check_show(check, found->name),
	    dmarc_policy_name(record->p), dmarc_policy_name(record->sp),
	    dmarc_policy_name(record->np));
	if (record->problem != NULL)
		check_add(check, CHECK_WARNING, "dmarc", "dmarc-problem",
		    NULL, "in the record %s", record->problem);
	if (record->is_testing)
		check_add(check, CHECK_NOTE, "dmarc", "dmarc-testing",
		    "take t=y away when reports show no trouble",
		    "t=y: the policy is applied one step weaker");
	if (record->psd == 'y')
		check_add(check, CHECK_NOTE, "dmarc", "dmarc-psd", NULL,
		    "psd=y: the domain is a public suffix");
	if (choice.policy != DMARC_POLICY_NONE &&
	    record->sp == DMARC_POLICY_NONE)
		check_add(check, CHECK_WARNING, "dmarc", "dmarc-sp-none",
		    "set sp too", "subdomains have no policy: sp is none");
}

/* ---- reports ------------------------------------------------------------- */

static void
check_destination(struct check *check, const char *tag,
    const struct report_destination *destination)
{
	const char *address = check_show(check, destination->address);

	switch (destination->status) {
	case REPORT_DESTINATION_OK:
		check_add(check, CHECK_GOOD, "dmarc", "dmarc-reports", NULL,
		    "%s: reports go to %s", tag, address);
		break;
	case REPORT_DESTINATION_UNKNOWN:
		check_add(check, CHECK_UNKNOWN, "dmarc", "dns", NULL,
		    "%s: %s: DNS failed", tag, address);
		break;
	case REPORT_DESTINATION_UNCONFIRMED:
	case REPORT_DESTINATION_ELSEWHERE:
		check_add(check, CHECK_WARNING, "dmarc",
		    "dmarc-unconfirmed", "its host publishes \"v=DMARC1\" at "
		    "DOMAIN._report._dmarc.HOST (RFC 9990 4)",
		    "%s: no reports go to %s: %s", tag, address,
		    report_destination_text(destination->status));
		break;
	case REPORT_DESTINATION_UNUSABLE:
	case REPORT_DESTINATION_LEFT_OUT:
		check_add(check, CHECK_WARNING, "dmarc", "dmarc-unusable",
		    NULL, "%s: no reports go to %s: %s", tag, address,
		    report_destination_text(destination->status));
		break;
	}
}

static void
check_destinations(struct check *check, const struct dmarc_finder *finder,
    const struct dmarc_lookup *found, bool is_failure)
{
	struct report_destination_request request = {
		.policy_domain = found->name,
		.uris = is_failure ? found->record.ruf : found->record.rua,
		.is_failure = is_failure,
		.max = MAX_DESTINATIONS,
		.dmarc = finder->options,
		.resolver = check->resolver,
		.deadline_ms = finder->deadline_ms,
	};
	struct report_destination *destinations;
	size_t n;

	if (request.uris.len == 0) {
		if (!is_failure)
			check_add(check, CHECK_WARNING, "dmarc",
			    "dmarc-no-rua", "add rua=mailto:ADDRESS",
			    "nobody is told how mail fares: there is no rua");
		return;
	}
	if (!report_find_destinations(&request, check->arena, &destinations,
	    &n)) {
		check->has_failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		check_destination(check, is_failure ? "ruf" : "rua",
		    &destinations[i]);
}

/* ---- the organizational domain ------------------------------------------- */

static void
compare_with_list(struct check *check, struct dmarc_finder *finder)
{
	const struct dmarc_org *org = dmarc_find_org(finder, check->domain);
	struct psl *psl;
	struct slice listed;

	if (org->failed != NULL)
		return;
	check_add(check, CHECK_NOTE, "dmarc", "dmarc-org", NULL,
	    "the organizational domain by the tree walk is %s",
	    check_show(check, org->name));
	psl = dmarc_psl_load(check->config->psl_file);
	if (psl == NULL)
		return;
	listed = dmarc_psl_org_domain(psl, check->domain);
	if (!slice_eq(listed, org->name))
		check_add(check, CHECK_NOTE, "dmarc", "dmarc-org-differs",
		    "until all receivers walk the tree, publish a record at "
		    "both", "by the public suffix list it is %s",
		    check_show(check, listed));
	dmarc_psl_free(&psl);
}

/* ---- all of it ----------------------------------------------------------- */

static void
report_absence(struct check *check, const struct dmarc_lookup *own)
{
	if (own->n_records > 1)
		check_add(check, CHECK_CRITICAL, "dmarc", "dmarc-several",
		    "leave one", "there are %zu records: none counts",
		    own->n_records);
	else if (own->has_record)
		check_add(check, CHECK_CRITICAL, "dmarc", "dmarc-syntax",
		    "write \"v=DMARC1; p=none; rua=mailto:ADDRESS\" to begin "
		    "with", "the record cannot be applied");
	else
		check_add(check, CHECK_CRITICAL, "dmarc", "dmarc-none",
		    "publish \"v=DMARC1; p=none; rua=mailto:ADDRESS\" at "
		    "_dmarc.DOMAIN to begin with", "there is no record: "
		    "anybody can write in the domain's name");
}

void
check_dmarc(struct check *check)
{
	const struct dmarc_options options = DMARC_OPTIONS_DEFAULT;
	const struct dmarc_lookup *own, *found, *failed;
	struct dmarc_finder finder;

	dmarc_prefetch(&options, check->resolver, check->domain);
	dmarc_finder_init(&finder, &options, check->resolver, check->arena,
	    clock_monotonic_ms() + BUDGET_MS);
	own = dmarc_look_up(&finder, check->domain);
	found = dmarc_find_record(&finder, check->domain, &failed);
	if (failed != NULL) {
		check_add(check, CHECK_UNKNOWN, "dmarc", "dns", NULL,
		    "_dmarc.%s: %s", check_show(check, failed->name),
		    failed->why);
		return;
	}
	if (found == NULL || found->status != DMARC_RECORD_OK) {
		report_absence(check, own);
	} else {
		check_policy(check, &finder, found);
		check_text(check, found->name);
		check_destinations(check, &finder, found, false);
		check_destinations(check, &finder, found, true);
	}
	compare_with_list(check, &finder);
}
