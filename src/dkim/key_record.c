/* dkim/key_record.c - see key_record.h. */
#include "dkim/key_record.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "mail/taglist.h"

/* Whether the tag's list, separated by colons, has WORD; FALLBACK where there
 * is no such tag. */
static bool
tag_has(const struct tag *tag, struct slice word, bool fallback)
{
	struct cursor cur;
	struct slice element;

	if (tag == NULL)
		return fallback;
	cur = cursor_of(tag->value);
	while (tag_take_element(&cur, ':', &element))
		if (slice_eq_nocase(element, word))
			return true;
	return false;
}

static void
parse_type(const struct tag *k, struct dkim_key_record *record)
{
	record->has_known_type = true;
	record->type = DKIM_KEY_RSA;
	if (k == NULL || slice_eq_nocase(k->value, SLICE("rsa")))
		return;
	record->type = DKIM_KEY_ED25519;
	record->has_known_type = slice_eq_nocase(k->value, SLICE("ed25519"));
}

/* v= is compared as text, case and all, and stands first. */
static bool
is_version_valid(const struct tag *tags, size_t n_tags)
{
	const struct tag *v = tag_find(tags, n_tags, SLICE("v"));

	return v == NULL || (v == tags && slice_eq(v->value, SLICE("DKIM1")));
}

enum dkim_reason
dkim_parse_key_record(struct arena *arena, struct slice text,
    struct dkim_key_record *record_out)
{
	struct tag tags[DKIM_MAX_KEY_TAGS];
	const struct tag *p, *h, *s, *t;
	size_t n;

	*record_out = (struct dkim_key_record){ .has_known_type = false };
	if (!tag_parse_list(text, tags, DKIM_MAX_KEY_TAGS, &n) ||
	    !is_version_valid(tags, n) ||
	    (p = tag_find(tags, n, SLICE("p"))) == NULL)
		return DKIM_REASON_KEY_SYNTAX;
	if (!base64_decode(arena, p->value, &record_out->octets))
		return arena_has_failed(arena) ? DKIM_REASON_INTERNAL :
		    DKIM_REASON_KEY_SYNTAX;
	h = tag_find(tags, n, SLICE("h"));
	s = tag_find(tags, n, SLICE("s"));
	t = tag_find(tags, n, SLICE("t"));
	parse_type(tag_find(tags, n, SLICE("k")), record_out);
	/* Key generators have written the algorithm's name where the hash's
	 * belongs, and other verifiers took it. */
	record_out->allows_sha256 = tag_has(h, SLICE("sha256"), true) ||
	    tag_has(h, SLICE("rsa-sha256"), true);
	record_out->allows_email = tag_has(s, SLICE("*"), true) ||
	    tag_has(s, SLICE("email"), true);
	record_out->is_testing = tag_has(t, SLICE("y"), false);
	record_out->is_strict = tag_has(t, SLICE("s"), false);
	return DKIM_REASON_NONE;
}
