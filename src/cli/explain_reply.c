/* cli/explain_reply.c - see explain_text.h: what an SMTP server said, and what
 * to do about it.  Our own sentences (policy/) are known by their
 * beginnings. */
#include "cli/explain_text.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/smtp.h"

#define MAX_TEXT ((size_t)16384)

/* ---- its form ------------------------------------------------------------ */

/* Reply-code of a refusal, then SP or "-" (RFC 5321 4.2). */
static bool
is_code_at(struct slice text, size_t i)
{
	return text.len - i > 3 && (text.ptr[i] == '4' || text.ptr[i] == '5') &&
	    text.ptr[i + 1] >= '0' && text.ptr[i + 1] <= '5' &&
	    ascii_is_digit(text.ptr[i + 2]) &&
	    (text.ptr[i + 3] == ' ' || text.ptr[i + 3] == '-') &&
	    (i == 0 || !ascii_is_vchar(text.ptr[i - 1]));
}

size_t
explain_find_reply(struct slice text)
{
	for (size_t i = 0; i + 3 < text.len; i++)
		if (is_code_at(text, i))
			return i;
	return text.len;
}

struct reply {
	unsigned code;
	struct slice enhanced;	/* empty: none */
	struct slice text;	/* its lines, joined */
};

static bool
is_enhanced_octet(char c)
{
	return ascii_is_digit(c) || c == '.';
}

/* status-code = class "." subject "." detail   (RFC 3463 2), and a space */
static struct slice
take_enhanced(struct cursor *cur)
{
	struct cursor start = *cur;
	struct slice code;

	cursor_skip_wsp(cur);
	code = cursor_take_while(cur, is_enhanced_octet);
	if (code.len >= 5 && code.len <= 9 && code.ptr[1] == '.' &&
	    slice_find(slice_from(code, 2), '.') != SIZE_MAX) {
		cursor_skip_wsp(cur);
		return code;
	}
	*cur = start;
	return SLICE_EMPTY;
}

/* Each line may begin with the codes again. */
static void
append_line(struct strbuf *text, struct slice line, struct reply *reply)
{
	struct cursor cur;
	struct slice enhanced;

	line = slice_trim(line);
	if (line.len > 3 && is_code_at(line, 0))
		line = slice_from(line, 4);
	cur = cursor_of(line);
	enhanced = take_enhanced(&cur);
	if (reply->enhanced.len == 0)
		reply->enhanced = enhanced;
	if (text->len != 0)
		strbuf_append_char(text, ' ');
	strbuf_append(text, slice_trim(cursor_rest(&cur)));
}

static bool
parse_reply(struct slice text, struct arena *arena, struct reply *reply)
{
	struct strbuf joined;
	struct cursor cur;

	text = slice_from(text, explain_find_reply(text));
	if (text.len == 0)
		return false;
	strbuf_init(&joined, arena, MAX_TEXT);
	*reply = (struct reply){ .code = (unsigned)(text.ptr[0] - '0') * 100 +
	    (unsigned)(text.ptr[1] - '0') * 10 +
	    (unsigned)(text.ptr[2] - '0') };
	cur = cursor_of(slice_head(text, MAX_TEXT / 2));
	do {
		append_line(&joined, cursor_take_until(&cur, '\n'), reply);
	} while (cursor_take_char(&cur, '\n'));
	reply->text = strbuf_slice(&joined);
	return true;
}

/* ---- our own sentences --------------------------------------------------- */

/* What is behind BEFORE, wherever that stands, up to the next STOP. */
static struct slice
find_behind(struct slice text, struct slice before, const char *stops)
{
	size_t n = 0;

	while (text.len != 0 && !slice_starts_with(text, before))
		text = slice_from(text, 1);
	text = slice_from(text, before.len);
	while (n < text.len && strchr(stops, text.ptr[n]) == NULL)
		n++;
	return slice_head(text, n);
}

static void
add_advice(struct trace *trace, const char *label, struct slice domain,
    const char *before, const char *behind)
{
	struct strbuf text;

	strbuf_init(&text, trace_arena(trace), TRACE_MAX_TEXT);
	strbuf_append_cstr(&text, before);
	strbuf_append(&text, slice_head(domain, 253));
	strbuf_append_cstr(&text, behind);
	trace_add(trace, label, strbuf_slice(&text));
}

