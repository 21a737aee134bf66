/* report/redact.c - see redact.h. */
#include "report/redact.h"

#include <inttypes.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "mail/lexical.h"

#define MAX_LOCAL ((size_t)256)		/* octets; what is longer is cut */
#define MAX_DOMAIN ((size_t)255)

void
redact_append_local(struct strbuf *out, const struct siphash_key *key,
    struct slice local)
{
	char folded[MAX_LOCAL];
	size_t n = local.len < MAX_LOCAL ? local.len : MAX_LOCAL;

	for (size_t i = 0; i < n; i++)
		folded[i] = ascii_lower(local.ptr[i]);
	strbuf_printf(out, "%016" PRIx64,
	    siphash(key, (struct slice){ folded, n }));
}

static bool
is_word(char c)
{
	return c == '.' || mail_is_atext(c);
}

static bool
is_domain(char c)
{
	return ascii_is_alnum(c) || ascii_is_8bit(c) || c == '.' || c == '-' ||
	    c == '_' || c == '[' || c == ']' || c == ':';
}

/* ---- the writer: clean octets in lines that are not too long ------------- */

struct writer {
	struct strbuf *out;
	size_t column;
};

static void
put(struct writer *w, char c)
{
	if (w->column >= REDACT_MAX_LINE) {
		strbuf_append_cstr(w->out, "\n\t");
		w->column = 1;
	}
	strbuf_append_char(w->out, ascii_is_vchar(c) || ascii_is_wsp(c) ? c :
	    '?');
	w->column++;
}

static void
put_text(struct writer *w, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		put(w, text.ptr[i]);
}

static void
put_local(struct writer *w, const struct siphash_key *key,
    struct slice local)
{
	if (w->column >= REDACT_MAX_LINE - 16)
		put_text(w, SLICE(" "));
	redact_append_local(w->out, key, local);
	w->column += 16;
}

/* ---- a text -------------------------------------------------------------- */

/* A fold; what is a line end without white space behind it, too. */
static void
put_fold(struct writer *w, struct cursor *cur)
{
	cursor_skip_fws(cur);
	strbuf_append_cstr(w->out, "\n\t");
	w->column = 1;
}

/* The "http" of "http://", "https://". */
static bool
is_web_scheme(struct slice word, struct slice behind)
{
	return slice_starts_with(behind, SLICE("://")) &&
	    (slice_ends_with_nocase(word, SLICE("http")) ||
	    slice_ends_with_nocase(word, SLICE("https")));
}

static void
put_web_scheme(struct writer *w, struct slice word)
{
	size_t n = slice_ends_with_nocase(word, SLICE("http")) ? 4 : 5;

	put_text(w, slice_head(word, word.len - n));
	put_text(w, n == 4 ? SLICE("hxxp") : SLICE("hxxps"));
}

/* What stands before a "=" and is no part of an address, though its octets
 * could be: of DKIM's tags, Authentication-Results, Received-SPF. */
static struct slice
skip_name(struct slice word)
{
	static const struct slice names[] = {
		SLICE_INIT("i="), SLICE_INIT("header.i="),
		SLICE_INIT("header.from="), SLICE_INIT("header.sender="),
		SLICE_INIT("smtp.mailfrom="), SLICE_INIT("smtp.mail="),
		SLICE_INIT("smtp.rcptto="), SLICE_INIT("smtp.auth="),
		SLICE_INIT("envelope-from="),
	};

	while (word.len != 0 && word.ptr[0] == '/')	/* of "http://" */
		word = slice_from(word, 1);
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (slice_starts_with_nocase(word, names[i]))
			return slice_from(word, names[i].len);
	return word;
}

/* Past a run of what a local part is made of, or a quoted string that is one;
 * whether a "@" and a domain stand behind it. */
