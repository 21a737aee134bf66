/* Domain names: text, wire form, compression. */
#include "unit/test.h"

#include <string.h>

#include "dns/name.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void
assert_printed(const char *row, const struct dns_name *name, const char *want)
{
	char text[DNS_NAME_ESCAPED_MAX];
	struct slice printed = { text, dns_name_print(name, text) };

	test_assert_slice(row, printed, want);
}

static const struct {
	const char *name;
	struct slice text;
	const char *want;	/* printed; NULL: refused */
} questions[] = {
	{ "plain", SLICE_INIT("mail.example.org"), "mail.example.org" },
	{ "dot at the end", SLICE_INIT("example.org."), "example.org" },
	{ "upper case", SLICE_INIT("EXAMPLE.oRg"), "example.org" },
	{ "one label", SLICE_INIT("org"), "org" },
	{ "octets", SLICE_INIT("a\0\xff b.org"), "a\\000\\255\\032b.org" },
	{ "backslash is no escape", SLICE_INIT("a\\.b"), "a\\092.b" },
	{ "label of 63", SLICE_INIT(L63 ".org"), L63 ".org" },
	{ "label of 64", SLICE_INIT(L63 "l.org"), NULL },
	{ "253 octets", SLICE_INIT(L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"),
	    L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi" },
	{ "254 octets", SLICE_INIT(L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij"),
	    NULL },
	{ "nothing", SLICE_INIT(""), NULL },
	{ "the root", SLICE_INIT("."), NULL },
	{ "empty label", SLICE_INIT("a..b"), NULL },
	{ "two dots at the end", SLICE_INIT("a.."), NULL },
	{ "dot at the start", SLICE_INIT(".a"), NULL },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(questions); i++) {
		struct slice in = test_exact_copy(questions[i].text);
		struct dns_name name;
		bool is_name = dns_name_parse(in, &name);

		if (is_name != (questions[i].want != NULL))
			fail_msg("%s: a name or not", questions[i].name);
		if (is_name)
			assert_printed(questions[i].name, &name,
			    questions[i].want);
		test_free_copy(in);
	}
}

static const struct {
	const char *name;
	struct slice text;
	const char *want;	/* under the origin "example.org" */
} masters[] = {
	{ "relative", SLICE_INIT("mail"), "mail.example.org" },
	{ "absolute", SLICE_INIT("mail.example.net."), "mail.example.net" },
	{ "the root", SLICE_INIT("."), "" },
	{ "nothing: the origin", SLICE_INIT(""), "example.org" },
	{ "escaped dot", SLICE_INIT("a\\.b.net."), "a\\046b.net" },
	{ "escaped dot last", SLICE_INIT("a.net\\."),
	    "a.net\\046.example.org" },
	{ "digits", SLICE_INIT("\\065\\046\\000."), "a\\046\\000" },
	{ "escaped letter", SLICE_INIT("\\a\\B."), "ab" },
	{ "256", SLICE_INIT("\\256."), NULL },
	{ "two digits", SLICE_INIT("\\12"), NULL },
	{ "digits and a letter", SLICE_INIT("\\12a."), NULL },
	{ "backslash last", SLICE_INIT("a\\"), NULL },
	{ "empty label", SLICE_INIT("a..b."), NULL },
	{ "too long with the origin", SLICE_INIT(L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxy"), NULL },
	{ "just fits", SLICE_INIT(L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw"),
	    L63 "." L63 "." L63 "."
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw.example.org" },
};

static void
test_parse_escaped(void **state)
{
	struct dns_name origin;

	(void)state;
	assert_true(dns_name_parse(SLICE("example.org"), &origin));
	for (size_t i = 0; i < N_ELEMENTS(masters); i++) {
		struct slice in = test_exact_copy(masters[i].text);
		struct dns_name name;
		bool is_name = dns_name_parse_escaped(in, &origin, &name);

		if (is_name != (masters[i].want != NULL))
			fail_msg("%s: a name or not", masters[i].name);
		if (is_name)
			assert_printed(masters[i].name, &name,
			    masters[i].want);
		test_free_copy(in);
	}
}

/* What is printed is read as the same name again. */
static void
test_print_and_parse(void **state)
{
	(void)state;
	for (unsigned c = 0; c <= UINT8_MAX; c++) {
		struct dns_name name = { .wire = { 2, (unsigned char)c, 'x' },
		    .len = 4 }, again;
		char text[DNS_NAME_ESCAPED_MAX];
		struct slice printed = { text, dns_name_print(&name, text) };

		if (c >= 'A' && c <= 'Z')
			continue;
		assert_true(dns_name_parse_escaped(printed, NULL, &again));
		assert_true(dns_name_eq(&name, &again));
	}
}

/* RFC 1035 4.1.4, its own example: offsets 20, 40, 64 and 92. */
static void
test_rfc1035_example(void **state)
{
	static const struct {
		size_t pos, end;
		const char *want;
	} names[] = {
		{ 20, 32, "f.isi.arpa" },
		{ 40, 46, "foo.f.isi.arpa" },
		{ 64, 66, "arpa" },
		{ 92, 93, "" },
	};
	char packet[93] = { 0 };

	(void)state;
	memcpy(packet + 20, "\1F\3ISI\4ARPA\0", 12);
	memcpy(packet + 40, "\3FOO\xc0\x14", 6);
	memcpy(packet + 64, "\xc0\x1a", 2);
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct slice in = test_exact_copy(
		    (struct slice){ packet, sizeof(packet) });
		struct dns_name name;
		size_t pos = names[i].pos;

		assert_true(dns_name_unpack(in, &pos, &name));
		assert_int_equal(pos, names[i].end);
		assert_printed(names[i].want, &name, names[i].want);
		test_free_copy(in);
	}
}

static const struct {
	const char *name;
	struct slice packet;
	size_t pos;
} broken[] = {
	{ "nothing", SLICE_INIT(""), 0 },
	{ "no end", SLICE_INIT("\1a"), 0 },
	{ "label past the end", SLICE_INIT("\3ab"), 0 },
	{ "pointer to itself", SLICE_INIT("\xc0\0"), 0 },
	{ "pointer to its label", SLICE_INIT("\1a\xc0\0"), 0 },
	{ "pointer ahead", SLICE_INIT("\xc0\2\0"), 0 },
	{ "pointer past the end", SLICE_INIT("\0\xff\xff"), 1 },
	{ "half a pointer", SLICE_INIT("\0\xc0"), 1 },
	{ "two in a circle", SLICE_INIT("\xc0\2\xc0\0"), 2 },
	{ "reserved 01", SLICE_INIT("\x41" "a\0"), 0 },
	{ "reserved 10", SLICE_INIT("\x81" "a\0"), 0 },
	{ "position past the end", SLICE_INIT("\0"), 2 },
};

static void
test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(broken); i++) {
		struct slice in = test_exact_copy(broken[i].packet);
		struct dns_name name;
		size_t pos = broken[i].pos;

		if (dns_name_unpack(in, &pos, &name))
			fail_msg("%s: taken for a name", broken[i].name);
		test_free_copy(in);
	}
}

/* Labels of one octet, each a pointer to the one before: 127 of them are a name
 * of 255 octets; one more is too long. */
static void
test_longest_chain(void **state)
{
	char packet[3 + 4 * 128] = { 1, 'a', 0 };
	size_t len = 3, last = 0, pos;
	struct slice in;
	struct dns_name name;

	(void)state;
	for (unsigned n = 2; n <= 128; n++) {
		const char next[4] = { 1, 'a', (char)(0xc0 | last >> 8),
		    (char)(last & 0xff) };

		memcpy(packet + len, next, sizeof(next));
		last = len;
		len += sizeof(next);
	}
	in = test_exact_copy((struct slice){ packet, len });
	pos = len - 8;
	assert_true(dns_name_unpack(in, &pos, &name));
	assert_int_equal(name.len, 255);
	assert_int_equal(pos, len - 4);
	pos = len - 4;
	assert_false(dns_name_unpack(in, &pos, &name));
	test_free_copy(in);
}

static void
test_within(void **state)
{
	struct dns_name name, zone, other;

	(void)state;
	assert_true(dns_name_parse(SLICE("a.example.org"), &name));
	assert_true(dns_name_parse(SLICE("example.org"), &zone));
	assert_true(dns_name_parse(SLICE("xample.org"), &other));
	assert_true(dns_name_is_within(dns_name_slice(&name),
	    dns_name_slice(&zone)));
	assert_true(dns_name_is_within(dns_name_slice(&zone),
	    dns_name_slice(&zone)));
	assert_true(dns_name_is_within(dns_name_slice(&zone),
	    (struct slice){ "", 1 }));
	assert_false(dns_name_is_within(dns_name_slice(&name),
	    dns_name_slice(&other)));
	assert_false(dns_name_is_within(dns_name_slice(&zone),
	    dns_name_slice(&name)));
	assert_true(dns_name_make_wildcard(dns_name_slice(&zone), &name));
	assert_printed("wildcard", &name, "*.example.org");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_escaped),
		cmocka_unit_test(test_print_and_parse),
		cmocka_unit_test(test_rfc1035_example),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_longest_chain),
		cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
