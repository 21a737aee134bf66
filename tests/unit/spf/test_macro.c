/* Macros (RFC 7208 7). */
#include "base/strbuf.h"
#include "spf/macro.h"
#include "unit/test.h"

/* The setting of RFC 7208 7.4. */
#define VALUES { \
	.sender = SLICE_INIT("strong-bad@email.example.com"), \
	.local_part = SLICE_INIT("strong-bad"), \
	.sender_domain = SLICE_INIT("email.example.com"), \
	.domain = SLICE_INIT("email.example.com"), \
	.client = SLICE_INIT("192.0.2.3"), \
	.validated_name = SLICE_INIT("mx.example.org"), \
	.reverse_zone = SLICE_INIT("in-addr"), \
	.helo = SLICE_INIT("mx.example.org"), \
	.client_readable = SLICE_INIT("192.0.2.3"), \
	.receiver = SLICE_INIT("mx.example.net"), \
	.now = SLICE_INIT("1700000000"), \
}

static struct slice
expand_name(struct arena *arena, const char *name, struct slice text,
    const struct spf_macro_values *values)
{
	struct slice in = test_exact_copy(text);
	struct slice out;
	enum spf_macro_status status = spf_expand_domain_spec(arena, in,
	    values, &out);

	if (status != SPF_MACRO_OK)
		fail_msg("%s: status %d", name, (int)status);
	test_free_copy(in);
	return out;
}

static struct slice
expand_explanation(struct arena *arena, const char *name, struct slice text,
    const struct spf_macro_values *values)
{
	struct slice in = test_exact_copy(text);
	struct slice out;
	enum spf_macro_status status = spf_expand_explanation(arena, in,
	    values, &out);

	if (status != SPF_MACRO_OK)
		fail_msg("%s: status %d", name, (int)status);
	test_free_copy(in);
	return out;
}

/* All examples of 7.4 for IPv4, then more. */
static void
test_examples(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "%{s}", "strong-bad@email.example.com" },
		{ "%{o}", "email.example.com" },
		{ "%{d}", "email.example.com" },
		{ "%{d4}", "email.example.com" },
		{ "%{d3}", "email.example.com" },
		{ "%{d2}", "example.com" },
		{ "%{d1}", "com" },
		{ "%{dr}", "com.example.email" },
		{ "%{d2r}", "example.email" },
		{ "%{l}", "strong-bad" },
		{ "%{l-}", "strong.bad" },
		{ "%{lr}", "strong-bad" },
		{ "%{lr-}", "bad.strong" },
		{ "%{l1r-}", "strong" },
		{ "%{ir}.%{v}._spf.%{d2}",
		  "3.2.0.192.in-addr._spf.example.com" },
		{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
		{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
		  "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
		{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
		  "3.2.0.192.in-addr.strong.lp._spf.example.com" },
		{ "%{d2}.trusted-domains.example.net",
		  "example.com.trusted-domains.example.net" },

		{ "%{p}", "mx.example.org" },
		{ "%{h}", "mx.example.org" },
		{ "%{i}", "192.0.2.3" },
		{ "%{i1}", "3" },
		{ "%{i1r}", "192" },
		{ "%{dR}", "com.example.email" },
		{ "%{d00002}", "example.com" },
		{ "%{d99999999999999999999999999}", "email.example.com" },
		{ "%{d18446744073709551616}", "email.example.com" },
		{ "%{s2-@}", NULL },	/* "@" is no delimiter */
		{ "%{s-}", "strong.bad@email.example.com" },
		{ "%{s.-}", "strong.bad@email.example.com" },
		{ "%{s1.-}", "com" },
		{ "%{l.}", "strong-bad" },
		{ "%{d/}", "email.example.com" },
		{ "A.%{D1}.Example.ORG", "a.com.example.org" },
		{ "%{d}.", NULL },	/* a dot is no domain-end */
		{ "a.%{d}.org.", "a.email.example.com.org" },
		{ "a%_b.example.org", "a b.example.org" },
		{ "a%%b%-c.example.org", "a%b%20c.example.org" },
		{ "%%", "%" },
	};
	static const struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text = slice_from_cstr(cases[i].text);
		struct slice out;

		if (cases[i].want == NULL) {
			assert_int_equal(spf_expand_domain_spec(arena, text,
			    &values, &out), SPF_MACRO_MALFORMED);
			assert_int_equal(out.len, 0);
			continue;
		}
		test_assert_slice(cases[i].text, expand_name(arena,
		    cases[i].text, text, &values), cases[i].want);
	}
	arena_destroy(&arena);
}

static void
test_ipv6_example(void **state)
{
	struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();

	(void)state;
	values.client = SLICE("2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1");
	values.reverse_zone = SLICE("ip6");
	test_assert_slice("7.4", expand_name(arena, "7.4",
	    SLICE("%{ir}.%{v}._spf.%{d2}"), &values),
	    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	    "ip6._spf.example.com");
	arena_destroy(&arena);
}