static bool
take_word(struct cursor *cur, struct slice *word_out)
{
	struct cursor near = *cur;
	struct slice content;

	*word_out = cursor_take_while(cur, is_word);
	if (word_out->len == 0 && cursor_peek(cur) == '"') {
		near.end = slice_head(cursor_rest(cur), MAX_LOCAL).len +
		    cur->pos;
		if (mail_take_quoted(&near, &content) &&
		    near.pos < cur->end && *near.pos == '@') {
			*word_out = (struct slice){ cur->pos,
			    (size_t)(near.pos - cur->pos) };
			cur->pos = near.pos;
		}
	}
	return word_out->len != 0 && cur->end - cur->pos >= 2 &&
	    cur->pos[0] == '@' && is_domain(cur->pos[1]);
}

/* Behind these stands a login, which is a local part though it may have no "@":
 * RFC 8601's property, and what Postfix writes into Received.  LABEL_OUT and
 * the login, which may be quoted, are passed. */
static bool
take_login(struct cursor *cur, struct slice *label_out, struct slice *login_out)
{
	static const struct slice labels[] = {
		SLICE_INIT("smtp.auth="), SLICE_INIT("Authenticated sender: "),
	};
	struct slice content;
	struct cursor near;

	for (size_t i = 0; i < N_ELEMENTS(labels); i++) {
		*label_out = slice_head(cursor_rest(cur), labels[i].len);
		if (!slice_eq_nocase(*label_out, labels[i]))
			continue;
		cur->pos += labels[i].len;
		near = cursor_of(slice_head(cursor_rest(cur), MAX_LOCAL));
		if (cursor_peek(&near) != '"' ||
		    !mail_take_quoted(&near, &content)) {
			*login_out = cursor_take_while(cur, is_word);
			return true;
		}
		*login_out = (struct slice){ cur->pos,
		    (size_t)(near.pos - cur->pos) };
		cur->pos = near.pos;
		return true;
	}
	return false;
}

void
redact_append_clean(struct strbuf *out, struct slice text)
{
	struct writer w = { .out = out };
	struct cursor cur = cursor_of(text);

	while (!cursor_at_end(&cur) && !out->has_failed)
		if (*cur.pos == '\r' || *cur.pos == '\n')
			put_fold(&w, &cur);
		else
			put(&w, *cur.pos++);
}

void
redact_append_text(struct strbuf *out, const struct siphash_key *key,
    struct slice text)
{
	struct writer w = { .out = out };
	struct cursor cur = cursor_of(text);
	struct slice word, label;

	while (!cursor_at_end(&cur) && !out->has_failed) {
		if (take_login(&cur, &label, &word)) {
			put_text(&w, label);
			if (word.len != 0)
				put_local(&w, key, word);
			continue;
		}
		if (take_word(&cur, &word)) {
			struct slice local = skip_name(word);

			put_text(&w, slice_head(word, word.len - local.len));
			if (local.len != 0)
				put_local(&w, key, local);
		} else if (is_web_scheme(word, cursor_rest(&cur))) {
			put_web_scheme(&w, word);
		} else {
			put_text(&w, word);
		}
		if (ascii_is_fws((char)cursor_peek(&cur)) &&
		    !ascii_is_wsp((char)cursor_peek(&cur)))
			put_fold(&w, &cur);
		else if (word.len == 0 && !cursor_at_end(&cur))
			put(&w, *cur.pos++);
	}
}

void
redact_append_addresses(struct strbuf *out, const struct siphash_key *key,
    struct slice value)
{
	struct writer w = { .out = out };
	struct cursor cur = cursor_of(value);
	struct slice word;
	bool has_one = false;

	while (!cursor_at_end(&cur) && !out->has_failed) {
		if (!take_word(&cur, &word)) {
			if (word.len == 0)
				cur.pos++;
			continue;
		}
		if (has_one)
			put_text(&w, SLICE(", "));
		has_one = true;
		put(&w, '<');
		put_local(&w, key, word);
		put_text(&w, SLICE("@"));
		cur.pos++;
		put_text(&w, slice_head(cursor_take_while(&cur, is_domain),
		    MAX_DOMAIN));
		put(&w, '>');
	}
}
