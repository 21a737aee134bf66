/* config/changes.c - see changes.h. */
#include "config/changes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "config/keys.h"
#include "config/settings.h"
#include "config/value.h"

#define MAX_SHOWN_NAMES ((size_t)5)	/* of a list, each way */
#define MAX_SHOWN_OCTETS ((size_t)200)	/* of a text */

/* ---- lists --------------------------------------------------------------- */

/* Items of one side, sorted by name. */
struct sorted {
	const struct config_value_item **items;
	size_t n;
};

static int
compare_slices(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
compare_items(const void *a, const void *b)
{
	const struct config_value_item *const *left = a, *const *right = b;

	return compare_slices((*left)->name, (*right)->name);
}

static bool
sort_items(const struct config_value *value, struct sorted *sorted)
{
	sorted->n = value->n;
	sorted->items = calloc(value->n + 1, sizeof(const void *));
	if (sorted->items == NULL)
		return false;
	for (size_t i = 0; i < value->n; i++)
		sorted->items[i] = &value->items[i];
	qsort(sorted->items, sorted->n, sizeof(const void *), compare_items);
	return true;
}

/* What was added, or removed, or changed: a number, and some names. */
struct tally {
	size_t n;
	struct slice names[MAX_SHOWN_NAMES];
};

static void
count_name(struct tally *tally, struct slice name)
{
	if (tally->n < MAX_SHOWN_NAMES)
		tally->names[tally->n] = name;
	tally->n++;
}

struct difference {
	struct tally added, removed, changed;
};

/* A merge of both. */
static void
compare_lists(const struct sorted *before, const struct sorted *after,
    struct difference *difference)
{
	size_t i = 0, j = 0;

	while (i < before->n || j < after->n) {
		int order = i == before->n ? 1 : j == after->n ? -1 :
		    compare_slices(before->items[i]->name,
		    after->items[j]->name);

		if (order < 0) {
			count_name(&difference->removed,
			    before->items[i++]->name);
		} else if (order > 0) {
			count_name(&difference->added,
			    after->items[j++]->name);
		} else {
			if (!slice_eq(before->items[i++]->text,
			    after->items[j]->text))
				count_name(&difference->changed,
				    after->items[j]->name);
			j++;
		}
	}
}

static void
append_tally(struct strbuf *text, const struct tally *tally, const char *what,
    const char **separator)
{
	if (tally->n == 0)
		return;
	strbuf_printf(text, "%s%zu %s (", *separator, tally->n, what);
	for (size_t i = 0; i < tally->n && i < MAX_SHOWN_NAMES; i++) {
		strbuf_append_cstr(text, i == 0 ? "" : ", ");
		strbuf_append_escaped(text, tally->names[i],
		    MAX_SHOWN_OCTETS);
	}
	strbuf_append_cstr(text, tally->n > MAX_SHOWN_NAMES ? ", ...)" : ")");
	*separator = ", ";
}

static bool
are_equal_lists(const struct config_value *before,
    const struct config_value *after)
{
	if (before->n != after->n)
		return false;
	for (size_t i = 0; i < before->n; i++)
		if (!slice_eq(before->items[i].name, after->items[i].name) ||
		    !slice_eq(before->items[i].text, after->items[i].text))
			return false;
	return true;
}

/* Both sides in the file, or empty by default. */
static void
append_difference(const struct config_value *before,
    const struct config_value *after, struct strbuf *text)
{
	struct sorted old = { .n = 0 }, new = { .n = 0 };
	struct difference difference = { .added = { .n = 0 } };
	const char *separator = "";

	if (sort_items(before, &old) && sort_items(after, &new)) {
		compare_lists(&old, &new, &difference);
		append_tally(text, &difference.added, "added", &separator);
		append_tally(text, &difference.removed, "removed",
		    &separator);
		append_tally(text, &difference.changed, "changed",
		    &separator);
		if (separator[0] == '\0')
			strbuf_append_cstr(text, "in another order");
	} else {
		strbuf_append_cstr(text, "changed");
	}
	free(old.items);
	free(new.items);
}

static void
append_items(const struct config_value *value, struct strbuf *text)
{
	if (!value->is_set) {
		strbuf_append_cstr(text, "default");
		return;
	}
	strbuf_append_char(text, '[');
	for (size_t i = 0; i < value->n && i < MAX_SHOWN_NAMES; i++) {
		strbuf_append_cstr(text, i == 0 ? "" : ", ");
		strbuf_append_escaped(text, value->items[i].name,
		    MAX_SHOWN_OCTETS);
	}
	strbuf_append_cstr(text, value->n > MAX_SHOWN_NAMES ? ", ...]" : "]");
}

/* A list that has a default which is not empty is shown whole where it comes
 * or goes: nobody knows what was added to what. */
static bool
append_list_change(const struct config_key *key,
    const struct config_value *before, const struct config_value *after,
    struct strbuf *text)
{
	if (key->unset != NULL && before->is_set != after->is_set) {
		append_items(before, text);
		strbuf_append_cstr(text, " -> ");
		append_items(after, text);
		return true;
	}
	if (are_equal_lists(before, after))
		return false;
	append_difference(before, after, text);
	return true;
}

/* ---- single values ------------------------------------------------------- */

static struct slice
text_of(const struct config_key *key, const struct config_value *value)
{
	return value->is_set ? value->text : slice_from_cstr(key->unset);
}

static void
append_text(struct slice value, struct strbuf *text)
{
	if (value.len == 0)
		strbuf_append_cstr(text, "\"\"");
	else
		strbuf_append_escaped(text, value, MAX_SHOWN_OCTETS);
	if (value.len > MAX_SHOWN_OCTETS)
		strbuf_append_cstr(text, "...");
}

static bool
append_text_change(const struct config_key *key,
    const struct config_value *before, const struct config_value *after,
    struct strbuf *text)
{
	struct slice old = text_of(key, before), new = text_of(key, after);

	if (slice_eq(old, new))
		return false;
	if (key->is_secret) {
		strbuf_append_cstr(text, "changed");
		return true;
	}
	append_text(old, text);
	strbuf_append_cstr(text, " -> ");
	append_text(new, text);
	return true;
}

static uint64_t
number_of(const struct config_key *key, const struct config *config)
{
	const char *place = (const char *)config + key->offset;

	return key->type == KEY_SIZE ? *(const size_t *)(const void *)place :
	    *(const unsigned *)(const void *)place;
}

static bool
append_number_change(const struct config_key *key,
    const struct config *before, const struct config *after,
    struct strbuf *text)
{
	uint64_t old = number_of(key, before), new = number_of(key, after);

	if (old == new)
		return false;
	strbuf_printf(text, "%" PRIu64 " -> %" PRIu64, old, new);
	return true;
}

static bool
append_bool_change(const struct config_key *key, const struct config *before,
    const struct config *after, struct strbuf *text)
{
	bool old = *(const bool *)((const char *)before + key->offset);
	bool new = *(const bool *)((const char *)after + key->offset);

	if (old == new)
		return false;
	strbuf_append_cstr(text, new ? "false -> true" : "true -> false");
	return true;
}

/* ---- all of them --------------------------------------------------------- */

static bool
append_change(size_t index, const struct config *before,
    const struct config *after, struct strbuf *text)
{
	const struct config_key *key = &config_keys[index];
	const struct config_value *old = &before->values[index];
	const struct config_value *new = &after->values[index];

	switch (key->type) {
	case KEY_BOOL:
		return append_bool_change(key, before, after, text);
	case KEY_NUMBER:
	case KEY_SIZE:
		return append_number_change(key, before, after, text);
	case KEY_WORD:
	case KEY_TEXT:
		return append_text_change(key, old, new, text);
	case KEY_LIST:
	case KEY_GROUPS:
		return append_list_change(key, old, new, text);
	}
	return false;
}

void
config_append_changes(const struct config *before, const struct config *after,
    struct strbuf *text)
{
	for (size_t i = 0; i < config_n_keys; i++) {
		size_t start = text->len;

		strbuf_printf(text, "%s: ", config_keys[i].path);
		if (!append_change(i, before, after, text)) {
			strbuf_truncate(text, start);
			continue;
		}
		if (config_keys[i].needs_restart)
			strbuf_append_cstr(text, CONFIG_WHEN_RESTARTED);
		strbuf_append_char(text, '\n');
	}
}
