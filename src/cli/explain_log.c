/* cli/explain_log.c - see explain_text.h: the line that assayd's log has of a
 * message (milter/logline.c writes it), in words. */
#include "cli/explain_text.h"

#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/explain_line.h"

/* A result as static text, for the outcome of a step. */
static const char *
outcome_of(struct slice result)
{
	static const char *const names[] = { "pass", "fail", "softfail",
		"neutral", "none", "policy", "temperror", "permerror",
		"accept", "hold", "redirect", "reject", "tempfail" };

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (slice_eq(result, slice_from_cstr(names[i])))
			return names[i];
	return NULL;
}

struct telling {
	const char *key, *label, *meaning;
};

static void
tell(struct trace *trace, const struct explain_line *line,
    const struct telling *tellings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice value = explain_line_get(line, tellings[i].key);

		if (value.len != 0)
			trace_tell(trace, tellings[i].label, value, NULL,
			    slice_from_cstr(tellings[i].meaning));
	}
}

static void
tell_message(struct trace *trace, const struct explain_line *line)
{
	static const struct telling tellings[] = {
		{ "client", "client", NULL },
		{ "relay", "relay", "of ours, which handed it in" },
		{ "host", "its name", NULL },
		{ "daemon", "service", NULL },
		{ "helo", "helo", NULL },
		{ "mailfrom", "sender", NULL },
		{ "rcpts", "recipients", NULL },
		{ "from", "author", "the address in From" },
		{ "trusted", "not inspected", "the client is trusted, or "
		  "logged in" },
		{ "header", "header", "it was larger than what is kept" },
		{ "forged", "forged fields", "Authentication-Results in our "
		  "name, removed" },
		{ "flags", "flags", "signs of abuse, which change no "
		  "verdict" },
		{ "limits", "limits", "that it ran into" },
		{ "note", "note", NULL },
	};

	tell(trace, line, tellings, N_ELEMENTS(tellings));
}

static void
tell_spf(struct trace *trace, const struct explain_line *line)
{
	static const struct telling tellings[] = {
		{ "spf_match", "matched by", NULL },
		{ "spf_reason", "reason", NULL },
		{ "helo_spf", "SPF of HELO", NULL },
	};

	if (explain_line_get(line, "spf").len == 0)
		return;
	trace_open(trace, "spf", explain_line_get(line, "spf_domain"));
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, outcome_of(explain_line_get(line, "spf")),
	    SLICE_EMPTY);
}

/* Keys of one signature stand behind its "dkim", up to the next one's. */
static void
tell_signature(struct trace *trace, const struct explain_line *line,
    size_t first)
{
	struct explain_line signature = { .n = 0 };

	for (size_t i = first + 1; i < line->n &&
	    slice_starts_with(line->pairs[i].key, SLICE("dkim_")); i++)
		signature.pairs[signature.n++] = line->pairs[i];
	trace_open(trace, "signature", explain_line_get(&signature,
	    "dkim_domain"));
	if (explain_line_get(&signature, "dkim_selector").len != 0)
		trace_add(trace, "selector", explain_line_get(&signature,
		    "dkim_selector"));
	trace_close(trace, outcome_of(line->pairs[first].value),
	    explain_line_get(&signature, "dkim_reason"));
}

static void
tell_dkim(struct trace *trace, const struct explain_line *line)
{
	static const struct telling tellings[] = {
		{ "dkim_more", "signatures more", "not told one by one" },
	};

	if (explain_line_get(line, "dkim").len == 0)
		return;
	trace_open(trace, "dkim", SLICE_EMPTY);
	for (size_t i = 0; i < line->n; i++)
		if (slice_eq(line->pairs[i].key, SLICE("dkim")) &&
		    !slice_eq(line->pairs[i].value, SLICE("none")))
			tell_signature(trace, line, i);
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, slice_eq(explain_line_get(line, "dkim"),
	    SLICE("none")) ? "none" : NULL, SLICE_EMPTY);
}

