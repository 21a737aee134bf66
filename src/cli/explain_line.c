/* cli/explain_line.c - see explain_line.h.
 *
 * Both forms escape alike (base/log_pairs.h, base/log_json.h), so that one
 * decoder is enough.  A line as text cannot have what begins one as JSON: it
 * escapes the quote. */
#include "cli/explain_line.h"

#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "cli/explain_text.h"
#include "control/results.h"

#define MAX_VALUE ((size_t)4096)

static void
add(struct explain_line *line, struct slice key, struct slice value)
{
	if (line->n < EXPLAIN_MAX_PAIRS)
		line->pairs[line->n++] = (struct explain_pair){ key, value };
}

/* ---- where it begins ----------------------------------------------------- */

/* Where NEEDLE begins; the length where it does not. */
static size_t
find_text(struct slice text, struct slice needle)
{
	const char *at = text.len != 0 ?
	    memmem(text.ptr, text.len, needle.ptr, needle.len) : NULL;

	return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

/* "assayd" or "assayd[123]", behind a space or nothing. */
static bool
is_own_tag(struct slice text)
{
	struct cursor cur = cursor_of(slice_from(text,
	    slice_find_last(text, ' ') + 1));

	if (!cursor_take_text_nocase(&cur, SLICE("assayd")))
		return false;
	if (!cursor_take_char(&cur, '['))
		return cursor_at_end(&cur);
	return cursor_take_while(&cur, ascii_is_digit).len != 0 &&
	    cursor_take_char(&cur, ']') && cursor_at_end(&cur);
}

/* What syslog, the journal and we ourselves on stderr put before a line.  The
 * first ": " ends the name of the program that has written it: another one,
 * such as the MTA, may tell what a sender wrote, and that may be a line of
 * ours. */
static bool
is_own_prefix(struct slice before)
{
	static const struct slice words[] = { SLICE_INIT("assayd: "),
		SLICE_INIT("error: "), SLICE_INIT("warning: "),
		SLICE_INIT("info: "), SLICE_INIT("debug: ") };
	size_t tag = find_text(before, SLICE(": "));
	struct cursor cur = cursor_of(slice_from(before, tag + 2));

	if (tag < before.len && !is_own_tag(slice_head(before, tag)))
		return false;
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		(void)cursor_take_text_nocase(&cur, words[i]);
	return cursor_at_end(&cur);
}

/* The line from its START on, which is "session=" or an object's; empty where
 * it is not ours. */
static struct slice
find_start(struct slice text, struct slice start)
{
	size_t at = find_text(text, start);

	if (at == text.len || (at != 0 && text.ptr[at - 1] != ' ') ||
	    !is_own_prefix(slice_head(text, at)))
		return SLICE_EMPTY;
	return slice_from(text, at);
}

/* ---- escapes ------------------------------------------------------------- */

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

/* ---- as text ------------------------------------------------------------- */

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
take_pair(struct cursor *cur, struct arena *arena, struct explain_line *line)
{
	struct slice key;

	cursor_skip_wsp(cur);
	key = cursor_take_while(cur, is_key);
	if (key.len == 0 || !cursor_take_char(cur, '='))
		return false;
	if (!cursor_take_char(cur, '"')) {
		add(line, key, cursor_take_while(cur, is_value));
		return true;
	}
	add(line, key, decode(arena, take_quoted(cur)));
	(void)cursor_take_while(cur, is_value);	/* the quote, and "..." */
	return true;
}

static struct slice
find_pairs(struct slice text)
{
	return find_start(text, SLICE("session="));
}

static void
parse_text(struct slice text, struct arena *arena, struct explain_line *line)
{
	struct cursor cur = cursor_of(find_pairs(text));

	while (take_pair(&cur, arena, line))
		continue;
}

/* The three stand first, and in this order; "id" is not in older lines. */
static bool
is_text_of(struct slice text, struct slice id)
{
	static const struct slice keys[] = { SLICE_INIT("session="),
		SLICE_INIT("id="), SLICE_INIT("queue=") };
	struct cursor cur = cursor_of(find_pairs(text));

	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		if (!cursor_take_text_nocase(&cur, keys[i]))
			continue;
		if (slice_eq(cursor_take_while(&cur, is_value), id))
			return true;
		cursor_skip_wsp(&cur);
	}
	return false;
}

