/* base/log_pairs.c - see log_pairs.h. */
#include "base/log_pairs.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log_json.h"

void
log_pairs_init(struct log_pairs *pairs)
{
	pairs->n = 0;
	pairs->place = LOG_PAIR_ALONE;
	strbuf_init_fixed(&pairs->scratch, pairs->room, sizeof(pairs->room));
}

/* ---- collecting ---------------------------------------------------------- */

static void
append(struct log_pairs *pairs, struct log_pair pair)
{
	if (pairs->n == LOG_PAIRS_MAX)
		return;
	pair.place = pairs->place;
	pairs->pairs[pairs->n++] = pair;
}

/* Not within a character, where it is UTF-8. */
static struct slice
cut(struct slice value, size_t max)
{
	size_t back = 0;

	if (value.len <= max)
		return value;
	while (back < 4 && back < max &&
	    ((unsigned char)value.ptr[max - back] & 0xc0) == 0x80)
		back++;
	return slice_head(value, back < 4 ? max - back : max);
}

void
log_pairs_add(struct log_pairs *pairs, const char *key, struct slice value,
    size_t max)
{
	append(pairs, (struct log_pair){ .key = key, .kind = LOG_PAIR_TEXT,
	    .text = cut(value, max), .is_cut = value.len > max });
}

void
log_pairs_add_known(struct log_pairs *pairs, const char *key,
    struct slice value, size_t max)
{
	if (value.len != 0)
		log_pairs_add(pairs, key, value, max);
}

void
log_pairs_add_word(struct log_pairs *pairs, const char *key, const char *word)
{
	log_pairs_add(pairs, key, slice_from_cstr(word), SIZE_MAX);
}

void
log_pairs_add_number(struct log_pairs *pairs, const char *key,
    uint64_t number)
{
	append(pairs, (struct log_pair){ .key = key, .kind = LOG_PAIR_NUMBER,
	    .number = number });
}

void
log_pairs_add_flag(struct log_pairs *pairs, const char *key, bool flag)
{
	append(pairs, (struct log_pair){ .key = key, .kind = LOG_PAIR_FLAG,
	    .number = flag });
}

/* Values are told apart by a NUL, which none of them has. */
struct strbuf *
log_pairs_begin_value(struct log_pairs *pairs)
{
	strbuf_append_char(&pairs->scratch, '\0');
	return &pairs->scratch;
}

static struct slice
end_value(const struct log_pairs *pairs)
{
	struct slice all = strbuf_slice(&pairs->scratch);

	return slice_from(all, slice_find_last(all, '\0') + 1);
}

void
log_pairs_end_value(struct log_pairs *pairs, const char *key)
{
	log_pairs_add(pairs, key, end_value(pairs), SIZE_MAX);
}

void
log_pairs_end_list(struct log_pairs *pairs, const char *key)
{
	append(pairs, (struct log_pair){ .key = key, .kind = LOG_PAIR_LIST,
	    .text = end_value(pairs) });
}

void
log_pairs_begin_item(struct log_pairs *pairs, const char *key,
    const char *word)
{
	pairs->place = LOG_PAIR_ITEM;
	log_pairs_add_word(pairs, key, word);
	pairs->place = LOG_PAIR_MEMBER;
}

void
log_pairs_end_item(struct log_pairs *pairs)
{
	pairs->place = LOG_PAIR_ALONE;
}

const struct log_pair *
log_pairs_find(const struct log_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcmp(pairs->pairs[i].key, key) == 0)
			return &pairs->pairs[i];
	return NULL;
}

/* ---- as text ------------------------------------------------------------- */

static bool
is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_vchar(value.ptr[i]) || value.ptr[i] == '"' ||
		    value.ptr[i] == '\\')
			return false;
	return value.len != 0;
}

static void
append_quoted(struct strbuf *out, struct slice value)
{
	strbuf_append_char(out, '"');
	while (value.len != 0) {
		struct slice part = slice_head(value, slice_find(value, '"'));

		strbuf_append_escaped(out, part, part.len);
		if (part.len < value.len)
			strbuf_append_cstr(out, "\\\"");
		value = slice_from(value, part.len + 1);
	}
	strbuf_append_char(out, '"');
}

