/* The zone in memory, and the master files that fill it. */
#include "unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/strbuf.h"
#include "dns/dns.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "unit/dns/show.h"

#define SHOWN_MAX 4096

/* A file of our own that holds TEXT; its path lives in ARENA. */
static const char *
write_file(struct arena *arena, struct slice text)
{
	char *path = arena_copy_cstr(arena, SLICE("/tmp/test_zone.XXXXXX"));
	int fd;

	assert_non_null(path);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.ptr, text.len), text.len);
	close(fd);
	return path;
}

static bool
load(struct resolver *zone, struct arena *arena, struct slice text,
    struct strbuf *problem)
{
	const char *path = write_file(arena, text);
	bool is_loaded;

	strbuf_init(problem, arena, SHOWN_MAX);
	is_loaded = zone_load_file(zone, path, problem);
	unlink(path);
	return is_loaded;
}

static const char zone_text[] =
    "; a zone for the tests\n"
    "$TTL 3600\n"
    "example.com. TXT \"v=spf1 -all\"\n"
    "\t\tMX 10 mail.example.com.\n"
    "\t60 IN MX 20 MAIL2.Example.COM.\n"
    "\n"
    "  ; a comment behind blanks\n"
    "mail.example.com. IN 120 A 192.0.2.1\n"
    " A 192.0.2.2 ; and one behind a record\n"
    "\tAAAA 2001:db8::1\n"
    "deep.down.below.example.com. A 192.0.2.3\n"
    "null.example.com. MX 0 .\n"
    "$ORIGIN example.net.\n"
    "@ 1h30m TXT one \"two three\" \"\" four\n"
    "www CNAME @\n"
    "alias 30 CNAME www\n"
    "dangling CNAME nowhere\n"
    "bare CNAME addr\n"
    "addr A 192.0.2.9\n"
    "loop CNAME pool\n"
    "pool CNAME loop\n"
    "brackets ( TXT ; here\n"
    "   \"x\" ) ; there\n";

static const char more_text[] =
    "split.example.org. 5 TXT ( \"a;(b\"\n"
    "\t\"c\\\"d\" ; comment with ) and \"\n"
    "\te\\;f\\009g )\n"
    "same.example.org. A 192.0.2.1\n"
    "SAME.example.org. A 192.0.2.1\n"
    "a\\.b.example.org. PTR c\\.d\\\\\\001.example.org.\n"
    "to-dot.example.org. CNAME a\\.b.example.org.\n"
    "skip.example.org. SRV 0 0 25 mail.example.org.\n"
    "typ.example.org. TYPE65534 \\# 3 abcdef\n"
    "*.wild.example.org. TXT wild\n"
    "*.wild.example.org. MX 5 mx.wild.example.org.\n"
    "here.wild.example.org. A 192.0.2.4\n"
    "x.ent.wild.example.org. A 192.0.2.5\n"
    "*.star.example.org. CNAME same.example.org.\n"
    "relative A 192.0.2.6\n"
    "crlf.example.org. A 192.0.2.7\r\n"
    "5.2.0.192.in-addr.arpa. PTR Host.Example.ORG.\r\n"
    "_25._tcp.mx.example.org. TLSA 3 1 1 ( 6162 63\n  4A4b )\n"
    "noend.example.org. TXT last";

