/* report/failure.c - see failure.h.
 *
 * The record is five texts with a NUL behind each: policy domain, author
 * domain, ruf, kind, message.  The message is the fields of the report's second
 * part, an empty line, and its third part. */
#include "report/failure.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "mail/path.h"
#include "policy/policy.h"
#include "report/failure_fields.h"
#include "report/failure_header.h"
#include "report/options.h"
#include "report/store.h"

#define MAX_RUF ((size_t)4096)

/* ---- whether ------------------------------------------------------------- */

/* A signature that could not be evaluated for now may well be good. */
static bool
has_failed_signature(const struct inspect_results *results)
{
	for (size_t i = 0; i < results->n_dkim; i++)
		switch (results->dkim[i].result) {
		case DKIM_RESULT_FAIL:
		case DKIM_RESULT_POLICY:
		case DKIM_RESULT_NEUTRAL:
		case DKIM_RESULT_PERMERROR:
			return true;
		case DKIM_RESULT_NONE:
		case DKIM_RESULT_PASS:
		case DKIM_RESULT_TEMPERROR:
			break;
		}
	return false;
}

static bool
has_spf_failed(const struct inspect_results *results)
{
	return results->is_spf_checked && results->spf.result != SPF_PASS &&
	    results->spf.result != SPF_TEMPERROR;
}

enum wish {
	WISH_UNKNOWN,		/* ignored (RFC 9989 4.7) */
	WISH_NO,
	WISH_YES,
};

static enum wish
match_option(const struct inspect_results *results, struct slice option)
{
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;
	bool is_wanted;

	if (option.len != 1)
		return WISH_UNKNOWN;
	switch (ascii_lower(option.ptr[0])) {
	case '0':
		is_wanted = results->dmarc.result == DMARC_FAIL;
		break;
	case '1':
		is_wanted = !deciding->is_spf_aligned ||
		    !deciding->is_dkim_aligned;
		break;
	case 'd':
		is_wanted = has_failed_signature(results);
		break;
	case 's':
		is_wanted = has_spf_failed(results);
		break;
	default:
		return WISH_UNKNOWN;
	}
	return is_wanted ? WISH_YES : WISH_NO;
}

/* dmarc-fo = "0" / "1" / "d" / "s" / "d:s" / "s:d"; "0" by default, any
 * combination let pass. */
static bool
matches_options(const struct inspect_results *results, struct slice fo)
{
	struct cursor cur = cursor_of(fo);
	bool is_any_known = false;

	while (!cursor_at_end(&cur)) {
		switch (match_option(results, slice_trim(cursor_take_until(
		    &cur, ':')))) {
		case WISH_YES:
			return true;
		case WISH_NO:
			is_any_known = true;
			break;
		case WISH_UNKNOWN:
			break;
		}
		cursor_take_char(&cur, ':');
	}
	return !is_any_known && results->dmarc.result == DMARC_FAIL;
}

/* A report, a bounce, or mail that our own reports brought about: else two
 * sites could report to each other without end. */
static bool
is_about_reports(const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;
	struct slice own = slice_from_cstr(request->options->from);
	const struct mail_field *type = mail_header_get(results->header,
	    SLICE("Content-Type"), 0);

	if (results->sender.is_null || mail_is_address(own,
	    results->sender.local, results->sender_domain))
		return true;
	for (size_t i = 0; i < results->n_recipients; i++)
		if (mail_is_address(own, results->recipients[i].local,
		    results->recipients[i].domain))
			return true;
	return type != NULL && slice_starts_with_nocase(
	    slice_trim(type->value), SLICE("multipart/report"));
}

