/* cli/explain_advice.c - see explain_advice.h. */
#include "cli/explain_advice.h"

#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/examine.h"

#define MAX_ADVICE ((size_t)2048)
#define MAX_SHOWN ((size_t)253)		/* octets of a name */
#define MAX_SIGNATURES_ADVISED ((size_t)8)

/* One piece of advice in the making. */
struct advice {
	struct trace *trace;
	struct strbuf text;
	size_t n;		/* given so far */
};

static void
begin(struct advice *a)
{
	strbuf_init(&a->text, trace_arena(a->trace), MAX_ADVICE);
}

static void
put(struct advice *a, const char *text)
{
	strbuf_append_cstr(&a->text, text);
}

static void
put_name(struct advice *a, struct slice name)
{
	strbuf_append(&a->text, slice_head(name, MAX_SHOWN));
}

static void
end(struct advice *a)
{
	trace_add(a->trace, "advice", strbuf_slice(&a->text));
	a->n++;
}

static void
give(struct advice *a, const char *text)
{
	begin(a);
	put(a, text);
	end(a);
}

/* ---- what the case is ---------------------------------------------------- */

static const struct inspect_results *
results_of(const struct explain_case *c)
{
	return c->examination->results;
}

/* The author domain; empty where From names none. */
static struct slice
author_of(const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	return results->is_dmarc_checked ?
	    results->dmarc.deciding->author_domain : SLICE_EMPTY;
}

static bool
is_accepted(const struct explain_case *c)
{
	return c->examination->verdict.wanted == POLICY_ACCEPT;
}

/* A signature of the author's that broke on the way. */
static bool
is_broken_own(const struct explain_case *c, size_t i)
{
	const struct dkim_outcome *dkim = &results_of(c)->dkim[i];

	return c->is_dkim_aligned != NULL && c->is_dkim_aligned[i] &&
	    (dkim->reason == DKIM_REASON_BODY_HASH ||
	    dkim->reason == DKIM_REASON_SIGNATURE ||
	    dkim->reason == DKIM_REASON_PARTIAL_BODY);
}

/* Whether it seems to have come by somebody's hands. */
static bool
is_indirect(const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	for (size_t i = 0; i < results->n_dkim; i++)
		if (is_broken_own(c, i))
			return true;
	return c->examination->verdict.evidence != 0 || results->is_relayed ||
	    (results->is_arc_checked && results->arc.result != ARC_NONE);
}

/* ---- the sender: SPF ----------------------------------------------------- */

static void
put_client(struct advice *a, const struct explain_case *c)
{
	ip_append(&a->text, &results_of(c)->client);
}

static const char *
term_of(const struct explain_case *c)
{
	return results_of(c)->client.family == IP_V6 ? "ip6:" : "ip4:";
}

static void
put_alignment(struct advice *a, const struct explain_case *c)
{
	if (c->is_spf_aligned || author_of(c).len == 0)
		return;
	put(a, "; for DMARC that alone is not enough: ");
	put_name(a, results_of(c)->spf.domain);
	put(a, " is not aligned with ");
	put_name(a, author_of(c));
}

static bool
is_strict(const struct explain_case *c)
{
	const struct dmarc_record *record =
	    results_of(c)->dmarc.deciding->record;

	return record != NULL && record->is_spf_strict;
}

static void
advise_unaligned_spf(struct advice *a, const struct explain_case *c)
{
	begin(a);
	put(a, "SPF passes for ");
	put_name(a, results_of(c)->spf.domain);
	put(a, ", which is not aligned with From: send with an envelope "
	    "sender in ");
	put_name(a, !is_strict(c) && c->org_domain.len != 0 ? c->org_domain :
	    author_of(c));
	put(a, ", or sign with DKIM in its name");
	if (is_strict(c))
		put(a, "; the DMARC record asks for that very domain, without "
		    "aspf=s one below it would do");
	end(a);
}

static void
advise_missing_spf(struct advice *a, const struct explain_case *c)
{
	begin(a);
	put(a, "publish an SPF record at ");
	put_name(a, results_of(c)->spf.domain);
	put(a, " with all hosts that send for it: v=spf1 ");
	put(a, term_of(c));
	put_client(a, c);
	put(a, " -all");
	put_alignment(a, c);
	end(a);
}

static void
advise_unlisted_client(struct advice *a, const struct explain_case *c)
{
	begin(a);
	put(a, "if ");
	put_client(a, c);
	put(a, " is a host of yours, add ");
	put(a, term_of(c));
	put_client(a, c);
	put(a, " to the SPF record of ");
	put_name(a, results_of(c)->spf.domain);
	put_alignment(a, c);
	end(a);
}

