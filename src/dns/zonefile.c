/* dns/zonefile.c - see zonefile.h.
 *
 *   <blank>[<comment>]
 *   $ORIGIN <domain-name> [<comment>]
 *   $TTL <TTL> [<comment>]				(RFC 2308 4)
 *   <domain-name><rr> [<comment>]
 *   <blank><rr> [<comment>]
 *   <rr> = [<TTL>] [<class>] <type> <RDATA>, or with TTL and class swapped */
#include "dns/zonefile.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/ip.h"

#define DEFAULT_TTL_S 300
#define TTL_MAX 0x7fffffffu	/* RFC 2181 8 */
#define STRING_MAX 255		/* RFC 1035 3.3: <character-string> */
#define RDATA_MAX 65535
#define ENTRY_MEMORY_MAX ((size_t)4 * RDATA_MAX)

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING,		/* quoted */
	TOKEN_NEWLINE,		/* the entry ends, also at the file's end */
	TOKEN_MALFORMED,
};

struct token {
	enum token_kind kind;
	struct slice text;	/* escapes as they stand; borrowed */
};

struct zonefile {
	struct cursor cur;
	struct arena *arena;	/* owned; one entry's text */
	struct dns_name origin, owner;
	bool has_owner, is_in_parentheses;
	uint32_t default_ttl_s;
	unsigned line;
	const char *problem;
};

/* Other types that a file may hold.  Named one by one: a slip of the pen would
 * else be taken for one of them, and the record be missed. */
static const char *const other_types[] = {
	"AFSDB", "APL", "CAA", "CDNSKEY", "CDS", "CERT", "CSYNC", "DHCID",
	"DNAME", "DNSKEY", "DS", "EUI48", "EUI64", "HINFO", "HIP", "HTTPS",
	"IPSECKEY", "ISDN", "KEY", "KX", "L32", "L64", "LOC", "LP", "MB", "MD",
	"MF", "MG", "MINFO", "MR", "NAPTR", "NID", "NS", "NSAP", "NSEC",
	"NSEC3", "NSEC3PARAM", "NXT", "OPENPGPKEY", "PX", "RP", "RRSIG", "RT",
	"SIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "URI",
	"WKS", "X25", "ZONEMD",
};

static const enum dns_type our_types[] = {
	DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA,
	DNS_TLSA,
};

static bool
refuse(struct zonefile *file, const char *problem)
{
	if (file->problem == NULL)
		file->problem = problem;
	return false;
}

/* ---- tokens -------------------------------------------------------------- */

static void
skip_comment(struct cursor *cur)
{
	while (!cursor_at_end(cur) && *cur->pos != '\n')
		cur->pos++;
}

static struct token
malformed(struct zonefile *file, const char *problem)
{
	refuse(file, problem);
	return (struct token){ .kind = TOKEN_MALFORMED };
}

/* Past blanks, comments and, within parentheses, line ends; false with the
 * token that ends the entry. */
static bool
skip_blanks(struct zonefile *file, struct token *token)
{
	struct cursor *cur = &file->cur;

	for (;;) {
		int c = cursor_peek(cur);

		if (c == ';') {
			skip_comment(cur);
			continue;
		}
		if (c == -1 && file->is_in_parentheses) {
			*token = malformed(file, "\")\" is missing");
			return false;
		}
		if (c == -1 || (c == '\n' && !file->is_in_parentheses)) {
			*token = (struct token){ .kind = TOKEN_NEWLINE };
			return false;
		}
		if (c == '(' || c == ')') {
			if (file->is_in_parentheses == (c == '(')) {
				*token = malformed(file, c == '(' ?
				    "\"(\" within parentheses" :
				    "\")\" without \"(\"");
				return false;
			}
			file->is_in_parentheses = c == '(';
		} else if (c == '\n') {
			file->line++;
		} else if (!ascii_is_fws((char)c)) {
			return true;
		}
		cur->pos++;
	}
}

/* An escaped octet is never what ends a token. */
static void
skip_octet(struct cursor *cur)
{
	if (*cur->pos++ == '\\' && !cursor_at_end(cur) && *cur->pos != '\n')
		cur->pos++;
}

static struct token
take_string(struct zonefile *file)
{
	struct cursor *cur = &file->cur;
	const char *start = ++cur->pos;

	while (!cursor_at_end(cur) && *cur->pos != '"' && *cur->pos != '\n')
		skip_octet(cur);
	if (cursor_peek(cur) != '"')
		return malformed(file, "a string's closing quote is missing");
	cur->pos++;
	return (struct token){ TOKEN_STRING,
	    { start, (size_t)(cur->pos - 1 - start) } };
}

