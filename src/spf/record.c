/* spf/record.c - see record.h.
 *
 * The record stays its text: spf_parse_record goes over all terms to find
 * errors, spf_take_directive once more, one at a time.  So a record of any
 * length costs no memory here. */
#include "spf/record.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "spf/macro.h"

#define VERSION SLICE("v=spf1")

enum term_kind {
	TERM_END,
	TERM_DIRECTIVE,
	TERM_REDIRECT,
	TERM_EXPLANATION,
	TERM_UNKNOWN_MODIFIER,
	TERM_MALFORMED,
};

struct term {
	struct slice text;
	struct spf_directive directive;
	struct slice value;	/* of a modifier */
	const char *error;	/* of a malformed one */
};

bool
spf_is_record(struct slice text)
{
	return slice_starts_with_nocase(text, VERSION) &&
	    (text.len == VERSION.len || text.ptr[VERSION.len] == ' ');
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static bool
is_not_space(char c)
{
	return c != ' ';
}

static bool
is_space(char c)
{
	return c == ' ';
}

/* ip4-cidr-length = "/" ("0" / %x31-39 0*1DIGIT) ; value range 0-32
 * ip6-cidr-length = "/" ("0" / %x31-39 0*2DIGIT) ; value range 0-128
 * DIGITS is what stands behind the "/". */
static bool
parse_cidr_length(struct slice digits, unsigned max, unsigned *bits_out)
{
	uint64_t bits;

	*bits_out = max;
	if ((digits.len > 1 && digits.ptr[0] == '0') ||
	    !slice_parse_uint(digits, max, &bits))
		return false;
	*bits_out = (unsigned)bits;
	return true;
}

/* Cut SEPARATOR and the digits behind it off the end of *TEXT, if there are
 * any. */
static bool
cut_cidr_length(struct slice *text, struct slice separator,
    struct slice *digits_out)
{
	size_t digits = text->len;

	while (digits > 0 && ascii_is_digit(text->ptr[digits - 1]))
		digits--;
	*digits_out = slice_from(*text, digits);
	if (digits_out->len == 0 ||
	    !slice_ends_with_nocase(slice_head(*text, digits), separator))
		return false;
	text->len = digits - separator.len;
	return true;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ]
 * It is read from the end, because a domain-spec may hold slashes; it cannot
 * end in a slash and digits, so nothing of it is taken. */
static bool
cut_dual_cidr_length(struct slice *text, struct spf_directive *directive)
{
	struct slice digits;

	if (cut_cidr_length(text, SLICE("//"), &digits) &&
	    !parse_cidr_length(digits, 128, &directive->ip6_bits))
		return false;
	if (cut_cidr_length(text, SLICE("/"), &digits) &&
	    !parse_cidr_length(digits, 32, &directive->ip4_bits))
		return false;
	return true;
}

/* [ ":" domain-spec ], all of ARGUMENT */
static const char *
parse_domain_spec(struct slice argument, struct spf_directive *directive)
{
	if (argument.len == 0)
		return NULL;
	if (argument.ptr[0] != ':')
		return "not the syntax of this mechanism";
	directive->domain_spec = slice_from(argument, 1);
	if (!spf_is_domain_spec(directive->domain_spec))
		return "not a domain name or a wrong macro";
	return NULL;
}

/* include = "include" ":" domain-spec, exists = "exists" ":" domain-spec */
static const char *
parse_required_domain_spec(struct slice argument,
    struct spf_directive *directive)
{
	if (argument.len == 0)
		return "a domain name is missing";
	return parse_domain_spec(argument, directive);
}

/* a = "a" [ ":" domain-spec ] [ dual-cidr-length ], and the same for mx */
static const char *
parse_hosts(struct slice argument, struct spf_directive *directive)
{
	struct ip_address address;

	if (!cut_dual_cidr_length(&argument, directive))
		return "a wrong prefix length";
	/* A mistake that is common enough to be named. */
	if (argument.len != 0 && ip_parse_v4(slice_from(argument, 1), &address))
		return "an address where a name belongs; ip4 is meant";
	return parse_domain_spec(argument, directive);
}

/* ip4 = "ip4" ":" ip4-network [ ip4-cidr-length ], and the same for ip6 */
static const char *
parse_network(struct slice argument, struct spf_directive *directive,
    bool (*parse)(struct slice s, struct ip_address *address_out),
    unsigned max_bits)
{
	struct slice address;
	size_t slash;

	directive->network.prefix_bits = max_bits;
	if (argument.len == 0 || argument.ptr[0] != ':')
		return "a network is missing";
	argument = slice_from(argument, 1);
	slash = slice_find(argument, '/');
	address = slice_head(argument, slash);
	if (!parse(address, &directive->network.address))
		return "not an address";
	if (slash != SIZE_MAX &&
	    !parse_cidr_length(slice_from(argument, slash + 1), max_bits,
	    &directive->network.prefix_bits))
		return "a wrong prefix length";
	return NULL;
}

static const char *
parse_argument(struct slice argument, struct spf_directive *directive)
{
	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		return argument.len == 0 ? NULL : "\"all\" has no argument";
	case SPF_MECHANISM_INCLUDE:
	case SPF_MECHANISM_EXISTS:
		return parse_required_domain_spec(argument, directive);
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
		return parse_hosts(argument, directive);
	case SPF_MECHANISM_PTR:
		return parse_domain_spec(argument, directive);
	case SPF_MECHANISM_IP4:
		return parse_network(argument, directive, ip_parse_v4, 32);
	case SPF_MECHANISM_IP6:
		return parse_network(argument, directive, ip_parse_v6, 128);
	}
	return "unknown mechanism";
}

