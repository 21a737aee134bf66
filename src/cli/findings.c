/* cli/findings.c - see findings.h: the words for people. */
#include "cli/findings.h"

#include "base/ip.h"
#include "base/strbuf.h"
#include "cli/examine.h"
#include "policy/flags.h"

#define MAX_TEXT ((size_t)500)	/* octets of anything from outside */

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

struct page {
	struct strbuf *text;
	bool is_coloured;
};

static void
add(const struct page *page, const char *text)
{
	strbuf_append_cstr(page->text, text);
}

static void
add_escaped(const struct page *page, struct slice text)
{
	strbuf_append_escaped(page->text, text, MAX_TEXT);
}

static void
paint(const struct page *page, const char *colour)
{
	if (page->is_coloured && colour != NULL)
		add(page, colour);
}

static const char *
colour_of_result(const char *result)
{
	struct slice name = slice_from_cstr(result);

	if (slice_eq(name, SLICE("pass")))
		return GREEN;
	if (slice_eq(name, SLICE("fail")) || slice_eq(name, SLICE("permerror")))
		return RED;
	return slice_eq(name, SLICE("none")) ? NULL : YELLOW;
}

static const char *
colour_of_action(enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		return GREEN;
	case POLICY_HOLD:
	case POLICY_REDIRECT:
	case POLICY_TEMPFAIL:
		return YELLOW;
	case POLICY_REJECT:
		return RED;
	}
	return NULL;
}

static void
begin_line(const struct page *page, const char *label)
{
	strbuf_printf(page->text, "  %-8s ", label);
}

/* "  dkim     fail       ", and what follows is the reason. */
static void
begin_result(const struct page *page, const char *method, const char *result)
{
	begin_line(page, method);
	paint(page, colour_of_result(result));
	strbuf_printf(page->text, "%-10s", result);
	paint(page, PLAIN);
	add(page, " ");
}

static void
end_line(const struct page *page)
{
	struct strbuf *text = page->text;

	while (text->len != 0 && text->ptr[text->len - 1] == ' ')
		strbuf_truncate(text, text->len - 1);
	add(page, "\n");
}

/* ---- where it came from -------------------------------------------------- */

static void
add_source(const struct page *page, enum origin_source source,
    const char *field)
{
	strbuf_printf(page->text, " (%s)", origin_source_text(source, field));
}

static void
add_origin(const struct page *page, const struct examination *examination)
{
	const struct origin *origin = &examination->origin;

	begin_line(page, "client");
	if (origin->client_from != ORIGIN_UNKNOWN)
		ip_append(page->text, &origin->client);
	else
		add(page, "?");
	add_source(page, origin->client_from, "from its Received field");
	end_line(page);
	begin_line(page, "helo");
	add_escaped(page, origin->helo.len != 0 ? origin->helo : SLICE("?"));
	add_source(page, origin->helo_from, "from its Received field");
	end_line(page);
	begin_line(page, "sender");
	add_escaped(page, origin->sender.len != 0 ? origin->sender :
	    SLICE("<>"));
	add_source(page, origin->sender_from, "from its Return-Path field");
	end_line(page);
}

/* ---- results ------------------------------------------------------------- */

static void
add_spf(const struct page *page, const struct examination *examination)
{
	const struct spf_outcome *spf = &examination->results->spf;

	if (examination->is_spf_left_out) {
		begin_result(page, "spf", "none");
		add(page, "not checked: the client's address is not known, "
		    "give it with --ip");
		end_line(page);
		return;
	}
	if (!examination->results->is_spf_checked)
		return;
	begin_result(page, "spf", spf_result_name(spf->result));
	add_escaped(page, spf->domain);
	if (spf->mechanism.len != 0) {
		add(page, ", matched by ");
		add_escaped(page, spf->mechanism);
	} else if (spf->reason.len != 0) {
		add(page, ": ");
		add_escaped(page, spf->reason);
	}
	end_line(page);
}

static void
add_signature(const struct page *page, const struct dkim_outcome *dkim)
{
	begin_result(page, "dkim", dkim_result_name(dkim->result));
	add_escaped(page, dkim->domain);
	if (dkim->selector.len != 0) {
		add(page, ", selector ");
		add_escaped(page, dkim->selector);
	}
	if (dkim->algorithm.len != 0) {
		add(page, ", ");
		add_escaped(page, dkim->algorithm);
	}
	if (dkim->key_bits != 0)
		strbuf_printf(page->text, " of %u bits", dkim->key_bits);
	if (dkim->result != DKIM_RESULT_PASS)
		strbuf_printf(page->text, ": %s",
		    dkim_reason_text(dkim->reason));
	end_line(page);
}

static void
add_dkim(const struct page *page, const struct inspect_results *results)
{
	if (!results->is_dkim_checked)
		return;
	for (size_t i = 0; i < results->n_dkim; i++)
		add_signature(page, &results->dkim[i]);
	if (results->n_dkim == 0) {
		begin_result(page, "dkim", "none");
		add(page, "it is not signed");
		end_line(page);
	}
}

static void
add_arc(const struct page *page, const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;

	if (!results->is_arc_checked ||
	    (arc->result == ARC_NONE && arc->n_sets == 0))
		return;
	begin_result(page, "arc", arc_result_name(arc->result));
	if (arc->n_sets != 0) {
		strbuf_printf(page->text, "%zu %s, the newest by ",
		    arc->n_sets, arc->n_sets == 1 ? "set" : "sets");
		add_escaped(page, arc->sets[arc->n_sets - 1].sealer);
	}
	if (arc->reason != ARC_REASON_NONE)
		strbuf_printf(page->text, "%s%s", arc->n_sets != 0 ? ": " : "",
		    arc_reason_text(arc->reason));
	if (arc->failed_instance != 0)
		strbuf_printf(page->text, " (set %u)", arc->failed_instance);
	end_line(page);
}