static bool
ends_word(char c)
{
	return ascii_is_fws(c) || c == ';' || c == '(' || c == ')' || c == '"';
}

static struct token
take_word(struct zonefile *file)
{
	struct cursor *cur = &file->cur;
	const char *start = cur->pos;

	while (!cursor_at_end(cur) && !ends_word(*cur->pos))
		skip_octet(cur);
	return (struct token){ TOKEN_WORD,
	    { start, (size_t)(cur->pos - start) } };
}

static struct token
next_token(struct zonefile *file)
{
	struct token token;

	if (!skip_blanks(file, &token))
		return token;
	return *file->cur.pos == '"' ? take_string(file) : take_word(file);
}

static bool
take_expected_word(struct zonefile *file, struct slice *text_out)
{
	struct token token = next_token(file);

	*text_out = token.text;
	return token.kind == TOKEN_WORD ||
	    refuse(file, "something is missing at the end of the line");
}

static bool
expect_newline(struct zonefile *file)
{
	return next_token(file).kind == TOKEN_NEWLINE ||
	    refuse(file, "more on the line than belongs there");
}

/* ---- names, times, types ------------------------------------------------- */

static bool
parse_name(struct zonefile *file, struct slice text,
    struct dns_name *name_out)
{
	if (slice_eq(text, SLICE("@"))) {
		*name_out = file->origin;
		return true;
	}
	return dns_name_parse_escaped(text, &file->origin, name_out) ||
	    refuse(file, "not a domain name");
}

static uint64_t
unit_seconds(char unit)
{
	switch (ascii_lower(unit)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 60 * 60;
	case 'd':
		return 24 * 60 * 60;
	case 'w':
		return 7 * 24 * 60 * 60;
	}
	return 0;
}

/* Seconds, or as name servers write them: "1h30m". */
static bool
parse_ttl(struct slice text, uint32_t *ttl_s_out)
{
	struct cursor cur = cursor_of(text);
	uint64_t value, total = 0;

	*ttl_s_out = 0;
	if (text.len == 0)
		return false;
	while (!cursor_at_end(&cur)) {
		struct slice digits = cursor_take_while(&cur, ascii_is_digit);
		uint64_t unit = 1;

		if (!slice_parse_uint(digits, TTL_MAX, &value))
			return false;
		if (!cursor_at_end(&cur) &&
		    (unit = unit_seconds(*cur.pos++)) == 0)
			return false;
		total += value * unit;
		if (total > TTL_MAX)
			return false;
	}
	*ttl_s_out = (uint32_t)total;
	return true;
}

/* "TYPE" and a number: RFC 3597 5. */
static bool
is_numbered_type(struct slice text)
{
	uint64_t number;

	return slice_starts_with_nocase(text, SLICE("TYPE")) &&
	    slice_parse_uint(slice_from(text, 4), UINT16_MAX, &number);
}

static bool
parse_type(struct zonefile *file, struct slice text,
    struct zonefile_entry *entry)
{
	for (size_t i = 0; i < N_ELEMENTS(our_types); i++)
		if (slice_eq_nocase(text,
		    slice_from_cstr(dns_type_name(our_types[i])))) {
			entry->type = our_types[i];
			return true;
		}
	entry->is_skipped = true;
	for (size_t i = 0; i < N_ELEMENTS(other_types); i++)
		if (slice_eq_nocase(text, slice_from_cstr(other_types[i])))
			return true;
	return is_numbered_type(text) || refuse(file, "not a record type");
}

/* ---- RDATA --------------------------------------------------------------- */

/* <character-string>: escapes undone, at most 255 octets. */
static bool
append_string(struct zonefile *file, struct slice text, char *mem,
    size_t *len)
{
	struct cursor cur = cursor_of(text);
	size_t start = *len;

	while (!cursor_at_end(&cur)) {
		char c = *cur.pos++;

		if (c == '\\' && !dns_name_take_escaped(&cur, &c))
			return refuse(file, "\"\\\" without an octet");
		if (*len - start == STRING_MAX)
			return refuse(file, "a string of more than 255 octets");
		mem[(*len)++] = c;
	}
	return true;
}

