/* cli/explain_results.c - see explain_text.h: an Authentication-Results field
 * (RFC 8601) in words. */
#include "cli/explain_text.h"

#include "authres/authres.h"
#include "base/arena.h"
#include "base/trace.h"

#define MEMORY ((size_t)1024 * 1024)

static const struct slice field_name = SLICE_INIT("Authentication-Results:");

static const struct {
	struct slice method, result;
	const char *outcome;	/* the result as static text */
	const char *meaning;
} meanings[] = {
	{ SLICE_INIT("spf"), SLICE_INIT("pass"), "pass",
	  "the client may send for the domain of the envelope sender" },
	{ SLICE_INIT("spf"), SLICE_INIT("fail"), "fail",
	  "that domain says that the client may not send for it" },
	{ SLICE_INIT("spf"), SLICE_INIT("softfail"), "softfail",
	  "that domain says that the client is likely not its own" },
	{ SLICE_INIT("spf"), SLICE_INIT("neutral"), "neutral",
	  "that domain says nothing of the client" },
	{ SLICE_INIT("spf"), SLICE_INIT("none"), "none",
	  "that domain has no SPF record" },
	{ SLICE_INIT("spf"), SLICE_INIT("temperror"), "temperror",
	  "the DNS did not answer: it may pass another time" },
	{ SLICE_INIT("spf"), SLICE_INIT("permerror"), "permerror",
	  "the SPF record is wrong: its domain has to mend it" },
	{ SLICE_INIT("dkim"), SLICE_INIT("pass"), "pass",
	  "the signature verifies: what it covers is as it was signed" },
	{ SLICE_INIT("dkim"), SLICE_INIT("fail"), "fail",
	  "the signature does not verify: body or header were changed, or the "
	  "key is another one" },
	{ SLICE_INIT("dkim"), SLICE_INIT("none"), "none",
	  "the message is not signed" },
	{ SLICE_INIT("dkim"), SLICE_INIT("policy"), "policy",
	  "the signature may verify, but is not accepted here" },
	{ SLICE_INIT("dkim"), SLICE_INIT("neutral"), "neutral",
	  "the signature could not be used, or was not tried" },
	{ SLICE_INIT("dkim"), SLICE_INIT("temperror"), "temperror",
	  "its key could not be asked for: it may pass another time" },
	{ SLICE_INIT("dkim"), SLICE_INIT("permerror"), "permerror",
	  "its key is missing or of no use" },
	{ SLICE_INIT("arc"), SLICE_INIT("pass"), "pass",
	  "the chain of those who forwarded it is intact" },
	{ SLICE_INIT("arc"), SLICE_INIT("fail"), "fail",
	  "the chain is broken: it proves nothing" },
	{ SLICE_INIT("arc"), SLICE_INIT("none"), "none",
	  "nobody has sealed it" },
	{ SLICE_INIT("arc"), SLICE_INIT("temperror"), "temperror",
	  "a key of the chain could not be asked for" },
	{ SLICE_INIT("dmarc"), SLICE_INIT("pass"), "pass",
	  "SPF or DKIM passed for a domain that is aligned with From" },
	{ SLICE_INIT("dmarc"), SLICE_INIT("fail"), "fail",
	  "nothing that is aligned with From passed: its domain's policy "
	  "applies" },
	{ SLICE_INIT("dmarc"), SLICE_INIT("none"), "none",
	  "the domain in From has no policy" },
	{ SLICE_INIT("dmarc"), SLICE_INIT("temperror"), "temperror",
	  "the DNS did not answer: it could not be decided" },
	{ SLICE_INIT("dmarc"), SLICE_INIT("permerror"), "permerror",
	  "From names no usable author, or the policy record is broken" },
	{ SLICE_INIT("auth"), SLICE_INIT("pass"), "pass",
	  "the sender logged in" },
	{ SLICE_INIT("auth"), SLICE_INIT("fail"), "fail",
	  "the sender tried to log in, in vain" },
	{ SLICE_INIT("iprev"), SLICE_INIT("pass"), "pass",
	  "the client's address and its name agree" },
	{ SLICE_INIT("iprev"), SLICE_INIT("fail"), "fail",
	  "the client's address and its name do not agree" },
	{ SLICE_INIT("iprev"), SLICE_INIT("permerror"), "permerror",
	  "the client's address has no name" },
};

static const struct {
	struct slice ptype, name;
	const char *meaning;
} properties[] = {
	{ SLICE_INIT("smtp"), SLICE_INIT("mailfrom"), "the envelope sender" },
	{ SLICE_INIT("smtp"), SLICE_INIT("helo"),
	  "the name that the client greeted with" },
	{ SLICE_INIT("smtp"), SLICE_INIT("remote-ip"),
	  "the client's address" },
	{ SLICE_INIT("smtp"), SLICE_INIT("auth"), "who logged in" },
	{ SLICE_INIT("policy"), SLICE_INIT("iprev"), "the client's address" },
	{ SLICE_INIT("header"), SLICE_INIT("d"), "the domain that signed" },
	{ SLICE_INIT("header"), SLICE_INIT("i"), "on whose behalf it signed" },
	{ SLICE_INIT("header"), SLICE_INIT("s"),
	  "the selector: its key is at SELECTOR._domainkey.DOMAIN" },
	{ SLICE_INIT("header"), SLICE_INIT("a"), "the algorithm" },
	{ SLICE_INIT("header"), SLICE_INIT("b"),
	  "the signature's first octets: which of several it is" },
	{ SLICE_INIT("header"), SLICE_INIT("from"),
	  "the domain in From, which DMARC protects" },
	{ SLICE_INIT("header"), SLICE_INIT("oldest-pass"),
	  "the first set since which the message is unchanged; 0: all" },
	{ SLICE_INIT("policy"), SLICE_INIT("dmarc"),
	  "the policy that the domain asks for" },
	{ SLICE_INIT("policy"), SLICE_INIT("evidence"),
	  "signs of forwarding that were found" },
	{ SLICE_INIT("policy"), SLICE_INIT("rule"),
	  "the local rule that decided" },
	{ SLICE_INIT("policy"), SLICE_INIT("flags"),
	  "signs of abuse, which change no verdict" },
	{ SLICE_INIT("policy"), SLICE_INIT("relay"),
	  "the relay of ours that handed it in" },
};

