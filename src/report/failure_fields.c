/* report/failure_fields.c - see failure_fields.h. */
#include "report/failure_fields.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "mail/domain.h"
#include "policy/field.h"
#include "policy/policy.h"
#include "report/failure.h"
#include "report/mail_text.h"
#include "report/redact.h"

#define MAX_NAME ((size_t)253)
#define MAX_SELECTOR ((size_t)128)

void
failure_append_alignment(struct strbuf *out,
    const struct report_failure_request *request)
{
	const struct dmarc_evaluation *deciding =
	    request->results->dmarc.deciding;

	if (!deciding->is_dkim_aligned)
		strbuf_append_cstr(out, "dkim");
	if (!deciding->is_dkim_aligned && !deciding->is_spf_aligned)
		strbuf_append_cstr(out, ", ");
	if (!deciding->is_spf_aligned)
		strbuf_append_cstr(out, "spf");
	if (deciding->is_dkim_aligned && deciding->is_spf_aligned)
		strbuf_append_cstr(out, "none");
}

/* Our own field, its sender redacted. */
static void
append_results(struct strbuf *out,
    const struct report_failure_request *request)
{
	struct inspect_results results = *request->results;
	struct slice value;
	struct strbuf local;

	strbuf_init(&local, out->arena, 64);
	redact_append_local(&local, request->key, results.sender.local);
	results.sender.local = strbuf_slice(&local);
	results.sender.address = strbuf_slice(&local);
	if (policy_build_field(out->arena, request->authserv_id, &results,
	    request->verdict, &value)) {
		strbuf_append_cstr(out, "Authentication-Results: ");
		redact_append_clean(out, value);
		strbuf_append_char(out, '\n');
	}
}

/* Whether a domain that did not pass would have been aligned.  Without an
 * Organizational Domain that was looked for, kinship by name is taken. */
static bool
is_aligned(const struct dmarc_evaluation *evaluation, struct slice domain,
    bool is_strict)
{
	struct slice author = evaluation->author_domain;

	if (domain.len == 0)
		return false;
	if (is_strict)
		return slice_eq(domain, author);
	if (evaluation->org_domain.len != 0)
		return domain_is_within(domain, evaluation->org_domain);
	return domain_is_within(domain, author) ||
	    domain_is_within(author, domain);
}

/* REQUIRED for an aligned signature that failed: the first one. */
static void
append_signature(struct strbuf *out,
    const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;

	if (deciding->is_dkim_aligned)
		return;
	for (size_t i = 0; i < results->n_dkim; i++) {
		const struct dkim_outcome *dkim = &results->dkim[i];

		if (!is_aligned(deciding, dkim->domain,
		    deciding->record->is_dkim_strict))
			continue;
		strbuf_append_cstr(out, "DKIM-Domain: ");
		redact_append_clean(out, slice_head(dkim->domain, MAX_NAME));
		strbuf_append_cstr(out, "\nDKIM-Identity: ");
		redact_append_text(out, request->key, slice_head(
		    dkim->identity, 2 * MAX_NAME));
		strbuf_append_cstr(out, "\nDKIM-Selector: ");
		redact_append_clean(out, slice_head(dkim->selector,
		    MAX_SELECTOR));
		strbuf_append_char(out, '\n');
		return;
	}
}

static void
append_spf(struct strbuf *out, const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;
	struct slice domain = results->spf.domain;

	if (!results->is_spf_checked || deciding->is_spf_aligned ||
	    domain.len > MAX_NAME || !is_aligned(deciding, domain,
	    deciding->record->is_spf_strict))
		return;
	strbuf_append_cstr(out, FAILURE_SPF_DNS);
	redact_append_clean(out, domain);
	strbuf_append_cstr(out, " :\n");
}

/* MAIL FROM and its domain, which is as the client wrote it where it is no
 * domain. */
static void
append_sender(struct strbuf *out,
    const struct report_failure_request *request)
{
	const struct mail_path *sender = &request->results->sender;

	strbuf_append_cstr(out, "Original-Mail-From: <");
	redact_append_local(out, request->key, sender->local);
	if (sender->domain.len != 0) {
		strbuf_append_char(out, '@');
		redact_append_clean(out, slice_head(sender->domain,
		    MAX_NAME));
	}
	strbuf_append_cstr(out, ">\n");
}

/* Only what is ours to know; what becomes of accepted mail is not. */
static void
append_delivery(struct strbuf *out, const struct policy_verdict *verdict)
{
	switch (verdict->action) {
	case POLICY_HOLD:
	case POLICY_REDIRECT:
		strbuf_append_cstr(out, "Delivery-Result: policy\n");
		break;
	case POLICY_REJECT:
		strbuf_append_cstr(out, "Delivery-Result: reject\n");
		break;
	case POLICY_ACCEPT:
	case POLICY_TEMPFAIL:
		break;
	}
}

void
failure_append_fields(struct strbuf *out,
    const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;

	strbuf_append_cstr(out, "Auth-Failure: dmarc\n");
	append_results(out, request);
	strbuf_append_cstr(out, "Identity-Alignment: ");
	failure_append_alignment(out, request);
	strbuf_append_char(out, '\n');
	append_signature(out, request);
	append_spf(out, request);
	append_delivery(out, request->verdict);
	append_sender(out, request);
	strbuf_append_cstr(out, "Arrival-Date: ");
	report_append_date(out, results->start_s);
	strbuf_append_cstr(out, "\nReported-Domain: ");
	redact_append_clean(out, results->dmarc.deciding->author_domain);
	strbuf_append_char(out, '\n');
	if (results->client.family == IP_NONE || results->is_client_hearsay)
		return;
	strbuf_append_cstr(out, "Source-IP: ");
	ip_append(out, &results->client);
	strbuf_append_char(out, '\n');
}
