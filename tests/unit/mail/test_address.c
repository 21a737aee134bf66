/* The From field (RFC 5322 3.4 and 4.4, 6854, 6532; RFC 9989 5.3.1, 11.5). */
#include <stdio.h>
#include <string.h>

#include "mail/address.h"
#include "unit/test.h"

#define OK MAIL_AUTHOR_OK
#define EMPTY MAIL_AUTHOR_EMPTY
#define MALFORMED MAIL_AUTHOR_MALFORMED
#define NO_DOMAIN MAIL_AUTHOR_NO_DOMAIN
#define TOO_MANY MAIL_AUTHOR_TOO_MANY

#define P8 "(((((((("
#define Q8 "))))))))"

struct from_case {
	const char *name;
	struct slice value;
	enum mail_author_status status;
	const char *domains;	/* as read, blanks between; "" unless OK */
};

static void
check_cases(const struct from_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(cases[i].value);
		struct mail_authors authors;
		enum mail_author_status status = mail_parse_authors(arena, in,
		    &authors);
		char domains[2048] = "";

		/* Nothing that is handed out may borrow the input. */
		memset((void *)(uintptr_t)in.ptr, 'X', in.len);
		test_free_copy(in);
		if (status != cases[i].status)
			fail_msg("%s: %s", cases[i].name,
			    mail_author_status_text(status));
		for (size_t k = 0; k < authors.n_domains; k++)
			snprintf(domains + strlen(domains),
			    sizeof(domains) - strlen(domains), "%s%.*s",
			    k != 0 ? " " : "",
			    SLICE_PRINTF(authors.domains[k]));
		test_assert_slice(cases[i].name, slice_from_cstr(domains),
		    cases[i].domains);
		if ((authors.first_address.len != 0) != (status == OK))
			fail_msg("%s: wrong first address", cases[i].name);
		arena_destroy(&arena);
	}
}

