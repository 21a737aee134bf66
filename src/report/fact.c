/* report/fact.c - see fact.h.
 *
 *	fact      = version day flags source 17text n-signatures *signature
 *	version   = %x01
 *	day       = 4OCTET		; as all numbers: network order
 *	flags     = OCTET		; is_reportable, dkim, spf: bits 0 to 2
 *	source    = %x00 / %x01 4OCTET / %x02 16OCTET	; enum ip_family
 *	text      = 2OCTET *OCTET	; its length first
 *	signature = text text text	; domain, selector, result
 *
 * Nothing can be written in two ways, so that equal facts are equal octets.
 * The form lives in memory only, from a session to the writer. */
#include "report/fact.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "report/configuration.h"

#define VERSION 1

enum fact_flag {
	FLAG_REPORTABLE = 1 << 0,
	FLAG_DKIM_ALIGNED = 1 << 1,
	FLAG_SPF_ALIGNED = 1 << 2,
};
#define FLAGS_ALL (FLAG_REPORTABLE | FLAG_DKIM_ALIGNED | FLAG_SPF_ALIGNED)

/* The texts, in the order in which they are written. */
static const struct {
	size_t offset, max;
} texts[] = {
	{ offsetof(struct report_fact, policy_domain), REPORT_MAX_DOMAIN },
	{ offsetof(struct report_fact, configuration),
	    REPORT_CONFIGURATION_MAX },
	{ offsetof(struct report_fact, author_domain), REPORT_MAX_DOMAIN },
	{ offsetof(struct report_fact, envelope_from), REPORT_MAX_DOMAIN },
	{ offsetof(struct report_fact, envelope_to), REPORT_MAX_DOMAIN },
	{ offsetof(struct report_fact, disposition), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, reasons), REPORT_MAX_REASONS },
	{ offsetof(struct report_fact, spf_domain), REPORT_MAX_DOMAIN },
	{ offsetof(struct report_fact, spf_result), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, dmarc_result), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, arc_result), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, action), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, wanted), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, rule), REPORT_MAX_RULE },
	{ offsetof(struct report_fact, shadow_rule), REPORT_MAX_RULE },
	{ offsetof(struct report_fact, shadow_wanted), REPORT_MAX_WORD },
	{ offsetof(struct report_fact, evidence), REPORT_MAX_EVIDENCE },
};

#define LENGTH_OCTETS 2		/* in front of each text */

static_assert(1 + 4 + 1 + 17 + N_ELEMENTS(texts) * LENGTH_OCTETS +
    5 * REPORT_MAX_DOMAIN + REPORT_CONFIGURATION_MAX + 7 * REPORT_MAX_WORD +
    REPORT_MAX_REASONS + 2 * REPORT_MAX_RULE + REPORT_MAX_EVIDENCE + 1 +
    REPORT_MAX_SIGNATURES * (3 * LENGTH_OCTETS + REPORT_MAX_KEY_NAME +
    REPORT_MAX_WORD) <= REPORT_FACT_MAX_OCTETS, "a fact may be too long");

/* UTF-8 that a database takes, without what could break a line of anything;
 * only reasons are several lines. */
static bool
is_text(struct slice text, size_t max, bool may_have_lines)
{
	if (text.len > max)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.ptr[i] < ' ' &&
		    !(may_have_lines && text.ptr[i] == '\n')) ||
		    text.ptr[i] == 0x7f)
			return false;
	return slice_is_ascii(text) || utf8_is_valid(text);
}

static bool
is_nth_text(size_t i, struct slice text)
{
	return is_text(text, texts[i].max,
	    texts[i].offset == offsetof(struct report_fact, reasons));
}

bool
report_is_signature(const struct report_signature *signature)
{
	return signature->domain.len != 0 && signature->selector.len != 0 &&
	    signature->domain.len + signature->selector.len <=
	    REPORT_MAX_KEY_NAME &&
	    is_text(signature->domain, REPORT_MAX_KEY_NAME, false) &&
	    is_text(signature->selector, REPORT_MAX_KEY_NAME, false) &&
	    is_text(signature->result, REPORT_MAX_WORD, false);
}

/* FAMILY is enum ip_family's, or what was read for one. */
static size_t
address_octets(unsigned family)
{
	return family == IP_V4 ? 4 : family == IP_V6 ? 16 : 0;
}

/* ---- writing ------------------------------------------------------------- */

static void
append_text(struct strbuf *out, struct slice text)
{
	const char length[LENGTH_OCTETS] = { (char)(text.len >> 8 & 0xff),
		(char)(text.len & 0xff) };

	strbuf_append(out, (struct slice){ length, sizeof(length) });
	strbuf_append(out, text);
}

static void
append_source(struct strbuf *out, const struct ip_address *source)
{
	strbuf_append_char(out, (char)source->family);
	strbuf_append(out, (struct slice){ (const char *)source->octets,
	    address_octets((unsigned)source->family) });
}

