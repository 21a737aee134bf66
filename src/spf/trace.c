/* spf/trace.c - see trace.h. */
#include "spf/trace.h"

#include "spf/mechanism.h"
#include "spf/record.h"

#define MAX_LINE ((size_t)1024)		/* counters, a question */
#define MAX_DETAIL ((size_t)4096)	/* a reason, and counters */

/* ---- answers ------------------------------------------------------------- */

static const char *
label_of(enum dns_type type)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return "address";
	case DNS_MX:
		return "mail host";
	case DNS_TXT:
		return "record";
	case DNS_PTR:
	case DNS_CNAME:
	case DNS_TLSA:
		break;
	}
	return "name";
}

static void
trace_address(const struct spf_evaluation *ev, enum dns_type type,
    const struct dns_record *record)
{
	struct ip_address address = { .family =
	    type == DNS_AAAA ? IP_V6 : IP_V4 };
	struct strbuf text;

	memcpy(address.octets, record->address, type == DNS_AAAA ? 16 : 4);
	strbuf_init(&text, trace_arena(ev->trace), MAX_LINE);
	ip_append(&text, &address);
	trace_add(ev->trace, label_of(type), strbuf_slice(&text));
}

/* Of the many that a domain may have for other uses only the SPF records are
 * shown, but for an explanation, which is one of its own. */
static void
trace_records(const struct spf_evaluation *ev, enum dns_type type,
    const struct dns_answer *answer)
{
	size_t n_others = 0;

	for (size_t i = 0; i < answer->n_records; i++) {
		const struct dns_record *record = &answer->records[i];

		if (type == DNS_A || type == DNS_AAAA)
			trace_address(ev, type, record);
		else if (type == DNS_TXT && !ev->is_explaining &&
		    !spf_is_record(record->text))
			n_others++;
		else
			trace_add(ev->trace, label_of(type), record->text);
	}
	if (n_others != 0)
		trace_printf(ev->trace, "note", "%zu TXT %s not for SPF",
		    n_others, n_others == 1 ? "record is" : "records are");
}

static const char *
outcome_of(enum dns_status status)
{
	switch (status) {
	case DNS_NOERROR:
		return "found";
	case DNS_NODATA:
		return "no such record";
	case DNS_NXDOMAIN:
		return "no such name";
	case DNS_TEMPFAIL:
		break;
	}
	return "no answer";
}

void
spf_trace_answer(const struct spf_evaluation *ev, struct slice name,
    enum dns_type type, const struct dns_answer *answer)
{
	struct strbuf text;

	strbuf_init(&text, trace_arena(ev->trace), MAX_LINE);
	strbuf_append_cstr(&text, dns_type_name(type));
	strbuf_append_char(&text, ' ');
	strbuf_append(&text, name);
	trace_open(ev->trace, "lookup", strbuf_slice(&text));
	trace_records(ev, type, answer);
	trace_close(ev->trace, outcome_of(answer->status),
	    slice_from_cstr(answer->why));
}

/* ---- terms --------------------------------------------------------------- */

static const char *
outcome_of_term(enum spf_status status, bool is_match)
{
	switch (status) {
	case SPF_OK:
		return is_match ? "match" : "no match";
	case SPF_UNDECIDED:
		return "temperror";
	case SPF_BROKEN:
		break;
	}
	return "permerror";
}

static bool
is_address(const struct spf_directive *directive)
{
	return directive->mechanism == SPF_MECHANISM_IP4 ||
	    directive->mechanism == SPF_MECHANISM_IP6;
}

void
spf_trace_term(const struct spf_evaluation *ev,
    const struct spf_directive *directive)
{
	if (!is_address(directive))	/* that has nothing below it */
		trace_open(ev->trace, "term", directive->text);
}

void
spf_trace_term_end(const struct spf_evaluation *ev,
    const struct spf_directive *directive, enum spf_status status,
    bool is_match)
{
	struct strbuf detail;

	if (is_address(directive) && !is_match &&
	    trace_is_crowded(ev->trace)) {
		trace_skip(ev->trace);
		return;
	}
	if (is_address(directive))
		trace_open(ev->trace, "term", directive->text);
	strbuf_init(&detail, trace_arena(ev->trace), MAX_DETAIL);
	if (status == SPF_OK && is_match)
		strbuf_printf(&detail, "gives %s",
		    spf_result_name(directive->qualifier));
	if (status != SPF_OK)
		strbuf_append(&detail, strbuf_slice(&ev->reason));
	if (spf_causes_queries(directive->mechanism))
		strbuf_printf(&detail, "%slookups %u of %u, void %u of %u",
		    detail.len != 0 ? "; " : "", ev->n_terms,
		    ev->options->max_terms, ev->n_void_lookups,
		    ev->options->max_void_lookups);
	trace_close(ev->trace, outcome_of_term(status, is_match),
	    strbuf_slice(&detail));
}

/* ---- the check ----------------------------------------------------------- */

void
spf_trace_check(const struct spf_evaluation *ev)
{
	const struct spf_request *request = ev->request;
	struct strbuf text;

	strbuf_init(&text, trace_arena(ev->trace), MAX_LINE);
	switch (request->identity) {
	case SPF_IDENTITY_HELO:
		strbuf_append_cstr(&text, "HELO ");
		strbuf_append(&text, slice_head(request->helo, MAX_LINE / 2));
		break;
	case SPF_IDENTITY_MAIL_FROM:
		strbuf_append_cstr(&text, "MAIL FROM ");
		strbuf_append(&text, slice_head(request->mail_from,
		    MAX_LINE / 2));
		break;
	}
	strbuf_append_cstr(&text, ", client ");
	ip_append(&text, &request->client);
	trace_open(ev->trace, request->identity == SPF_IDENTITY_HELO ?
	    "spf helo" : "spf", strbuf_slice(&text));
}

void
spf_trace_check_end(const struct spf_evaluation *ev,
    const struct spf_outcome *outcome)
{
	if (outcome->explanation.len != 0)
		trace_add(ev->trace, "explanation", outcome->explanation);
	trace_printf(ev->trace, "limits", "lookups %u of %u, void %u of %u",
	    outcome->n_terms, ev->options->max_terms, outcome->n_void_lookups,
	    ev->options->max_void_lookups);
	trace_close(ev->trace, spf_result_name(outcome->result),
	    outcome->reason);
}