static bool
parse_txt(struct zonefile *file, struct slice *text_out)
{
	char *mem = arena_alloc(file->arena, RDATA_MAX);
	size_t len = 0, n_strings = 0;
	struct token token;

	if (mem == NULL)
		return refuse(file, "no memory");
	while ((token = next_token(file)).kind != TOKEN_NEWLINE) {
		if (token.kind == TOKEN_MALFORMED)
			return false;
		n_strings++;
		if (len + n_strings + STRING_MAX > RDATA_MAX)
			return refuse(file, "a TXT record of more than 64 KB");
		if (!append_string(file, token.text, mem, &len))
			return false;
	}
	*text_out = (struct slice){ mem, len };
	return n_strings != 0 || refuse(file, "a TXT record without a string");
}

static bool
parse_name_field(struct zonefile *file, struct slice *text_out)
{
	struct slice word;
	struct dns_name name;
	char *mem = arena_alloc(file->arena, DNS_NAME_ESCAPED_MAX);

	if (mem == NULL)
		return refuse(file, "no memory");
	if (!take_expected_word(file, &word) || !parse_name(file, word, &name))
		return false;
	*text_out = (struct slice){ mem, dns_name_print(&name, mem) };
	return expect_newline(file);
}

static bool
parse_mx(struct zonefile *file, struct dns_record *record)
{
	struct slice word;
	uint64_t preference;

	if (!take_expected_word(file, &word))
		return false;
	if (!slice_parse_uint(word, UINT16_MAX, &preference))
		return refuse(file, "not an MX preference: 0 to 65535");
	record->preference = (uint16_t)preference;
	return parse_name_field(file, &record->text);
}

static bool
append_hex(struct zonefile *file, struct slice digits, char *mem, size_t *len)
{
	for (size_t i = 0; i < digits.len; i += 2) {
		int high = ascii_hex_value(digits.ptr[i]);
		int low = i + 1 < digits.len ?
		    ascii_hex_value(digits.ptr[i + 1]) : -1;

		if (high < 0 || low < 0)
			return refuse(file, "not octets in hexadecimal");
		if (*len == RDATA_MAX)
			return refuse(file, "a record of more than 64 KB");
		mem[(*len)++] = (char)(high * 16 + low);
	}
	return true;
}

/* Usage, selector, matching type, and the data, with blanks at will (RFC 6698
 * 2.2). */
static bool
parse_tlsa(struct zonefile *file, struct slice *text_out)
{
	char *mem = arena_alloc(file->arena, RDATA_MAX);
	struct token token;
	struct slice word;
	uint64_t number;
	size_t len = 0;

	if (mem == NULL)
		return refuse(file, "no memory");
	while (len < 3) {
		if (!take_expected_word(file, &word))
			return false;
		if (!slice_parse_uint(word, UINT8_MAX, &number))
			return refuse(file, "not a number from 0 to 255");
		mem[len++] = (char)number;
	}
	while ((token = next_token(file)).kind != TOKEN_NEWLINE)
		if (token.kind != TOKEN_WORD ||
		    !append_hex(file, token.text, mem, &len))
			return refuse(file, "not octets in hexadecimal");
	*text_out = (struct slice){ mem, len };
	return len > 3 || refuse(file, "a TLSA record without data");
}

static bool
parse_address(struct zonefile *file, enum dns_type type,
    struct dns_record *record)
{
	struct slice word;
	struct ip_address address;

	if (!take_expected_word(file, &word))
		return false;
	if (type == DNS_A ? !ip_parse_v4(word, &address) :
	    !ip_parse_v6(word, &address))
		return refuse(file, "not an IP address of this type");
	memcpy(record->address, address.octets, type == DNS_A ? 4 : 16);
	return expect_newline(file);
}

static bool
skip_rdata(struct zonefile *file)
{
	struct token token = next_token(file);

	while (token.kind == TOKEN_WORD || token.kind == TOKEN_STRING)
		token = next_token(file);
	return token.kind == TOKEN_NEWLINE;
}

static bool
parse_rdata(struct zonefile *file, struct zonefile_entry *entry)
{
	if (entry->is_skipped)
		return skip_rdata(file);
	switch (entry->type) {
	case DNS_A:
	case DNS_AAAA:
		return parse_address(file, entry->type, &entry->record);
	case DNS_CNAME:
	case DNS_PTR:
		return parse_name_field(file, &entry->record.text);
	case DNS_MX:
		return parse_mx(file, &entry->record);
	case DNS_TXT:
		return parse_txt(file, &entry->record.text);
	case DNS_TLSA:
		return parse_tlsa(file, &entry->record.text);
	}
	return refuse(file, "not a record type");
}