static const struct {
	const char *name, *asked;
	enum dns_type type;
	const char *want;
} lookups[] = {
	{ "TXT", "example.com", DNS_TXT, "NOERROR 3600 [v=spf1 -all]" },
	{ "upper case, dot at the end", "EXAMPLE.com.", DNS_TXT,
	    "NOERROR 3600 [v=spf1 -all]" },
	{ "least TTL of the set", "example.com", DNS_MX,
	    "NOERROR 60 10:[mail.example.com] 20:[mail2.example.com]" },
	{ "class and TTL swapped, owner left out", "mail.example.com", DNS_A,
	    "NOERROR 120 192.0.2.1 192.0.2.2" },
	{ "AAAA", "mail.example.com", DNS_AAAA, "NOERROR 3600 2001:db8::1" },
	{ "no such type", "mail.example.com", DNS_TXT, "NODATA 60" },
	{ "no such name", "nobody.example.com", DNS_TXT, "NXDOMAIN 60" },
	{ "empty non-terminal", "below.example.com", DNS_TXT, "NODATA 60" },
	{ "another one", "down.below.example.com", DNS_A, "NODATA 60" },
	{ "the one above all", "com", DNS_A, "NODATA 60" },
	{ "below what exists", "x.mail.example.com", DNS_A, "NXDOMAIN 60" },
	{ "null MX (RFC 7505)", "null.example.com", DNS_MX, "NOERROR 3600 0:[]" },
	{ "origin, units, strings joined", "example.net", DNS_TXT,
	    "NOERROR 5400 [onetwo threefour]" },
	{ "parentheses before the type", "brackets.example.net", DNS_TXT,
	    "NOERROR 3600 [x]" },
	{ "CNAME followed", "www.example.net", DNS_TXT,
	    "NOERROR 3600 alias [onetwo threefour]" },
	{ "two of them, least TTL", "alias.example.net", DNS_TXT,
	    "NOERROR 30 alias [onetwo threefour]" },
	{ "CNAME asked for", "alias.example.net", DNS_CNAME,
	    "NOERROR 30 alias [www.example.net]" },
	{ "CNAME to nowhere", "dangling.example.net", DNS_A,
	    "NXDOMAIN 60 alias" },
	{ "CNAME to another type", "bare.example.net", DNS_TXT,
	    "NODATA 60 alias" },
	{ "CNAME loop", "loop.example.net", DNS_A, "TEMPFAIL CNAME loop" },
	{ "string with ; ( \" in parentheses", "split.example.org", DNS_TXT,
	    "NOERROR 5 [a;(bc\"de;f\\x09g]" },
	{ "records twice are there once", "same.example.org", DNS_A,
	    "NOERROR 300 192.0.2.1" },
	{ "dot within a label is another name", "a.b.example.org", DNS_PTR,
	    "NXDOMAIN 60" },
	{ "escapes in a target", "to-dot.example.org", DNS_PTR,
	    "NOERROR 300 alias [c\\x5c046d\\x5c092\\x5c001.example.org]" },
	{ "types not ours make a name", "skip.example.org", DNS_A, "NODATA 60" },
	{ "RFC 3597 form", "typ.example.org", DNS_A, "NODATA 60" },
	{ "wildcard", "any.wild.example.org", DNS_TXT, "NOERROR 300 [wild]" },
	{ "two labels deep", "so.many.wild.example.org", DNS_TXT,
	    "NOERROR 300 [wild]" },
	{ "wildcard without the type", "any.wild.example.org", DNS_A,
	    "NODATA 60" },
	{ "not where the name exists", "here.wild.example.org", DNS_TXT,
	    "NODATA 60" },
	{ "nor at an empty non-terminal", "ent.wild.example.org", DNS_TXT,
	    "NODATA 60" },
	{ "nor below a name that exists", "y.here.wild.example.org", DNS_TXT,
	    "NXDOMAIN 60" },
	{ "nor below an empty non-terminal", "y.ent.wild.example.org", DNS_TXT,
	    "NXDOMAIN 60" },
	{ "nor at its parent", "wild.example.org", DNS_TXT, "NODATA 60" },
	{ "asked for itself", "*.wild.example.org", DNS_TXT,
	    "NOERROR 300 [wild]" },
	{ "wildcard CNAME", "q.star.example.org", DNS_A,
	    "NOERROR 300 alias 192.0.2.1" },
	{ "relative to the root", "relative", DNS_A, "NOERROR 300 192.0.2.6" },
	{ "CRLF", "crlf.example.org", DNS_A, "NOERROR 300 192.0.2.7" },
	{ "PTR in lower case", "5.2.0.192.in-addr.arpa", DNS_PTR,
	    "NOERROR 300 [host.example.org]" },
	{ "TLSA", "_25._tcp.mx.example.org", DNS_TLSA,
	    "NOERROR 300 [\\x03\\x01\\x01abcJK]" },
	{ "no line end at the file's end", "noend.example.org", DNS_TXT,
	    "NOERROR 300 [last]" },
	{ "empty name", "", DNS_A, "NXDOMAIN 0" },
	{ "the root", ".", DNS_A, "NXDOMAIN 0" },
	{ "empty label", "a..example.org", DNS_A, "NXDOMAIN 0" },
	{ "two dots at the end", "example.org..", DNS_A, "NXDOMAIN 0" },
	{ "dot at the start", ".example.org", DNS_A, "NXDOMAIN 0" },
};

