/* mail/domain.c - see domain.h.
 *
 * Nearly every name is plain ASCII and needs one pass.  Of the others only the
 * labels that are not ASCII are shown to libidn2, one by one: so a label means
 * the same whatever stands beside it. */
#include "mail/domain.h"

#include <idn2.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/strbuf.h"

/* A name or label that is valid as A-labels has at most this many octets as
 * U-labels; what is longer never reaches libidn2.  (Four octets make a
 * character, and each character costs at least one octet of its A-label.) */
#define MAX_INPUT_OCTETS ((size_t)4 * DOMAIN_MAX_OCTETS)
#define MAX_INPUT_LABEL ((size_t)4 * DOMAIN_MAX_LABEL)

static bool
is_name_octet(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* Lower case into OUT, which has NAME's length, with the checks on labels. */
static bool
write_ascii(struct slice name, char *out)
{
	size_t label_octets = 0;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (c == '.') {
			if (label_octets == 0)
				return false;
			label_octets = 0;
		} else if (!is_name_octet(c) ||
		    ++label_octets > DOMAIN_MAX_LABEL) {
			return false;
		}
		out[i] = ascii_lower(c);
	}
	return label_octets > 0;
}

static bool
normalize_ascii(struct arena *arena, struct slice name,
    struct slice *domain_out)
{
	char *mem;

	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > DOMAIN_MAX_OCTETS)
		return false;
	if ((mem = arena_alloc(arena, name.len)) == NULL ||
	    !write_ascii(name, mem))
		return false;
	*domain_out = (struct slice){ mem, name.len };
	return true;
}

/* The octets of the full stop that S begins with, or 0: UTS 46 maps the
 * ideographic, the fullwidth and the halfwidth one to the dot. */
static size_t
full_stop_octets(struct slice s)
{
	if (slice_starts_with(s, SLICE(".")))
		return 1;
	if (slice_starts_with(s, SLICE("\xe3\x80\x82")) ||
	    slice_starts_with(s, SLICE("\xef\xbc\x8e")) ||
	    slice_starts_with(s, SLICE("\xef\xbd\xa1")))
		return 3;
	return 0;
}

/* The label before the next full stop or the end; REST goes behind the stop. */
static struct slice
take_label(struct slice *rest, size_t *stop_octets_out)
{
	struct slice label = *rest;
	size_t len = 0;

	*stop_octets_out = 0;
	while (len < rest->len &&
	    (*stop_octets_out = full_stop_octets(slice_from(*rest, len))) == 0)
		len++;
	label.len = len;
	*rest = slice_from(*rest, len + *stop_octets_out);
	return label;
}

/* One label with 8-bit octets as an A-label.  What the mapping makes of it is
 * checked by the caller with the rest of the name, but a dot that comes out
 * of it (U+2024 gives one) was none of the name's dots. */
static bool
append_a_label(struct arena *arena, struct strbuf *text, struct slice label)
{
	const char *cstr;
	uint8_t *a_label = NULL;
	struct slice mapped;
	int status;

	if (label.len > MAX_INPUT_LABEL ||
	    (cstr = arena_copy_cstr(arena, label)) == NULL)
		return false;
	status = idn2_lookup_u8((const uint8_t *)cstr, &a_label,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (status == IDN2_MALLOC)
		arena_alloc(arena, SIZE_MAX);	/* marks the arena as failed */
	if (status != IDN2_OK)
		return false;
	mapped = slice_from_cstr((const char *)a_label);
	if (slice_find(mapped, '.') == SIZE_MAX)
		strbuf_append(text, mapped);
	else
		status = IDN2_DOT_IN_LABEL;
	idn2_free(a_label);
	return status == IDN2_OK;
}

/* Octets of ASCII that may stand in no label are refused here, before the
 * mapping could drop or change one, and NUL before it ends a C string. */
static bool
has_only_name_octets(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_octet(name.ptr[i]) && name.ptr[i] != '.' &&
		    !ascii_is_8bit(name.ptr[i]))
			return false;
	return true;
}

bool
domain_normalize(struct arena *arena, struct slice name,
    struct slice *domain_out)
{
	struct strbuf text;
	size_t stop_octets;

	*domain_out = SLICE_EMPTY;
	if (slice_is_ascii(name))
		return normalize_ascii(arena, name, domain_out);
	if (name.len > MAX_INPUT_OCTETS || !has_only_name_octets(name))
		return false;
	/* With a dot at the end, and no further: many short labels would else
	 * all be put to libidn2. */
	strbuf_init(&text, arena, DOMAIN_MAX_OCTETS + 1);
	do {
		struct slice label = take_label(&name, &stop_octets);

		if (slice_is_ascii(label))
			strbuf_append(&text, label);
		else if (!append_a_label(arena, &text, label))
			return false;
		if (stop_octets != 0)
			strbuf_append_char(&text, '.');
	} while (stop_octets != 0 && !text.has_failed);
	return !text.has_failed &&
	    normalize_ascii(arena, strbuf_slice(&text), domain_out);
}

size_t
domain_count_labels(struct slice domain)
{
	size_t n = domain.len != 0 ? 1 : 0;

	for (size_t i = 0; i < domain.len; i++)
		if (domain.ptr[i] == '.')
			n++;
	return n;
}

struct slice
domain_last_labels(struct slice domain, size_t n)
{
	size_t from = domain.len;

	if (n == 0)
		return slice_from(domain, domain.len);
	while (from > 0 && (domain.ptr[from - 1] != '.' || --n > 0))
		from--;
	return slice_from(domain, from);
}

bool
domain_is_within(struct slice domain, struct slice parent)
{
	if (!slice_ends_with_nocase(domain, parent) || parent.len == 0)
		return false;
	return domain.len == parent.len ||
	    domain.ptr[domain.len - parent.len - 1] == '.';
}
