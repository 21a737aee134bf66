/* dkim/signature.c - see signature.h.
 *
 * RFC 6376 6.1.1: any inconsistency or unexpected value makes the whole field
 * worthless, and being liberal here is a bad strategy.  The one leniency is
 * that names of algorithms may be in any case, as their ABNF has it. */
#include "dkim/signature.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "dkim/body.h"
#include "mail/domain.h"
#include "mail/field.h"
#include "mail/taglist.h"

#define MAX_TIME_DIGITS 12	/* 3.5, t= */
#define MAX_LENGTH_DIGITS 76	/* 3.5, l= */

/* 1*DIGIT, at most MAX_DIGITS; CEILING where it is greater. */
static bool
parse_clamped(struct slice text, size_t max_digits, uint64_t ceiling,
    uint64_t *value_out)
{
	uint64_t value = 0;

	*value_out = ceiling;
	if (text.len == 0 || text.len > max_digits)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		if (!ascii_is_digit(text.ptr[i]))
			return false;
		if (value > (ceiling - digit) / 10)
			value = ceiling;
		else
			value = value * 10 + digit;
	}
	*value_out = value;
	return true;
}

/* Whether LIST, separated by colons, has WORD among its elements. */
static bool
list_has(struct slice list, struct slice word)
{
	struct cursor cur = cursor_of(list);
	struct slice element;

	while (tag_take_element(&cur, ':', &element))
		if (slice_eq_nocase(element, word))
			return true;
	return false;
}

/* dkim-quoted-printable = *(FWS / hex-octet / dkim-safe-char), where taglist
 * has seen to the safe characters. */
bool
dkim_decode_qp(struct arena *arena, struct slice text, struct slice *octets_out)
{
	char *mem = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	*octets_out = SLICE_EMPTY;
	if (mem == NULL)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (ascii_is_fws(c))
			continue;
		if (c == '=') {
			int high = i + 2 < text.len ?
			    ascii_hex_value(text.ptr[i + 1]) : -1;
			int low = i + 2 < text.len ?
			    ascii_hex_value(text.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		mem[n++] = c;
	}
	*octets_out = (struct slice){ mem, n };
	return true;
}

/* ---- One function per tag ------------------------------------------------ */

static enum dkim_reason
parse_v(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	(void)arena, (void)sig;
	return slice_eq(value, SLICE("1")) ? DKIM_REASON_NONE :
	    DKIM_REASON_VERSION;
}

/* sig-a-tag-alg = sig-a-tag-k "-" sig-a-tag-h, both ALPHA *(ALPHA / DIGIT) */
static bool
is_algorithm_name(struct slice name)
{
	struct cursor cur = cursor_of(name);
	struct slice k = cursor_take_while(&cur, ascii_is_alnum), h;

	if (k.len == 0 || !ascii_is_alpha(k.ptr[0]) ||
	    !cursor_take_char(&cur, '-'))
		return false;
	h = cursor_take_while(&cur, ascii_is_alnum);
	return h.len > 0 && ascii_is_alpha(h.ptr[0]) && cursor_at_end(&cur);
}

static enum dkim_reason
parse_a(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	static const struct {
		struct slice name;
		enum dkim_algorithm algorithm;
	} algorithms[] = {
		{ SLICE_INIT("rsa-sha256"), DKIM_RSA_SHA256 },
		{ SLICE_INIT("ed25519-sha256"), DKIM_ED25519_SHA256 },
		{ SLICE_INIT("rsa-sha1"), DKIM_RSA_SHA1 },
	};

	(void)arena;
	if (value.len > DKIM_MAX_ALGORITHM_OCTETS || !is_algorithm_name(value))
		return DKIM_REASON_SYNTAX;
	sig->algorithm_name = value;
	for (size_t i = 0; i < N_ELEMENTS(algorithms); i++)
		if (slice_eq_nocase(value, algorithms[i].name))
			sig->algorithm = algorithms[i].algorithm;
	return sig->algorithm != DKIM_ALGORITHM_NONE ? DKIM_REASON_NONE :
	    DKIM_REASON_ALGORITHM;
}

static enum dkim_reason
parse_b(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	if (value.len > DKIM_MAX_B_OCTETS ||
	    !base64_decode(arena, value, &sig->b) || sig->b.len == 0)
		return DKIM_REASON_SYNTAX;
	for (size_t i = 0; i < value.len &&
	    sig->b_prefix_octets < DKIM_B_PREFIX_OCTETS; i++)
		if (!ascii_is_fws(value.ptr[i]))
			sig->b_prefix[sig->b_prefix_octets++] = value.ptr[i];
	return DKIM_REASON_NONE;
}

static enum dkim_reason
parse_bh(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	return value.len <= DKIM_MAX_B_OCTETS &&
	    base64_decode(arena, value, &sig->body_hash) &&
	    sig->body_hash.len > 0 ? DKIM_REASON_NONE : DKIM_REASON_SYNTAX;
}

static bool
parse_form(struct slice name, enum canon_form *form_out)
{
	*form_out = CANON_SIMPLE;
	if (slice_eq_nocase(name, SLICE("relaxed")))
		*form_out = CANON_RELAXED;
	return *form_out == CANON_RELAXED ||
	    slice_eq_nocase(name, SLICE("simple"));
}

/* sig-c-tag-alg ["/" sig-c-tag-alg] */
static enum dkim_reason
parse_c(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	size_t slash = slice_find(value, '/');
	bool ok;

	(void)arena;
	if (slash == SIZE_MAX)
		ok = parse_form(value, &sig->header_form);
	else
		ok = parse_form(slice_head(value, slash), &sig->header_form) &&
		    parse_form(slice_from(value, slash + 1), &sig->body_form);
	return ok ? DKIM_REASON_NONE : DKIM_REASON_CANONICALIZATION;
}

/* sub-domain *("." sub-domain), with U-labels (RFC 8616 5) and without the dot
 * at the end that is let pass elsewhere. */
static bool
parse_name(struct arena *arena, struct slice text, struct slice *name_out)
{
	*name_out = SLICE_EMPTY;
	return text.len > 0 && text.ptr[text.len - 1] != '.' &&
	    domain_normalize(arena, text, name_out);
}

/* domain-name = sub-domain 1*("." sub-domain) */
static enum dkim_reason
parse_d(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	return parse_name(arena, value, &sig->domain) &&
	    domain_count_labels(sig->domain) >= 2 ? DKIM_REASON_NONE :
	    DKIM_REASON_SYNTAX;
}

/* selector = sub-domain *( "." sub-domain ) */
static enum dkim_reason
parse_s(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	return parse_name(arena, value, &sig->selector) ?
	    DKIM_REASON_NONE : DKIM_REASON_SYNTAX;
}

/* ftext = %d33-57 / %d59-126 (RFC 5322 3.6.8), where taglist leaves no ";" */
static bool
is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_vchar(name.ptr[i]))
			return false;
	return name.len > 0;
}

