/* Reports in gzip, zip and mail: as senders pack them, broken, and as bombs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/strbuf.h"
#include "report/input.h"
#include "report/unpack.h"
#include "unit/report/packing.h"
#include "unit/test.h"

#define XML "<feedback><version>1.0</version></feedback>"

/* What is unpacked, or the problem behind "!". */
static struct slice
unpack(struct arena *arena, struct slice text,
    const struct report_limits *limits)
{
	struct strbuf problem, out;
	struct report_input *file, *xml;
	char buf[1000];
	size_t n;

	strbuf_init(&problem, arena, 1000);
	strbuf_init(&out, arena, TEST_ARENA_CEILING);
	file = input_from_slice(arena, limits, &problem, &text);
	assert_non_null(file);
	xml = report_unpack(file);
	assert_true(xml != NULL || problem.len != 0);
	while (xml != NULL && (n = input_read(xml, buf, sizeof(buf))) != 0)
		strbuf_append(&out, (struct slice){ buf, n });
	if (problem.len != 0) {
		strbuf_append_char(&out, '!');
		strbuf_append(&out, strbuf_slice(&problem));
	}
	return strbuf_slice(&out);
}

static void
check(const char *name, struct arena *arena, struct slice packed,
    const char *want)
{
	static const struct report_limits limits = REPORT_LIMITS_DEFAULT;
	struct slice copy = test_exact_copy(packed);

	test_assert_slice(name, unpack(arena, copy, &limits), want);
	test_free_copy(copy);
}

/* For what zlib counts in its own way. */
static void
check_start(const char *name, struct arena *arena, struct slice packed,
    struct slice want)
{
	static const struct report_limits limits = REPORT_LIMITS_DEFAULT;
	struct slice got = unpack(arena, packed, &limits);

	if (!slice_starts_with(got, want))
		fail_msg("%s: %.*s", name, SLICE_PRINTF(got));
}

static struct slice
join(struct arena *arena, struct slice a, struct slice b)
{
	struct strbuf text;

	strbuf_init(&text, arena, TEST_ARENA_CEILING);
	strbuf_append(&text, a);
	strbuf_append(&text, b);
	return strbuf_slice(&text);
}

static void
test_sniff(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "XML", XML, XML },
		{ "blanks", "\r\n\t <a/>", "\r\n\t <a/>" },
		{ "byte order mark", "\xef\xbb\xbf<a/>", "\xef\xbb\xbf<a/>" },
		{ "nothing", "", "!is empty" },
		{ "text", "hello", "!is neither XML, nor gzip, zip or a mail "
		    "message" },
		{ "JSON", "{\"a\":1}", "!is neither XML, nor gzip, zip or a "
		    "mail message" },
		{ "bzip2", "BZh91AY", "!is neither XML, nor gzip, zip or a "
		    "mail message" },
		{ "gzip's beginning", "\x1f", "!is neither XML, nor gzip, zip "
		    "or a mail message" },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		check(cases[i].name, arena, slice_from_cstr(cases[i].text),
		    cases[i].want);
	arena_destroy(&arena);
}

static void
test_gzip(void **state)
{
	struct arena *arena = test_arena();
	struct slice packed = pack_gzip(arena, SLICE(XML));
	struct slice wrong = test_exact_copy(packed);

	(void)state;
	check("gzip", arena, packed, XML);
	check("two members", arena, join(arena, packed, packed), XML XML);
	check("a line end behind it", arena,
	    join(arena, packed, SLICE("\r\n")), XML);
	for (size_t len = 2; len < packed.len; len++) {
		struct slice got, cut = test_exact_copy(slice_head(packed,
		    len));
		static const struct report_limits limits =
		    REPORT_LIMITS_DEFAULT;
		struct arena *inner = test_arena();
		size_t at;

		got = unpack(inner, cut, &limits);
		at = slice_find(got, '!');
		if (at == SIZE_MAX || !slice_starts_with(slice_from(got, at),
		    SLICE("!is cut short")))
			fail_msg("cut at %zu: %.*s", len, SLICE_PRINTF(got));
		arena_destroy(&inner);
		test_free_copy(cut);
	}
	((char *)(uintptr_t)wrong.ptr)[packed.len - 8] ^= 1;
	check_start("wrong checksum", arena, wrong,
	    SLICE("!is damaged: the packed data is wrong within its first "));
	test_free_copy(wrong);
	arena_destroy(&arena);
}

