/* mail/address.c - see address.h.
 *
 * The field is read once as tokens, comments and folding left out.  A run of
 * tokens up to a delimiter is skimmed to learn what it is: the phrase before
 * an angle address, a group's name, or an addr-spec; the last one is then read
 * again, strictly.
 *
 * Whoever reads the field after us must find no other author in it.  So the
 * leniency is limited to what leaves the domain the same for every reader:
 * dots anywhere in a local part and a phrase (providers gave out a..b@ and a.@
 * as addresses), "@" and bracketed words in the phrase before an angle
 * address, a comma in that phrase, 8-bit octets of an older charset in phrases
 * and comments. */
#include "mail/address.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "mail/lexical.h"

#define MAX_COMMENT_DEPTH 16
#define MAX_DOMAIN_OCTETS 2048	/* as written, before it is normalized */
#define MAX_ADDRESS_OCTETS 512	/* of the one that is kept for the log */

enum token_type {
	TOKEN_ATOM,
	TOKEN_QUOTED,		/* quoted-string */
	TOKEN_LITERAL,		/* domain-literal, or a bracketed word */
	TOKEN_DOT,
	TOKEN_AT,
	TOKEN_LESS,
	TOKEN_GREATER,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_SEMICOLON,
	TOKEN_END,
	TOKEN_BAD,		/* what begins no token, or does not end */
};

struct token {
	enum token_type type;
	struct slice text;	/* as written, quotes and brackets included */
};

struct parser {
	struct arena *arena;
	struct cursor cur;	/* behind the token */
	struct token token;	/* the one being looked at */
	const char *behind;	/* the end of the token before it */
	struct strbuf domain;	/* of one addr-spec, without comments */
	size_t n_addresses;
	bool has_bare_names;	/* elements that are no address */
	bool is_in_group;
	struct mail_authors *authors;
};

/* ---- tokens -------------------------------------------------------------- */

/* The inside of a literal, narrower than dtext: what another reader could take
 * for the beginning of an address, a comment or a string is left out. */
static bool
is_literal_text(char c)
{
	return mail_is_atext(c) || ascii_is_fws(c) || c == '.' || c == ':';
}

static enum token_type
take_literal(struct cursor *cur)
{
	cur->pos++;
	cursor_take_while(cur, is_literal_text);
	return cursor_take_char(cur, ']') ? TOKEN_LITERAL : TOKEN_BAD;
}

static size_t
find_pair(struct slice s, char first, char second)
{
	for (size_t i = 1; i < s.len; i++)
		if (s.ptr[i - 1] == first && s.ptr[i] == second)
			return i - 1;
	return SIZE_MAX;
}

/* No addr-spec may hold an encoded-word (RFC 2047 5).  To readers who decode it
 * all the same `=?utf-8?Q?a=40b=00?=@c` is the address a@b. */
static bool
has_encoded_word(struct slice s)
{
	size_t begin = find_pair(s, '=', '?');

	return begin != SIZE_MAX &&
	    find_pair(slice_from(s, begin + 2), '?', '=') != SIZE_MAX;
}

/* Whether a comment or string holds the end of an encoded-word that began
 * before it: `=?utf-8?Q?"?= <a@b> "`.  Readers who know encoded-words take the
 * first quote for a part of one, and see an address behind it. */
static bool
ends_encoded_word(struct slice s)
{
	size_t end = find_pair(s, '?', '=');
	size_t begin = find_pair(slice_head(s, end), '=', '?');

	return end != SIZE_MAX && begin == SIZE_MAX;
}

static enum token_type
take_quoted(struct cursor *cur)
{
	struct slice content;

	return mail_take_quoted(cur, &content) && !ends_encoded_word(content) ?
	    TOKEN_QUOTED : TOKEN_BAD;
}

static enum token_type
take_atom(struct cursor *cur)
{
	return cursor_take_while(cur, mail_is_atext).len > 0 ? TOKEN_ATOM :
	    TOKEN_BAD;
}

static enum token_type
take_mark(struct cursor *cur, enum token_type type)
{
	cur->pos++;
	return type;
}

static enum token_type
take_token(struct cursor *cur)
{
	switch (cursor_peek(cur)) {
	case -1:
		return TOKEN_END;
	case '"':
		return take_quoted(cur);
	case '[':
		return take_literal(cur);
	case '.':
		return take_mark(cur, TOKEN_DOT);
	case '@':
		return take_mark(cur, TOKEN_AT);
	case '<':
		return take_mark(cur, TOKEN_LESS);
	case '>':
		return take_mark(cur, TOKEN_GREATER);
	case ',':
		return take_mark(cur, TOKEN_COMMA);
	case ':':
		return take_mark(cur, TOKEN_COLON);
	case ';':
		return take_mark(cur, TOKEN_SEMICOLON);
	default:
		return take_atom(cur);
	}
}