/* hdr-name *( [FWS] ":" [FWS] hdr-name ) */
static enum dkim_reason
parse_h(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	struct cursor cur = cursor_of(value);
	struct slice name;
	size_t n = 0;

	(void)arena;
	if (value.len == 0 || value.ptr[value.len - 1] == ':')
		return DKIM_REASON_SYNTAX;
	while (tag_take_element(&cur, ':', &name)) {
		if (!is_field_name(name) || ++n > DKIM_MAX_SIGNED_NAMES)
			return DKIM_REASON_SYNTAX;
		if (slice_eq_nocase(name, SLICE("From")))
			sig->covers_from = true;
	}
	sig->names = value;
	return DKIM_REASON_NONE;
}

/* [ Local-part ] "@" domain-name; the last "@" is the one, since a domain has
 * none. */
static enum dkim_reason
parse_i(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	size_t at;

	if (!dkim_decode_qp(arena, value, &sig->identity))
		return DKIM_REASON_SYNTAX;
	at = slice_find_last(sig->identity, '@');
	return at != SIZE_MAX && parse_name(arena,
	    slice_from(sig->identity, at + 1), &sig->identity_domain) ?
	    DKIM_REASON_NONE : DKIM_REASON_SYNTAX;
}

static enum dkim_reason
parse_l(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	(void)arena;
	return parse_clamped(value, MAX_LENGTH_DIGITS, DKIM_BODY_NO_LIMIT - 1,
	    &sig->body_limit) ? DKIM_REASON_NONE : DKIM_REASON_SYNTAX;
}

/* Methods that are not known are ignored, as long as the known one is there. */
static enum dkim_reason
parse_q(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	(void)arena, (void)sig;
	return list_has(value, SLICE("dns/txt")) ? DKIM_REASON_NONE :
	    DKIM_REASON_QUERY_METHOD;
}

static bool
parse_time(struct slice value, uint64_t *time_out)
{
	if (!parse_clamped(value, SIZE_MAX, DKIM_TIME_NEVER, time_out))
		return false;
	if (value.len > MAX_TIME_DIGITS)
		*time_out = DKIM_TIME_NEVER;
	return true;
}

static enum dkim_reason
parse_t(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	(void)arena;
	sig->has_timestamp = true;
	return parse_time(value, &sig->timestamp_s) ? DKIM_REASON_NONE :
	    DKIM_REASON_SYNTAX;
}

static enum dkim_reason
parse_x(struct arena *arena, struct slice value, struct dkim_signature *sig)
{
	(void)arena;
	sig->has_expiration = true;
	return parse_time(value, &sig->expiration_s) ? DKIM_REASON_NONE :
	    DKIM_REASON_SYNTAX;
}

/* ---- The whole field ----------------------------------------------------- */