/* Every delimiter, empty parts, and values that are empty. */
static void
test_parts(void **state)
{
	static const struct {
		const char *local_part, *text, *want;
	} cases[] = {
		{ "a.b-c+d,e/f_g=h", "%{l.-+,/_=}", "a.b.c.d.e.f.g.h" },
		{ "a.b-c+d,e/f_g=h", "%{lr.-+,/_=}", "h.g.f.e.d.c.b.a" },
		{ "a.b-c+d,e/f_g=h", "%{l2=_}", "g.h" },
		{ "a.b-c", "%{l-}", "a.b.c" },
		{ "a.b-c", "%{lr-}", "c.a.b" },
		{ "a..b", "%{lr}", "b..a" },
		{ "a..b", "%{l2}", ".b" },
		{ "..", "%{lr}x", "..x" },
		{ ".a", "%{l1r}x", "x" },
		{ "a.", "%{l1}x", "x" },
		{ "a", "%{l1r}", "a" },
		{ "", "%{lr}x", "x" },
		{ "", "%{l3-}x", "x" },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct spf_macro_values values = VALUES;
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].local_part));

		values.local_part = in;
		test_assert_slice(cases[i].text, expand_explanation(arena,
		    cases[i].text, slice_from_cstr(cases[i].text), &values),
		    cases[i].want);
		test_free_copy(in);
	}
	arena_destroy(&arena);
}

static void
test_domain_specs(void **state)
{
	static const struct {
		const char *text;
		bool is_one;
	} cases[] = {
		{ "example.org", true },
		{ "example.org.", true },
		{ "_spf.example.org", true },
		{ "foo:bar/baz.example.org", true },
		{ "a..example.org", true },	/* a name that does not exist */
		{ ".org", true },
		{ "a.xn--zckzah", true },
		{ "a.a-1", true },
		{ "a.1-1", true },
		{ "a.1a", true },
		{ "%{d}", true },
		{ "%{d}x.org", true },
		{ "a%%", true },
		{ "a%_", true },
		{ "", false },
		{ ".", false },
		{ "org", false },
		{ "org.", false },
		{ "example.org..", false },
		{ "example.123", false },
		{ "example.-org", false },
		{ "example.org-", false },
		{ "example.o_g", false },
		{ "example.org/24", false },
		{ "example.org:25", false },
		{ "a b.example.org", false },
		{ "a\tb.example.org", false },
		{ "%{d}org", false },
		{ "%{d}.123", false },
		{ "%", false },
		{ "%.example.org", false },
		{ "a%(d).example.org", false },
		{ "%{", false },
		{ "%{}", false },
		{ "%{d", false },
		{ "%{d2", false },
		{ "%{d2r", false },
		{ "%{d2r-", false },
		{ "%{dr2}", false },
		{ "%{d-r}", false },
		{ "%{d0}", false },
		{ "%{d00}", false },
		{ "%{d 2}", false },
		{ "%{x}", false },
		{ "%{c}", false },
		{ "%{C}", false },
		{ "%{r}", false },
		{ "%{t}.example.org", false },
		{ "\xc3\xa4.example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].text));

		if (spf_is_domain_spec(in) != cases[i].is_one)
			fail_msg("\"%s\": wrong answer", cases[i].text);
		test_free_copy(in);
	}
}

static void
test_strings(void **state)
{
	(void)state;
	assert_true(spf_is_macro_string(SLICE("a%{c}%{r}%{t}/!~")));
	assert_true(spf_is_macro_string(SLICE("")));
	assert_false(spf_is_macro_string(SLICE("a b")));
	assert_false(spf_is_macro_string(SLICE("a\0")));
	assert_false(spf_is_macro_string(SLICE("100%")));
	assert_true(spf_is_explain_string(SLICE(" a  %{c} ")));
	assert_false(spf_is_explain_string(SLICE("a\tb")));
	assert_false(spf_is_explain_string(SLICE("a\r\n550 b")));
	assert_false(spf_is_explain_string(SLICE("\x7f")));
	assert_false(spf_is_explain_string(SLICE("50 % off")));
	assert_true(spf_uses_validated_name(SLICE("a%{P2r-}")));
	assert_false(spf_uses_validated_name(SLICE("p%%{d}%{d}")));
	assert_false(spf_uses_validated_name(SLICE("%{q}%{p}")));
}

static void
test_explanations(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "%{i} is not one of %{d}'s designated mail servers.",
		  "192.0.2.3 is not one of email.example.com's designated "
		  "mail servers." },
		{ "See http://%{d}/why.html?s=%{S}&i=%{I}",
		  "See http://email.example.com/why.html?"
		  "s=strong-bad%40email.example.com&i=192.0.2.3" },
		{ "%{c} %{r} %{t}", "192.0.2.3 mx.example.net 1700000000" },
		{ "100%%%_%-.", "100% %20." },
		{ "This is a Test.", "This is a Test." },
		{ "%{D2R}", "example.email" },
		{ "", "" },
	};
	static const struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		test_assert_slice(cases[i].text, expand_explanation(arena,
		    cases[i].text, slice_from_cstr(cases[i].text), &values),
		    cases[i].want);
	arena_destroy(&arena);
}