/* Look at the next token; behind a bad one there is none. */
static void
advance(struct parser *p)
{
	const char *start;
	struct slice skipped;

	p->token = (struct token){ TOKEN_BAD, SLICE_EMPTY };
	p->behind = p->cur.pos;
	if (!mail_skip_cfws(&p->cur, MAX_COMMENT_DEPTH))
		return;
	start = p->cur.pos;
	skipped = (struct slice){ p->behind, (size_t)(start - p->behind) };
	if (ends_encoded_word(skipped))
		return;
	p->token.type = take_token(&p->cur);
	p->token.text = (struct slice){ start, (size_t)(p->cur.pos - start) };
}

/* ---- addr-spec ----------------------------------------------------------- */

static enum mail_author_status
malformed_unless_full(const struct parser *p)
{
	return arena_has_failed(p->arena) ? MAIL_AUTHOR_NO_MEMORY :
	    MAIL_AUTHOR_MALFORMED;
}

/* local-part = dot-atom / quoted-string / obs-local-part
 * obs-local-part = word *("." word)
 * and any more dots.  Stops at what follows. */
static bool
skip_local_part(struct parser *p)
{
	bool has_words = false, is_behind_word = false;

	for (;; advance(p)) {
		if (p->token.type == TOKEN_DOT) {
			is_behind_word = false;
			continue;
		}
		if (p->token.type != TOKEN_ATOM &&
		    p->token.type != TOKEN_QUOTED)
			return has_words;
		if (is_behind_word || !utf8_is_valid(p->token.text))
			return false;
		has_words = is_behind_word = true;
	}
}

/* domain = dot-atom / obs-domain; obs-domain = atom *("." atom)
 * and a dot at the end.  Left in p->domain, not judged; false where two atoms
 * have no dot between them. */
static bool
collect_domain(struct parser *p)
{
	bool is_behind_atom = false;

	strbuf_truncate(&p->domain, 0);
	for (;; advance(p)) {
		if (p->token.type != TOKEN_DOT && p->token.type != TOKEN_ATOM)
			return !p->domain.has_failed;
		if (is_behind_atom && p->token.type == TOKEN_ATOM)
			return false;
		is_behind_atom = p->token.type == TOKEN_ATOM;
		strbuf_append(&p->domain, p->token.text);
	}
}

static enum mail_author_status
add_domain(struct parser *p)
{
	struct mail_authors *authors = p->authors;
	struct slice domain;

	if (!domain_normalize(p->arena, strbuf_slice(&p->domain), &domain))
		return malformed_unless_full(p);
	for (size_t i = 0; i < authors->n_domains; i++)
		if (slice_eq(authors->domains[i], domain))
			return MAIL_AUTHOR_OK;
	if (authors->n_domains == MAIL_MAX_AUTHOR_DOMAINS)
		return MAIL_AUTHOR_TOO_MANY;
	authors->domains[authors->n_domains++] = domain;
	return MAIL_AUTHOR_OK;
}

static enum mail_author_status
keep_first_address(struct parser *p, const char *start)
{
	struct slice address = { start, (size_t)(p->behind - start) };

	return arena_copy(p->arena, slice_head(address, MAX_ADDRESS_OCTETS),
	    &p->authors->first_address) ? MAIL_AUTHOR_OK :
	    MAIL_AUTHOR_NO_MEMORY;
}

/* addr-spec = local-part "@" domain, and then nothing but END. */
static enum mail_author_status
parse_addr_spec(struct parser *p, enum token_type end)
{
	const char *start = p->token.text.ptr;
	enum mail_author_status status;

	if (++p->n_addresses > MAIL_MAX_AUTHORS)
		return MAIL_AUTHOR_TOO_MANY;
	if (p->token.type == end)
		return MAIL_AUTHOR_NO_DOMAIN;	/* <> */
	if (!skip_local_part(p) || has_encoded_word((struct slice){ start,
	    (size_t)(p->behind - start) }))
		return MAIL_AUTHOR_MALFORMED;
	if (p->token.type == end)
		return MAIL_AUTHOR_NO_DOMAIN;
	if (p->token.type != TOKEN_AT)
		return MAIL_AUTHOR_MALFORMED;
	advance(p);
	if (p->token.type == TOKEN_LITERAL)
		return MAIL_AUTHOR_NO_DOMAIN;
	if (!collect_domain(p))
		return malformed_unless_full(p);
	if (p->token.type != end)
		return MAIL_AUTHOR_MALFORMED;
	status = add_domain(p);
	if (status == MAIL_AUTHOR_OK && p->n_addresses == 1)
		status = keep_first_address(p, start);
	return status;
}