/* What unpacks beyond the limits is refused, and not much later. */
static void
test_bombs(void **state)
{
	static const struct report_limits ratio = { .octets = 1 << 30,
		.file_octets = 1 << 30, .ratio = 300 };
	static const struct report_limits octets = { .octets = 3 << 20,
		.file_octets = 1 << 30, .ratio = 2000 };
	struct arena *arena = test_arena();
	size_t len = 6 * 1024 * 1024;
	char *zeros = calloc(1, len);
	struct slice packed, got;
	struct pack_entry entry = { .name = SLICE_INIT("a.xml"),
		.method = 8 };

	(void)state;
	assert_non_null(zeros);
	memcpy(zeros, "<a>", 3);
	packed = pack_gzip(arena, (struct slice){ zeros, len });
	got = unpack(arena, packed, &ratio);
	test_assert_slice("ratio", slice_from(got, slice_find(got, '!')),
	    "!unpacks to more than 300 times its size, which no report does");
	assert_true(got.len < 2 * 1024 * 1024);
	arena_reset(arena);
	packed = pack_gzip(arena, (struct slice){ zeros, len });
	got = unpack(arena, packed, &octets);
	test_assert_slice("octets", slice_from(got, slice_find(got, '!')),
	    "!unpacks to more than 3 MiB");
	assert_true(got.len < 4 * 1024 * 1024);
	arena_reset(arena);
	entry.octets = (struct slice){ zeros, len };
	packed = pack_zip(arena, &entry, 1);
	got = unpack(arena, packed, &ratio);
	test_assert_slice("zip", slice_from(got, slice_find(got, '!')),
	    "!unpacks to more than 300 times its size, which no report does");
	arena_reset(arena);
	entry.name = SLICE("a.txt");
	packed = pack_zip(arena, &entry, 1);
	test_assert_slice("an entry passed over",
	    unpack(arena, packed, &ratio),
	    "!unpacks to more than 300 times its size, which no report does");
	free(zeros);
	arena_destroy(&arena);
}

#define ENTRY(n, m, f) { .name = SLICE_INIT(n), .octets = SLICE_INIT(XML), \
	.method = m, .flags = f }
#define DAMAGED "!is damaged: the zip entry's checksum is wrong"

static const struct {
	const char *name;
	struct pack_entry entries[2];
	size_t n;
	const char *want;
} zips[] = {
	{ "deflated", { ENTRY("a.xml", 8, 0) }, 1, XML },
	{ "stored", { ENTRY("a.xml", 0, 0) }, 1, XML },
	{ "upper case", { ENTRY("dir/../A.XML", 8, 0) }, 1, XML },
	{ "sizes behind", { ENTRY("a.xml", 8, 8) }, 1, XML },
	{ "sizes behind, signed", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .method = 8, .flags = 8,
	    .has_descriptor_signature = true } }, 1, XML },
	{ "the second", { ENTRY("readme.txt", 0, 0), ENTRY("a.xml", 8, 0) },
	    2, XML },
	{ "behind a folder", { { .name = SLICE_INIT("a.xml/") },
	    ENTRY("a.xml/a.xml", 8, 0) }, 2, XML },
	{ "behind an unsized one", { ENTRY("readme.txt", 8, 8),
	    ENTRY("a.xml", 8, 0) }, 2, XML },
	{ "behind an unsized, signed one", { { .name = SLICE_INIT("b"),
	    .octets = SLICE_INIT(XML), .method = 8, .flags = 8,
	    .has_descriptor_signature = true }, ENTRY("a.xml", 8, 0) }, 2,
	    XML },
	{ "macOS", { ENTRY("__MACOSX/._a.xml", 8, 0), ENTRY("a.xml", 8, 0) },
	    2, XML },
	{ "none", { ENTRY("a.txt", 8, 0) }, 1, "!is a zip file without a "
	    "report (a name that ends in \".xml\") in it" },
	{ "encrypted", { ENTRY("a.xml", 8, 1) }, 1,
	    "!is a zip file that is encrypted" },
	{ "zip64", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .method = 8,
	    .sizes = UINT32_MAX } }, 1, "!is a zip file that is in the form "
	    "for files over 4 GiB (zip64), which no report needs" },
	{ "bzip2", { ENTRY("a.xml", 12, 0) }, 1, "!is a zip file that is "
	    "packed by a method other than deflate" },
	{ "stored without a size", { ENTRY("a.xml", 0, 8) }, 1, "!is a zip "
	    "file that does not say how long its entry is" },
	{ "wrong checksum", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .method = 8, .crc_error = 1 } }, 1,
	    XML DAMAGED },
	{ "wrong checksum, stored", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .crc_error = 1 } }, 1, XML DAMAGED },
	{ "wrong checksum behind", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .method = 8, .flags = 8,
	    .crc_error = 1 } }, 1, XML DAMAGED },
	{ "longer than the file", { { .name = SLICE_INIT("a.xml"),
	    .octets = SLICE_INIT(XML), .sizes = 1000 } }, 1,
	    XML "PK\x01\x02 and a directory!is cut short within its entry" },
};