static void
test_lookups(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	struct strbuf problem;

	(void)state;
	assert_non_null(zone);
	if (!load(zone, arena, slice_from_cstr(zone_text), &problem))
		fail_msg("%s", strbuf_cstr(&problem));
	if (!load(zone, arena, slice_from_cstr(more_text), &problem))
		fail_msg("%s", strbuf_cstr(&problem));
	for (size_t i = 0; i < N_ELEMENTS(lookups); i++) {
		struct slice name = test_exact_copy(
		    slice_from_cstr(lookups[i].asked));
		const struct dns_answer *answer;

		dns_prefetch(zone, name, lookups[i].type);
		answer = dns_query(zone, arena, name, lookups[i].type, 0);
		test_assert_slice(lookups[i].name,
		    show_answer(arena, answer, lookups[i].type),
		    lookups[i].want);
		test_free_copy(name);
	}
	dns_destroy_resolver(&zone);
	assert_null(zone);
	arena_destroy(&arena);	/* answers outlive the resolver */
}

/* What is said of a file of one bad line, behind "PATH:". */
static const struct {
	const char *name, *text, *want;
} bad_files[] = {
	{ "no type", "a. IN\n",
	    "1: something is missing at the end of the line" },
	{ "no type it is", "a. TXR x\n", "1: not a record type" },
	{ "the third line", "\n; x\na. A 192.0.2.256\n",
	    "3: not an IP address of this type" },
	{ "line after parentheses", "a. TXT ( a\n b )\nb. A x\n",
	    "3: not an IP address of this type" },
	{ "IPv4 as AAAA", "a. AAAA 192.0.2.1",
	    "1: not an IP address of this type" },
	{ "IPv6 as A", "a. A 2001:db8::1",
	    "1: not an IP address of this type" },
	{ "no owner yet", " A 192.0.2.1\n", "1: no owner, and none before it" },
	{ "open quote", "a. TXT \"abc\n\"",
	    "1: a string's closing quote is missing" },
	{ "open quote by an escape", "a. TXT \"abc\\\"\n",
	    "1: a string's closing quote is missing" },
	{ "open parenthesis", "a. TXT ( abc\n\n", "3: \")\" is missing" },
	{ "nested", "a. TXT ( ( a ) )\n", "1: \"(\" within parentheses" },
	{ "closing alone", "a. TXT a )\n", "1: \")\" without \"(\"" },
	{ "escape of 300", "a. TXT a\\300\n", "1: \"\\\" without an octet" },
	{ "escape cut short", "a. TXT a\\1\n", "1: \"\\\" without an octet" },
	{ "TXT of nothing", "a. TXT\n", "1: a TXT record without a string" },
	{ "MX without preference", "a. MX mail.\n",
	    "1: not an MX preference: 0 to 65535" },
	{ "MX preference too large", "a. MX 65536 mail.\n",
	    "1: not an MX preference: 0 to 65535" },
	{ "TLSA usage too large", "a. TLSA 256 1 1 00\n",
	    "1: not a number from 0 to 255" },
	{ "TLSA without data", "a. TLSA 3 1 1\n",
	    "1: a TLSA record without data" },
	{ "TLSA of half an octet", "a. TLSA 3 1 1 000\n",
	    "1: not octets in hexadecimal" },
	{ "TLSA in quotes", "a. TLSA 3 1 1 \"00\"\n",
	    "1: not octets in hexadecimal" },
	{ "TLSA in words", "a. TLSA DANE-EE SPKI SHA2-256 00\n",
	    "1: not a number from 0 to 255" },
	{ "MX without exchange", "a. MX 1\n",
	    "1: something is missing at the end of the line" },
	{ "two addresses", "a. A 192.0.2.1 192.0.2.2\n",
	    "1: more on the line than belongs there" },
	{ "empty label", "a..b. A 192.0.2.1\n", "1: not a domain name" },
	{ "empty target label", "a. CNAME .b.\n", "1: not a domain name" },
	{ "include", "$INCLUDE x\n", "1: only $ORIGIN and $TTL are known here" },
	{ "TTL of words", "$TTL soon\n", "1: not a TTL" },
	{ "TTL too large", "$TTL 4000w\n", "1: not a TTL" },
	{ "label of 64",
	    "0123456789012345678901234567890123456789012345678901234567890123."
	    " A 192.0.2.1\n", "1: not a domain name" },
	{ "another class", "a. CH A 192.0.2.1\n", "1: not a record type" },
	{ "nothing", "", NULL },		/* two that are right */
	{ "only a comment", "; a", NULL },
};

