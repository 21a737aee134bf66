/* mail/received.c - see received.h.
 *
 *     From-domain     = "FROM" FWS Extended-Domain
 *     Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) /
 *                       ( address-literal FWS "(" TCP-info ")" )
 *     TCP-info        = address-literal / ( Domain FWS address-literal )
 *
 * Postfix and Sendmail write that, what HELO said being the Domain in front:
 *
 *     from mail.example.org (host.example.org [192.0.2.1])
 *
 * Exim has the name from DNS there and HELO's in the comment; without the
 * former it is the address that stands in front:
 *
 *     from host.example.org ([192.0.2.1] helo=mail.example.org)
 *     from [192.0.2.1] (port=25001 helo=mail.example.org)
 *
 * qmail and Exchange leave out the brackets:
 *
 *     from host.example.org (HELO mail.example.org) (user@192.0.2.1)
 *     from mail.example.org (192.0.2.1)
 *
 * A client chooses what HELO says, an address literal included.  So an address
 * in front counts only where the comment is Exim's, and never alone. */
#include "mail/received.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "mail/lexical.h"

#define MAX_COMMENT_DEPTH ((size_t)4)
#define MAX_WORD ((size_t)255)	/* octets (RFC 5321 4.5.3.1.2) */

/* What a name, an address literal, or any HELO that an MTA lets pass has. */
static bool
is_word(char c)
{
	return (ascii_is_vchar(c) && c != '(' && c != ')' && c != '\\' &&
	    c != '"' && c != '<' && c != '>' && c != ',' && c != ';') ||
	    ascii_is_8bit(c);
}

static bool
take_word(struct cursor *cur, struct slice *word_out)
{
	*word_out = cursor_take_while(cur, is_word);
	return word_out->len != 0 && word_out->len <= MAX_WORD;
}

/* address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"
 * Exim leaves the tag "IPv6:" out.  Takes no blank, and nothing behind it. */
static bool
take_literal(struct cursor *cur, struct ip_address *address_out)
{
	struct slice text;

	if (!cursor_take_char(cur, '['))
		return false;
	cursor_take_text_nocase(cur, SLICE("IPv6:"));
	text = cursor_take_until(cur, ']');
	return cursor_take_char(cur, ']') && ip_parse(text, address_out);
}

/* Exim's "name=value" for HELO; what else it adds is let pass. */
static bool
take_keywords(struct cursor *cur, struct slice *helo_out)
{
	struct slice word;

	for (cursor_skip_fws(cur); !cursor_at_end(cur); cursor_skip_fws(cur)) {
		if (!take_word(cur, &word) ||
		    slice_find(word, '=') == SIZE_MAX)
			return false;
		if (slice_starts_with(word, SLICE("helo=")))
			*helo_out = slice_from(word, sizeof("helo=") - 1);
	}
	return true;
}

/* TCP-info, and behind it Exim's port and words, or Sendmail's "(may be
 * forged)". */
static bool
parse_tcp_info(struct slice comment, struct mail_received *received)
{
	struct cursor cur = cursor_of(comment);
	struct slice name;

	cursor_skip_fws(&cur);
	if (cursor_peek(&cur) != '[') {
		if (!take_word(&cur, &name) ||
		    slice_find(name, '[') != SIZE_MAX)
			return false;
		cursor_skip_fws(&cur);
	}
	if (!take_literal(&cur, &received->client))
		return false;
	if (cursor_take_char(&cur, ':') &&
	    cursor_take_while(&cur, ascii_is_digit).len == 0)
		return false;
	return mail_skip_cfws(&cur, MAX_COMMENT_DEPTH) &&
	    take_keywords(&cur, &received->helo);
}

/* "192.0.2.1", "user@192.0.2.1" */
static bool
parse_bare_address(struct slice comment, struct mail_received *received)
{
	struct slice text = slice_trim(comment);
	size_t at = slice_find_last(text, '@');

	return ip_parse(slice_from(text, at == SIZE_MAX ? 0 : at + 1),
	    &received->client);
}

/* "HELO mail.example.org" */
static bool
parse_helo(struct slice comment, struct slice *helo_out)
{
	struct cursor cur = cursor_of(comment);

	return (cursor_take_text_nocase(&cur, SLICE("HELO ")) ||
	    cursor_take_text_nocase(&cur, SLICE("EHLO "))) &&
	    take_word(&cur, helo_out) && cursor_at_end(&cur);
}

/* The address in front is Exim's word for a client without a name only where
 * the comment is Exim's too. */
static bool
parse_exim(struct slice word, struct slice comment,
    struct mail_received *received)
{
	struct cursor front = cursor_of(word), cur = cursor_of(comment);

	if (!take_literal(&front, &received->client))
		return false;
	if (cursor_take_char(&front, ':') &&
	    cursor_take_while(&front, ascii_is_digit).len == 0)
		return false;
	return cursor_at_end(&front) && slice_trim(comment).len != 0 &&
	    take_keywords(&cur, &received->helo);
}

static bool
take_comment(struct cursor *cur, struct slice *comment_out)
{
	cursor_skip_fws(cur);
	return cursor_peek(cur) == '(' &&
	    mail_take_comment(cur, MAX_COMMENT_DEPTH, comment_out);
}

static bool
parse_client(struct cursor *cur, struct mail_received *received)
{
	struct slice word, comment;

	if (!take_word(cur, &word) || !take_comment(cur, &comment))
		return false;
	received->helo = word;
	if (parse_helo(comment, &received->helo))
		return take_comment(cur, &comment) &&
		    parse_bare_address(comment, received);
	return parse_tcp_info(comment, received) ||
	    parse_bare_address(comment, received) ||
	    parse_exim(word, comment, received);
}

/* WORD and the white space behind it. */
static bool
take_keyword(struct cursor *cur, struct slice word)
{
	return cursor_take_text_nocase(cur, word) &&
	    ascii_is_fws((char)cursor_peek(cur));
}

bool
mail_parse_received(struct slice value, struct mail_received *received_out)
{
	struct cursor cur = cursor_of(value);
	struct mail_received received = { .helo = SLICE_EMPTY };
	bool is_whole;

	*received_out = received;
	cursor_skip_fws(&cur);
	if (!take_keyword(&cur, SLICE("from")))
		return false;
	cursor_skip_fws(&cur);
	is_whole = parse_client(&cur, &received) &&
	    mail_skip_cfws(&cur, MAX_COMMENT_DEPTH) &&
	    take_keyword(&cur, SLICE("by"));
	if (is_whole)
		*received_out = received;
	return is_whole;
}