static void
explain_dmarc(struct trace *trace, struct slice text)
{
	struct slice domain = find_behind(text,
	    SLICE("the DMARC policy of "), " (:;");
	bool has_signs = find_behind(text, SLICE("signs of forwarding ("),
	    ")").len != 0;

	add_advice(trace, "what happened", domain, "From is of ",
	    ", whose DMARC policy has others refuse what it did not send, and "
	    "nothing aligned with it passed");
	add_advice(trace, "for the sender", domain, "send through a host that "
	    "signs with DKIM as ", ", or whose SPF passes for an envelope "
	    "sender of it");
	trace_add(trace, "for the forwarder", SLICE("keep the message as it "
	    "was signed, and seal it with ARC; to rewrite the envelope sender "
	    "(SRS) does not help DMARC"));
	if (has_signs)
		trace_add(trace, "evidence", SLICE("signs of forwarding were "
		    "looked for before it was refused: the reply says which"));
	trace_add(trace, "here", SLICE("assay explain with the message, or "
	    "with the id in the reply, shows each step"));
}

static void
explain_bad_from(struct trace *trace, struct slice text)
{
	(void)text;
	trace_add(trace, "what happened", SLICE("From does not name one "
	    "author that can be checked: it is missing, there several times, "
	    "or malformed"));
	trace_add(trace, "for the sender", SLICE("write one From field with "
	    "one address in a domain that exists"));
	trace_add(trace, "here", SLICE("dmarc.bad_from = \"accept\" lets such "
	    "mail in"));
}

static void
explain_temperror(struct trace *trace, struct slice text)
{
	struct slice domain = find_behind(text, SLICE("now for "), " (:;");

	if (domain.len == 0)
		domain = find_behind(text, SLICE("the DMARC policy of "),
		    " (:;");
	add_advice(trace, "what happened", domain, "the DNS did not answer, "
	    "and the verdict hangs on that answer: ", "");
	trace_add(trace, "for the sender", SLICE("nothing at once: your server "
	    "tries again by itself; if it goes on, look at the name servers "
	    "of that domain"));
	trace_add(trace, "here", SLICE("look at the resolver; "
	    "dmarc.temperror = \"accept\" does not wait"));
}

static void
explain_spf_error(struct trace *trace, struct slice domain)
{
	add_advice(trace, "what happened", domain, "the SPF record of ",
	    " could not be evaluated: the reply says why");
	add_advice(trace, "for the sender", domain, "assay check ",
	    " shows what is wrong with the record or its name servers");
	trace_add(trace, "here", SLICE("spf.reject lists the results that are "
	    "refused at MAIL FROM"));
}

static void
explain_spf(struct trace *trace, struct slice text)
{
	struct slice domain = find_behind(text, SLICE(" for "), " :;");
	struct slice result = find_behind(text, SLICE("check gave "), " ");

	if (slice_eq(result, SLICE("permerror")) ||
	    slice_eq(result, SLICE("temperror"))) {
		explain_spf_error(trace, domain);
		return;
	}
	add_advice(trace, "what happened", domain, "the client is not one "
	    "that may send for ", ", by that domain's SPF record");
	add_advice(trace, "for the sender", domain, "add the host to the SPF "
	    "record of ", ", or send through one that is in it");
	trace_add(trace, "for the forwarder", SLICE("put a domain of your own "
	    "into the envelope sender (SRS): SPF is about that address"));
	trace_add(trace, "here", SLICE("spf.reject lists the results that are "
	    "refused at MAIL FROM"));
}

static void
explain_rule(struct trace *trace, struct slice text)
{
	add_advice(trace, "what happened", find_behind(text,
	    SLICE("local rule "), ":"), "the operator's own rule ",
	    " refuses such mail");
	trace_add(trace, "for the sender", SLICE("ask the postmaster there: "
	    "nothing in the DNS changes it"));
	trace_add(trace, "here", SLICE("rules in assayd.conf; each has its "
	    "why"));
}

static void
explain_forgery(struct trace *trace, struct slice text)
{
	(void)text;
	trace_add(trace, "what happened", SLICE("the message has more "
	    "Authentication-Results fields in that server's name than can be "
	    "removed: somebody forges them, or mail goes in circles"));
	trace_add(trace, "for the sender", SLICE("remove these fields before "
	    "it is sent"));
}

static void
explain_trouble(struct trace *trace, struct slice text)
{
	(void)text;
	trace_add(trace, "what happened", SLICE("that server has trouble of "
	    "its own, or is being stopped"));
	trace_add(trace, "for the sender", SLICE("nothing: your server tries "
	    "again by itself"));
	trace_add(trace, "here", SLICE("assayd's log says what it was"));
}

