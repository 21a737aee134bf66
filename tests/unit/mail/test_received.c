/* Received fields (RFC 5321 4.4) as the MTAs write them, and as clients would
 * like them to be read. */
#include "base/strbuf.h"
#include "mail/received.h"
#include "unit/test.h"

static const struct {
	const char *name, *value;
	const char *client, *helo;	/* NULL: it cannot be read */
} cases[] = {
	{ "RFC 5321 D.3", " from bar.com (bar.com [192.0.2.1])\r\n by foo.com "
	    "(Postfix) with ESMTP; Thu, 21 May 1998 05:33:29 -0700",
	    "192.0.2.1", "bar.com" },
	{ "Postfix", " from mail.example.org (host.example.org "
	    "[192.0.2.1])\r\n\t(using TLSv1.3 with cipher "
	    "TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 "
	    "server-signature RSA-PSS (2048 bits))\r\n\t(No client "
	    "certificate requested)\r\n\tby mx.example.com (Postfix) with "
	    "ESMTPS id 4F00; Sat, 21 Nov 2026 20:00:00 +0000 (UTC)",
	    "192.0.2.1", "mail.example.org" },
	{ "Postfix, IPv6, no name", " from mail.example.org (unknown "
	    "[IPv6:2001:db8::1])\r\n\tby mx.example.com (Postfix) with ESMTP",
	    "2001:db8::1", "mail.example.org" },
	{ "Postfix, HELO is a literal", " from [198.51.100.9] (unknown "
	    "[192.0.2.1])\r\n\tby mx.example.com (Postfix) with ESMTP",
	    "192.0.2.1", "[198.51.100.9]" },
	{ "Postfix, client unknown", " from mail.example.org (unknown "
	    "[unknown])\r\n\tby mx.example.com (Postfix) with ESMTP", NULL,
	    NULL },
	{ "Postfix, local", " by mx.example.com (Postfix, from userid 0)\r\n"
	    "\tid 4F00; Sat, 21 Nov 2026 20:00:00 +0000 (UTC)", NULL, NULL },
	{ "Sendmail", " from mail.example.org (host.example.org "
	    "[192.0.2.1])\r\n\tby mx.example.com (8.17.1/8.17.1) with ESMTP "
	    "id 3AF", "192.0.2.1", "mail.example.org" },
	{ "Sendmail, no name", " from mail.example.org ([192.0.2.1]) by "
	    "mx.example.com (8.17.1/8.17.1) with ESMTP", "192.0.2.1",
	    "mail.example.org" },
	{ "Sendmail, may be forged", " from mail.example.org "
	    "(host.example.org [192.0.2.1] (may be forged))\r\n\tby "
	    "mx.example.com (8.17.1)", "192.0.2.1", "mail.example.org" },
	{ "Sendmail, ident", " from mail.example.org "
	    "(IDENT:bob@host.example.org [192.0.2.1])\r\n\tby mx.example.com "
	    "(8.17.1)", "192.0.2.1", "mail.example.org" },
	{ "Sendmail, IPv6", " from mail.example.org ([IPv6:2001:db8::1]) by "
	    "mx.example.com (8.17.1)", "2001:db8::1", "mail.example.org" },
	{ "Sendmail, local", " (from bob@localhost)\r\n\tby mx.example.com "
	    "(8.17.1/8.17.1/Submit) id 3AF", NULL, NULL },
	{ "Exim", " from host.example.org ([192.0.2.1] "
	    "helo=mail.example.org)\r\n\tby mx.example.com with esmtps "
	    "(TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.96)",
	    "192.0.2.1", "mail.example.org" },
	{ "Exim, HELO is the name", " from host.example.org ([192.0.2.1])\r\n"
	    "\tby mx.example.com with esmtp (Exim 4.96)", "192.0.2.1",
	    "host.example.org" },
	{ "Exim, port", " from host.example.org ([192.0.2.1]:25001 "
	    "helo=mail.example.org ident=bob)\r\n\tby mx.example.com with "
	    "esmtp", "192.0.2.1", "mail.example.org" },
	{ "Exim, no name", " from [192.0.2.1] (helo=mail.example.org)\r\n\tby "
	    "mx.example.com with esmtp (Exim 4.96)", "192.0.2.1",
	    "mail.example.org" },
	{ "Exim, no name, port", " from [192.0.2.1] (port=25001 "
	    "helo=mail.example.org)\r\n\tby mx.example.com with esmtp",
	    "192.0.2.1", "mail.example.org" },
	{ "Exim, no name, IPv6", " from [2001:db8::1] "
	    "(helo=mail.example.org)\r\n\tby mx.example.com with esmtp",
	    "2001:db8::1", "mail.example.org" },
	{ "Exim, HELO is a literal", " from [192.0.2.1] "
	    "(helo=[198.51.100.9])\r\n\tby mx.example.com with esmtp",
	    "192.0.2.1", "[198.51.100.9]" },
	{ "qmail", " from unknown (HELO mail.example.org) (192.0.2.1)\r\n  by "
	    "mx.example.com with SMTP; 21 Nov 2026 20:00:00 -0000",
	    "192.0.2.1", "mail.example.org" },
	{ "qmail, ident", " from host.example.org (HELO mail.example.org) "
	    "(bob@192.0.2.1)\r\n  by mx.example.com with SMTP", "192.0.2.1",
	    "mail.example.org" },
	{ "qmail, HELO is the name", " from host.example.org (192.0.2.1)\r\n"
	    "  by mx.example.com with SMTP", "192.0.2.1",
	    "host.example.org" },
	{ "Exchange", " from mail.example.org (192.0.2.1) by "
	    "EX01.corp.example (198.51.100.7) with Microsoft SMTP Server "
	    "(version=TLS1_2,\r\n cipher=TLS_ECDHE_RSA) id 15.1.2507.6",
	    "192.0.2.1", "mail.example.org" },
	{ "Exchange, IPv6", " from A.example.org (2001:db8::1) by "
	    "B.example.net\r\n (2001:db8::2) with Microsoft SMTP Server",
	    "2001:db8::1", "A.example.org" },
	{ "mapped", " from a (b [IPv6:::ffff:192.0.2.1]) by c", "192.0.2.1",
	    "a" },
	{ "upper case", " FROM a (b [192.0.2.1]) BY c", "192.0.2.1", "a" },
	{ "folded everywhere", "\r\n from\r\n\ta\r\n (b\r\n [192.0.2.1])\r\n "
	    "by\r\n c", "192.0.2.1", "a" },
	{ "8-bit HELO", " from b\xc3\xbc" "cher.example (b [192.0.2.1]) by c",
	    "192.0.2.1", "b\xc3\xbc" "cher.example" },

	/* A client can put a literal, or a whole form, into HELO. */
	{ "HELO alone is a literal", " from [192.0.2.1] by c", NULL, NULL },
	{ "HELO alone is a literal, other comment", " from [192.0.2.1] "
	    "(using TLS) by c", NULL, NULL },
	{ "HELO alone is a literal, empty comment", " from [192.0.2.1] ( ) "
	    "by c", NULL, NULL },
	{ "the first comment counts", " from a (b [192.0.2.1]) "
	    "(c [192.0.2.2]) by d", "192.0.2.1", "a" },
	{ "an ident with blanks", " from a (x [192.0.2.9] y@b [192.0.2.1]) "
	    "by c", NULL, NULL },
	{ "an ident with brackets", " from a ([192.0.2.9]@b [192.0.2.1]) by "
	    "c", NULL, NULL },
	{ "brackets within a name", " from a (x[192.0.2.9] [192.0.2.1]) by c",
	    NULL, NULL },
	{ "two literals", " from a ([192.0.2.9] [192.0.2.1]) by c", NULL,
	    NULL },
	{ "qmail's ident with an address", " from unknown (HELO a) "
	    "(x@192.0.2.9@192.0.2.1) by c", "192.0.2.1", "a" },
	{ "HELO with a comment", " from a (HELO b (192.0.2.9)) (192.0.2.1) "
	    "by c", NULL, NULL },
	{ "HELO only", " from a (HELO b) by c", NULL, NULL },

	{ "nothing", "", NULL, NULL },
	{ "no blank behind from", " from(b [192.0.2.1]) by c", NULL, NULL },
	{ "no name", " from (b [192.0.2.1]) by c", NULL, NULL },
	{ "no comment", " from a by c", NULL, NULL },
	{ "no by", " from a (b [192.0.2.1])", NULL, NULL },
	{ "by at the end", " from a (b [192.0.2.1]) by", NULL, NULL },
	{ "something before by", " from a (b [192.0.2.1]) via by c", NULL,
	    NULL },
	{ "comment without an end", " from a (b [192.0.2.1] by c", NULL,
	    NULL },
	{ "literal without an end", " from a (b [192.0.2.1) by c", NULL,
	    NULL },
	{ "no address", " from a (b [host]) by c", NULL, NULL },
	{ "a network", " from a (b [192.0.2.0/24]) by c", NULL, NULL },
	{ "a zone", " from a (b [fe80::1%eth0]) by c", NULL, NULL },
	{ "a port that is none", " from a (b [192.0.2.1]:) by c", NULL,
	    NULL },
	{ "deep comment", " from a (b [192.0.2.1] (((((x)))))) by c", NULL,
	    NULL },
	{ "quoted", " from \"a\" (b [192.0.2.1]) by c", NULL, NULL },
};

