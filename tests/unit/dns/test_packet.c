/* Replies as they come over the wire, honest and hostile. */
#include "unit/test.h"

#include <string.h>

#include "base/strbuf.h"
#include "dns/resolver.h"
#include "unit/dns/show.h"

/* A header of the flags given and four counts; the question for "a.example"
 * stands at offset 12, with "example" at 14.  Records below refer to these. */
#define HEAD(flags, counts) "\0\0" flags counts
#define OK "\x81\x80"
#define NX "\x81\x83"
#define ANSWERS(n) "\0\1\0" n "\0\0\0\0"
#define AUTHORITIES(n) "\0\1\0\0\0" n "\0\0"
#define NAME "\1a\7example\0"
#define ASK(type) NAME "\0" type "\0\1"
#define SELF "\xc0\x0c"
#define EXAMPLE "\xc0\x0e"
#define RR(type, len) "\0" type "\0\1\0\0\1\x2c\0" len	/* TTL 300 */
#define SOA_RDATA "\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c"

#define A "\1"
#define CNAME "\5"
#define SOA "\6"
#define PTR "\x0c"
#define MX "\x0f"
#define TXT "\x10"
#define AAAA "\x1c"
#define TLSA "\x34"

struct row {
	const char *name;
	struct slice packet;
	enum dns_type type;
	const char *want;
};