static void
test_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad_files); i++) {
		struct arena *arena = test_arena();
		struct resolver *zone = zone_create();
		struct strbuf problem;
		struct slice said;
		bool is_loaded;

		assert_non_null(zone);
		is_loaded = load(zone, arena,
		    slice_from_cstr(bad_files[i].text), &problem);
		if (is_loaded != (bad_files[i].want == NULL))
			fail_msg("%s: loaded or not", bad_files[i].name);
		said = strbuf_slice(&problem);
		test_assert_slice(bad_files[i].name,
		    slice_from(said, is_loaded ? 0 : slice_find(said, ':') + 1),
		    bad_files[i].want);
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

static void
test_no_file(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, SHOWN_MAX);
	assert_false(zone_load_file(zone, "/nowhere/at/all", &problem));
	test_assert_slice("absent", strbuf_slice(&problem),
	    "/nowhere/at/all: No such file or directory");
	strbuf_truncate(&problem, 0);
	assert_false(zone_load_file(zone, "/", &problem));
	test_assert_slice("a folder", strbuf_slice(&problem),
	    "/: Is a directory");
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

/* No prefix of a good file makes the reader misbehave. */
static void
test_cut_files(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(more_text); len++) {
		struct arena *arena = test_arena();
		struct resolver *zone = zone_create();
		struct strbuf problem;
		bool is_loaded;

		assert_non_null(zone);
		is_loaded = load(zone, arena,
		    (struct slice){ more_text, len }, &problem);
		assert_true(is_loaded == (problem.len == 0));
		dns_destroy_resolver(&zone);
		arena_destroy(&arena);
	}
}