static void
test_parse(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice value =
		    test_exact_copy(slice_from_cstr(cases[i].value));
		struct mail_received received;
		struct strbuf client;

		strbuf_init(&client, arena, 100);
		if (mail_parse_received(value, &received) !=
		    (cases[i].client != NULL))
			fail_msg("%s", cases[i].name);
		if (cases[i].client != NULL) {
			ip_append(&client, &received.client);
			test_assert_slice(cases[i].name,
			    strbuf_slice(&client), cases[i].client);
			test_assert_slice(cases[i].name, received.helo,
			    cases[i].helo);
		} else {
			assert_int_equal(received.client.family, IP_NONE);
			assert_int_equal(received.helo.len, 0);
		}
		test_free_copy(value);
	}
	arena_destroy(&arena);
}

/* Cut anywhere, nothing is read that is not there, and no other address. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice whole = slice_from_cstr(cases[i].value);

		for (size_t len = 0; len < whole.len; len++) {
			struct slice value =
			    test_exact_copy(slice_head(whole, len));
			struct mail_received full, cut;

			if (mail_parse_received(value, &cut)) {
				assert_true(mail_parse_received(whole,
				    &full));
				assert_true(ip_eq(&cut.client,
				    &full.client));
			}
			test_free_copy(value);
		}
	}
}

static void
test_long_word(void **state)
{
	struct arena *arena = test_arena();

	(void)state;
	for (size_t len = 254; len <= 256; len++) {
		struct mail_received received;
		struct strbuf value;

		strbuf_init(&value, arena, 1000);
		strbuf_append_cstr(&value, " from ");
		for (size_t i = 0; i < len; i++)
			strbuf_append_char(&value, 'a');
		strbuf_append_cstr(&value, " (b [192.0.2.1]) by c");
		assert_int_equal(mail_parse_received(strbuf_slice(&value),
		    &received), len <= 255);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
