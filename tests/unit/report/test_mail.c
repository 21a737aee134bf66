/* The message that carries a report (RFC 9990 3.5.2). */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "report/mail.h"
#include "unit/test.h"

static const struct report_mail sample = {
	.from = SLICE_INIT("dmarc@example.org"),
	.to = SLICE_INIT("rua@example.com"),
	.submitter = SLICE_INIT("mx.example.org"),
	.policy_domain = SLICE_INIT("example.com"),
	.report_id = SLICE_INIT("0123456789abcdef0123456789abcdef"),
	.begin_s = 1763596800,
	.end_s = 1763683199,
	.date_s = 1763704205,
	.n_messages = 12,
};

static struct slice
write_mail(struct arena *arena, struct slice attachment, const char *eol)
{
	FILE *in = tmpfile(), *out = tmpfile();
	char *mem;
	long len;

	assert_non_null(in);
	assert_non_null(out);
	assert_int_equal(fwrite(attachment.ptr, 1, attachment.len, in),
	    attachment.len);
	rewind(in);
	assert_true(report_write_mail(&sample, in, eol, out));
	len = ftell(out);
	rewind(out);
	mem = arena_alloc(arena, (size_t)len);
	assert_non_null(mem);
	assert_int_equal(fread(mem, 1, (size_t)len, out), len);
	fclose(in);
	fclose(out);
	return (struct slice){ mem, (size_t)len };
}

static void
test_message(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	test_assert_slice("message", write_mail(arena, SLICE("not gzip"),
	    "\n"),
	    "From: <dmarc@example.org>\n"
	    "To: <rua@example.com>\n"
	    "Date: Fri, 21 Nov 2025 05:50:05 +0000\n"
	    "Subject: Report Domain: example.com\n"
	    "    Submitter: mx.example.org\n"
	    "    Report-ID: <0123456789abcdef0123456789abcdef>\n"
	    "Message-ID: <0123456789abcdef0123456789abcdef@mx.example.org>\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed;\n"
	    "    boundary=\"=_0123456789abcdef0123456789abcdef\"\n"
	    "\n"
	    "--=_0123456789abcdef0123456789abcdef\n"
	    "Content-Type: text/plain; charset=us-ascii\n"
	    "\n"
	    "This is a DMARC aggregate report (RFC 9990).\n"
	    "\n"
	    "Domain:    example.com\n"
	    "Submitter: mx.example.org\n"
	    "Report-ID: 0123456789abcdef0123456789abcdef\n"
	    "Day:       2025-11-20 (UTC)\n"
	    "Messages:  12\n"
	    "\n"
	    "--=_0123456789abcdef0123456789abcdef\n"
	    "Content-Type: application/gzip;\n"
	    "    name=\"mx.example.org!example.com!1763596800!1763683199!"
	    "0123456789abcdef0123456789abcdef.xml.gz\"\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n"
	    "    filename=\"mx.example.org!example.com!1763596800!1763683199!"
	    "0123456789abcdef0123456789abcdef.xml.gz\"\n"
	    "\n"
	    "bm90IGd6aXA=\n"
	    "--=_0123456789abcdef0123456789abcdef--\n");
	arena_destroy(&arena);
}

/* The attachment's octets, whatever their number; and what SMTP asks of
 * lines. */
static void
test_attachment(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 56, 57, 58, 114, 5000 };
	char octets[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct arena *arena = test_arena();
		struct slice rest = write_mail(arena,
		    (struct slice){ octets, sizes[i] }, "\r\n");
		unsigned char got[6000];
		size_t n_blank = 0, len = 0;

		while (rest.len != 0) {
			struct slice line = slice_head(rest,
			    slice_find(rest, '\n'));

			rest = slice_from(rest, line.len + 1);
			assert_true(line.len != 0 && line.len <= 998);
			line.len--;
			assert_true(line.ptr[line.len] == '\r');
			assert_true(line.len == 0 || line.ptr[0] != '.');
			if (line.len == 0) {
				n_blank++;
			} else if (n_blank == 5 && line.ptr[0] != '-') {
				assert_true(line.len <= 76);
				len += (size_t)EVP_DecodeBlock(got + len,
				    (const unsigned char *)line.ptr,
				    (int)line.len);
			}
		}
		assert_int_equal(len, (sizes[i] + 2) / 3 * 3);
		assert_memory_equal(got, octets, sizes[i]);
		arena_destroy(&arena);
	}
}

static void
test_dates(void **state)
{
	static const struct {
		int64_t date_s;
		const char *date;
	} cases[] = {
		{ 0, "\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n" },
		{ 951782400, "\nDate: Tue, 29 Feb 2000 00:00:00 +0000\n" },
		{ 1767225599, "\nDate: Wed, 31 Dec 2025 23:59:59 +0000\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct report_mail mail = sample;
		FILE *in = tmpfile(), *out = tmpfile();
		char text[4000] = "";

		assert_non_null(in);
		assert_non_null(out);
		mail.date_s = cases[i].date_s;
		assert_true(report_write_mail(&mail, in, "\n", out));
		rewind(out);
		assert_true(fread(text, 1, sizeof(text) - 1, out) > 0);
		if (strstr(text, cases[i].date) == NULL)
			fail_msg("no %s in %s", cases[i].date, text);
		fclose(in);
		fclose(out);
	}
}

static void
test_full_disk(void **state)
{
	FILE *in = tmpfile(), *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(in);
	assert_non_null(full);
	assert_false(report_write_mail(&sample, in, "\n", full));
	fclose(in);
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_attachment),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
