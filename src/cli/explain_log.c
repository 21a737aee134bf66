/* cli/explain_log.c - see explain_text.h: the line that assayd's log has of a
 * message (milter/logline.c writes it), in words. */
#include "cli/explain_text.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/trace.h"

#define MAX_PAIRS 256		/* of a line; it has 20 to 80 */
#define MAX_VALUE ((size_t)4096)

struct pair {
	struct slice key, value;	/* the value with its quotes off */
};

struct line {
	struct pair pairs[MAX_PAIRS];
	size_t n;
};

/* ---- reading ------------------------------------------------------------- */

static bool
is_key(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool
is_value(char c)
{
	return c != ' ';
}

/* \xHH and \" are the octets again. */
static struct slice
decode(struct arena *arena, struct slice quoted)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_VALUE);
	quoted = slice_head(quoted, MAX_VALUE);
	for (size_t i = 0; i < quoted.len; i++) {
		int high = i + 3 < quoted.len ?
		    ascii_hex_value(quoted.ptr[i + 2]) : -1;
		int low = i + 3 < quoted.len ?
		    ascii_hex_value(quoted.ptr[i + 3]) : -1;

		if (quoted.ptr[i] != '\\' || i + 1 == quoted.len) {
			strbuf_append_char(&text, quoted.ptr[i]);
		} else if (quoted.ptr[i + 1] == 'x' && high >= 0 && low >= 0) {
			strbuf_append_char(&text, (char)(high * 16 + low));
			i += 3;
		} else {
			strbuf_append_char(&text, quoted.ptr[++i]);
		}
	}
	return strbuf_slice(&text);
}

/* Up to the quote that no backslash stands before; the end of a line that was
 * cut will do. */
static struct slice
take_quoted(struct cursor *cur)
{
	const char *start = cur->pos;

	while (!cursor_at_end(cur) && cursor_peek(cur) != '"')
		cur->pos += *cur->pos == '\\' && cur->end - cur->pos > 1 ?
		    2 : 1;
	return (struct slice){ start, (size_t)(cur->pos - start) };
}

static bool
take_pair(struct cursor *cur, struct arena *arena, struct pair *pair)
{
	cursor_skip_wsp(cur);
	pair->key = cursor_take_while(cur, is_key);
	if (pair->key.len == 0 || !cursor_take_char(cur, '='))
		return false;
	if (!cursor_take_char(cur, '"')) {
		pair->value = cursor_take_while(cur, is_value);
		return true;
	}
	pair->value = decode(arena, take_quoted(cur));
	(void)cursor_take_while(cur, is_value);	/* the quote, and "..." */
	return true;
}

/* "session=", with what syslog puts before it left out. */
static size_t
find_line(struct slice text)
{
	static const struct slice session = SLICE_INIT("session=");

	for (size_t i = 0; i + session.len < text.len; i++)
		if (text.ptr[i] == 's' && (i == 0 || text.ptr[i - 1] == ' ') &&
		    slice_starts_with(slice_from(text, i), session))
			return i;
	return text.len;
}

static void
parse_line(struct slice text, struct arena *arena, struct line *line)
{
	struct cursor cur = cursor_of(slice_from(text, find_line(text)));

	line->n = 0;
	while (line->n < MAX_PAIRS &&
	    take_pair(&cur, arena, &line->pairs[line->n]))
		line->n++;
}

static struct slice
get(const struct line *line, const char *key)
{
	for (size_t i = 0; i < line->n; i++)
		if (slice_eq(line->pairs[i].key, slice_from_cstr(key)))
			return line->pairs[i].value;
	return SLICE_EMPTY;
}

bool
explain_is_line_of(struct slice text, struct slice id)
{
	struct cursor cur = cursor_of(slice_from(text, find_line(text)));
	static const struct slice keys[] = { SLICE_INIT("session="),
		SLICE_INIT("queue=") };

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		if (!cursor_take_text_nocase(&cur, keys[i]))
			return false;
		if (slice_eq(cursor_take_while(&cur, is_value), id))
			return true;
		cursor_skip_wsp(&cur);
	}
	return false;
}