static void
test_zip(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(zips); i++) {
		struct arena *arena = test_arena();

		check(zips[i].name, arena, pack_zip(arena, zips[i].entries,
		    zips[i].n), zips[i].want);
		arena_destroy(&arena);
	}
}

static void
test_zip_cut(void **state)
{
	static const struct pack_entry entry = ENTRY("a.xml", 8, 8);
	static const struct report_limits limits = REPORT_LIMITS_DEFAULT;
	struct arena *arena = test_arena();
	struct slice packed = pack_zip(arena, &entry, 1);
	size_t end = packed.len - SLICE("PK\x01\x02 and a directory").len;

	(void)state;
	for (size_t len = 4; len < end - 8; len++) {
		struct arena *inner = test_arena();
		struct slice cut = test_exact_copy(slice_head(packed, len));
		struct slice got = unpack(inner, cut, &limits);

		if (slice_find(got, '!') == SIZE_MAX)
			fail_msg("cut at %zu: %.*s", len, SLICE_PRINTF(got));
		test_free_copy(cut);
		arena_destroy(&inner);
	}
	arena_destroy(&arena);
}

/* ---- mail ---------------------------------------------------------------- */

#define NO_REPORT "!is a mail message without an aggregate report"

/* "@" stands for the gzip file in base64. */
static const struct {
	const char *name, *text, *want;
} mails[] = {
	{ "the message is the report", "From: a@example.org\r\n"
	    "Content-Type: application/gzip\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n@\r\n", XML },
	{ "attached", "Subject: x\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\r\n"
	    "preamble\r\n--b 1\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
	    "--b 1\r\nContent-Type: application/gzip; name=a.xml.gz\r\n"
	    "Content-Transfer-Encoding: BASE64\r\n\r\n@\r\n--b 1--\r\n", XML },
	{ "LF, mbox", "From a@example.org Sat Nov 21 00:00:00 2026\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n"
	    "--b\nContent-Type: application/octet-stream\n"
	    "Content-Transfer-Encoding: base64\n\n@\n--b--\n", XML },
	{ "plain XML", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/xml\r\n\r\n" XML "\r\n--b--\r\n",
	    XML "\r\n" },
	{ "quoted-printable", "Content-Type: text/xml\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "<a b=3D'=\r\nc'>=3c=zz =\r\n\r\n=", "<a b='c'><=zz \r\n" },
	{ "HTML is none", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/html\r\n\r\n<html/>\r\n--b\r\n"
	    "Content-Type: application/xml\r\n\r\n<a/>\r\n--b--\r\n",
	    "<a/>\r\n" },
	{ "nested and forwarded", "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n"
	    "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n"
	    "Content-Type: multipart/alternative; boundary=c\r\n\r\n"
	    "--c\r\n\r\ntext\r\n--c--\r\n--bb\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n@\r\n--bb--\r\n"
	    "--b--\r\n", XML },
	{ "an inner multipart without its end", "Content-Type: "
	    "multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
	    "multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ntext\r\n--b\r\n"
	    "\r\n<a/>\r\n--b--\r\n", "<a/>\r\n" },
	{ "without the last boundary", "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n--b\r\n\r\n<a/>\r\n", "<a/>\r\n" },
	{ "a footer behind the padding", "Content-Transfer-Encoding: base64"
	    "\r\n\r\nPGE+PC9hPg==\r\nUnsubscribe: here!\r\n", "<a></a>" },
	{ "not base64", "Content-Transfer-Encoding: base64\r\n\r\n"
	    "PGE+!!!!\r\n", "!has an attachment that is not base64" },
	{ "no report", "Subject: x\r\n\r\nHello\r\n", NO_REPORT },
	{ "header only", "Subject: x\r\n", NO_REPORT },
	{ "a multipart of nothing", "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n--b--\r\n\r\n<a/>\r\n", NO_REPORT },
	{ "a multipart without a boundary", "Content-Type: multipart/mixed"
	    "\r\n\r\n--\r\n\r\n<a/>\r\n", NO_REPORT },
	{ "boundary of its own", "Content-Type: multipart/mixed; boundary="
	    "b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n--b\r\n\r\n<a/>\r\n--b--\r\n", "<a/>\r\n" },
};

static struct slice
expand(struct arena *arena, const char *text)
{
	struct strbuf out;

	strbuf_init(&out, arena, 100000);
	for (; *text != '\0'; text++)
		if (*text == '@' && ascii_is_fws(text[1]))
			strbuf_append(&out, pack_base64(arena,
			    pack_gzip(arena, SLICE(XML))));
		else
			strbuf_append_char(&out, *text);
	return strbuf_slice(&out);
}

static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(mails); i++) {
		struct arena *arena = test_arena();

		check(mails[i].name, arena, expand(arena, mails[i].text),
		    mails[i].want);
		arena_destroy(&arena);
	}
}

