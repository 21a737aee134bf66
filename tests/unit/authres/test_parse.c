/* Reading Authentication-Results (RFC 8601 2.2 and appendix B). */
#include <stdio.h>
#include <string.h>

#include "authres/authres.h"
#include "base/strbuf.h"
#include "unit/test.h"

/* A field in a form of our own: id|method=result,reason,ptype.name=value|... */
static struct slice
show(struct arena *arena, const struct authres *ar)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 100000);
	strbuf_append(&buf, ar->authserv_id);
	for (size_t i = 0; i < ar->n_methods; i++) {
		const struct authres_method *m = &ar->methods[i];

		strbuf_printf(&buf, "|%.*s=%.*s", SLICE_PRINTF(m->method),
		    SLICE_PRINTF(m->result));
		if (m->reason.len != 0)
			strbuf_printf(&buf, ",%.*s", SLICE_PRINTF(m->reason));
		for (size_t k = 0; k < m->n_properties; k++)
			strbuf_printf(&buf, ",%.*s.%.*s=%.*s",
			    SLICE_PRINTF(m->properties[k].ptype),
			    SLICE_PRINTF(m->properties[k].name),
			    SLICE_PRINTF(m->properties[k].value));
	}
	return strbuf_slice(&buf);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *name;
		struct slice value;
		const char *want;	/* NULL: refused */
	} cases[] = {
		{ "B.2 none", SLICE_INIT(" example.org 1; none"),
		  "example.org" },
		{ "B.3", SLICE_INIT(" example.com;\r\n              spf=pass "
		  "smtp.mailfrom=example.net"),
		  "example.com|spf=pass,smtp.mailfrom=example.net" },
		{ "B.4", SLICE_INIT(" example.com;\r\n   auth=pass (cram-md5) "
		  "smtp.auth=sender@example.net;\r\n   spf=pass smtp.mailfrom="
		  "example.net"),
		  "example.com|auth=pass,smtp.auth=sender@example.net"
		  "|spf=pass,smtp.mailfrom=example.net" },
		{ "B.5", SLICE_INIT(" example.com;\r\n dkim=pass (good "
		  "signature) header.d=example.com"),
		  "example.com|dkim=pass,header.d=example.com" },
		{ "B.6", SLICE_INIT(" example.com;\r\n          dkim=pass "
		  "reason=\"good signature\"\r\n            header.i=@mail-rout"
		  "er.example.net;\r\n          dkim=fail reason=\"bad "
		  "signature\"\r\n            header.i=@newyork.example.com"),
		  "example.com|dkim=pass,good signature,header.i=@mail-router."
		  "example.net|dkim=fail,bad signature,header.i=@newyork."
		  "example.com" },
		{ "B.7, comments in every place",
		  SLICE_INIT(" foo.example.net (foobar) 1 (baz);\r\n    dkim "
		  "(Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
		  "      policy (A dot can go here) . (like that) expired\r\n"
		  "      (this surprised me) = (as I wasn't expecting it) "
		  "1362471462"),
		  "foo.example.net|dkim=fail,policy.expired=1362471462" },

		{ "id alone", SLICE_INIT("mx"), "mx" },
		{ "id with version", SLICE_INIT("mx 1"), "mx" },
		{ "quoted id", SLICE_INIT(" \"m\\x y\"; none"), "mx y" },
		{ "id of UTF-8", SLICE_INIT(" b\xc3\xbc.example; none"),
		  "b\xc3\xbc.example" },
		{ "none with comments", SLICE_INIT(" mx (a) ; (b) none (c)"),
		  "mx" },
		{ "upper-case none", SLICE_INIT("mx; NONE"), "mx" },
		{ "a method called none", SLICE_INIT("mx; none=x"),
		  "mx|none=x" },
		{ "result is none", SLICE_INIT("mx; spf=none"),
		  "mx|spf=none" },
		{ "reason is a token", SLICE_INIT("mx; a=b reason=c"),
		  "mx|a=b,c" },
		{ "reason folded", SLICE_INIT("mx; a=b reason = \"c\r\n d\""),
		  "mx|a=b,c d" },
		{ "empty reason", SLICE_INIT("mx; a=b reason=\"\""),
		  "mx|a=b" },
		{ "quoted value",
		  SLICE_INIT("mx; a=b c.d=\"e; f=g (\\\"\\\\)\""),
		  "mx|a=b,c.d=e; f=g (\"\\)" },
		{ "empty quoted value", SLICE_INIT("mx; a=b c.d=\"\" e.f=g"),
		  "mx|a=b,c.d=,e.f=g" },
		{ "quoted local part",
		  SLICE_INIT("mx; a=b c.d=\"e f\"@g.example"),
		  "mx|a=b,c.d=\"e f\"@g.example" },
		{ "blanks around the value",
		  SLICE_INIT("mx; a=b c . d = e (f)"), "mx|a=b,c.d=e" },
		{ "no blank behind a comment",
		  SLICE_INIT("mx;a=b(c)d.e=f;g=h"), "mx|a=b,d.e=f|g=h" },

		/* what is met in the wild */
		{ "semicolon at the end", SLICE_INIT("mx; spf=pass a.b=c; "),
		  "mx|spf=pass,a.b=c" },
		{ "base64 without quotes",
		  SLICE_INIT("mx; dkim=pass header.b=ab/c+d=="),
		  "mx|dkim=pass,header.b=ab/c+d==" },
		{ "IPv6 without quotes",
		  SLICE_INIT("mx; iprev=pass policy.iprev=2001:db8::1"),
		  "mx|iprev=pass,policy.iprev=2001:db8::1" },
		{ "brackets of a path",
		  SLICE_INIT("mx; spf=pass smtp.mailfrom=<a@b.example>"),
		  "mx|spf=pass,smtp.mailfrom=<a@b.example>" },
		{ "list without quotes",
		  SLICE_INIT("mx; dmarc=fail policy.evidence=arc,list"),
		  "mx|dmarc=fail,policy.evidence=arc,list" },
		{ "empty value before a semicolon",
		  SLICE_INIT("mx; spf=none smtp.mailfrom=; dkim=none"),
		  "mx|spf=none,smtp.mailfrom=|dkim=none" },
		{ "empty value at the end",
		  SLICE_INIT("mx; spf=none smtp.mailfrom="),
		  "mx|spf=none,smtp.mailfrom=" },
		{ "no ptype",
		  SLICE_INIT("mx; dmarc=pass action=none header.from=a.b"),
		  "mx|dmarc=pass,.action=none,header.from=a.b" },
		{ "reason behind properties",
		  SLICE_INIT("mx; dkim=fail header.d=a.b reason=\"c d\""),
		  "mx|dkim=fail,c d,header.d=a.b" },
		{ "underscore", SLICE_INIT("mx; x_y=pass a_b.c_d=e"),
		  "mx|x_y=pass,a_b.c_d=e" },
		{ "UTF-8 address",
		  SLICE_INIT("mx; spf=pass smtp.mailfrom=j\xc3\xb6@b.example"),
		  "mx|spf=pass,smtp.mailfrom=j\xc3\xb6@b.example" },

		{ "nothing", SLICE_INIT(""), NULL },
		{ "blanks", SLICE_INIT(" \r\n "), NULL },
		{ "no id", SLICE_INIT("; spf=pass"), NULL },
		{ "no id but a result", SLICE_INIT(" spf=pass a.b=c; d=e"),
		  NULL },
		{ "two ids", SLICE_INIT("mx my; none"), NULL },
		{ "comma for the semicolon", SLICE_INIT("mx, spf=pass"), NULL },
		{ "no result", SLICE_INIT("mx; spf="), NULL },
		{ "no equals sign", SLICE_INIT("mx; spf pass"), NULL },
		{ "no method", SLICE_INIT("mx; =pass"), NULL },
		{ "empty resinfo", SLICE_INIT("mx;; spf=pass"), NULL },
		{ "none and more", SLICE_INIT("mx; none a.b=c"), NULL },
		{ "quoted result", SLICE_INIT("mx; spf=\"pass\""), NULL },
		{ "word behind the result", SLICE_INIT("mx; spf=pass bogus"),
		  NULL },
		{ "property without name", SLICE_INIT("mx; a=b c.=d"), NULL },
		{ "property without ptype", SLICE_INIT("mx; a=b .c=d"), NULL },
		{ "method version without number", SLICE_INIT("mx; a/=b"),
		  NULL },
		{ "quote not closed", SLICE_INIT("mx; a=b c.d=\"e"), NULL },
		{ "quote not closed, mixed", SLICE_INIT("mx; a=b c.d=e\"f"),
		  NULL },
		{ "quote of the id not closed", SLICE_INIT("\"mx; none"),
		  NULL },
		{ "folded quote in an address",
		  SLICE_INIT("mx; a=b c.d=\"e\r\n f\"@g"), NULL },
		{ "comment not closed", SLICE_INIT("mx; a=b (c"), NULL },
		{ "comment not closed behind none", SLICE_INIT("mx; none (c"),
		  NULL },
		{ "comment not opened", SLICE_INIT("mx; a=b )"), NULL },
		{ "comments too deep",
		  SLICE_INIT("mx (((((((((((((((((x))))))))))))))))); none"),
		  NULL },
		{ "NUL", SLICE_INIT("mx; a=b c.d=e\0f"), NULL },
		{ "control in a string", SLICE_INIT("mx; a=b c.d=\"\x1b\""),
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct slice in = test_exact_copy(cases[i].value);
		struct authres ar;

		if (authres_parse(arena, in, &ar) != (cases[i].want != NULL))
			fail_msg("%s: wrong answer", cases[i].name);
		test_assert_slice(cases[i].name, show(arena, &ar),
		    cases[i].want != NULL ? cases[i].want : "");
		test_free_copy(in);
		arena_destroy(&arena);
	}
}