/* ---- address-list -------------------------------------------------------- */

/* The domain of a route: it is only stepped over. */
static void
skip_route_domain(struct parser *p)
{
	if (p->token.type == TOKEN_LITERAL) {
		advance(p);
		return;
	}
	while (p->token.type == TOKEN_ATOM || p->token.type == TOKEN_DOT)
		advance(p);
}

/* obs-route = obs-domain-list ":"
 * obs-domain-list = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) */
static bool
skip_route(struct parser *p)
{
	do {
		while (p->token.type == TOKEN_COMMA)
			advance(p);
		if (p->token.type == TOKEN_AT) {
			advance(p);
			skip_route_domain(p);
		}
	} while (p->token.type == TOKEN_COMMA);
	if (p->token.type != TOKEN_COLON)
		return false;
	advance(p);
	return true;
}

/* angle-addr = "<" [obs-route] addr-spec ">" */
static enum mail_author_status
parse_angle_addr(struct parser *p)
{
	enum mail_author_status status;

	advance(p);
	if ((p->token.type == TOKEN_AT || p->token.type == TOKEN_COMMA) &&
	    !skip_route(p))
		return MAIL_AUTHOR_MALFORMED;
	status = parse_addr_spec(p, TOKEN_GREATER);
	if (status == MAIL_AUTHOR_OK)
		advance(p);
	return status;
}

struct run {
	size_t n_words;		/* atoms and quoted strings */
	size_t n_others;	/* "@" and brackets, which are in no phrase */
	bool has_at;
};

/* phrase = 1*word; obs-phrase = word *(word / "." / CFWS)
 * and what an addr-spec has beside these. */
static struct run
skim_run(struct parser *p)
{
	struct run run = { 0, 0, false };

	for (;; advance(p)) {
		switch (p->token.type) {
		case TOKEN_ATOM:
		case TOKEN_QUOTED:
			run.n_words++;
			break;
		case TOKEN_AT:
			run.has_at = true;
			run.n_others++;
			break;
		case TOKEN_LITERAL:
			run.n_others++;
			break;
		case TOKEN_DOT:
			break;
		case TOKEN_LESS:
		case TOKEN_GREATER:
		case TOKEN_COMMA:
		case TOKEN_COLON:
		case TOKEN_SEMICOLON:
		case TOKEN_END:
		case TOKEN_BAD:
			return run;
		}
	}
}

/* group = display-name ":" [group-list] ";"; here up to the colon. */
static enum mail_author_status
enter_group(struct parser *p, const struct run *name)
{
	if (p->is_in_group || name->n_words == 0 || name->n_others != 0)
		return MAIL_AUTHOR_MALFORMED;
	p->is_in_group = true;
	advance(p);
	return MAIL_AUTHOR_OK;
}

static enum mail_author_status
leave_group(struct parser *p)
{
	if (!p->is_in_group)
		return MAIL_AUTHOR_MALFORMED;
	p->is_in_group = false;
	advance(p);
	return p->token.type == TOKEN_COMMA || p->token.type == TOKEN_END ?
	    MAIL_AUTHOR_OK : MAIL_AUTHOR_MALFORMED;
}

/* A mailbox, of whatever form, must be followed by one of these. */
static bool
is_at_delimiter(const struct parser *p)
{
	return p->token.type == TOKEN_COMMA ||
	    p->token.type == TOKEN_SEMICOLON || p->token.type == TOKEN_END;
}

/* An element of words alone, up to where P is now: `Doe, Joe <j@a.example>` has
 * one, and many who write that are honest.  It is stepped over, for a word
 * without "@" names no domain that could be forged.  One in a string or comment
 * counts, since not all readers know these. */
static enum mail_author_status
step_over_name(struct parser *p, const char *start, const struct run *run)
{
	struct slice element = { start, (size_t)(p->behind - start) };

	if (run->n_words == 0 || run->n_others != 0 ||
	    slice_find(element, '@') != SIZE_MAX)
		return MAIL_AUTHOR_NO_DOMAIN;
	p->has_bare_names = true;
	return MAIL_AUTHOR_OK;
}