static void
advise_about_spf_reason(struct advice *a, const struct explain_case *c,
    const char *before)
{
	begin(a);
	put(a, before);
	put_name(a, results_of(c)->spf.domain);
	put(a, ": ");
	strbuf_append(&a->text, results_of(c)->spf.reason);
	put_alignment(a, c);
	end(a);
}

static void
advise_spf(struct advice *a, const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	if (!results->is_spf_checked || results->spf.domain.len == 0 ||
	    results->client.family == IP_NONE)
		return;
	switch (results->spf.result) {
	case SPF_PASS:	/* of a forwarder it is not the sender's concern */
		if (!c->is_spf_aligned && author_of(c).len != 0 &&
		    !is_indirect(c))
			advise_unaligned_spf(a, c);
		return;
	case SPF_NONE:
		advise_missing_spf(a, c);
		return;
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		advise_unlisted_client(a, c);
		return;
	case SPF_PERMERROR:
		advise_about_spf_reason(a, c, "mend the SPF record of ");
		return;
	case SPF_TEMPERROR:
		advise_about_spf_reason(a, c, "look at the name servers of ");
		return;
	}
}

/* ---- the sender: DKIM ---------------------------------------------------- */

/* What to do about it; NULL where nothing is the sender's to do. */
static const char *
remedy_of(enum dkim_reason reason)
{
	switch (reason) {
	case DKIM_REASON_NONE:
	case DKIM_REASON_TOO_MANY:
	case DKIM_REASON_HEADER_TOO_LARGE:
	case DKIM_REASON_INTERNAL:
		return NULL;
	case DKIM_REASON_SYNTAX:
	case DKIM_REASON_MISSING_TAG:
	case DKIM_REASON_VERSION:
	case DKIM_REASON_CANONICALIZATION:
	case DKIM_REASON_QUERY_METHOD:
		return "the signer writes a field that cannot be read: update "
		    "or mend it";
	case DKIM_REASON_ALGORITHM:
	case DKIM_REASON_SHA1:
		return "sign with a=rsa-sha256";
	case DKIM_REASON_DOMAIN_MISMATCH:
		return "let i= be within d=, or leave it out";
	case DKIM_REASON_FROM_NOT_SIGNED:
		return "put From into h=";
	case DKIM_REASON_EXPIRED:
		return "the message came after x=: give it more time, and see "
		    "where it lay";
	case DKIM_REASON_FUTURE:
		return "set the clock of the signer: t= lies ahead";
	case DKIM_REASON_KEY_TOO_SHORT:
		return "take an RSA key of 2048 bits";
	case DKIM_REASON_KEY_TOO_LONG:
		return "take an RSA key of 2048 bits: this one is larger than "
		    "what is verified";
	case DKIM_REASON_PARTIAL_BODY:
		return "sign without l=: it leaves a part of the body out";
	case DKIM_REASON_KEY_MISSING:
		return "publish the key of this selector, or sign with one "
		    "that is published";
	case DKIM_REASON_KEY_REVOKED:
		return "the key is revoked (its p= is empty): sign with one "
		    "that is in use";
	case DKIM_REASON_KEY_SYNTAX:
		return "mend the key record: it cannot be read";
	case DKIM_REASON_KEY_ALGORITHM:
		return "the key's k= or h= do not allow a=: publish one that "
		    "does";
	case DKIM_REASON_KEY_SERVICE:
		return "the key's s= leaves email out: add it";
	case DKIM_REASON_KEY_STRICT:
		return "the key has t=s: i= must be of d= itself";
	case DKIM_REASON_KEY_AMBIGUOUS:
		return "leave one key record at this selector: there are "
		    "several";
	case DKIM_REASON_DNS:
		return "its key could not be asked for: look at the name "
		    "servers";
	case DKIM_REASON_BODY_HASH:
		return "the body was changed behind the signer: if that is a "
		    "host of yours (a footer, a scanner), sign after it";
	case DKIM_REASON_SIGNATURE:
		return "a signed field was changed behind the signer, or the "
		    "published key is not its own: see the header above, and "
		    "that the two keys are a pair";
	}
	return NULL;
}