/* TEXT N times between HEAD and TAIL. */
static void
check_repeated(const char *name, const char *head, const char *text, size_t n,
    const char *tail, const char *want)
{
	struct arena *arena = arena_create(64 * 1024 * 1024);
	struct strbuf mail;

	assert_non_null(arena);
	strbuf_init(&mail, arena, 8 * 1024 * 1024);
	strbuf_append_cstr(&mail, head);
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&mail, text);
	strbuf_append_cstr(&mail, tail);
	assert_false(mail.has_failed);
	check(name, arena, strbuf_slice(&mail), want);
	arena_destroy(&arena);
}

static void
test_mail_limits(void **state)
{
	(void)state;
	check_repeated("a long line", "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n", "--b x", 20000, "\r\n--b\r\n\r\n<a/>\r\n",
	    "<a/>\r\n");
	check_repeated("a long header", "", "Subject: 0123456789\r\n", 20000,
	    "\r\n<a/>", "!has a header that is too large");
	check_repeated("a long field", "Subject: x", "\r\n 0123456789", 30000,
	    "\r\n\r\n<a/>", "!has a header that is too large");
	check_repeated("a field in one line", "Subject: x", "0123456789",
	    30000, "\r\n\r\n<a/>", "!has a header that is too large");
	check_repeated("many parts", "Content-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", 200,
	    "--b\r\n\r\n<a/>\r\n", NO_REPORT);
	check_repeated("messages in messages", "Content-Type: message/rfc822"
	    "\r\n\r\n", "Content-Type: message/rfc822\r\n\r\n", 200,
	    "\r\n<a/>\r\n", NO_REPORT);
	check_repeated("multiparts in multiparts", "", "Content-Type: "
	    "multipart/mixed; boundary=b\r\n\r\n--b\r\n", 200,
	    "\r\n<a/>\r\n", NO_REPORT);
}

/* A file of 2 GB that takes no room. */
static void
test_large_file(void **state)
{
	static const struct report_limits limits = { .file_octets = 1 << 20,
		.octets = 1 << 30, .ratio = 300, .records = 100 };
	struct arena *arena = test_arena();
	FILE *file = tmpfile();
	struct strbuf problem;
	struct report_input *input, *xml;
	char buf[4096];

	(void)state;
	assert_non_null(file);
	assert_int_equal(fputs("<feedback>", file) >= 0, 1);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(fseek(file, 0, SEEK_SET), 0);
	assert_int_equal(ftruncate(fileno(file), (off_t)2 << 30), 0);
	strbuf_init(&problem, arena, 1000);
	input = input_from_fd(arena, &limits, &problem, fileno(file));
	assert_non_null(input);
	xml = report_unpack(input);
	assert_non_null(xml);
	while (input_read(xml, buf, sizeof(buf)) != 0)
		;
	test_assert_slice("2 GB", strbuf_slice(&problem),
	    "is larger than 1 MiB");
	fclose(file);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_zip_cut),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_mail_limits),
		cmocka_unit_test(test_large_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