static const char *
meaning_of(const struct authres_property *property)
{
	for (size_t i = 0; i < N_ELEMENTS(properties); i++)
		if (slice_eq_nocase(property->ptype, properties[i].ptype) &&
		    slice_eq_nocase(property->name, properties[i].name))
			return properties[i].meaning;
	return NULL;
}

static void
tell_property(struct trace *trace, const struct authres_property *property)
{
	struct strbuf text;

	strbuf_init(&text, trace_arena(trace), TRACE_MAX_TEXT);
	strbuf_append(&text, slice_head(property->ptype, 64));
	strbuf_append_char(&text, '.');
	strbuf_append(&text, slice_head(property->name, 64));
	strbuf_append_char(&text, '=');
	strbuf_append(&text, slice_head(property->value, 1024));
	trace_tell(trace, "property", strbuf_slice(&text), NULL,
	    slice_from_cstr(meaning_of(property)));
}

static void
tell_method(struct trace *trace, const struct authres_method *method)
{
	const char *outcome = NULL, *meaning = NULL;

	for (size_t i = 0; i < N_ELEMENTS(meanings); i++)
		if (slice_eq_nocase(method->method, meanings[i].method) &&
		    slice_eq_nocase(method->result, meanings[i].result)) {
			outcome = meanings[i].outcome;
			meaning = meanings[i].meaning;
		}
	trace_open(trace, "method", method->method);
	if (outcome == NULL)
		trace_add(trace, "result", method->result);
	if (method->reason.len != 0)
		trace_add(trace, "reason", method->reason);
	for (size_t i = 0; i < method->n_properties; i++)
		tell_property(trace, &method->properties[i]);
	trace_close(trace, outcome, slice_from_cstr(meaning));
}

/* ---- what follows -------------------------------------------------------- */

static struct slice
find_value(const struct authres_method *method, struct slice ptype,
    struct slice name)
{
	for (size_t i = 0; i < method->n_properties; i++)
		if (slice_eq_nocase(method->properties[i].ptype, ptype) &&
		    slice_eq_nocase(method->properties[i].name, name))
			return method->properties[i].value;
	return SLICE_EMPTY;
}

static const char *
consequence_of(const struct authres_method *dmarc)
{
	struct slice policy = find_value(dmarc, SLICE("policy"),
	    SLICE("dmarc"));
	bool has_evidence = find_value(dmarc, SLICE("policy"),
	    SLICE("evidence")).len != 0;

	if (find_value(dmarc, SLICE("policy"), SLICE("rule")).len != 0)
		return "a local rule decided, whatever the policy asks for";
	if (slice_eq_nocase(dmarc->result, SLICE("pass")))
		return "the message is its author domain's: DMARC has nothing "
		    "against it";
	if (slice_eq_nocase(dmarc->result, SLICE("none")))
		return "DMARC asks for nothing: SPF and DKIM are for filters "
		    "to weigh";
	if (slice_eq_nocase(dmarc->result, SLICE("temperror")))
		return "it is deferred where the missing answer could decide, "
		    "else accepted";
	if (slice_eq_nocase(dmarc->result, SLICE("permerror")))
		return "it is refused where From names no usable author, and "
		    "accepted where only the record is broken";
	if (slice_eq_nocase(policy, SLICE("none")))
		return "the policy is none: it is accepted";
	if (slice_eq_nocase(policy, SLICE("quarantine")) || has_evidence)
		return "it is quarantined, for the policy or for the signs of "
		    "forwarding that spare it a refusal";
	return "it is refused if nothing speaks for a forwarder";
}

static void
tell_consequence(struct trace *trace, const struct authres *results)
{
	for (size_t i = 0; i < results->n_methods; i++)
		if (slice_eq_nocase(results->methods[i].method,
		    SLICE("dmarc"))) {
			trace_add(trace, "for the verdict", slice_from_cstr(
			    consequence_of(&results->methods[i])));
			return;
		}
	if (results->n_methods != 0)
		trace_add(trace, "for the verdict", SLICE("it has no DMARC "
		    "result: nothing says whether what passed is aligned "
		    "with From"));
}

bool
explain_results(struct slice text, struct trace *trace)
{
	struct arena *arena = arena_create(MEMORY);
	struct authres results;
	bool is_parsed;

	if (arena == NULL)
		return false;
	text = slice_trim(text);
	if (slice_starts_with_nocase(text, field_name))
		text = slice_from(text, field_name.len);
	is_parsed = authres_parse(arena, text, &results);
	if (is_parsed) {
		trace_open(trace, "Authentication-Results",
		    results.authserv_id);
		trace_add(trace, "note", SLICE("it is the word of that host: "
		    "believe it only if it is yours, and removes what others "
		    "write in its name"));
		for (size_t i = 0; i < results.n_methods; i++)
			tell_method(trace, &results.methods[i]);
		if (results.n_methods == 0)
			trace_add(trace, "note", SLICE("nothing was checked"));
		tell_consequence(trace, &results);
		trace_close(trace, NULL, SLICE_EMPTY);
	}
	arena_destroy(&arena);
	return is_parsed;
}