/* "pass/2:lists.example.org": sets, and the newest sealer. */
static void
tell_arc(struct trace *trace, const struct explain_line *line)
{
	struct slice arc = explain_line_get(line, "arc");
	struct cursor cur = cursor_of(arc);
	struct slice result = cursor_take_until(&cur, '/');

	if (arc.len == 0)
		return;
	trace_open(trace, "arc", SLICE_EMPTY);
	if (cursor_take_char(&cur, '/')) {
		trace_add(trace, "sets", cursor_take_until(&cur, ':'));
		(void)cursor_take_char(&cur, ':');
		trace_add(trace, "newest sealer", cursor_rest(&cur));
	}
	if (explain_line_get(line, "arc_instance").len != 0)
		trace_add(trace, "broken set", explain_line_get(line,
		    "arc_instance"));
	trace_close(trace, outcome_of(result), explain_line_get(line,
	    "arc_reason"));
}

static void
tell_dmarc(struct trace *trace, const struct explain_line *line)
{
	static const struct telling tellings[] = {
		{ "dmarc_record", "record at", NULL },
		{ "policy", "policy", "what that domain asks for" },
		{ "spf_aligned", "passed by aligned SPF", NULL },
		{ "dkim_aligned", "passed by aligned DKIM", NULL },
	};

	if (explain_line_get(line, "dmarc").len == 0)
		return;
	trace_open(trace, "dmarc", explain_line_get(line, "dmarc_domain"));
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, outcome_of(explain_line_get(line, "dmarc")),
	    SLICE_EMPTY);
}

static const char *
meaning_of_verdict(struct slice verdict)
{
	static const struct {
		const char *verdict, *meaning;
	} meanings[] = {
		{ "accept", "it was let in" },
		{ "hold", "it was put into the MTA's quarantine" },
		{ "redirect", "it was sent to dmarc.quarantine's address" },
		{ "reject", "it was refused for good (5xx)" },
		{ "tempfail", "it was put off (4xx): the sender tries again" },
	};

	for (size_t i = 0; i < N_ELEMENTS(meanings); i++)
		if (slice_eq(verdict, slice_from_cstr(meanings[i].verdict)))
			return meanings[i].meaning;
	return NULL;
}

static void
tell_verdict(struct trace *trace, const struct explain_line *line)
{
	static const struct telling tellings[] = {
		{ "wanted", "wanted", "but the mode is \"monitor\"" },
		{ "evidence", "evidence", "signs of forwarding that count" },
		{ "evidence_open", "evidence open", "signs that hung on a "
		  "missing DNS answer" },
		{ "override", "override", "why the policy was not followed" },
		{ "override_comment", "comment", NULL },
		{ "rule", "rule", "the local rule that decided" },
		{ "shadow_rule", "shadow rule", "would have decided" },
		{ "shadow_why", "its why", NULL },
		{ "shadow_wanted", "it wanted", NULL },
		{ "reason", "because", NULL },
	};
	struct slice verdict = explain_line_get(line, "verdict");

	if (verdict.len == 0) {
		trace_tell(trace, "verdict", SLICE_EMPTY, "none",
		    SLICE("the message was not judged: it ended before"));
		return;
	}
	trace_open(trace, "verdict", SLICE_EMPTY);
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, outcome_of(verdict),
	    slice_from_cstr(meaning_of_verdict(verdict)));
}

/* "queue id 4bXk2P0Zz1, id 6b01fb47-1.2"; older lines have no id. */
static struct slice
name_message(struct arena *arena, const struct explain_line *line)
{
	struct slice id = explain_line_get(line, "id");
	struct strbuf name;

	strbuf_init(&name, arena, TRACE_MAX_TEXT);
	strbuf_append_cstr(&name, "queue id ");
	strbuf_append(&name, slice_head(explain_line_get(line, "queue"), 256));
	strbuf_append_cstr(&name, id.len != 0 ? ", id " : ", session ");
	if (id.len == 0)
		id = explain_line_get(line, "session");
	strbuf_append(&name, slice_head(id, 256));
	return strbuf_slice(&name);
}

bool
explain_log_line(struct slice text, struct trace *trace)
{
	struct explain_line line;

	if (!explain_parse_line(text, trace_arena(trace), &line))
		return false;
	trace_open(trace, "message", name_message(trace_arena(trace), &line));
	tell_message(trace, &line);
	trace_close(trace, NULL, SLICE_EMPTY);
	tell_spf(trace, &line);
	tell_dkim(trace, &line);
	tell_arc(trace, &line);
	tell_dmarc(trace, &line);
	tell_verdict(trace, &line);
	return true;
}