/* mechanism = ( all / include / a / mx / ptr / ip4 / ip6 / exists ) */
static bool
find_mechanism(struct slice name, enum spf_mechanism *mechanism_out)
{
	static const struct {
		struct slice name;
		enum spf_mechanism mechanism;
	} mechanisms[] = {
		{ SLICE_INIT("all"), SPF_MECHANISM_ALL },
		{ SLICE_INIT("include"), SPF_MECHANISM_INCLUDE },
		{ SLICE_INIT("a"), SPF_MECHANISM_A },
		{ SLICE_INIT("mx"), SPF_MECHANISM_MX },
		{ SLICE_INIT("ptr"), SPF_MECHANISM_PTR },
		{ SLICE_INIT("ip4"), SPF_MECHANISM_IP4 },
		{ SLICE_INIT("ip6"), SPF_MECHANISM_IP6 },
		{ SLICE_INIT("exists"), SPF_MECHANISM_EXISTS },
	};

	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++)
		if (slice_eq_nocase(mechanisms[i].name, name)) {
			*mechanism_out = mechanisms[i].mechanism;
			return true;
		}
	return false;
}

/* qualifier = "+" / "-" / "?" / "~"; false where there is none. */
static bool
take_qualifier(struct cursor *cur, enum spf_result *qualifier_out)
{
	*qualifier_out = SPF_PASS;
	if (cursor_take_char(cur, '+'))
		return true;
	if (cursor_take_char(cur, '-'))
		*qualifier_out = SPF_FAIL;
	else if (cursor_take_char(cur, '?'))
		*qualifier_out = SPF_NEUTRAL;
	else if (cursor_take_char(cur, '~'))
		*qualifier_out = SPF_SOFTFAIL;
	return *qualifier_out != SPF_PASS;
}

/* modifier = redirect / explanation / unknown-modifier
 * unknown-modifier = name "=" macro-string ; where name is not any known
 * modifier */