static void
add_evaluation(const struct page *page,
    const struct dmarc_evaluation *evaluation)
{
	begin_result(page, "dmarc", dmarc_result_name(evaluation->result));
	add_escaped(page, evaluation->author_domain);
	if (evaluation->has_policy) {
		strbuf_printf(page->text, ", p=%s",
		    dmarc_policy_name(evaluation->published));
		if (evaluation->policy != evaluation->published)
			add(page, " in testing");
		add(page, " at ");
		add_escaped(page, evaluation->policy_domain);
	}
	if (evaluation->reason.len != 0) {
		add(page, evaluation->author_domain.len != 0 ? ": " : "");
		add_escaped(page, evaluation->reason);
	}
	end_line(page);
}

static void
add_dmarc(const struct page *page, const struct inspect_results *results)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;

	if (!results->is_dmarc_checked)
		return;
	for (size_t i = 0; i < dmarc->n_evaluations; i++)
		add_evaluation(page, &dmarc->evaluations[i]);
	if (dmarc->n_evaluations == 0)
		add_evaluation(page, dmarc->deciding);
}

static void
add_flags(const struct page *page, const struct inspect_results *results)
{
	unsigned flags = policy_flag_message(results);

	if (flags == 0)
		return;
	begin_line(page, "flags");
	policy_append_flags(page->text, flags);
	end_line(page);
}

/* ---- verdict ------------------------------------------------------------- */

static void
add_action(const struct page *page, const struct policy_verdict *verdict)
{
	paint(page, BOLD);
	paint(page, colour_of_action(verdict->wanted));
	add(page, policy_action_name(verdict->wanted));
	paint(page, PLAIN);
}

static void
add_verdict(const struct page *page, const struct examination *examination)
{
	const struct policy_verdict *verdict = &examination->verdict;

	begin_line(page, "verdict");
	add_action(page, verdict);
	if (verdict->wanted != verdict->action)
		add(page, " (in mode \"monitor\" it is accepted)");
	if (verdict->code != NULL) {
		strbuf_printf(page->text, ": %s %s ", verdict->code,
		    verdict->enhanced);
		add_escaped(page, verdict->text);
	}
	end_line(page);
	if (verdict->reason.len != 0) {
		begin_line(page, "because");
		add_escaped(page, verdict->reason);
		end_line(page);
	}
	if (verdict->rule != NULL) {
		begin_line(page, "rule");
		add_escaped(page, verdict->rule->name);
		end_line(page);
	}
	if (examination->trust != POLICY_INSPECT) {
		begin_line(page, "note");
		strbuf_printf(page->text, "assayd does not look at mail of "
		    "this client: %s", policy_trust_name(examination->trust));
		end_line(page);
	}
}

/* Folded as in the mail; its lines are escaped one by one. */
static void
add_field(const struct page *page, struct slice field)
{
	if (field.len == 0)
		return;
	add(page, "\n    Authentication-Results: ");
	while (field.len != 0) {
		size_t lf = slice_find(field, '\n');

		strbuf_append_escaped(page->text, slice_trim(slice_head(field,
		    lf)), field.len);
		add(page, "\n");
		field = slice_from(field, lf != SIZE_MAX ? lf + 1 : field.len);
		if (field.len != 0)
			add(page, "        ");
	}
}

void
findings_append(struct strbuf *text, struct slice name,
    const struct examination *examination, bool is_coloured)
{
	struct page page = { text, is_coloured };

	paint(&page, BOLD);
	add_escaped(&page, name);
	paint(&page, PLAIN);
	add(&page, "\n");
	add_origin(&page, examination);
	if (examination->problem != NULL) {
		begin_line(&page, "problem");
		add(&page, examination->problem);
		end_line(&page);
		return;
	}
	add_spf(&page, examination);
	add_dkim(&page, examination->results);
	add_arc(&page, examination->results);
	add_dmarc(&page, examination->results);
	add_flags(&page, examination->results);
	add_verdict(&page, examination);
	add_field(&page, examination->field);
}

/* ---- one line ------------------------------------------------------------ */

static void
add_word(const struct page *page, const char *method, const char *result)
{
	strbuf_printf(page->text, " %s=", method);
	paint(page, colour_of_result(result));
	add(page, result);
	paint(page, PLAIN);
}

/* A pass, if there is one; else what the first signature came to. */
static enum dkim_result
best_dkim(const struct inspect_results *results)
{
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result == DKIM_RESULT_PASS)
			return DKIM_RESULT_PASS;
	return results->n_dkim != 0 ? results->dkim[0].result :
	    DKIM_RESULT_NONE;
}

void
findings_append_line(struct strbuf *text, struct slice name,
    const struct examination *examination, bool is_coloured)
{
	struct page page = { text, is_coloured };
	const struct inspect_results *results = examination->results;

	add_escaped(&page, name);
	add(&page, ":");
	if (examination->problem != NULL) {
		strbuf_printf(text, " %s\n", examination->problem);
		return;
	}
	if (results->is_spf_checked)
		add_word(&page, "spf", spf_result_name(results->spf.result));
	if (results->is_dkim_checked)
		add_word(&page, "dkim", dkim_result_name(best_dkim(results)));
	if (results->is_arc_checked && results->arc.result != ARC_NONE)
		add_word(&page, "arc", arc_result_name(results->arc.result));
	if (results->is_dmarc_checked) {
		add_word(&page, "dmarc",
		    dmarc_result_name(results->dmarc.result));
		add(&page, " ");
		add_escaped(&page, results->dmarc.deciding->author_domain);
	}
	add(&page, " ");
	add_action(&page, &examination->verdict);
	end_line(&page);
}