static void
test_long_txt(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	struct strbuf text, problem;
	const struct dns_answer *answer;

	(void)state;
	strbuf_init(&text, arena, 1 << 20);
	strbuf_append_cstr(&text, "key. TXT");
	for (int i = 0; i < 49; i++) {
		strbuf_append_cstr(&text, " \"");
		for (int j = 0; j < 255; j++)
			strbuf_append_char(&text, (char)('a' + i % 26));
		strbuf_append_char(&text, '"');
	}
	if (!load(zone, arena, strbuf_slice(&text), &problem))
		fail_msg("%s", strbuf_cstr(&problem));
	answer = dns_query(zone, arena, SLICE("key"), DNS_TXT, 0);
	assert_int_equal(answer->status, DNS_NOERROR);
	assert_int_equal(answer->n_records, 1);
	assert_int_equal(answer->records[0].text.len, 49 * 255);
	strbuf_truncate(&text, text.len - 1);
	strbuf_append_cstr(&text, "x\"\n");
	assert_false(load(zone, arena, strbuf_slice(&text), &problem));
	assert_true(slice_ends_with_nocase(strbuf_slice(&problem),
	    SLICE(":1: a string of more than 255 octets")));
	strbuf_truncate(&text, 0);
	strbuf_append_cstr(&text, "key. TXT");
	for (int i = 0; i < 70000; i++)
		strbuf_append_cstr(&text, " x");
	assert_false(load(zone, arena, strbuf_slice(&text), &problem));
	assert_true(slice_ends_with_nocase(strbuf_slice(&problem),
	    SLICE(":1: a TXT record of more than 64 KB")));
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_faults(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	const struct dns_record txt = { .text = SLICE("here") };
	const struct dns_answer *answer;

	(void)state;
	assert_true(zone_add_fault(zone, SLICE("slow.example.org"),
	    ZONE_FAULT_TIMEOUT));
	assert_true(zone_add_fault(zone, SLICE("bad.example.org"),
	    ZONE_FAULT_SERVFAIL));
	assert_true(zone_add_record(zone, SLICE("slow.example.org"), DNS_TXT,
	    &txt, 60));
	assert_true(zone_add_record(zone, SLICE("twice.example.org"), DNS_TXT,
	    &txt, 60));
	assert_true(zone_add_record(zone, SLICE("twice.example.org"), DNS_TXT,
	    &txt, 60));
	assert_false(zone_add_record(zone, SLICE("a..org"), DNS_TXT, &txt, 60));
	assert_false(zone_add_fault(zone, SLICE(""), ZONE_FAULT_NONE));

	answer = dns_query(zone, arena, SLICE("slow.example.org"), DNS_A, 0);
	test_assert_slice("timeout", show_answer(arena, answer, DNS_A),
	    "TEMPFAIL timeout");
	answer = dns_query(zone, arena, SLICE("slow.example.org"), DNS_TXT, 0);
	test_assert_slice("listed", show_answer(arena, answer, DNS_TXT),
	    "NOERROR 60 [here]");
	answer = dns_query(zone, arena, SLICE("bad.example.org"), DNS_TXT, 0);
	test_assert_slice("servfail", show_answer(arena, answer, DNS_TXT),
	    "TEMPFAIL SERVFAIL");
	answer = dns_query(zone, arena, SLICE("twice.example.org"), DNS_TXT, 0);
	test_assert_slice("added twice", show_answer(arena, answer, DNS_TXT),
	    "NOERROR 60 [here] [here]");
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static void
test_many_names(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	struct strbuf name;

	(void)state;
	strbuf_init(&name, arena, 64);
	for (unsigned i = 0; i < 5000; i++) {
		struct dns_record a = { .address = { 192, 0, 2,
		    (unsigned char)i } };

		strbuf_truncate(&name, 0);
		strbuf_printf(&name, "host%u.example.org", i);
		assert_true(zone_add_record(zone, strbuf_slice(&name), DNS_A,
		    &a, 300));
	}
	for (unsigned i = 0; i < 5000; i++) {
		const struct dns_answer *answer;

		strbuf_truncate(&name, 0);
		strbuf_printf(&name, "host%u.example.org", i);
		answer = dns_query(zone, arena, strbuf_slice(&name), DNS_A, 0);
		assert_int_equal(answer->n_records, 1);
		assert_int_equal(answer->records[0].address[3],
		    (unsigned char)i);
	}
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

/* An arena that is full holds no answer, and nothing leaks. */
static void
test_full_arena(void **state)
{
	struct arena *tiny = arena_create(1);
	struct resolver *zone = zone_create();

	(void)state;
	assert_ptr_equal(dns_query(zone, tiny, SLICE("example.org"), DNS_A, 0),
	    &dns_answer_no_memory);
	dns_destroy_resolver(&zone);
	dns_destroy_resolver(&zone);
	arena_destroy(&tiny);
}

static void
test_longest_name(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = zone_create();
	const struct dns_record a = { .address = { 192, 0, 2, 1 } };
	char text[256];
	struct slice name = { text, 253 };

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 64 == 63 ? '.' : 'a';
	assert_true(zone_add_record(zone, name, DNS_A, &a, 300));
	assert_int_equal(dns_query(zone, arena, name, DNS_A, 0)->status,
	    DNS_NOERROR);
	text[253] = '.';
	name.len = 254;
	assert_int_equal(dns_query(zone, arena, name, DNS_A, 0)->status,
	    DNS_NOERROR);
	text[253] = 'a';
	assert_int_equal(dns_query(zone, arena, name, DNS_A, 0)->status,
	    DNS_NXDOMAIN);
	assert_false(zone_add_record(zone, name, DNS_A, &a, 300));
	dns_destroy_resolver(&zone);
	arena_destroy(&arena);
}

static const struct {
	const char *address, *want;
} reverse_names[] = {
	{ "192.0.2.5", "5.2.0.192.in-addr.arpa" },
	{ "203.113.255.255", "255.255.113.203.in-addr.arpa" },
	/* RFC 3596 2.5 */
	{ "4321:0:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0."
	    "1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa" },
};

static void
test_reverse_names(void **state)
{
	struct arena *arena = test_arena();
	struct ip_address address = { .family = IP_NONE };

	(void)state;
	assert_int_equal(dns_reverse_name(arena, &address).len, 0);
	for (size_t i = 0; i < N_ELEMENTS(reverse_names); i++) {
		assert_true(ip_parse(slice_from_cstr(reverse_names[i].address),
		    &address));
		test_assert_slice(reverse_names[i].address,
		    dns_reverse_name(arena, &address), reverse_names[i].want);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_long_txt),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_reverse_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