static void
advise_signature(struct advice *a, const struct explain_case *c, size_t i)
{
	const struct dkim_outcome *dkim = &results_of(c)->dkim[i];
	bool is_aligned = c->is_dkim_aligned != NULL && c->is_dkim_aligned[i];
	const char *remedy = remedy_of(dkim->reason);

	if (is_aligned ? remedy == NULL : dkim->domain.len == 0)
		return;
	begin(a);
	put(a, "signature d=");
	put_name(a, dkim->domain);
	put(a, " s=");
	put_name(a, dkim->selector);
	put(a, ": ");
	if (is_aligned) {
		put(a, remedy);
	} else {
		put(a, dkim->result == DKIM_RESULT_PASS ? "it passes, but" :
		    "it");
		put(a, " is not aligned with From: sign with d=");
		put_name(a, author_of(c));
	}
	end(a);
}

static void
advise_dkim(struct advice *a, const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	if (!results->is_dkim_checked || author_of(c).len == 0)
		return;
	for (size_t i = 0; i < results->n_dkim &&
	    i < MAX_SIGNATURES_ADVISED; i++)
		advise_signature(a, c, i);
	if (results->n_dkim != 0)
		return;
	begin(a);
	put(a, "sign with DKIM, d=");
	put_name(a, author_of(c));
	put(a, ": that survives forwarding, SPF does not");
	end(a);
}

/* ---- the sender: DMARC --------------------------------------------------- */

static void
advise_author(struct advice *a, const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	if (!results->is_dmarc_checked)
		return;
	if (results->author_status != MAIL_AUTHOR_OK) {
		begin(a);
		put(a, "write one From field with one address (");
		put(a, mail_author_status_text(results->author_status));
		put(a, ")");
		end(a);
	} else if (results->dmarc.result == DMARC_PERMERROR) {
		begin(a);
		put(a, "mend the DMARC record: ");
		strbuf_append(&a->text, results->dmarc.deciding->reason);
		end(a);
	} else if (results->dmarc.result == DMARC_TEMPERROR) {
		begin(a);
		put(a, "look at the name servers: ");
		strbuf_append(&a->text, results->dmarc.deciding->reason);
		end(a);
	}
}

/* ---- the forwarder ------------------------------------------------------- */

static void
advise_about_changes(struct advice *a, const struct explain_case *c)
{
	bool has_body = false, has_header = false;

	for (size_t i = 0; i < results_of(c)->n_dkim; i++) {
		if (!is_broken_own(c, i))
			continue;
		if (results_of(c)->dkim[i].reason == DKIM_REASON_SIGNATURE)
			has_header = true;
		else
			has_body = true;
	}
	if (has_body)
		give(a, "leave the body as it was signed: without a footer, "
		    "without taking parts out or encoding them anew, the "
		    "author's signature verifies");
	if (has_header)
		give(a, "leave the signed fields as they were (the Subject "
		    "without a tag): the author's signature verifies then");
}

static void
advise_about_seal(struct advice *a, const struct explain_case *c)
{
	const struct arc_outcome *arc = &results_of(c)->arc;

	if (!results_of(c)->is_arc_checked)
		return;
	switch (arc->result) {
	case ARC_PASS:
		return;
	case ARC_NONE:
		give(a, "seal with ARC what you found when it came to you: a "
		    "receiver that trusts you can go by that");
		return;
	case ARC_FAIL:
	case ARC_TEMPERROR:
		begin(a);
		put(a, "the ARC chain is of no use: ");
		put(a, arc_reason_text(arc->reason));
		if (arc->failed_instance != 0)
			strbuf_printf(&a->text, " (set %u)",
			    arc->failed_instance);
		end(a);
		return;
	}
}

static void
advise_forwarder(struct advice *a, const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	advise_about_changes(a, c);
	advise_about_seal(a, c);
	if (results->is_spf_checked)
		give(a, results->spf.result == SPF_PASS && !c->is_spf_aligned ?
		    "that the envelope sender is rewritten (SRS) does not "
		    "help DMARC: SPF passes for your domain, which is not "
		    "that of From" :
		    "to rewrite the envelope sender (SRS) would make SPF pass, "
		    "but for your domain: it does not help DMARC");
}

/* ---- here ---------------------------------------------------------------- */