static const struct tag_rule {
	struct slice name;
	enum dkim_reason (*parse)(struct arena *arena, struct slice value,
	    struct dkim_signature *sig);
} tag_rules[] = {
	{ SLICE_INIT("v"), parse_v },
	{ SLICE_INIT("a"), parse_a },
	{ SLICE_INIT("b"), parse_b },
	{ SLICE_INIT("bh"), parse_bh },
	{ SLICE_INIT("c"), parse_c },
	{ SLICE_INIT("d"), parse_d },
	{ SLICE_INIT("h"), parse_h },
	{ SLICE_INIT("i"), parse_i },
	{ SLICE_INIT("l"), parse_l },
	{ SLICE_INIT("q"), parse_q },
	{ SLICE_INIT("s"), parse_s },
	{ SLICE_INIT("t"), parse_t },
	{ SLICE_INIT("x"), parse_x },
};

/* z= is for diagnosis only. */
static const struct dkim_tag_use signature_tags[] = {
	{ SLICE_INIT("v"), true },
	{ SLICE_INIT("a"), true },
	{ SLICE_INIT("b"), true },
	{ SLICE_INIT("bh"), true },
	{ SLICE_INIT("c"), false },
	{ SLICE_INIT("d"), true },
	{ SLICE_INIT("h"), true },
	{ SLICE_INIT("i"), false },
	{ SLICE_INIT("l"), false },
	{ SLICE_INIT("q"), false },
	{ SLICE_INIT("s"), true },
	{ SLICE_INIT("t"), false },
	{ SLICE_INIT("x"), false },
};

static enum dkim_reason
parse_tag(struct arena *arena, const struct tag *tag,
    struct dkim_signature *sig)
{
	for (size_t i = 0; i < N_ELEMENTS(tag_rules); i++)
		if (slice_eq(tag_rules[i].name, tag->name))
			return tag_rules[i].parse(arena, tag->value, sig);
	return DKIM_REASON_NONE;
}

/* All tags are parsed whatever is wrong with one: whose signature this claims
 * to be is worth knowing.  The first trouble is the reason. */
enum dkim_reason
dkim_parse_tags(struct arena *arena, const struct tag *tags, size_t n_tags,
    const struct dkim_tag_use *uses, size_t n_uses, struct dkim_signature *sig)
{
	enum dkim_reason first = DKIM_REASON_NONE;

	for (size_t i = 0; i < n_uses; i++) {
		const struct tag *tag = tag_find(tags, n_tags, uses[i].name);
		enum dkim_reason reason = DKIM_REASON_NONE;

		if (tag != NULL)
			reason = parse_tag(arena, tag, sig);
		else if (uses[i].is_required)
			reason = DKIM_REASON_MISSING_TAG;
		if (first == DKIM_REASON_NONE)
			first = reason;
	}
	return first;
}

void
dkim_init_signature(struct dkim_signature *sig, const struct mail_field *field)
{
	*sig = (struct dkim_signature){ .field = field,
		.body_limit = DKIM_BODY_NO_LIMIT };
}

/* i= is "@" and d= where it is absent (3.5). */
static bool
set_default_identity(struct arena *arena, struct dkim_signature *sig)
{
	char *mem = arena_alloc(arena, sig->domain.len + 1);

	if (mem == NULL)
		return false;
	mem[0] = '@';
	memcpy(mem + 1, sig->domain.ptr, sig->domain.len);
	sig->identity = (struct slice){ mem, sig->domain.len + 1 };
	sig->identity_domain = sig->domain;
	return true;
}

/* What the tags must be to each other (3.5, 6.1.1). */
static enum dkim_reason
check_consistency(const struct dkim_signature *sig)
{
	if (sig->has_timestamp && sig->has_expiration &&
	    sig->expiration_s <= sig->timestamp_s)
		return DKIM_REASON_SYNTAX;
	if (!domain_is_within(sig->identity_domain, sig->domain))
		return DKIM_REASON_DOMAIN_MISMATCH;
	if (!sig->covers_from)
		return DKIM_REASON_FROM_NOT_SIGNED;
	return DKIM_REASON_NONE;
}

enum dkim_reason
dkim_parse_signature(struct arena *arena, const struct mail_field *field,
    struct dkim_signature *sig)
{
	struct tag tags[DKIM_MAX_TAGS];
	enum dkim_reason reason;
	size_t n_tags;

	dkim_init_signature(sig, field);
	if (!tag_parse_list(field->value, tags, DKIM_MAX_TAGS, &n_tags))
		return DKIM_REASON_SYNTAX;
	reason = dkim_parse_tags(arena, tags, n_tags, signature_tags,
	    N_ELEMENTS(signature_tags), sig);
	if (sig->domain.len > 0 &&
	    tag_find(tags, n_tags, SLICE("i")) == NULL &&
	    !set_default_identity(arena, sig))
		return DKIM_REASON_INTERNAL;
	if (reason != DKIM_REASON_NONE)	/* a full arena looks like bad syntax */
		return arena_has_failed(arena) ? DKIM_REASON_INTERNAL : reason;
	return check_consistency(sig);
}