static void
append_text(struct strbuf *out, const struct log_pair *pair, size_t max)
{
	struct slice shown = cut(pair->text, max);

	if (is_plain(shown))
		strbuf_append(out, shown);
	else
		append_quoted(out, shown);
	if (pair->is_cut || shown.len < pair->text.len)
		strbuf_append_cstr(out, "...");
}

static void
append_value(struct strbuf *out, const struct log_pair *pair, size_t max)
{
	switch (pair->kind) {
	case LOG_PAIR_TEXT:
		append_text(out, pair, max);
		break;
	case LOG_PAIR_LIST:
		strbuf_append(out, pair->text);
		break;
	case LOG_PAIR_NUMBER:
		strbuf_append_uint(out, pair->number);
		break;
	case LOG_PAIR_FLAG:
		strbuf_append_cstr(out, pair->number != 0 ? "yes" : "no");
		break;
	}
}

void
log_pairs_append_text(struct strbuf *out, const struct log_pairs *pairs,
    size_t max)
{
	for (size_t i = 0; i < pairs->n; i++) {
		if (i != 0)
			strbuf_append_char(out, ' ');
		strbuf_append_cstr(out, pairs->pairs[i].key);
		strbuf_append_char(out, '=');
		append_value(out, &pairs->pairs[i], max);
	}
}

/* ---- as JSON ------------------------------------------------------------- */

static void
append_json_key(struct strbuf *out, const char *key)
{
	strbuf_append_char(out, '"');
	strbuf_append_cstr(out, key);
	strbuf_append_cstr(out, "\":");
}

static void
append_json_text(struct strbuf *out, const struct log_pair *pair, size_t max)
{
	struct slice shown = cut(pair->text, max);

	strbuf_append_char(out, '"');
	log_json_append_string(out, shown);
	if (pair->is_cut || shown.len < pair->text.len)
		strbuf_append_cstr(out, "...");
	strbuf_append_char(out, '"');
}

static void
append_json_list(struct strbuf *out, struct slice names)
{
	strbuf_append_cstr(out, "[\"");
	for (size_t i = 0; i < names.len; i++)
		if (names.ptr[i] == ',')
			strbuf_append_cstr(out, "\",\"");
		else
			strbuf_append_char(out, names.ptr[i]);
	strbuf_append_cstr(out, "\"]");
}

static void
append_json_value(struct strbuf *out, const struct log_pair *pair, size_t max)
{
	switch (pair->kind) {
	case LOG_PAIR_TEXT:
		append_json_text(out, pair, max);
		break;
	case LOG_PAIR_LIST:
		append_json_list(out, pair->text);
		break;
	case LOG_PAIR_NUMBER:
		strbuf_append_uint(out, pair->number);
		break;
	case LOG_PAIR_FLAG:
		strbuf_append_cstr(out, pair->number != 0 ? "true" : "false");
		break;
	}
}

/* LIST is the key of the list that is open, or NULL; gives the one that is
 * open now. */
static const char *
append_json_start(struct strbuf *out, const struct log_pair *pair,
    const char *list)
{
	bool is_item = pair->place == LOG_PAIR_ITEM;

	if (list != NULL && pair->place == LOG_PAIR_MEMBER) {
		strbuf_append_char(out, ',');
		append_json_key(out, pair->key + strlen(list) + 1);
		return list;
	}
	if (list != NULL && is_item && strcmp(pair->key, list) == 0) {
		strbuf_append_cstr(out, "},{\"result\":");
		return list;
	}
	if (list != NULL)
		strbuf_append_cstr(out, "}]");
	strbuf_append_char(out, ',');
	append_json_key(out, pair->key);
	if (is_item)
		strbuf_append_cstr(out, "[{\"result\":");
	return is_item ? pair->key : NULL;
}

void
log_pairs_append_json(struct strbuf *out, const struct log_pairs *pairs,
    size_t max)
{
	const char *list = NULL;

	for (size_t i = 0; i < pairs->n; i++) {
		list = append_json_start(out, &pairs->pairs[i], list);
		append_json_value(out, &pairs->pairs[i], max);
	}
	if (list != NULL)
		strbuf_append_cstr(out, "}]");
}