static bool
parse_repeated(const char *head, const char *part, size_t n)
{
	struct arena *arena = test_arena();
	struct strbuf buf;
	struct authres ar;
	bool ok;

	strbuf_init(&buf, arena, 1000000);
	strbuf_append_cstr(&buf, head);
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&buf, part);
	assert_false(buf.has_failed);
	ok = authres_parse(arena, strbuf_slice(&buf), &ar);
	arena_destroy(&arena);
	return ok;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_true(parse_repeated("mx", "; a=b", AUTHRES_MAX_METHODS));
	assert_false(parse_repeated("mx", "; a=b", AUTHRES_MAX_METHODS + 1));
	assert_true(parse_repeated("mx; a=b", " c.d=e",
	    AUTHRES_MAX_PROPERTIES));
	assert_false(parse_repeated("mx; a=b", " c.d=e",
	    AUTHRES_MAX_PROPERTIES + 1));
	assert_true(parse_repeated("mx ", "(x) ", 100000));
	assert_false(parse_repeated("mx ", "(", 100000));
	assert_true(parse_repeated("mx", "; none", 100000));
	assert_true(parse_repeated("mx; a=b", " reason=c", 50000));
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(64);
	struct authres ar;

	(void)state;
	assert_non_null(arena);
	assert_false(authres_parse(arena, SLICE("mx; a=b c.d=e; f=g"), &ar));
	assert_int_equal(ar.n_methods, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
