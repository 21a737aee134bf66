/* SPF records beside their answers: they say what their text says. */
#include "base/cursor.h"
#include "base/strbuf.h"
#include "dns/resolver.h"
#include "spf/published.h"
#include "unit/test.h"

#define MAX_RECORDS 3

static const struct dns_answer *
create_answer(const struct slice *texts, size_t n)
{
	struct dns_record records[MAX_RECORDS];
	const struct dns_answer *answer;

	assert_true(n <= MAX_RECORDS);
	for (size_t i = 0; i < n; i++)
		records[i] = (struct dns_record){ .text = texts[i] };
	answer = dns_answer_create(&(struct dns_answer){
	    .status = n != 0 ? DNS_NOERROR : DNS_NXDOMAIN,
	    .records = records, .n_records = n });
	assert_non_null(answer);
	return answer;
}

/* Which records count (4.5). */
static void
test_selection(void **state)
{
	static const struct {
		const char *name, *texts[MAX_RECORDS];
		size_t n;
		bool is_valid;
		const char *term, *what;	/* wrong ones */
	} rows[] = {
		{ "no answer", { NULL }, 0, false, NULL, NULL },
		{ "none", { "v=spf10 -all", "x" }, 0, false, NULL, NULL },
		{ "one", { "v=spf1 -all" }, 1, true, NULL, NULL },
		{ "one among others", { "x", "v=spf1 -all", "v=spf2" }, 1,
		  true, NULL, NULL },
		{ "two", { "v=spf1 -all", "v=spf1 -all" }, 2, false, NULL,
		  NULL },
		{ "a wrong one", { "v=spf1 a:: -all" }, 1, false, "a::",
		  "not a domain name or a wrong macro" },
		{ "an empty one", { "v=spf1" }, 1, true, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct spf_published *published, *again;
		const struct dns_answer *answer;
		struct slice texts[MAX_RECORDS];
		size_t n = 0, found;

		for (; n < MAX_RECORDS && rows[i].texts[n] != NULL; n++)
			texts[n] = slice_from_cstr(rows[i].texts[n]);
		answer = create_answer(texts, n);
		found = spf_find_published(answer, &published);
		if (found != rows[i].n || (published != NULL) != (found == 1))
			fail_msg("%s: %zu found", rows[i].name, found);
		assert_int_equal(spf_find_published(answer, &again), found);
		assert_ptr_equal(again, published);
		if (published != NULL) {
			assert_true(published->is_valid == rows[i].is_valid);
			assert_int_equal(dns_answer_attached_octets(answer),
			    published->attachment.octets);
		}
		if (rows[i].what != NULL) {
			test_assert_slice(rows[i].name, published->error.term,
			    rows[i].term);
			assert_string_equal(published->error.what,
			    rows[i].what);
		}
		dns_answer_release(answer);
	}
}

static void
check_directive(const struct spf_directive *got,
    const struct spf_directive *want)
{
	assert_true(slice_eq(got->text, want->text));
	assert_int_equal(got->qualifier, want->qualifier);
	assert_int_equal(got->mechanism, want->mechanism);
	assert_true(slice_eq(got->domain_spec, want->domain_spec));
	if (want->mechanism == SPF_MECHANISM_IP4 ||
	    want->mechanism == SPF_MECHANISM_IP6) {
		assert_true(ip_eq(&got->network.address,
		    &want->network.address));
		assert_int_equal(got->network.prefix_bits,
		    want->network.prefix_bits);
		return;
	}
	assert_int_equal(got->ip4_bits, want->ip4_bits);
	assert_int_equal(got->ip6_bits, want->ip6_bits);
}

/* The same directives as the text's, in the same order. */
static void
check_record(struct slice text)
{
	const struct dns_answer *answer = create_answer(&text, 1);
	const struct spf_published *published;
	struct spf_published_cursor taken;
	struct spf_directive got, want;
	struct spf_syntax_error error;
	struct spf_record record;
	struct cursor cur;
	size_t n = 0;

	assert_int_equal(spf_find_published(answer, &published), 1);
	assert_true(published->is_valid);
	assert_true(spf_parse_record(text, &record, &error));
	assert_true(slice_eq(published->record.redirect, record.redirect));
	assert_true(slice_eq(published->record.explanation,
	    record.explanation));
	cur = cursor_of(record.terms);
	taken = spf_published_begin(published);
	for (; spf_take_directive(&cur, &want); n++) {
		assert_true(spf_published_take(&taken, &got));
		check_directive(&got, &want);
	}
	assert_false(spf_published_take(&taken, &got));
	assert_false(spf_published_take(&taken, &got));
	assert_int_equal(n, record.n_directives);
	dns_answer_release(answer);
}

static void
test_directives(void **state)
{
	static const char *const records[] = {
		"v=spf1",
		"v=spf1   ",
		"V=SPF1 -ALL",
		"v=spf1 +a ?mx ~ptr -exists:%{i}.example.org",
		"v=spf1 a/24 a//64 a/0//0 mx:x.example.org/32//128 -all",
		"v=spf1 ip4:192.0.2.1 ip4:0.0.0.0/0 ip4:255.255.255.255/32",
		"v=spf1 ip6:::/0 ip6:2001:db8::1 ip6:2001:db8::/32 "
		    "ip6:::ffff:192.0.2.1/96",
		"v=spf1 ip6:2001:db8::1/64 a ip4:192.0.2.1/31 b=c "
		    "-ip6:2001:db8::2/127 exp=e.example.org "
		    "include:%{d}.example.org redirect=r.example.org",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(records); i++)
		check_record(slice_from_cstr(records[i]));
}

/* "v=spf1" and TERM up to OCTETS in all. */
static struct slice
fill_record(struct arena *arena, const char *term, size_t octets)
{
	struct strbuf text;

	strbuf_init(&text, arena, octets);
	strbuf_append_cstr(&text, "v=spf1");
	while (text.len + slice_from_cstr(term).len <= octets)
		strbuf_append_cstr(&text, term);
	while (text.len < octets)
		strbuf_append_char(&text, ' ');
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}

/* What records take of a cache: about what their text takes, a few times that
 * where a sender is bent on it. */
static void
test_octets(void **state)
{
	static const struct {
		const char *term;
		size_t octets, times;
	} rows[] = {
		{ " ip4:192.0.2.1/24", 16 * 1024, 1 },
		{ " ip6:2001:db8::1234", 16 * 1024, 2 },
		{ " exists:%{i}.example.org", 16 * 1024, 1 },
		{ " x=0123456789", 16 * 1024, 1 },
		{ " ip6:::", 16 * 1024, 5 },
		{ " a", 8000, 7 },
	};
	struct arena *arena = test_arena();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct slice text = fill_record(arena, rows[i].term,
		    rows[i].octets);
		const struct dns_answer *answer = create_answer(&text, 1);
		const struct spf_published *published;

		assert_int_equal(spf_find_published(answer, &published), 1);
		assert_true(published->is_valid);
		if (dns_answer_attached_octets(answer) >
		    rows[i].times * text.len)
			fail_msg("\"%s\": %zu octets", rows[i].term,
			    dns_answer_attached_octets(answer));
		dns_answer_release(answer);
		check_record(text);
	}
	arena_destroy(&arena);
}

/* The longest that DNS can carry, and one more. */
static void
test_length(void **state)
{
	struct arena *arena = test_arena();
	const struct spf_published *published;
	const struct dns_answer *answer;
	struct slice text;

	(void)state;
	check_record(fill_record(arena, " ip6:2001:db8::1234", UINT16_MAX));
	check_record(fill_record(arena, " ", UINT16_MAX));
	text = fill_record(arena, " ", UINT16_MAX + 1);
	answer = create_answer(&text, 1);
	assert_int_equal(spf_find_published(answer, &published), 1);
	assert_false(published->is_valid);
	assert_string_equal(published->error.what,
	    "longer than DNS can carry");
	dns_answer_release(answer);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