static const struct row good[] = {
	{ "A", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(A, "\4") "\xc0\0\2\1"), DNS_A, "NOERROR 300 192.0.2.1" },
	{ "two, the lesser TTL", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(A)
	    SELF RR(A, "\4") "\xc0\0\2\1"
	    SELF "\0\1\0\1\0\0\0\7\0\4\xc0\0\2\2"), DNS_A,
	    "NOERROR 7 192.0.2.1 192.0.2.2" },
	{ "AAAA", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(AAAA)
	    SELF RR(AAAA, "\x10") "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
	    DNS_AAAA, "NOERROR 300 2001:db8::1" },
	{ "TLSA", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TLSA)
	    SELF RR(TLSA, "\6") "\3\1\1\0ab"), DNS_TLSA,
	    "NOERROR 300 [\\x03\\x01\\x01\\x00ab]" },
	{ "TLSA of nothing, and one that is well", SLICE_INIT(
	    HEAD(OK, ANSWERS("\2")) ASK(TLSA) SELF RR(TLSA, "\0")
	    SELF RR(TLSA, "\4") "abcd"), DNS_TLSA, "NOERROR 300 [] [abcd]" },
	{ "TLSA beyond the packet", SLICE_INIT(HEAD(OK, ANSWERS("\1"))
	    ASK(TLSA) SELF RR(TLSA, "\6") "\3\1\1\0a"), DNS_TLSA,
	    "TEMPFAIL malformed" },
	{ "MX", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(MX)
	    SELF RR(MX, "\x09") "\0\x0a\4mail" EXAMPLE
	    SELF RR(MX, "\3") "\1\0\0"), DNS_MX,
	    "NOERROR 300 10:[mail.example] 256:[]" },
	{ "PTR in upper case", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(PTR)
	    SELF RR(PTR, "\7") "\4MaIL" EXAMPLE), DNS_PTR,
	    "NOERROR 300 [mail.example]" },
	{ "PTR of odd octets", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(PTR)
	    SELF RR(PTR, "\x08") "\5a.\0 \\" EXAMPLE), DNS_PTR,
	    "NOERROR 300 [a\\x5c046\\x5c000\\x5c032\\x5c092.example]" },
	{ "TXT", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF RR(TXT, "\x0a") "\6v=spf1\2 -"), DNS_TXT,
	    "NOERROR 300 [v=spf1 -]" },
	{ "TXT of empty strings", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF RR(TXT, "\4") "\0\1x\0"), DNS_TXT, "NOERROR 300 [x]" },
	{ "TXT of nothing else", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF RR(TXT, "\1") "\0"), DNS_TXT, "NOERROR 300 []" },
	{ "TXT of any octets", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF RR(TXT, "\4") "\3\0\xff\""), DNS_TXT,
	    "NOERROR 300 [\\x00\\xff\"]" },
	{ "CNAME asked for", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(CNAME)
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE), DNS_CNAME,
	    "NOERROR 300 alias [b.example]" },
	{ "CNAME followed", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(A)
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE
	    "\1B" EXAMPLE RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "NOERROR 300 alias 192.0.2.1" },
	{ "in any order, the least TTL", SLICE_INIT(HEAD(OK, ANSWERS("\3"))
	    ASK(A)
	    "\1c" EXAMPLE RR(A, "\4") "\xc0\0\2\1"
	    "\1b" EXAMPLE "\0\5\0\1\0\0\0\x09\0\4\1c" EXAMPLE
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE), DNS_A,
	    "NOERROR 9 alias 192.0.2.1" },
	{ "CNAME beside what cannot be there", SLICE_INIT(HEAD(OK,
	    ANSWERS("\3")) ASK(A)
	    SELF RR(A, "\4") "\xc0\0\2\2"
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE
	    "\1b" EXAMPLE RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "NOERROR 300 alias 192.0.2.1" },
	{ "CNAME to a name without", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE), DNS_A, "NODATA 0 alias" },
	{ "CNAME to nowhere", SLICE_INIT(HEAD(NX, "\0\1\0\1\0\1\0\0") ASK(A)
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE
	    EXAMPLE RR(SOA, "\x16") SOA_RDATA), DNS_A, "NXDOMAIN 60 alias" },
	{ "CNAME out of the SOA's zone", SLICE_INIT(HEAD(NX,
	    "\0\1\0\1\0\1\0\0") ASK(A)
	    SELF RR(CNAME, "\3") "\1b\0"
	    EXAMPLE RR(SOA, "\x16") SOA_RDATA), DNS_A, "NXDOMAIN 0 alias" },
	{ "others' records", SLICE_INIT(HEAD(OK, ANSWERS("\3")) ASK(A)
	    "\1b" EXAMPLE RR(A, "\4") "\xc0\0\2\1"
	    SELF RR(TXT, "\1") "\0"
	    SELF "\0\1\0\3\0\0\1\x2c\0\4\xc0\0\2\1"), DNS_A, "NODATA 0" },
	{ "NODATA, SOA's minimum", SLICE_INIT(HEAD(OK, AUTHORITIES("\1"))
	    ASK(A) EXAMPLE RR(SOA, "\x16") SOA_RDATA), DNS_A, "NODATA 60" },
	{ "NXDOMAIN, SOA's TTL", SLICE_INIT(HEAD(NX, AUTHORITIES("\1"))
	    ASK(A) EXAMPLE "\0\6\0\1\0\0\0\5\0\x16" SOA_RDATA), DNS_A,
	    "NXDOMAIN 5" },
	{ "a SOA of others", SLICE_INIT(HEAD(NX, AUTHORITIES("\1"))
	    ASK(A) "\1b" EXAMPLE RR(SOA, "\x16") SOA_RDATA), DNS_A,
	    "NXDOMAIN 0" },
	{ "an NS before it", SLICE_INIT(HEAD(NX, AUTHORITIES("\2")) ASK(A)
	    EXAMPLE RR("\2", "\2") SELF
	    EXAMPLE RR(SOA, "\x16") SOA_RDATA), DNS_A, "NXDOMAIN 60" },
	{ "TTL with its high bit (RFC 2181 8)", SLICE_INIT(HEAD(OK,
	    ANSWERS("\1")) ASK(A)
	    SELF "\0\1\0\1\x80\0\0\1\0\4\xc0\0\2\1"), DNS_A,
	    "NOERROR 0 192.0.2.1" },
};