bool
report_owes_failure(const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;
	const struct dmarc_record *record;

	if (!request->options->is_failure_enabled ||
	    request->options->from == NULL || !results->is_dmarc_checked ||
	    results->header == NULL || !deciding->has_policy ||
	    request->verdict->action == POLICY_TEMPFAIL)
		return false;
	record = deciding->record;
	switch (results->dmarc.result) {
	case DMARC_PASS:
	case DMARC_FAIL:
		break;
	case DMARC_NONE:
	case DMARC_TEMPERROR:
	case DMARC_PERMERROR:
		return false;
	}
	return record->ruf.len != 0 && record->ruf.len <= MAX_RUF &&
	    record->psd != 'y' && matches_options(results, record->fo) &&
	    !is_about_reports(request);
}

/* NOW_S is when the message began: slow ones come with seconds that are past,
 * and must not open the gate anew.  Exact at the turn of a second for one
 * thread only: that is good enough. */
static bool
pass_gate(struct report_failure_gate *gate, long long now_s)
{
	long long second;

	if (gate == NULL)
		return true;
	second = atomic_load(&gate->second);
	if (now_s > second && atomic_compare_exchange_strong(&gate->second,
	    &second, now_s))
		atomic_store(&gate->n, 0);
	if (atomic_fetch_add(&gate->n, 1) < FAILURE_MAX_PER_SECOND)
		return true;
	atomic_fetch_add(&gate->n_dropped, 1);
	return false;
}

/* ---- the record ---------------------------------------------------------- */

/* The third part begins behind the first empty line. */
static void
append_message(struct strbuf *out,
    const struct report_failure_request *request)
{
	failure_append_fields(out, request);
	strbuf_append_char(out, '\n');
	failure_append_header(out, request->key, request->results->header,
	    request->options->tells_subject);
}

/* What makes incidents alike: the source, and what failed how. */
static void
append_kind(struct strbuf *out, const struct report_failure_request *request)
{
	const struct inspect_results *results = request->results;

	ip_append(out, &results->client);
	strbuf_append_char(out, ' ');
	failure_append_alignment(out, request);
	strbuf_printf(out, " spf=%s", results->is_spf_checked ?
	    spf_result_name(results->spf.result) : "unchecked");
	for (size_t i = 0; i < results->n_dkim && i < 3; i++) {
		strbuf_printf(out, " dkim=%s ",
		    dkim_result_name(results->dkim[i].result));
		strbuf_append(out, results->dkim[i].domain);
	}
	strbuf_printf(out, " %s",
	    policy_action_name(request->verdict->action));
}

static void
append_end(struct strbuf *out)
{
	strbuf_append_char(out, '\0');
}

bool
report_gather_failure(const struct report_failure_request *request,
    struct arena *arena, struct slice *octets_out)
{
	const struct dmarc_evaluation *deciding =
	    request->results->dmarc.deciding;
	struct strbuf out;

	*octets_out = SLICE_EMPTY;
	if (request->key == NULL || !report_owes_failure(request) ||
	    !pass_gate(request->gate, request->results->start_s))
		return false;
	strbuf_init(&out, arena, FAILURE_MAX_OCTETS);
	strbuf_append(&out, deciding->policy_domain);
	append_end(&out);
	strbuf_append(&out, deciding->author_domain);
	append_end(&out);
	strbuf_append(&out, deciding->record->ruf);
	append_end(&out);
	append_kind(&out, request);
	append_end(&out);
	append_message(&out, request);
	append_end(&out);
	*octets_out = strbuf_slice(&out);
	return !out.has_failed && !arena_has_failed(arena);
}

static bool
take_text(struct cursor *cur, struct slice *text_out)
{
	*text_out = cursor_take_until(cur, '\0');
	return cursor_take_char(cur, '\0');
}

bool
report_decode_failure(struct slice octets, struct store_failure *out)
{
	struct cursor cur = cursor_of(octets);

	*out = (struct store_failure){ .incidents = 1 };
	return take_text(&cur, &out->policy_domain) &&
	    take_text(&cur, &out->author_domain) &&
	    take_text(&cur, &out->ruf) && take_text(&cur, &out->kind) &&
	    take_text(&cur, &out->message) && cursor_at_end(&cur);
}