/* ---- as JSON ------------------------------------------------------------- */

static struct slice
find_object(struct slice text)
{
	return find_start(text, SLICE("{\"time\":\""));
}

/* A new reference, or NULL where it is no message's. */
static json_t *
load_object(struct slice text)
{
	struct slice found = slice_trim_end(find_object(text));
	json_t *object = found.len == 0 ? NULL :
	    json_loadb(found.ptr, found.len, 0, NULL);

	if (json_is_string(json_object_get(object, "session")))
		return object;
	json_decref(object);
	return NULL;
}

static bool
is_object_of(struct slice text, struct slice id)
{
	static const char *const keys[] = { "session", "id", "queue" };
	json_t *object;
	bool is_found = false;

	/* Few lines are worth the reading. */
	if (find_text(text, id) == text.len)
		return false;
	object = load_object(text);
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		is_found = is_found || slice_eq(id, results_get_text(
		    json_object_get(object, keys[i])));
	json_decref(object);
	return is_found;
}

static void
append_scalar(struct strbuf *text, struct arena *arena, const json_t *value)
{
	if (json_is_string(value))
		strbuf_append(text, decode(arena, results_get_text(value)));
	else if (json_is_integer(value))
		strbuf_printf(text, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_boolean(value))
		strbuf_append_cstr(text, json_is_true(value) ? "yes" : "no");
}

static void
add_scalars(struct explain_line *line, struct arena *arena, struct slice key,
    const json_t *value)
{
	struct strbuf text;
	size_t n = json_is_array(value) ? json_array_size(value) : 0;

	strbuf_init(&text, arena, MAX_VALUE);
	if (!json_is_array(value))
		append_scalar(&text, arena, value);
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			strbuf_append_char(&text, ',');
		append_scalar(&text, arena, json_array_get(value, i));
	}
	add(line, key, strbuf_slice(&text));
}

/* KEY, or "KEY_name", in the arena. */
static struct slice
make_key(struct arena *arena, const char *key, const char *name)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_VALUE);
	strbuf_append_cstr(&text, key);
	if (name != NULL)
		strbuf_printf(&text, "_%s", name);
	return strbuf_slice(&text);
}

static void
add_item(struct explain_line *line, struct arena *arena, const char *key,
    json_t *item)
{
	const char *name;
	json_t *value;

	add_scalars(line, arena, make_key(arena, key, NULL),
	    json_object_get(item, "result"));
	json_object_foreach(item, name, value)
		if (strcmp(name, "result") != 0)
			add_scalars(line, arena, make_key(arena, key, name),
			    value);
}

static void
parse_object(struct arena *arena, json_t *object, struct explain_line *line)
{
	const char *key;
	json_t *value, *item;
	size_t i;

	json_object_foreach(object, key, value) {
		if (!json_is_object(json_array_get(value, 0))) {
			add_scalars(line, arena, make_key(arena, key, NULL),
			    value);
			continue;
		}
		json_array_foreach(value, i, item)
			add_item(line, arena, key, item);
	}
}

/* ---- either -------------------------------------------------------------- */

bool
explain_parse_line(struct slice text, struct arena *arena,
    struct explain_line *line_out)
{
	json_t *object = load_object(text);

	line_out->n = 0;
	if (object != NULL)
		parse_object(arena, object, line_out);
	else
		parse_text(text, arena, line_out);
	json_decref(object);
	return line_out->n != 0;
}

bool
explain_is_line_of(struct slice text, struct slice id)
{
	if (id.len == 0)
		return false;
	return find_object(text).len != 0 ? is_object_of(text, id) :
	    is_text_of(text, id);
}

struct slice
explain_line_get(const struct explain_line *line, const char *key)
{
	for (size_t i = 0; i < line->n; i++)
		if (slice_eq(line->pairs[i].key, slice_from_cstr(key)))
			return line->pairs[i].value;
	return SLICE_EMPTY;
}