static const struct {
	struct slice beginning;
	void (*explain)(struct trace *trace, struct slice text);
} sentences[] = {
	{ SLICE_INIT("rejected by the DMARC policy of "), explain_dmarc },
	{ SLICE_INIT("rejected by DMARC policy"), explain_dmarc },
	{ SLICE_INIT("DMARC needs an author domain"), explain_bad_from },
	{ SLICE_INIT("DMARC cannot be evaluated now"), explain_temperror },
	{ SLICE_INIT("the DMARC policy of "), explain_temperror },
	{ SLICE_INIT("SPF MAIL FROM check gave "), explain_spf },
	{ SLICE_INIT("SPF HELO check gave "), explain_spf },
	{ SLICE_INIT("SPF check failed"), explain_spf },
	{ SLICE_INIT("rejected by local rule "), explain_rule },
	{ SLICE_INIT("rejected by a local rule"), explain_rule },
	{ SLICE_INIT("too many Authentication-Results fields"),
	  explain_forgery },
	{ SLICE_INIT("temporary failure, try again later"), explain_trouble },
	{ SLICE_INIT("shutting down, try again later"), explain_trouble },
};

static bool
explain_ours(struct trace *trace, const struct reply *reply)
{
	for (size_t i = 0; i < N_ELEMENTS(sentences); i++)
		if (slice_starts_with(reply->text, sentences[i].beginning)) {
			sentences[i].explain(trace, reply->text);
			return true;
		}
	return false;
}

/* ---- others' ------------------------------------------------------------- */

static const struct {
	struct slice detail;	/* of 4. and 5. */
	const char *advice;
} remedies[] = {
	{ SLICE_INIT("7.1"), "ask what the policy is: the text says more, if "
	  "anything does" },
	{ SLICE_INIT("7.20"), "sign with DKIM, and see that the signature "
	  "verifies" },
	{ SLICE_INIT("7.21"), "sign with DKIM as a domain that is accepted "
	  "there" },
	{ SLICE_INIT("7.22"), "sign with DKIM as the domain in From" },
	{ SLICE_INIT("7.23"), "add the host that sends to the SPF record of "
	  "the envelope sender's domain" },
	{ SLICE_INIT("7.24"), "mend the SPF record of the envelope sender's "
	  "domain; assay check shows what is wrong" },
	{ SLICE_INIT("7.25"), "have the client's address named in the reverse "
	  "zone, and that name lead back to it" },
	{ SLICE_INIT("7.26"), "let SPF or DKIM pass: both failed" },
	{ SLICE_INIT("7.27"), "send as a domain that takes mail itself: this "
	  "one has a null MX" },
};

static void
explain_others(struct trace *trace, const struct reply *reply)
{
	struct slice detail = slice_from(reply->enhanced, 2);

	for (size_t i = 0; i < N_ELEMENTS(remedies); i++)
		if (slice_eq(detail, remedies[i].detail))
			trace_add(trace, "for the sender",
			    slice_from_cstr(remedies[i].advice));
}

static void
explain_enhanced(struct trace *trace, const struct reply *reply)
{
	const char *meaning;

	if (reply->enhanced.len == 0)
		return;
	meaning = smtp_enhanced_text(reply->enhanced);
	trace_tell(trace, "enhanced code", reply->enhanced, NULL,
	    meaning != NULL ? slice_from_cstr(meaning) :
	    SLICE("of no meaning that is known here"));
}

bool
explain_reply(struct slice text, struct trace *trace)
{
	struct reply reply;
	struct slice id;

	if (!parse_reply(slice_trim(text), trace_arena(trace), &reply))
		return false;
	trace_open(trace, "reply", reply.text);
	trace_printf(trace, "code", "%u: %s%s", reply.code,
	    smtp_code_text(reply.code), reply.code >= 500 ?
	    "; to try again does not help" : "");
	explain_enhanced(trace, &reply);
	if (explain_ours(trace, &reply)) {
		id = find_behind(reply.text, SLICE(" (id "), ")");
		if (id.len != 0)
			trace_add(trace, "id", id);
		trace_close(trace, "assay's own words", SLICE_EMPTY);
	} else {
		explain_others(trace, &reply);
		trace_close(trace, NULL, SLICE_EMPTY);
	}
	return true;
}