/* mailbox = name-addr / addr-spec, or the beginning of a group. */
static enum mail_author_status
parse_mailbox(struct parser *p)
{
	const struct cursor start = p->cur;
	const struct token first = p->token;
	struct run run = skim_run(p);
	enum token_type end = p->token.type;
	enum mail_author_status status;

	if (end == TOKEN_COLON)
		return enter_group(p, &run);
	if (end == TOKEN_LESS) {
		status = parse_angle_addr(p);
	} else if (!is_at_delimiter(p)) {
		status = MAIL_AUTHOR_MALFORMED;
	} else if (!run.has_at) {
		status = step_over_name(p, first.text.ptr, &run);
	} else {
		p->cur = start;
		p->token = first;
		status = parse_addr_spec(p, end);
	}
	if (status == MAIL_AUTHOR_OK && !is_at_delimiter(p))
		return MAIL_AUTHOR_MALFORMED;
	return status;
}

/* address-list = (address *("," address)) / obs-addr-list
 * address = mailbox / group; empty elements are obs-addr-list's. */
static enum mail_author_status
parse_address_list(struct parser *p)
{
	enum mail_author_status status = MAIL_AUTHOR_OK;

	advance(p);
	while (status == MAIL_AUTHOR_OK && p->token.type != TOKEN_END) {
		if (p->token.type == TOKEN_COMMA)
			advance(p);
		else if (p->token.type == TOKEN_SEMICOLON)
			status = leave_group(p);
		else
			status = parse_mailbox(p);
	}
	if (status != MAIL_AUTHOR_OK)
		return status;
	if (p->is_in_group)
		return MAIL_AUTHOR_MALFORMED;
	if (p->n_addresses != 0)
		return MAIL_AUTHOR_OK;
	return p->has_bare_names ? MAIL_AUTHOR_NO_DOMAIN : MAIL_AUTHOR_EMPTY;
}

/* ---- the field ----------------------------------------------------------- */

/* Before any grammar: no control octets but those of folding.  RFC 5322 4.1
 * allows some of them as obsolete; among them are the shift codes of ISO-2022,
 * behind which an octet is not what it seems. */
static bool
has_only_text(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\r' && i + 2 < value.len &&
		    value.ptr[i + 1] == '\n' && ascii_is_wsp(value.ptr[i + 2]))
			i += 2;
		else if (!ascii_is_vchar(c) && !ascii_is_wsp(c) &&
		    !ascii_is_8bit(c))
			return false;
	}
	return true;
}

/* A folded line of nothing but white space, with more behind it: to many
 * readers it is the empty line that ends the header. */
static bool
has_blank_line(struct slice value)
{
	struct cursor cur = cursor_of(slice_trim_end(value));

	cursor_take_until(&cur, '\n');	/* the first one holds the name */
	while (cursor_take_char(&cur, '\n'))
		if (slice_trim(cursor_take_until(&cur, '\n')).len == 0)
			return true;
	return false;
}

/* In some charsets a backslash or an "@" is the second half of a character, so
 * what is escaped depends on who reads; UTF-8 has no such. */
static bool
has_foreign_escapes(struct slice value)
{
	return slice_find(value, '\\') != SIZE_MAX && !utf8_is_valid(value);
}

enum mail_author_status
mail_parse_authors(struct arena *arena, struct slice value,
    struct mail_authors *authors_out)
{
	struct parser p = {
		.arena = arena,
		.cur = cursor_of(value),
		.authors = authors_out,
	};
	enum mail_author_status status = MAIL_AUTHOR_MALFORMED;

	strbuf_init(&p.domain, arena, MAX_DOMAIN_OCTETS);
	*authors_out = (struct mail_authors){ 0 };
	if (has_only_text(value) && !has_blank_line(value) &&
	    !has_foreign_escapes(value))
		status = parse_address_list(&p);
	if (status != MAIL_AUTHOR_OK)
		*authors_out = (struct mail_authors){ 0 };
	return status;
}

const char *
mail_author_status_text(enum mail_author_status status)
{
	switch (status) {
	case MAIL_AUTHOR_OK:
		return "the From field names its author";
	case MAIL_AUTHOR_ABSENT:
		return "the message has no From field";
	case MAIL_AUTHOR_REPEATED:
		return "the message has more than one From field";
	case MAIL_AUTHOR_EMPTY:
		return "the From field holds no address";
	case MAIL_AUTHOR_MALFORMED:
		return "the From field is malformed";
	case MAIL_AUTHOR_NO_DOMAIN:
		return "the From field has an address without a domain name";
	case MAIL_AUTHOR_TOO_MANY:
		return "the From field has too many authors";
	case MAIL_AUTHOR_NO_MEMORY:
		return "out of memory for the From field";
	}
	return "unknown status";
}