/* ---- entries ------------------------------------------------------------- */

/* [<TTL>] [<class>] <type>, the first two in either order.  A TTL left out is
 * that of $TTL (RFC 2308 4), never that of the entry before. */
static bool
parse_ttl_class_type(struct zonefile *file, struct zonefile_entry *entry)
{
	bool has_ttl = false, has_class = false;
	uint32_t ttl_s;
	struct slice word;

	entry->ttl_s = file->default_ttl_s;
	for (;;) {
		if (!take_expected_word(file, &word))
			return false;
		if (!has_ttl && (has_ttl = parse_ttl(word, &ttl_s)))
			entry->ttl_s = ttl_s;
		else if (!has_class && slice_eq_nocase(word, SLICE("IN")))
			has_class = true;
		else
			break;
	}
	return parse_type(file, word, entry);
}

static bool
parse_directive(struct zonefile *file, struct slice directive)
{
	struct slice word;

	if (!take_expected_word(file, &word))
		return false;
	if (slice_eq_nocase(directive, SLICE("$ORIGIN"))) {
		struct dns_name origin;

		if (!parse_name(file, word, &origin))
			return false;
		file->origin = origin;
	} else if (slice_eq_nocase(directive, SLICE("$TTL"))) {
		if (!parse_ttl(word, &file->default_ttl_s))
			return refuse(file, "not a TTL");
	} else {
		return refuse(file, "only $ORIGIN and $TTL are known here");
	}
	return expect_newline(file);
}

/* Past empty lines, counting them; whether an entry begins, and whether it
 * names its owner. */
static bool
find_entry(struct zonefile *file, bool *names_owner)
{
	struct cursor *cur = &file->cur;

	while (!cursor_at_end(cur)) {
		const char *start = cur->pos;

		while (!cursor_at_end(cur) && *cur->pos != '\n' &&
		    ascii_is_fws(*cur->pos))
			cur->pos++;
		if (cursor_peek(cur) == ';')
			skip_comment(cur);
		*names_owner = cur->pos == start;
		if (cursor_at_end(cur))
			return false;
		if (*cur->pos != '\n')
			return true;
		cur->pos++;
		file->line++;
	}
	return false;
}

static bool
parse_owner(struct zonefile *file, struct slice word)
{
	file->has_owner = parse_name(file, word, &file->owner);
	return file->has_owner;
}

static bool
parse_rr(struct zonefile *file, struct zonefile_entry *entry)
{
	if (!file->has_owner)
		return refuse(file, "no owner, and none before it");
	entry->owner = file->owner;
	return parse_ttl_class_type(file, entry) && parse_rdata(file, entry);
}

enum zonefile_step
zonefile_next(struct zonefile *file, struct zonefile_entry *entry_out)
{
	bool names_owner;

	arena_reset(file->arena);
	memset(entry_out, 0, sizeof(*entry_out));
	while (file->problem == NULL && find_entry(file, &names_owner)) {
		if (names_owner) {
			struct slice word;

			if (!take_expected_word(file, &word))
				break;
			if (word.len != 0 && word.ptr[0] == '$') {
				if (!parse_directive(file, word))
					break;
				continue;
			}
			if (!parse_owner(file, word))
				break;
		}
		return parse_rr(file, entry_out) ? ZONEFILE_ENTRY :
		    ZONEFILE_MALFORMED;
	}
	return file->problem == NULL ? ZONEFILE_END : ZONEFILE_MALFORMED;
}

struct zonefile *
zonefile_open(struct slice text)
{
	struct zonefile *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return NULL;
	if ((file->arena = arena_create(ENTRY_MEMORY_MAX)) == NULL) {
		free(file);
		return NULL;
	}
	file->cur = cursor_of(text);
	file->default_ttl_s = DEFAULT_TTL_S;
	file->line = 1;
	(void)dns_name_parse_escaped(SLICE("."), NULL, &file->origin);
	return file;
}

void
zonefile_close(struct zonefile **file)
{
	if (*file == NULL)
		return;
	arena_destroy(&(*file)->arena);
	free(*file);
	*file = NULL;
}

const char *
zonefile_problem(const struct zonefile *file)
{
	return file->problem != NULL ? file->problem : "";
}

unsigned
zonefile_line(const struct zonefile *file)
{
	return file->line;
}