static void
append_texts(struct strbuf *out, const struct report_fact *fact)
{
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		struct slice text;

		memcpy(&text, (const char *)fact + texts[i].offset,
		    sizeof(text));
		if (!is_nth_text(i, text))
			out->has_failed = true;
		append_text(out, text);
	}
}

static void
append_signatures(struct strbuf *out, const struct report_fact *fact)
{
	if (fact->n_signatures > REPORT_MAX_SIGNATURES) {
		out->has_failed = true;
		return;
	}
	strbuf_append_char(out, (char)fact->n_signatures);
	for (size_t i = 0; i < fact->n_signatures; i++) {
		const struct report_signature *signature = &fact->signatures[i];

		if (!report_is_signature(signature))
			out->has_failed = true;
		append_text(out, signature->domain);
		append_text(out, signature->selector);
		append_text(out, signature->result);
	}
}

void
report_encode_fact(const struct report_fact *fact, struct strbuf *out)
{
	unsigned flags = (fact->is_reportable ? FLAG_REPORTABLE : 0U) |
	    (fact->is_dkim_aligned ? FLAG_DKIM_ALIGNED : 0U) |
	    (fact->is_spf_aligned ? FLAG_SPF_ALIGNED : 0U);

	strbuf_append_char(out, VERSION);
	for (int shift = 24; shift >= 0; shift -= 8)
		strbuf_append_char(out, (char)(fact->day >> shift & 0xff));
	strbuf_append_char(out, (char)flags);
	append_source(out, &fact->source);
	append_texts(out, fact);
	append_signatures(out, fact);
}

/* ---- reading ------------------------------------------------------------- */

static bool
take_octet(struct cursor *cur, unsigned *octet_out)
{
	int octet = cursor_peek(cur);

	*octet_out = 0;
	if (octet < 0)
		return false;
	*octet_out = (unsigned)octet;
	cur->pos++;
	return true;
}

static bool
take_octets(struct cursor *cur, size_t n, struct slice *octets_out)
{
	*octets_out = slice_head(cursor_rest(cur), n);
	cur->pos += octets_out->len;
	return octets_out->len == n;
}

static bool
take_text(struct cursor *cur, struct slice *text_out)
{
	unsigned high, low;

	*text_out = SLICE_EMPTY;
	return take_octet(cur, &high) && take_octet(cur, &low) &&
	    take_octets(cur, high << 8 | low, text_out);
}

static bool
take_head(struct cursor *cur, struct report_fact *fact)
{
	unsigned version, flags;

	if (!take_octet(cur, &version) || version != VERSION)
		return false;
	for (size_t i = 0; i < 4; i++) {
		unsigned octet;

		if (!take_octet(cur, &octet))
			return false;
		fact->day = fact->day << 8 | octet;
	}
	if (!take_octet(cur, &flags) || (flags & ~(unsigned)FLAGS_ALL) != 0)
		return false;
	fact->is_reportable = (flags & FLAG_REPORTABLE) != 0;
	fact->is_dkim_aligned = (flags & FLAG_DKIM_ALIGNED) != 0;
	fact->is_spf_aligned = (flags & FLAG_SPF_ALIGNED) != 0;
	return true;
}

static bool
take_source(struct cursor *cur, struct ip_address *source)
{
	struct slice octets;
	unsigned family;

	if (!take_octet(cur, &family) ||
	    (family != IP_NONE && address_octets(family) == 0) ||
	    !take_octets(cur, address_octets(family), &octets))
		return false;
	source->family = (enum ip_family)family;
	if (octets.len != 0)
		memcpy(source->octets, octets.ptr, octets.len);
	return true;
}

static bool
take_texts(struct cursor *cur, struct report_fact *fact)
{
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		struct slice text;

		if (!take_text(cur, &text) || !is_nth_text(i, text))
			return false;
		memcpy((char *)fact + texts[i].offset, &text, sizeof(text));
	}
	return true;
}

static bool
take_signatures(struct cursor *cur, struct report_fact *fact)
{
	unsigned n;

	if (!take_octet(cur, &n) || n > REPORT_MAX_SIGNATURES)
		return false;
	for (; fact->n_signatures < n; fact->n_signatures++) {
		struct report_signature *signature =
		    &fact->signatures[fact->n_signatures];

		if (!take_text(cur, &signature->domain) ||
		    !take_text(cur, &signature->selector) ||
		    !take_text(cur, &signature->result) ||
		    !report_is_signature(signature))
			return false;
	}
	return true;
}

bool
report_decode_fact(struct slice octets, struct report_fact *fact)
{
	struct cursor cur = cursor_of(octets);

	*fact = (struct report_fact){ .day = 0 };
	return take_head(&cur, fact) && take_source(&cur, &fact->source) &&
	    take_texts(&cur, fact) && take_signatures(&cur, fact) &&
	    cursor_at_end(&cur);
}