static enum term_kind
parse_modifier(struct slice name, struct term *term)
{
	bool is_redirect = slice_eq_nocase(name, SLICE("redirect"));

	if (is_redirect || slice_eq_nocase(name, SLICE("exp"))) {
		term->error = "not a domain name or a wrong macro";
		if (!spf_is_domain_spec(term->value))
			return TERM_MALFORMED;
		return is_redirect ? TERM_REDIRECT : TERM_EXPLANATION;
	}
	term->error = "a wrong macro";
	if (!spf_is_macro_string(term->value))
		return TERM_MALFORMED;
	return TERM_UNKNOWN_MODIFIER;
}

/* directive = [ qualifier ] mechanism
 * A modifier is told by the "=" right behind its name (4.6.1). */
static enum term_kind
parse_term(struct term *term)
{
	struct cursor cur = cursor_of(term->text);
	struct spf_directive *directive = &term->directive;
	bool has_qualifier = take_qualifier(&cur, &directive->qualifier);
	struct slice name = cursor_take_while(&cur, is_name);

	directive->text = term->text;
	directive->ip4_bits = 32;
	directive->ip6_bits = 128;
	if (name.len == 0 || !ascii_is_alpha(name.ptr[0])) {
		term->error = "not a term";
		return TERM_MALFORMED;
	}
	if (!has_qualifier && cursor_take_char(&cur, '=')) {
		term->value = cursor_rest(&cur);
		return parse_modifier(name, term);
	}
	term->error = "unknown mechanism";
	if (find_mechanism(name, &directive->mechanism))
		term->error = parse_argument(cursor_rest(&cur), directive);
	return term->error == NULL ? TERM_DIRECTIVE : TERM_MALFORMED;
}

/* terms = *( 1*SP ( directive / modifier ) ), then *SP */
static enum term_kind
take_term(struct cursor *cur, struct term *term)
{
	*term = (struct term){ .error = NULL };
	cursor_take_while(cur, is_space);
	term->text = cursor_take_while(cur, is_not_space);
	return term->text.len == 0 ? TERM_END : parse_term(term);
}

/* "These two modifiers MUST NOT appear in a record more than once each" (6) */
static bool
set_once(struct slice *spec, struct term *term)
{
	term->error = "the modifier is there twice";
	if (spec->len != 0)
		return false;
	*spec = term->value;
	return true;
}

static bool
note_term(enum term_kind kind, struct term *term, struct spf_record *record)
{
	switch (kind) {
	case TERM_REDIRECT:
		return set_once(&record->redirect, term);
	case TERM_EXPLANATION:
		return set_once(&record->explanation, term);
	case TERM_MALFORMED:
		return false;
	case TERM_DIRECTIVE:
		record->n_directives++;
		if (term->directive.mechanism == SPF_MECHANISM_IP4)
			record->n_address_octets += 4;
		else if (term->directive.mechanism == SPF_MECHANISM_IP6)
			record->n_address_octets += 16;
		break;
	case TERM_END:
	case TERM_UNKNOWN_MODIFIER:
		break;
	}
	return true;
}

bool
spf_parse_record(struct slice text, struct spf_record *record_out,
    struct spf_syntax_error *error_out)
{
	struct slice terms = slice_from(text, VERSION.len);
	struct cursor cur = cursor_of(terms);
	struct term term;
	enum term_kind kind;
	size_t n = 0;

	*record_out = (struct spf_record){ .terms = terms };
	*error_out = (struct spf_syntax_error){ .what = NULL };
	while ((kind = take_term(&cur, &term)) != TERM_END) {
		if (++n > SPF_MAX_RECORD_TERMS)
			term.error = "too many terms";
		else if (note_term(kind, &term, record_out))
			continue;
		*error_out = (struct spf_syntax_error){ term.text, term.error };
		return false;
	}
	return true;
}

bool
spf_take_directive(struct cursor *cur, struct spf_directive *directive_out)
{
	struct term term;
	enum term_kind kind;

	do
		kind = take_term(cur, &term);
	while (kind != TERM_DIRECTIVE && kind != TERM_END);
	*directive_out = term.directive;
	return kind == TERM_DIRECTIVE;
}
