/* arc/set.c - see set.h. */
#include "arc/set.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "mail/field.h"
#include "mail/taglist.h"

static const struct slice kind_names[ARC_N_KINDS] = {
	[ARC_AAR] = SLICE_INIT("ARC-Authentication-Results"),
	[ARC_AMS] = SLICE_INIT("ARC-Message-Signature"),
	[ARC_SEAL] = SLICE_INIT("ARC-Seal"),
};

bool
arc_find_kind(struct slice name, enum arc_kind *kind_out)
{
	for (size_t i = 0; i < ARC_N_KINDS; i++)
		if (slice_eq_nocase(name, kind_names[i])) {
			*kind_out = (enum arc_kind)i;
			return true;
		}
	return false;
}

/* instance-position = 1*2DIGIT ; 1 - 50 */
static unsigned
parse_instance(struct slice text)
{
	uint64_t value;

	return text.len <= 2 && slice_parse_uint(text, ARC_MAX_SETS, &value) ?
	    (unsigned)value : 0;
}

/* arc-info = instance [CFWS] ";" authres-payload
 * instance = [CFWS] %s"i" [CFWS] "=" [CFWS] instance-position
 * No sealer writes comments there, and none is read. */
static void
parse_aar(struct slice value, struct arc_field *out)
{
	struct cursor cur = cursor_of(value);
	struct slice digits;

	cursor_skip_fws(&cur);
	if (!cursor_take_char(&cur, 'i'))
		return;
	cursor_skip_fws(&cur);
	if (!cursor_take_char(&cur, '='))
		return;
	cursor_skip_fws(&cur);
	digits = cursor_take_while(&cur, ascii_is_digit);
	cursor_skip_fws(&cur);
	if (!cursor_take_char(&cur, ';'))
		return;
	out->instance = parse_instance(digits);
	out->results = cursor_rest(&cur);
}

static bool
parse_status(struct slice text, enum arc_status *status_out)
{
	static const struct slice names[] = {
		[ARC_STATUS_NONE] = SLICE_INIT("none"),
		[ARC_STATUS_PASS] = SLICE_INIT("pass"),
		[ARC_STATUS_FAIL] = SLICE_INIT("fail"),
	};

	*status_out = ARC_STATUS_FAIL;
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (slice_eq_nocase(text, names[i])) {
			*status_out = (enum arc_status)i;
			return true;
		}
	return false;
}

/* h= as DKIM has it, but that it may name nothing, in whole or between two
 * colons: DKIM's grammar forbids that, the public suite wants it to verify, and
 * all it does is to cover less.  The seal MUST NOT be among the names
 * (4.1.2). */
static bool
parse_names(struct slice value, struct dkim_signature *sig)
{
	struct cursor cur = cursor_of(value);
	struct slice name;
	size_t n = 0;

	while (tag_take_element(&cur, ':', &name)) {
		if (++n > DKIM_MAX_SIGNED_NAMES ||
		    slice_eq_nocase(name, kind_names[ARC_SEAL]))
			return false;
		if (slice_eq_nocase(name, SLICE("From")))
			sig->covers_from = true;
	}
	sig->names = value;
	return true;
}

/* As a DKIM-Signature, but for v= (none is defined) and i= (4.1.2).  Without c=
 * both forms are relaxed: so the suite has it, and every sealer writes it. */
static bool
parse_ams(struct arena *arena, const struct tag *tags, size_t n_tags,
    struct arc_field *out)
{
	static const struct dkim_tag_use uses[] = {
		{ SLICE_INIT("a"), true },
		{ SLICE_INIT("b"), true },
		{ SLICE_INIT("bh"), true },
		{ SLICE_INIT("c"), false },
		{ SLICE_INIT("d"), true },
		{ SLICE_INIT("l"), false },
		{ SLICE_INIT("q"), false },
		{ SLICE_INIT("s"), true },
		{ SLICE_INIT("t"), false },
		{ SLICE_INIT("x"), false },
	};
	const struct tag *h = tag_find(tags, n_tags, SLICE("h"));

	if (tag_find(tags, n_tags, SLICE("c")) == NULL)
		out->sig.header_form = out->sig.body_form = CANON_RELAXED;
	return dkim_parse_tags(arena, tags, n_tags, uses, N_ELEMENTS(uses),
	    &out->sig) == DKIM_REASON_NONE && h != NULL &&
	    parse_names(h->value, &out->sig);
}

/* 4.1.3: no h=, c= or bh=; the first of them is named as an error there. */
static bool
parse_seal(struct arena *arena, const struct tag *tags, size_t n_tags,
    struct arc_field *out)
{
	static const struct dkim_tag_use uses[] = {
		{ SLICE_INIT("a"), true },
		{ SLICE_INIT("b"), true },
		{ SLICE_INIT("d"), true },
		{ SLICE_INIT("s"), true },
		{ SLICE_INIT("t"), false },
	};
	const struct tag *cv = tag_find(tags, n_tags, SLICE("cv"));

	return dkim_parse_tags(arena, tags, n_tags, uses, N_ELEMENTS(uses),
	    &out->sig) == DKIM_REASON_NONE &&
	    cv != NULL && parse_status(cv->value, &out->status) &&
	    tag_find(tags, n_tags, SLICE("h")) == NULL;
}

void
arc_parse_field(struct arena *arena, enum arc_kind kind,
    const struct mail_field *field, struct arc_field *out)
{
	struct tag tags[DKIM_MAX_TAGS];
	const struct tag *instance;
	size_t n_tags;
	bool ok = true;

	*out = (struct arc_field){ .kind = kind, .status = ARC_STATUS_FAIL };
	dkim_init_signature(&out->sig, field);
	if (kind == ARC_AAR) {
		parse_aar(field->value, out);
		return;
	}
	if (!tag_parse_list(field->value, tags, DKIM_MAX_TAGS, &n_tags) ||
	    (instance = tag_find(tags, n_tags, SLICE("i"))) == NULL)
		return;
	out->instance = parse_instance(instance->value);
	if (kind == ARC_AMS)
		ok = parse_ams(arena, tags, n_tags, out);
	else if (kind == ARC_SEAL)
		ok = parse_seal(arena, tags, n_tags, out);
	out->is_malformed = !ok || out->sig.algorithm == DKIM_RSA_SHA1;
}