/* ---- telling ------------------------------------------------------------- */

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
tell(struct trace *trace, const struct line *line,
    const struct telling *tellings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice value = get(line, tellings[i].key);

		if (value.len != 0)
			trace_tell(trace, tellings[i].label, value, NULL,
			    slice_from_cstr(tellings[i].meaning));
	}
}

static void
tell_message(struct trace *trace, const struct line *line)
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
tell_spf(struct trace *trace, const struct line *line)
{
	static const struct telling tellings[] = {
		{ "spf_match", "matched by", NULL },
		{ "spf_reason", "reason", NULL },
		{ "helo_spf", "SPF of HELO", NULL },
	};

	if (get(line, "spf").len == 0)
		return;
	trace_open(trace, "spf", get(line, "spf_domain"));
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, outcome_of(get(line, "spf")), SLICE_EMPTY);
}

/* Keys of one signature stand behind its "dkim", up to the next one's. */
static void
tell_signature(struct trace *trace, const struct line *line, size_t first)
{
	struct line signature = { .n = 0 };

	for (size_t i = first + 1; i < line->n &&
	    slice_starts_with(line->pairs[i].key, SLICE("dkim_")); i++)
		signature.pairs[signature.n++] = line->pairs[i];
	trace_open(trace, "signature", get(&signature, "dkim_domain"));
	if (get(&signature, "dkim_selector").len != 0)
		trace_add(trace, "selector", get(&signature,
		    "dkim_selector"));
	trace_close(trace, outcome_of(line->pairs[first].value),
	    get(&signature, "dkim_reason"));
}

static void
tell_dkim(struct trace *trace, const struct line *line)
{
	static const struct telling tellings[] = {
		{ "dkim_more", "signatures more", "not told one by one" },
	};

	if (get(line, "dkim").len == 0)
		return;
	trace_open(trace, "dkim", SLICE_EMPTY);
	for (size_t i = 0; i < line->n; i++)
		if (slice_eq(line->pairs[i].key, SLICE("dkim")) &&
		    !slice_eq(line->pairs[i].value, SLICE("none")))
			tell_signature(trace, line, i);
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, slice_eq(get(line, "dkim"), SLICE("none")) ?
	    "none" : NULL, SLICE_EMPTY);
}

/* "pass/2:lists.example.org": sets, and the newest sealer. */
static void
tell_arc(struct trace *trace, const struct line *line)
{
	struct slice arc = get(line, "arc");
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
	if (get(line, "arc_instance").len != 0)
		trace_add(trace, "broken set", get(line, "arc_instance"));
	trace_close(trace, outcome_of(result), get(line, "arc_reason"));
}

static void
tell_dmarc(struct trace *trace, const struct line *line)
{
	static const struct telling tellings[] = {
		{ "dmarc_record", "record at", NULL },
		{ "policy", "policy", "what that domain asks for" },
		{ "spf_aligned", "passed by aligned SPF", NULL },
		{ "dkim_aligned", "passed by aligned DKIM", NULL },
	};

	if (get(line, "dmarc").len == 0)
		return;
	trace_open(trace, "dmarc", get(line, "dmarc_domain"));
	tell(trace, line, tellings, N_ELEMENTS(tellings));
	trace_close(trace, outcome_of(get(line, "dmarc")), SLICE_EMPTY);
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
tell_verdict(struct trace *trace, const struct line *line)
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
	struct slice verdict = get(line, "verdict");

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

bool
explain_log_line(struct slice text, struct trace *trace)
{
	struct line line;
	struct strbuf id;

	parse_line(text, trace_arena(trace), &line);
	if (line.n == 0)
		return false;
	strbuf_init(&id, trace_arena(trace), TRACE_MAX_TEXT);
	strbuf_append_cstr(&id, "queue id ");
	strbuf_append(&id, slice_head(get(&line, "queue"), 256));
	strbuf_append_cstr(&id, ", session ");
	strbuf_append(&id, slice_head(get(&line, "session"), 256));
	trace_open(trace, "message", strbuf_slice(&id));
	tell_message(trace, &line);
	trace_close(trace, NULL, SLICE_EMPTY);
	tell_spf(trace, &line);
	tell_dkim(trace, &line);
	tell_arc(trace, &line);
	tell_dmarc(trace, &line);
	tell_verdict(trace, &line);
	return true;
}