/* What a client says in HELO or MAIL must not get into a reply as it is. */
static void
test_hostile_values(void **state)
{
	struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();

	(void)state;
	values.local_part = SLICE("a\r\n250 ok\0\x7f\xc3\xa4\t~%{s}");
	values.helo = SLICE("%{p}");
	test_assert_slice("replaced", expand_explanation(arena, "replaced",
	    SLICE("<%{l}>"), &values), "<a??250 ok?????~%{s}>");
	test_assert_slice("escaped", expand_explanation(arena, "escaped",
	    SLICE("<%{L}>"), &values),
	    "<a%0D%0A250%20ok%00%7F%C3%A4%09~%25%7Bs%7D>");
	test_assert_slice("not expanded again", expand_explanation(arena,
	    "not expanded again", SLICE("%{h} %%{d}"), &values),
	    "%{p} %{d}");
	/* In a name they stay what they are. */
	assert_true(slice_eq(expand_name(arena, "name",
	    SLICE("%{l}.example.org"), &values),
	    SLICE("a\r\n250 ok\0\x7f\xc3\xa4\t~%{s}.example.org")));
	arena_destroy(&arena);
}

static struct slice
repeat(struct arena *arena, const char *text, size_t n)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, 1024 * 1024);
	for (size_t i = 0; i < n; i++)
		strbuf_append_cstr(&buf, text);
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

/* "the left side is truncated to fit, by removing successive domain labels" */
static void
test_truncation(void **state)
{
	struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();
	struct slice name;

	(void)state;
	/* 126 * 2 + 1 = 253 octets stay, 255 lose one label. */
	values.domain = slice_head(repeat(arena, "a.", 127), 253);
	name = expand_name(arena, "253", SLICE("%{d}"), &values);
	assert_int_equal(name.len, 253);
	name = expand_name(arena, "255", SLICE("b.%{d}"), &values);
	assert_int_equal(name.len, 253);
	assert_true(slice_eq(name, values.domain));
	/* By labels, not by octets. */
	values.domain = slice_head(repeat(arena, "0123456789.", 100), 1099);
	name = expand_name(arena, "1099", SLICE("%{d}"), &values);
	assert_int_equal(name.len, 252);
	assert_true(slice_starts_with(name, SLICE("0123456789.")));
	/* The dot at the end does not count. */
	name = expand_name(arena, "dot", SLICE("%{d1}.example.org."), &values);
	test_assert_slice("dot", name, "0123456789.example.org");
	/* One label has no left side to remove. */
	values.domain = repeat(arena, "x", 300);
	name = expand_name(arena, "300", SLICE("%{d}"), &values);
	assert_int_equal(name.len, 300);
	arena_destroy(&arena);
}

static void
test_limits(void **state)
{
	struct spf_macro_values values = VALUES;
	struct arena *arena = test_arena();
	struct slice out;

	(void)state;
	values.helo = repeat(arena, "x", 1000);
	assert_int_equal(spf_expand_domain_spec(arena,
	    repeat(arena, "%{h}", 16), &values, &out), SPF_MACRO_OK);
	assert_int_equal(spf_expand_domain_spec(arena,
	    repeat(arena, "%{h}", 17), &values, &out), SPF_MACRO_TOO_LONG);
	assert_int_equal(spf_expand_domain_spec(arena,
	    repeat(arena, "%{H3r-}", 9000), &values, &out),
	    SPF_MACRO_TOO_LONG);
	assert_int_equal(out.len, 0);
	out = expand_explanation(arena, "explanation",
	    repeat(arena, "%{h}", 9000), &values);
	assert_int_equal(out.len, SPF_MAX_EXPLANATION);
	assert_true(slice_eq(out, slice_head(values.helo, out.len)));
	arena_destroy(&arena);
}

static void
test_no_memory(void **state)
{
	static const struct spf_macro_values values = VALUES;
	struct arena *arena = arena_create(100);
	struct slice out;

	(void)state;
	assert_non_null(arena);
	assert_int_equal(spf_expand_domain_spec(arena, SLICE("%{d}"), &values,
	    &out), SPF_MACRO_NO_MEMORY);
	assert_int_equal(spf_expand_explanation(arena, SLICE("%{d}"), &values,
	    &out), SPF_MACRO_NO_MEMORY);
	assert_int_equal(out.len, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_ipv6_example),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_domain_specs),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