static void
advise_trusting_sealer(struct advice *a, const struct explain_case *c)
{
	const struct arc_outcome *arc = &results_of(c)->arc;
	struct slice sealer;

	if (!results_of(c)->is_arc_checked || arc->result != ARC_PASS ||
	    arc->n_sets == 0)
		return;
	sealer = arc->sets[arc->n_sets - 1].sealer;
	begin(a);
	if (policy_list_has_domain(&c->policy->trusted_sealers, sealer)) {
		put(a, "the sealer ");
		put_name(a, sealer);
		put(a, " is trusted, but there is no run of trusted sealers "
		    "whose oldest recorded dmarc=pass for ");
		put_name(a, author_of(c));
	} else {
		put(a, "if you know its sealer: arc.trusted_sealers = [\"");
		put_name(a, sealer);
		put(a, "\"]; it counts where that one recorded dmarc=pass "
		    "for ");
		put_name(a, author_of(c));
	}
	end(a);
}

static void
advise_declaring(struct advice *a, const struct explain_case *c)
{
	const struct policy_verdict *verdict = &c->examination->verdict;

	if (verdict->wanted != POLICY_REJECT ||
	    results_of(c)->client.family == IP_NONE ||
	    (verdict->evidence & POLICY_SIGN_FORWARDER) != 0)
		return;
	begin(a);
	put(a, "if ");
	put_client(a, c);
	put(a, " is a forwarder that you know: dmarc.forwarders = [\"");
	put_client(a, c);
	put(a, "\"] has it quarantined in place of refused");
	end(a);
}

static void
advise_rule(struct advice *a, const struct explain_case *c)
{
	const struct policy_rule *rule = c->examination->verdict.rule;

	begin(a);
	if (rule != NULL) {
		put(a, "it is your rule ");
		put_name(a, rule->name);
		put(a, " that decides it");
	} else {
		put(a, "a rule lets it pass: rules = ( { match: { ");
		if (results_of(c)->client.family != IP_NONE) {
			put(a, "client = [\"");
			put_client(a, c);
			put(a, "\"]; ");
		}
		put(a, "author_domain = [\"");
		put_name(a, author_of(c));
		put(a, "\"]; }; action = \"accept\"; why = \"...\"; } );");
	}
	end(a);
}

static bool
is_refused_for_spf(const struct explain_case *c)
{
	const struct inspect_results *results = results_of(c);

	return results->is_spf_checked && !results->is_relayed &&
	    (c->policy->spf_reject & (1U << results->spf.result)) != 0;
}

static void
advise_here(struct advice *a, const struct explain_case *c)
{
	const struct policy_verdict *verdict = &c->examination->verdict;

	if (verdict->wanted == POLICY_TEMPFAIL) {
		give(a, "nothing at once: it is tried again, and is judged "
		    "when the DNS answers");
		return;
	}
	if (is_refused_for_spf(c)) {
		begin(a);
		strbuf_printf(&a->text, "spf.reject without \"%s\" leaves it "
		    "to DMARC", spf_result_name(results_of(c)->spf.result));
		end(a);
		return;
	}
	if (author_of(c).len == 0) {
		give(a, "dmarc.bad_from = \"accept\" lets in what names no "
		    "usable author");
		return;
	}
	advise_trusting_sealer(a, c);
	advise_declaring(a, c);
	advise_rule(a, c);
}

/* ---- all of it ----------------------------------------------------------- */

static void
advise(struct trace *trace, const char *label, const struct explain_case *c,
    void (*write)(struct advice *, const struct explain_case *))
{
	struct advice a = { .trace = trace };

	trace_open(trace, label, SLICE_EMPTY);
	write(&a, c);
	trace_close(trace, a.n == 0 ? "nothing to do" : NULL, SLICE_EMPTY);
}

static void
advise_sender(struct advice *a, const struct explain_case *c)
{
	advise_author(a, c);
	if (results_of(c)->is_dmarc_checked &&
	    results_of(c)->dmarc.result == DMARC_PASS)
		return;
	advise_spf(a, c);
	advise_dkim(a, c);
}

void
explain_advise(const struct explain_case *c, struct trace *trace)
{
	const struct inspect_results *results = results_of(c);
	bool has_passed = results->is_dmarc_checked &&
	    results->dmarc.result == DMARC_PASS;

	trace_open(trace, "what would make it pass", SLICE_EMPTY);
	if (has_passed && is_accepted(c)) {
		trace_close(trace, "it passes",
		    results->dmarc.deciding->reason);
		return;
	}
	advise(trace, "for the sender", c, advise_sender);
	if (is_indirect(c) && !has_passed)
		advise(trace, "for the forwarder", c, advise_forwarder);
	if (!is_accepted(c))
		advise(trace, "here", c, advise_here);
	trace_close(trace, NULL, is_accepted(c) ?
	    SLICE("it is accepted as it is") : SLICE_EMPTY);
}