static const struct row failures[] = {
	{ "FORMERR", SLICE_INIT(HEAD("\x81\x81", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL FORMERR" },
	{ "SERVFAIL", SLICE_INIT(HEAD("\x81\x82", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL SERVFAIL" },
	{ "NOTIMP", SLICE_INIT(HEAD("\x81\x84", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL NOTIMP" },
	{ "REFUSED", SLICE_INIT(HEAD("\x81\x85", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL REFUSED" },
	{ "another", SLICE_INIT(HEAD("\x81\x89", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL unknown rcode" },
	{ "truncated", SLICE_INIT(HEAD("\x83\x80", ANSWERS("\1")) ASK(A)),
	    DNS_A, "TEMPFAIL truncated" },
	{ "nothing", SLICE_INIT(""), DNS_A, "TEMPFAIL malformed" },
	{ "a question", SLICE_INIT(HEAD("\1\0", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL malformed" },
	{ "another opcode", SLICE_INIT(HEAD("\x89\x80", ANSWERS("\0")) ASK(A)),
	    DNS_A, "TEMPFAIL malformed" },
	{ "no question", SLICE_INIT(HEAD(OK, "\0\0\0\1\0\0\0\0")
	    NAME RR(A, "\4") "\xc0\0\2\1"), DNS_A, "TEMPFAIL malformed" },
	{ "two questions", SLICE_INIT(HEAD(OK, "\0\2\0\0\0\0\0\0") ASK(A)
	    ASK(A)), DNS_A, "TEMPFAIL malformed" },
	{ "another name", SLICE_INIT(HEAD(OK, ANSWERS("\0"))
	    "\1b\7example\0\0\1\0\1"), DNS_A, "TEMPFAIL malformed" },
	{ "another type", SLICE_INIT(HEAD(OK, ANSWERS("\0")) ASK(TXT)),
	    DNS_A, "TEMPFAIL malformed" },
	{ "another class", SLICE_INIT(HEAD(OK, ANSWERS("\0")) NAME
	    "\0\1\0\3"), DNS_A, "TEMPFAIL malformed" },
	{ "question cut", SLICE_INIT(HEAD(OK, ANSWERS("\0")) NAME "\0\1\0"),
	    DNS_A, "TEMPFAIL malformed" },
	{ "count too large", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(A)
	    SELF RR(A, "\4") "\xc0\0\2\1"), DNS_A, "TEMPFAIL malformed" },
	{ "count of 65535", SLICE_INIT(HEAD(OK, "\0\1\xff\xff\0\0\0\0") ASK(A)
	    SELF RR(A, "\4") "\xc0\0\2\1"), DNS_A, "TEMPFAIL malformed" },
	{ "authorities not there", SLICE_INIT(HEAD(OK, "\0\1\0\1\0\1\0\0")
	    ASK(A) SELF RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "TEMPFAIL malformed" },
	{ "RDLENGTH past the end", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(A, "\5") "\xc0\0\2\1"), DNS_A, "TEMPFAIL malformed" },
	{ "A of 3", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(A, "\3") "\xc0\0\2"), DNS_A, "TEMPFAIL malformed" },
	{ "A of 5", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(A, "\5") "\xc0\0\2\1\1"), DNS_A, "TEMPFAIL malformed" },
	{ "AAAA of 4", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(AAAA)
	    SELF RR(AAAA, "\4") "\xc0\0\2\1"), DNS_AAAA,
	    "TEMPFAIL malformed" },
	{ "TXT without a string", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF RR(TXT, "\0")), DNS_TXT, "TEMPFAIL malformed" },
	{ "TXT string past its end", SLICE_INIT(HEAD(OK, ANSWERS("\2"))
	    ASK(TXT) SELF RR(TXT, "\3") "\3ab" SELF RR(TXT, "\1") "\0"),
	    DNS_TXT, "TEMPFAIL malformed" },
	{ "the second of two broken", SLICE_INIT(HEAD(OK, ANSWERS("\2"))
	    ASK(A) SELF RR(A, "\4") "\xc0\0\2\1" SELF RR(A, "\1") "\1"),
	    DNS_A, "TEMPFAIL malformed" },
	{ "MX without an exchange", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(MX)
	    SELF RR(MX, "\2") "\0\1"), DNS_MX, "TEMPFAIL malformed" },
	{ "MX of one octet", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(MX)
	    SELF RR(MX, "\1") "\0"), DNS_MX, "TEMPFAIL malformed" },
	{ "MX of none", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(MX)
	    SELF RR(MX, "\0")), DNS_MX, "TEMPFAIL malformed" },
	{ "name past its RDATA", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(PTR)
	    SELF RR(PTR, "\3") "\4mail\0" SELF RR(PTR, "\2") SELF), DNS_PTR,
	    "TEMPFAIL malformed" },
	{ "more than a name", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(PTR)
	    SELF RR(PTR, "\3") SELF "\0"), DNS_PTR, "TEMPFAIL malformed" },
	{ "PTR to itself by pointer", SLICE_INIT(HEAD(OK, ANSWERS("\1"))
	    ASK(PTR) SELF RR(PTR, "\2") "\xc0\x27"), DNS_PTR,
	    "TEMPFAIL malformed" },
	{ "pointer loop for an owner", SLICE_INIT(HEAD(OK, ANSWERS("\1"))
	    ASK(A) "\xc0\x1b" RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "TEMPFAIL malformed" },
	{ "pointer ahead for an owner", SLICE_INIT(HEAD(OK, ANSWERS("\1"))
	    ASK(A) "\xc0\x20" RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "TEMPFAIL malformed" },
	{ "CNAME loop", SLICE_INIT(HEAD(OK, ANSWERS("\2")) ASK(A)
	    SELF RR(CNAME, "\4") "\1b" EXAMPLE
	    "\1b" EXAMPLE RR(CNAME, "\2") SELF), DNS_A,
	    "TEMPFAIL CNAME loop" },
	{ "CNAME to itself", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(CNAME, "\2") SELF), DNS_A, "TEMPFAIL CNAME loop" },
	{ "broken CNAME", SLICE_INIT(HEAD(OK, ANSWERS("\1")) ASK(A)
	    SELF RR(CNAME, "\4") "\3bcd"), DNS_A, "TEMPFAIL malformed" },
	{ "no such name, and its records", SLICE_INIT(HEAD(NX, ANSWERS("\1"))
	    ASK(A) SELF RR(A, "\4") "\xc0\0\2\1"), DNS_A,
	    "TEMPFAIL malformed" },
};

static void
check_rows(const struct row *rows, size_t n)
{
	struct arena *arena = test_arena();

	for (size_t i = 0; i < n; i++) {
		struct slice in = test_exact_copy(rows[i].packet);
		const struct dns_answer *answer = dns_answer_from_packet(in,
		    SLICE("a.example"), rows[i].type, false);

		test_free_copy(in);	/* the answer has copies */
		test_assert_slice(rows[i].name,
		    show_answer(arena, answer, rows[i].type), rows[i].want);
		dns_answer_release(answer);
	}
	arena_destroy(&arena);
}

static void
test_good(void **state)
{
	(void)state;
	check_rows(good, N_ELEMENTS(good));
}

static void
test_failures(void **state)
{
	(void)state;
	check_rows(failures, N_ELEMENTS(failures));
}

/* A part of a reply is none. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		for (size_t len = 0; len < good[i].packet.len; len++) {
			struct slice in = test_exact_copy(
			    slice_head(good[i].packet, len));
			const struct dns_answer *answer =
			    dns_answer_from_packet(in, SLICE("a.example"),
			    good[i].type, false);

			if (answer->status != DNS_TEMPFAIL)
				fail_msg("%s: %zu octets", good[i].name, len);
			dns_answer_release(answer);
			test_free_copy(in);
		}
}

static void
read_changed(const struct row *row, size_t at, char octet)
{
	struct slice in = test_exact_copy(row->packet);
	const struct dns_answer *answer;

	((char *)(uintptr_t)in.ptr)[at] = octet;
	answer = dns_answer_from_packet(in, SLICE("a.example"), row->type,
	    false);
	if ((answer->status == DNS_NOERROR) != (answer->n_records != 0) ||
	    (answer->status == DNS_TEMPFAIL) != (answer->why != NULL))
		fail_msg("%s: octet %zu", row->name, at);
	dns_answer_release(answer);
	test_free_copy(in);
}

/* Any one octet may be any other: an answer comes that is whole in itself. */
static void
test_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		for (size_t at = 0; at < good[i].packet.len; at++)
			for (unsigned octet = 0; octet <= UINT8_MAX; octet++)
				read_changed(&good[i], at, (char)octet);
}

static void
test_secure(void **state)
{
	struct arena *arena = test_arena();
	const struct dns_answer *answer = dns_answer_from_packet(
	    good[0].packet, SLICE("a.example"), DNS_A, true);

	(void)state;
	test_assert_slice("secure", show_answer(arena, answer, DNS_A),
	    "NOERROR 300 secure 192.0.2.1");
	dns_answer_release(answer);
	arena_destroy(&arena);
}

/* 49 strings: a key of 12 KB. */
static void
test_long_txt(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf packet;
	const struct dns_answer *answer;
	struct slice in;

	(void)state;
	strbuf_init(&packet, arena, 65535);
	strbuf_append(&packet, SLICE(HEAD(OK, ANSWERS("\1")) ASK(TXT)
	    SELF "\0" TXT "\0\1\0\0\1\x2c\x31\0"));	/* 49 * 256 */
	for (int i = 0; i < 49; i++) {
		strbuf_append_char(&packet, '\xff');
		for (int j = 0; j < 255; j++)
			strbuf_append_char(&packet, (char)('a' + i % 26));
	}
	in = test_exact_copy(strbuf_slice(&packet));
	answer = dns_answer_from_packet(in, SLICE("a.example"), DNS_TXT,
	    false);
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_int_equal(answer->records[0].text.len, 49 * 255);
	for (size_t i = 0; i < answer->records[0].text.len; i++)
		assert_int_equal(answer->records[0].text.ptr[i],
		    'a' + i / 255 % 26);
	dns_answer_release(answer);
	test_free_copy(in);
	arena_destroy(&arena);
}

/* N MX records, 16 octets each, that all stand for a name of 255 octets which
 * is written 4 octets for each. */
static const struct dns_answer *
read_swollen(unsigned n)
{
	struct arena *arena = test_arena();
	struct strbuf packet;
	const struct dns_answer *answer;
	struct slice in;

	strbuf_init(&packet, arena, 65535);
	strbuf_append(&packet, SLICE(HEAD(OK, "\0\1")));
	strbuf_append_char(&packet, (char)(n >> 8));
	strbuf_append_char(&packet, (char)n);
	strbuf_append(&packet, SLICE("\0\0\0\0" ASK(MX)));
	strbuf_append(&packet, SLICE(SELF "\0" MX "\0\1\0\0\1\x2c\0\xfb\0\1"));
	for (int i = 0; i < 3; i++) {
		strbuf_append_char(&packet, 63);
		for (int j = 0; j < 63; j++)
			strbuf_append_char(&packet, '\1');
	}
	strbuf_append_char(&packet, 55);
	for (int j = 0; j < 55; j++)
		strbuf_append_char(&packet, '\1');
	strbuf_append_char(&packet, '\0');
	for (unsigned i = 1; i < n; i++)
		strbuf_append(&packet, SLICE(SELF RR(MX, "\4") "\0\1\xc0\x29"));
	assert_false(packet.has_failed);
	in = test_exact_copy(strbuf_slice(&packet));
	answer = dns_answer_from_packet(in, SLICE("a.example"), DNS_MX, false);
	test_free_copy(in);
	arena_destroy(&arena);
	return answer;
}

static void
test_swollen(void **state)
{
	const struct dns_answer *answer = read_swollen(100);

	(void)state;
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_int_equal(answer->n_records, 100);
	assert_int_equal(answer->records[99].text.len,
	    3 * (4 * 63 + 1) + 4 * 55);
	dns_answer_release(answer);
	answer = read_swollen(1000);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "too large");
	dns_answer_release(answer);
	answer = read_swollen(4000);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "malformed");
	dns_answer_release(answer);
}

/* A chain of N CNAMEs in the reverse order, then an address. */
static const struct dns_answer *
read_chain(unsigned n)
{
	struct arena *arena = test_arena();
	struct strbuf packet;
	const struct dns_answer *answer;
	struct slice in;

	strbuf_init(&packet, arena, 65535);
	strbuf_append(&packet, SLICE(HEAD(OK, "\0\1\0")));
	strbuf_append_char(&packet, (char)(n + 1));
	strbuf_append(&packet, SLICE("\0\0\0\0" ASK(A)));
	for (unsigned i = n; i-- > 0;) {
		const char from = (char)('a' + i), to = (char)('b' + i);

		strbuf_append_char(&packet, 1);
		strbuf_append_char(&packet, from);
		strbuf_append(&packet, SLICE(EXAMPLE RR(CNAME, "\4") "\1"));
		strbuf_append_char(&packet, to);
		strbuf_append(&packet, SLICE(EXAMPLE));
	}
	strbuf_append_char(&packet, 1);
	strbuf_append_char(&packet, (char)('a' + n));
	strbuf_append(&packet, SLICE(EXAMPLE RR(A, "\4") "\xc0\0\2\1"));
	in = test_exact_copy(strbuf_slice(&packet));
	answer = dns_answer_from_packet(in, SLICE("a.example"), DNS_A, false);
	test_free_copy(in);
	arena_destroy(&arena);
	return answer;
}

static void
test_chain(void **state)
{
	const struct dns_answer *answer = read_chain(11);

	(void)state;
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_true(answer->is_alias);
	dns_answer_release(answer);
	answer = read_chain(12);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->why, "CNAME loop");
	dns_answer_release(answer);
}

static void
test_references(void **state)
{
	struct dns_record records[2] = {
		{ .text = SLICE("one"), .preference = 1 },
		{ .text = SLICE_EMPTY, .preference = 2 },
	};
	const struct dns_answer *answer = dns_answer_create(
	    &(struct dns_answer){ .status = DNS_NOERROR, .records = records,
	    .n_records = 2 });

	(void)state;
	assert_non_null(answer);
	records[0].text = SLICE("another");
	assert_ptr_equal(dns_answer_retain(answer), answer);
	dns_answer_release(answer);
	test_assert_slice("copied", answer->records[0].text, "one");
	assert_int_equal(answer->records[1].preference, 2);
	assert_int_equal(answer->records[1].text.len, 0);
	dns_answer_release(answer);
	dns_answer_release(NULL);
	dns_answer_release(&dns_answer_timeout);
	dns_answer_release(&dns_answer_impossible_name);
	dns_answer_release(dns_answer_retain(&dns_answer_no_memory));
	assert_string_equal(dns_answer_timeout.why, "timeout");
	assert_int_equal(dns_answer_no_memory.status, DNS_TEMPFAIL);
	/* No room can be that large. */
	assert_null(dns_answer_create(&(struct dns_answer){
	    .records = records, .n_records = SIZE_MAX / 8 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_secure),
		cmocka_unit_test(test_long_txt),
		cmocka_unit_test(test_swollen),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