static void
test_syntax(void **state)
{
	static const struct from_case cases[] = {
		{ "addr-spec", SLICE_INIT(" u@a.example"), OK, "a.example" },
		{ "no leading space", SLICE_INIT("u@a.example"), OK,
		  "a.example" },
		{ "name-addr", SLICE_INIT(" Joe Q. Public <j@a.example>"), OK,
		  "a.example" },
		{ "upper case", SLICE_INIT(" U@A.Example"), OK, "a.example" },
		{ "quoted display name",
		  SLICE_INIT(" \"Joe, Q.\" <j@a.example>"), OK, "a.example" },
		{ "no blank before the bracket",
		  SLICE_INIT(" Joe<j@a.example>"), OK, "a.example" },
		{ "words without blanks",
		  SLICE_INIT(" \"A\"B\"C\"<j@a.example>"), OK, "a.example" },
		{ "name is a dot", SLICE_INIT(" . <j@a.example>"), OK,
		  "a.example" },
		{ "encoded word",
		  SLICE_INIT(" =?utf-8?Q?J=C3=B6?= <j@a.example>"), OK,
		  "a.example" },
		{ "atext of all sorts",
		  SLICE_INIT(" !#$%&'*+-/=?^_`{|}~9@a.example"), OK,
		  "a.example" },
		{ "angle address alone", SLICE_INIT(" <j@a.example>"), OK,
		  "a.example" },
		{ "blanks in the brackets",
		  SLICE_INIT(" < j @ a.example > "), OK, "a.example" },
		{ "blank at the end of the brackets",
		  SLICE_INIT(" <u@a.example >"), OK, "a.example" },
		{ "quoted local part",
		  SLICE_INIT(" \"j q\"@a.example"), OK, "a.example" },
		{ "at sign in a quoted local part",
		  SLICE_INIT(" \"x@mink.example\"@lynx.example"), OK,
		  "lynx.example" },
		{ "an address in the display name, quoted",
		  SLICE_INIT(" \"Someone <a@junk.example>\"@mine.example"), OK,
		  "mine.example" },
		{ "escaped quotes",
		  SLICE_INIT(" \"\\\"A, B\\\"\" <u@a.example>"), OK,
		  "a.example" },
		{ "escaped backslash",
		  SLICE_INIT(" \"A\\\\\" <u@a.example>"), OK, "a.example" },
		{ "one label", SLICE_INIT(" u@localhost"), OK, "localhost" },
		{ "root dot", SLICE_INIT(" u@a.example."), OK, "a.example" },
		{ "root dot in brackets", SLICE_INIT(" <u@a.example.>"), OK,
		  "a.example" },
		{ "two dots", SLICE_INIT(" u@a.example.."), MALFORMED, "" },
		{ "dot before domain", SLICE_INIT(" u@.a.example"), MALFORMED,
		  "" },
		{ "empty label", SLICE_INIT(" u@a..example"), MALFORMED, "" },
		{ "dots of Japanese carriers",
		  SLICE_INIT(" <.a..b.@a.example>"), OK, "a.example" },

		/* RFC 5322 A.1 to A.6 */
		{ "A.1.1", SLICE_INIT(" John Doe <jdoe@machine.example>"), OK,
		  "machine.example" },
		{ "A.1.2", SLICE_INIT(" \"Joe Q. Public\" "
		  "<john.q.public@example.com>"), OK, "example.com" },
		{ "A.1.2 to", SLICE_INIT(" Mary Smith <mary@x.test>, "
		  "jdoe@example.org, Who? <one@y.test>"), OK,
		  "x.test example.org y.test" },
		{ "A.1.2 cc", SLICE_INIT(" <boss@nil.test>, \"Giant; "
		  "\\\"Big\\\" Box\" <sysservices@example.net>"), OK,
		  "nil.test example.net" },
		{ "A.1.3 to", SLICE_INIT(" A Group:Ed Jones <c@a.test>,"
		  "joe@where.test,John <jdoe@one.test>;"), OK,
		  "a.test where.test one.test" },
		{ "A.1.3 cc", SLICE_INIT(" Undisclosed recipients:;"), EMPTY,
		  "" },
		{ "A.5", SLICE_INIT(" Pete(A nice \\) chap) <pete(his account)"
		  "@silly.test(his host)>"), OK, "silly.test" },
		{ "A.5 to", SLICE_INIT("A Group(Some people)\r\n     :Chris "
		  "Jones <c@(Chris's host.)public.example>,\r\n         "
		  "joe@example.org,\r\n  John <jdoe@one.test> (my dear "
		  "friend); (the end of the group)\r\n"
		  " "), OK, "public.example example.org one.test" },
		{ "A.5 cc", SLICE_INIT("(Empty list)(start)Hidden recipients  "
		  ":(nobody(that I know))  ;"), EMPTY, "" },
		{ "A.6.1", SLICE_INIT(" Joe Q. Public <john.q.public@example"
		  ".com>"), OK, "example.com" },
		{ "A.6.1 to", SLICE_INIT(" Mary Smith <@node.test:mary@example"
		  ".net>, , jdoe@test  . example"), OK,
		  "example.net test.example" },
		{ "A.6.3", SLICE_INIT(" John Doe <jdoe@machine(comment).  "
		  "example>"), OK, "machine.example" },
		/* RFC 6854 2 */
		{ "group as author",
		  SLICE_INIT(" Managing Partners:ben@example.com,carol@example."
		  "com;"), OK, "example.com" },
		{ "group and mailbox",
		  SLICE_INIT(" G:ben@a.example;, c@b.example"), OK,
		  "a.example b.example" },

		{ "route of two",
		  SLICE_INIT(" <@r.example,@[192.0.2.1]:u@a.example>"), OK,
		  "a.example" },
		{ "route with empty elements",
		  SLICE_INIT(" <,,@r.example,,(c) @s.example,:u@a.example>"),
		  OK, "a.example" },
		{ "route with an IPv6 literal",
		  SLICE_INIT(" <@[IPv6:2001:db8::1]:u@a.example>"), OK,
		  "a.example" },
		{ "route without address", SLICE_INIT(" <@r.example:>"),
		  NO_DOMAIN, "" },
		{ "route without colon", SLICE_INIT(" <@r.example>"),
		  MALFORMED, "" },
		{ "two routes", SLICE_INIT(" <@r.example:@s.example:u@a.x>"),
		  MALFORMED, "" },
		{ "route without brackets",
		  SLICE_INIT(" @r.example:u@a.example"), MALFORMED, "" },
		{ "comments everywhere",
		  SLICE_INIT("(1) Joe (2) <(3)u(4).(5)v(6)@(7)a(8).(9)example("
		  "10)>(11)"), OK, "a.example" },
		{ "folds everywhere",
		  SLICE_INIT("\r\n Joe\r\n <u\r\n @\r\n a\r\n .\r\n example\r\n"
		  " >"), OK, "a.example" },
		{ "comment as a name", SLICE_INIT(" u@a.example (Joe)"), OK,
		  "a.example" },
		{ "nested comments",
		  SLICE_INIT(" u@a.example (a(b(c)d)\\)e)"), OK, "a.example" },
		{ "comments as deep as may be",
		  SLICE_INIT(" " P8 P8 "u@b.example" Q8 Q8 "u@a.example"), OK,
		  "a.example" },
		{ "comments too deep",
		  SLICE_INIT(" (" P8 P8 "u@b.example" Q8 Q8 ")u@a.example"),
		  MALFORMED, "" },
		{ "folded quoted string",
		  SLICE_INIT(" \"Joe\r\n Q\" <u@a.example>"), OK, "a.example" },

		{ "UTF-8 name", SLICE_INIT(" J\xc3\xb6rg <u@a.example>"), OK,
		  "a.example" },
		{ "UTF-8 local part", SLICE_INIT(" j\xc3\xb6rg@a.example"), OK,
		  "a.example" },
		{ "U-label", SLICE_INIT(" u@b\xc3\xbc" "cher.example"), OK,
		  "xn--bcher-kva.example" },
		{ "U-label and its A-label are one",
		  SLICE_INIT(" u@b\xc3\xbc" "cher.example, "
		  "v@xn--bcher-kva.example"), OK, "xn--bcher-kva.example" },
		{ "not transitional", SLICE_INIT(" u@stra\xc3\x9f" "e.example"),
		  OK, "xn--strae-oqa.example" },

		{ "nothing", SLICE_INIT(""), EMPTY, "" },
		{ "blanks", SLICE_INIT(" \r\n \t"), EMPTY, "" },
		{ "comment only", SLICE_INIT(" (u@a.example)"), EMPTY, "" },
		{ "commas only", SLICE_INIT(" , ,"), EMPTY, "" },
		{ "empty group with commas", SLICE_INIT(" G:,,;"), EMPTY, "" },
		{ "empty groups", SLICE_INIT(" G:;, H: (x);"), EMPTY, "" },
		{ "empty brackets", SLICE_INIT(" <>"), NO_DOMAIN, "" },
		{ "name and empty brackets", SLICE_INIT(" MAILER-DAEMON <>"),
		  NO_DOMAIN, "" },
		{ "no at sign", SLICE_INIT(" root"), NO_DOMAIN, "" },
		{ "a name only", SLICE_INIT(" Joe Q. Public"), NO_DOMAIN, "" },
		{ "a quoted address only", SLICE_INIT(" \"u@a.example\""),
		  NO_DOMAIN, "" },
		{ "brackets without at sign", SLICE_INIT(" Joe <root>"),
		  NO_DOMAIN, "" },
		{ "literal", SLICE_INIT(" u@[192.0.2.1]"), NO_DOMAIN, "" },
		{ "IPv6 literal in brackets",
		  SLICE_INIT(" <u@[IPv6:2001:db8::1]>"), NO_DOMAIN, "" },
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

/* What a forger writes so that the reader's program and we see different
 * authors: it is read as every reader does, or refused. */
static void
test_hostile(void **state)
{
	static const struct from_case cases[] = {
		{ "address as a name",
		  SLICE_INIT(" user@good.example <evil@bad.example>"), OK,
		  "bad.example" },
		{ "address as a name, no blank",
		  SLICE_INIT(" user@good.example<evil@bad.example>"), OK,
		  "bad.example" },
		{ "address as a name, quoted",
		  SLICE_INIT(" \"user@good.example\" <evil@bad.example>"), OK,
		  "bad.example" },
		{ "two addresses as a name",
		  SLICE_INIT(" a@b.example c@d.example <evil@bad.example>"),
		  OK, "bad.example" },
		{ "whole angle address as a name, quoted",
		  SLICE_INIT(" \"Joe <user@good.example>\" <evil@bad.example>"),
		  OK, "bad.example" },
		{ "literal as a name",
		  SLICE_INIT(" u@[192.0.2.1] <evil@bad.example>"), OK,
		  "bad.example" },
		{ "brackets in a name",
		  SLICE_INIT(" [EXT] Joe <evil@bad.example>"), OK,
		  "bad.example" },
		{ "brackets in a name, an address in them",
		  SLICE_INIT(" [u@good.example] <evil@bad.example>"),
		  MALFORMED, "" },
		{ "brackets in a name, an angle address in them",
		  SLICE_INIT(" [<u@good.example>] <evil@bad.example>"),
		  MALFORMED, "" },
		{ "brackets in a name, a quote in them",
		  SLICE_INIT(" [\"] <u@good.example> [\"] <evil@bad.example>"),
		  MALFORMED, "" },
		{ "brackets that do not end",
		  SLICE_INIT(" [EXT Joe <evil@bad.example>"), MALFORMED, "" },
		{ "bracket that was not open",
		  SLICE_INIT(" EXT] Joe <evil@bad.example>"), MALFORMED, "" },

		{ "two domains", SLICE_INIT(" a@x.example, b@y.example"), OK,
		  "x.example y.example" },
		{ "one domain twice", SLICE_INIT(" a@x.example, b@X.Example."),
		  OK, "x.example" },
		{ "four domains",
		  SLICE_INIT(" a@a.example,b@b.example,c@c.example,d@d.example,"
		  "e@a.example"), OK,
		  "a.example b.example c.example d.example" },
		{ "five domains",
		  SLICE_INIT(" a@a.example,b@b.example,c@c.example,d@d.example,"
		  "e@e.example"), TOO_MANY, "" },
		{ "one of two is a word",
		  SLICE_INIT(" a@x.example, root"), OK, "x.example" },
		{ "an unquoted comma in a name",
		  SLICE_INIT(" Doe, Joe <u@a.example>"), OK, "a.example" },
		{ "three unquoted commas in a name",
		  SLICE_INIT(" Doe, Joe, Dr., \"M.A.\" <u@a.example>"), OK,
		  "a.example" },
		{ "an unquoted comma in a name in a group",
		  SLICE_INIT(" G: Doe, Joe <u@a.example>;"), OK, "a.example" },
		{ "a comma in an encoded word",
		  SLICE_INIT(" =?utf-8?Q?Doe,_Joe?= <u@a.example>"), OK,
		  "a.example" },
		{ "an unquoted comma, two addresses",
		  SLICE_INIT(" Doe, Joe <u@a.example>, v@b.example"), OK,
		  "a.example b.example" },
		{ "words alone", SLICE_INIT(" Doe, Joe"), NO_DOMAIN, "" },
		{ "word and empty group", SLICE_INIT(" Doe, G:;"), NO_DOMAIN,
		  "" },
		{ "word and empty brackets", SLICE_INIT(" Doe, Joe <>"),
		  NO_DOMAIN, "" },
		{ "word and literal", SLICE_INIT(" Doe, u@[192.0.2.1]"),
		  NO_DOMAIN, "" },
		{ "word in brackets and an address",
		  SLICE_INIT(" <root>, u@a.example"), NO_DOMAIN, "" },
		{ "dot and an address", SLICE_INIT(" ., u@a.example"),
		  NO_DOMAIN, "" },
		{ "bracketed word and an address",
		  SLICE_INIT(" [EXT], u@a.example"), NO_DOMAIN, "" },
		{ "quoted address and an address",
		  SLICE_INIT(" \"u@good.example\", u@bad.example"), NO_DOMAIN,
		  "" },
		{ "word with an address in its comment, and an address",
		  SLICE_INIT(" a(u@good.example)b, u@bad.example"), NO_DOMAIN,
		  "" },
		{ "address without a domain, and an address",
		  SLICE_INIT(" u@, u@bad.example"), MALFORMED, "" },
		{ "one of two is a literal",
		  SLICE_INIT(" u@[192.0.2.1], a@x.example"), NO_DOMAIN, "" },
		{ "one of two is malformed",
		  SLICE_INIT(" a@x.example, a b@y.example"), MALFORMED, "" },
		{ "semicolon for a comma",
		  SLICE_INIT(" a@x.example; b@y.example"), MALFORMED, "" },
		{ "semicolon at the end", SLICE_INIT(" a@x.example;"),
		  MALFORMED, "" },
		{ "lone semicolon", SLICE_INIT(" ;"), MALFORMED, "" },
		{ "blank for a comma",
		  SLICE_INIT(" u@good.example u@bad.example"), MALFORMED, "" },
		{ "two angle addresses",
		  SLICE_INIT(" <u@good.example> <u@bad.example>"), MALFORMED,
		  "" },
		{ "two angle addresses, no blank",
		  SLICE_INIT(" <u@good.example><u@bad.example>"), MALFORMED,
		  "" },
		{ "angle address, then an address",
		  SLICE_INIT(" <u@good.example> u@bad.example"), MALFORMED,
		  "" },
		{ "angle address, then a name",
		  SLICE_INIT(" <u@good.example> Joe"), MALFORMED, "" },
		{ "angle address, then a string",
		  SLICE_INIT(" <u@good.example> \"\""), MALFORMED, "" },
		{ "angle address, then a dot",
		  SLICE_INIT(" <u@good.example>."), MALFORMED, "" },
		{ "angle address in an angle address",
		  SLICE_INIT(" <u@good.example <u@bad.example>>"), MALFORMED,
		  "" },
		{ "doubled brackets", SLICE_INIT(" <<u@good.example>>"),
		  MALFORMED, "" },
		{ "list in brackets",
		  SLICE_INIT(" <u@good.example, u@bad.example>"), MALFORMED,
		  "" },
		{ "group in brackets",
		  SLICE_INIT(" <G:u@good.example;>"), MALFORMED, "" },
		{ "name in brackets", SLICE_INIT(" <Joe u@good.example>"),
		  MALFORMED, "" },
		{ "junk behind an address", SLICE_INIT(" u@good.example Joe"),
		  MALFORMED, "" },
		{ "string behind an address",
		  SLICE_INIT(" u@good.example \"Joe\""), MALFORMED, "" },
		{ "literal behind an address",
		  SLICE_INIT(" u@good.example[192.0.2.1]"), MALFORMED, "" },
		{ "junk before an address", SLICE_INIT(" Joe u@good.example"),
		  MALFORMED, "" },
		{ "string before a local part",
		  SLICE_INIT(" \"a\"b@good.example"), MALFORMED, "" },
		{ "string and dot before a local part",
		  SLICE_INIT(" \"a@x.example\".b@good.example"), OK,
		  "good.example" },
		{ "string in a domain", SLICE_INIT(" u@\"good\".example"),
		  MALFORMED, "" },
		{ "string as a domain", SLICE_INIT(" u@\"good.example\""),
		  MALFORMED, "" },
		{ "blank in a domain", SLICE_INIT(" u@good example"),
		  MALFORMED, "" },
		{ "comment for a dot", SLICE_INIT(" u@good(.)example"),
		  MALFORMED, "" },
		{ "comment that looks like more of the domain",
		  SLICE_INIT(" u@bad.example(.good.example)"), OK,
		  "bad.example" },
		{ "comment that looks like the address",
		  SLICE_INIT(" u@(good.example)bad.example"), OK,
		  "bad.example" },
		{ "comment holds an angle address",
		  SLICE_INIT(" (<u@good.example>) <u@bad.example>"), OK,
		  "bad.example" },
		{ "comment holds a quote",
		  SLICE_INIT(" (\") <u@bad.example> (\")"), OK,
		  "bad.example" },
		{ "string holds a comment's begin",
		  SLICE_INIT(" \"(\" <u@bad.example> \")\""), MALFORMED, "" },
		{ "two at signs", SLICE_INIT(" u@good.example@bad.example"),
		  MALFORMED, "" },
		{ "two at signs in brackets",
		  SLICE_INIT(" <u@good.example@bad.example>"), MALFORMED, "" },
		{ "doubled at sign", SLICE_INIT(" u@@bad.example"), MALFORMED,
		  "" },
		{ "at sign alone", SLICE_INIT(" @"), MALFORMED, "" },
		{ "no local part", SLICE_INIT(" @bad.example"), MALFORMED, "" },
		{ "no local part but dots", SLICE_INIT(" ..@bad.example"),
		  MALFORMED, "" },
		{ "no domain", SLICE_INIT(" u@"), MALFORMED, "" },
		{ "no domain in brackets", SLICE_INIT(" <u@>"), MALFORMED, "" },
		{ "no domain but a comment", SLICE_INIT(" u@(bad.example)"),
		  MALFORMED, "" },
		{ "empty string as local part",
		  SLICE_INIT(" \"\"@bad.example"), OK, "bad.example" },

		{ "bracket not closed", SLICE_INIT(" <u@bad.example"),
		  MALFORMED, "" },
		{ "bracket not opened", SLICE_INIT(" u@bad.example>"),
		  MALFORMED, "" },
		{ "bracket not opened, with name",
		  SLICE_INIT(" Joe u@bad.example>"), MALFORMED, "" },
		{ "bracket opened the other way",
		  SLICE_INIT(" >u@bad.example<"), MALFORMED, "" },
		{ "quote not closed", SLICE_INIT(" \"Joe <u@bad.example>"),
		  MALFORMED, "" },
		{ "quote not opened", SLICE_INIT(" Joe\" <u@bad.example>"),
		  MALFORMED, "" },
		{ "quote closed by an escaped one",
		  SLICE_INIT(" \"Joe\\\" <u@bad.example>"), MALFORMED, "" },
		{ "comment not closed", SLICE_INIT(" u@bad.example (Joe"),
		  MALFORMED, "" },
		{ "comment not closed, nested",
		  SLICE_INIT(" u@bad.example (Joe (Q)"), MALFORMED, "" },
		{ "comment not opened", SLICE_INIT(" u@bad.example )"),
		  MALFORMED, "" },
		{ "comment closed by an escaped one",
		  SLICE_INIT(" u@bad.example (Joe\\)"), MALFORMED, "" },
		{ "backslash outside strings",
		  SLICE_INIT(" Joe\\ <u@bad.example>"), MALFORMED, "" },
		{ "backslash in a local part", SLICE_INIT(" u\\@x@bad.example"),
		  MALFORMED, "" },
		{ "backslash at the end", SLICE_INIT(" \"a\\"), MALFORMED,
		  "" },
		{ "backslash at the end of a comment", SLICE_INIT(" (a\\"),
		  MALFORMED, "" },
		{ "literal not closed", SLICE_INIT(" u@[192.0.2.1"), MALFORMED,
		  "" },

		{ "group not closed", SLICE_INIT(" G: u@bad.example"),
		  MALFORMED, "" },
		{ "group without name", SLICE_INIT(" : u@bad.example;"),
		  MALFORMED, "" },
		{ "group in a group",
		  SLICE_INIT(" G: H: u@bad.example;;"), MALFORMED, "" },
		{ "group's name is an address",
		  SLICE_INIT(" u@good.example: u@bad.example;"), MALFORMED,
		  "" },
		{ "junk behind a group",
		  SLICE_INIT(" G: u@good.example; u@bad.example"), MALFORMED,
		  "" },
		{ "two semicolons", SLICE_INIT(" G: u@good.example;;"),
		  MALFORMED, "" },
		{ "unquoted colon in a name",
		  SLICE_INIT(" Re: Joe <u@bad.example>"), MALFORMED, "" },

		{ "encoded word with an at sign",
		  SLICE_INIT(" =?utf-8?Q?u@good.example?= <u@bad.example>"),
		  OK, "bad.example" },
		{ "encoded word with an encoded address",
		  SLICE_INIT(" =?utf-8?Q?u=40good.example?= <u@bad.example>"),
		  OK, "bad.example" },
		{ "encoded word with an encoded angle address",
		  SLICE_INIT(" =?utf-8?B?PHVAZ29vZC5leGFtcGxlPg==?="
		  " <u@bad.example>"), OK, "bad.example" },
		{ "encoded word as local part",
		  SLICE_INIT(" =?utf-8?Q?u=40good.example=3E=00?=@bad.example"),
		  MALFORMED, "" },
		{ "encoded words as local part, in brackets",
		  SLICE_INIT(" Joe <=?utf-8?b?dUBnb29kLmV4YW1wbGU=?==?utf-8?Q?"
		  "=00?=@bad.example>"), MALFORMED, "" },
		{ "encoded word as local part, quoted",
		  SLICE_INIT(" \"=?utf-8?Q?u=40good.example=00?=\"@bad.example"),
		  MALFORMED, "" },
		{ "encoded word in a local part",
		  SLICE_INIT(" a.=?utf-8?Q?=00?=.b@bad.example"), MALFORMED,
		  "" },
		{ "no encoded word in a local part",
		  SLICE_INIT(" a=?=b@a.example"), OK, "a.example" },
		{ "encoded word as the whole field",
		  SLICE_INIT(" =?utf-8?Q?u=40good.example?="), NO_DOMAIN, "" },
		{ "encoded word as the whole field, at sign bare",
		  SLICE_INIT(" =?utf-8?Q?u@good.example?="), MALFORMED, "" },
		{ "encoded word as a domain",
		  SLICE_INIT(" u@=?utf-8?Q?good.example?="), MALFORMED, "" },
		{ "encoded word with a comma is two mailboxes",
		  SLICE_INIT(" =?utf-8?Q?u@good.example,_b?= <u@bad.example>"),
		  OK, "good.example bad.example" },
		{ "encoded word with a bracket",
		  SLICE_INIT(" =?utf-8?Q?<u@good.example>?= <u@bad.example>"),
		  MALFORMED, "" },

		{ "encoded word with a dot",
		  SLICE_INIT(" =?utf-8?Q?Example.org_Shop?= <u@a.example>"),
		  OK, "a.example" },
		{ "encoded word with parentheses",
		  SLICE_INIT(" =?utf-8?Q?Joe_(Q)?= <u@a.example>"), OK,
		  "a.example" },
		{ "encoded word in quotes",
		  SLICE_INIT(" \"=?utf-8?Q?=C3=9Cber?=\" <u@a.example>"), OK,
		  "a.example" },
		{ "encoded word in a comment",
		  SLICE_INIT(" u@a.example (=?utf-8?Q?=C3=9Cber?=)"), OK,
		  "a.example" },
		{ "encoded word with a quote",
		  SLICE_INIT(" =?utf-8?Q?\"?= <u@good.example> =?utf-8?Q?\"?="
		  " <u@bad.example>"), MALFORMED, "" },
		{ "encoded word with a parenthesis",
		  SLICE_INIT(" =?utf-8?Q?(?= <u@good.example> =?utf-8?Q?)?="
		  " <u@bad.example>"), MALFORMED, "" },
		{ "encoded word with a parenthesis and an equals sign",
		  SLICE_INIT(" =?utf-8?Q?(=?= <u@good.example> =?utf-8?Q?)?="
		  " <u@bad.example>"), MALFORMED, "" },
		{ "encoded word with a bracket that hides a comma",
		  SLICE_INIT(" =?utf-8?Q?[?= <u@good.example> ]"
		  " <u@bad.example>"), MALFORMED, "" },

		{ "NUL in a name", SLICE_INIT(" Joe\0 <u@bad.example>"),
		  MALFORMED, "" },
		{ "NUL in a string", SLICE_INIT(" \"Joe\0\" <u@bad.example>"),
		  MALFORMED, "" },
		{ "escaped NUL", SLICE_INIT(" \"Joe\\\0\" <u@bad.example>"),
		  MALFORMED, "" },
		{ "NUL in a comment", SLICE_INIT(" u@bad.example (\0)"),
		  MALFORMED, "" },
		{ "NUL in a domain", SLICE_INIT(" u@good.example\0.bad"),
		  MALFORMED, "" },
		{ "NUL at the end", SLICE_INIT(" u@bad.example\0"), MALFORMED,
		  "" },
		{ "control in a string",
		  SLICE_INIT(" \"\x01\" <u@bad.example>"), MALFORMED, "" },
		{ "escape for ISO-2022-JP",
		  SLICE_INIT(" \"\x1b$B\" <u@good.example> \x1b(B\" "
		  "<u@bad.example>"), MALFORMED, "" },
		{ "DEL", SLICE_INIT(" Joe\x7f <u@bad.example>"), MALFORMED,
		  "" },
		{ "bare CR", SLICE_INIT(" u@good.example\r<u@bad.example>"),
		  MALFORMED, "" },
		{ "bare CR before a blank",
		  SLICE_INIT(" u@good.example\r <u@bad.example>"), MALFORMED,
		  "" },
		{ "bare LF", SLICE_INIT(" u@good.example\n<u@bad.example>"),
		  MALFORMED, "" },
		{ "bare LF before a blank",
		  SLICE_INIT(" u@good.example\n <u@bad.example>"), MALFORMED,
		  "" },
		{ "CRLF that folds nothing",
		  SLICE_INIT(" u@good.example\r\nFrom: u@bad.example"),
		  MALFORMED, "" },
		{ "CRLF at the end", SLICE_INIT(" u@bad.example\r\n"),
		  MALFORMED, "" },
		{ "CR in a string", SLICE_INIT(" \"a\rb\" <u@bad.example>"),
		  MALFORMED, "" },
		{ "escaped fold", SLICE_INIT(" \"a\\\r\n b\" <u@bad.example>"),
		  OK, "bad.example" },
		{ "a line of blanks ends the header for some",
		  SLICE_INIT(" u@good.example\r\n \t\r\n <u@bad.example>"),
		  MALFORMED, "" },
		{ "blanks first, then a line of blanks",
		  SLICE_INIT("\r\n \r\n u@good.example"), MALFORMED, "" },
		{ "lines of blanks at the end hide nothing",
		  SLICE_INIT("\r\n u@bad.example\r\n \r\n "), OK,
		  "bad.example" },

		{ "Latin-1 name", SLICE_INIT(" J\xf6rg <u@bad.example>"), OK,
		  "bad.example" },
		{ "Latin-1 in a string",
		  SLICE_INIT(" \"J\xf6rg\" <u@bad.example>"), OK,
		  "bad.example" },
		{ "GBK character that ends in a backslash",
		  SLICE_INIT(" \"\x81\\\" <u@good.example>, \"\x81\\\" "
		  "<u@bad.example>"), MALFORMED, "" },
		{ "GBK before a comment's end",
		  SLICE_INIT(" (\x81\\) u@bad.example (\\) u@good.example"),
		  MALFORMED, "" },
		{ "Latin-1 local part", SLICE_INIT(" j\xf6rg@bad.example"),
		  MALFORMED, "" },
		{ "Latin-1 in a quoted local part",
		  SLICE_INIT(" \"j\xf6rg\"@bad.example"), MALFORMED, "" },
		{ "Latin-1 domain", SLICE_INIT(" u@b\xfc" "cher.example"),
		  MALFORMED, "" },
		{ "fullwidth at sign",
		  SLICE_INIT(" u\xef\xbc\xa0good.example@bad.example"), OK,
		  "bad.example" },
		{ "fullwidth at sign in the domain",
		  SLICE_INIT(" u@bad.example\xef\xbc\xa0good.example"),
		  MALFORMED, "" },
		{ "ideographic full stop",
		  SLICE_INIT(" u@bad\xe3\x80\x82" "example"), OK,
		  "bad.example" },
		{ "no-break space in the domain",
		  SLICE_INIT(" u@bad.example\xc2\xa0"), MALFORMED, "" },
		{ "underscore", SLICE_INIT(" u@_a.example"), OK, "_a.example" },
		{ "percent in a domain", SLICE_INIT(" u@a%b.example"),
		  MALFORMED, "" },
	};

	(void)state;
	check_cases(cases, N_ELEMENTS(cases));
}

/* N times PART, in memory of that size, ended by TAIL. */
static struct slice
repeat(struct slice part, size_t n, struct slice tail)
{
	size_t len = part.len * n + tail.len;
	char *mem = malloc(len);

	assert_non_null(mem);
	for (size_t i = 0; i < n; i++)
		memcpy(mem + i * part.len, part.ptr, part.len);
	memcpy(mem + n * part.len, tail.ptr, tail.len);
	return (struct slice){ mem, len };
}

/* A field of about a megabyte, of whatever, is answered in no time and with
 * next to no memory. */
static void
test_large(void **state)
{
	static const struct {
		const char *name;
		struct slice part, tail;
		size_t n;
		enum mail_author_status status;
	} cases[] = {
		{ "100 addresses", SLICE_INIT("u@a.example,"), SLICE_INIT(" "),
		  100, OK },
		{ "101 addresses", SLICE_INIT("u@a.example,"), SLICE_INIT(" "),
		  101, TOO_MANY },
		{ "101 in angle brackets", SLICE_INIT("<u@a.example>,"),
		  SLICE_INIT(" "), 101, TOO_MANY },
		{ "100000 addresses", SLICE_INIT("u@a.example,"),
		  SLICE_INIT(" "), 100000, TOO_MANY },
		{ "long name", SLICE_INIT("Joe "), SLICE_INIT("<u@a.example>"),
		  250000, OK },
		{ "long string in the name", SLICE_INIT("\"Joe\" "),
		  SLICE_INIT("<u@a.example>"), 170000, OK },
		{ "long local part", SLICE_INIT("ab."),
		  SLICE_INIT("c@a.example"), 300000, OK },
		{ "many commas", SLICE_INIT(","), SLICE_INIT("u@a.example"),
		  1000000, OK },
		{ "many comments", SLICE_INIT("()"), SLICE_INIT("u@a.example"),
		  500000, OK },
		{ "many folds", SLICE_INIT("(\r\n )"),
		  SLICE_INIT("u@a.example"), 200000, OK },
		{ "many blank lines", SLICE_INIT("\r\n "), SLICE_INIT(""),
		  300000, EMPTY },
		{ "many opened comments", SLICE_INIT("("), SLICE_INIT("u@a.x"),
		  1000000, MALFORMED },
		{ "many angles", SLICE_INIT("<"), SLICE_INIT("u@a.example"),
		  1000000, MALFORMED },
		{ "many at signs", SLICE_INIT("@"), SLICE_INIT("a.example"),
		  1000000, MALFORMED },
		{ "many groups", SLICE_INIT("g:;,"), SLICE_INIT("u@a.example"),
		  250000, OK },
		{ "long route", SLICE_INIT(",@a"), SLICE_INIT(":u@b>"), 300000,
		  MALFORMED },
		{ "many dots in a domain", SLICE_INIT("u@."),
		  SLICE_INIT("a.example"), 300000, MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = arena_create((size_t)64 * 1024);
		struct slice in = repeat(cases[i].part, cases[i].n,
		    cases[i].tail);
		struct mail_authors authors;

		assert_non_null(arena);
		if (mail_parse_authors(arena, in, &authors) !=
		    cases[i].status)
			fail_msg("%s: wrong status", cases[i].name);
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

/* A domain of any length is refused without being kept. */
static void
test_long_domain(void **state)
{
	struct arena *arena = arena_create((size_t)64 * 1024);
	struct slice tail = repeat(SLICE("ab."), 300000, SLICE("c"));
	struct slice in = repeat(SLICE("u@"), 1, tail);
	struct mail_authors authors;

	(void)state;
	assert_non_null(arena);
	assert_int_equal(mail_parse_authors(arena, in, &authors), MALFORMED);
	assert_false(arena_has_failed(arena));
	test_free_copy(in);
	test_free_copy(tail);
	arena_destroy(&arena);
}

static void
test_first_address(void **state)
{
	static const struct {
		struct slice value;
		const char *want;
	} cases[] = {
		{ SLICE_INIT(" Joe <U@A.Example.> (x), b@y.example"),
		  "U@A.Example." },
		{ SLICE_INIT(" U@A.Example (Joe)"), "U@A.Example" },
		{ SLICE_INIT(" \"a b\"@a.example\r\n "), "\"a b\"@a.example" },
		{ SLICE_INIT("<@r.example:u(c)@a.example >"),
		  "u(c)@a.example" },
		{ SLICE_INIT(" g: ;, ,u@a.example"), "u@a.example" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct mail_authors authors;

		assert_int_equal(mail_parse_authors(arena, cases[i].value,
		    &authors), OK);
		test_assert_slice("first", authors.first_address,
		    cases[i].want);
		arena_destroy(&arena);
	}
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(100);
	struct mail_authors authors;

	(void)state;
	assert_non_null(arena);
	assert_int_equal(mail_parse_authors(arena, SLICE(" u@a.example"),
	    &authors), MAIL_AUTHOR_NO_MEMORY);
	assert_int_equal(authors.n_domains, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_long_domain),
		cmocka_unit_test(test_first_address),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
