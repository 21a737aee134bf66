/* tests/unit/policy/test_sealer.c - which chains of trusted sealers vouch for
 * an author, and how they are told of. */
#include "policy/sealer.h"

#include <string.h>

#include "arc/chain.h"
#include "base/strbuf.h"
#include "policy/names.h"
#include "unit/test.h"

#define AUTHOR "author.example"
#define PASS " mx.example.net; dmarc=pass header.from=" AUTHOR
#define MAX_CASE_SETS 4

static const struct slice trusted_names[] = {
	SLICE_INIT("*.glob.example"), SLICE_INIT("list.example"),
	SLICE_INIT("two.example"),
};
static const struct policy_list trusted = { trusted_names,
	N_ELEMENTS(trusted_names) };

struct set_text {
	const char *sealer, *results;	/* sealer NULL: no more sets */
};

static void
make_chain(const struct set_text *texts, bool covers_from,
    struct arc_set *sets, struct arc_outcome *arc)
{
	*arc = (struct arc_outcome){ .result = ARC_PASS, .sets = sets };
	while (arc->n_sets < MAX_CASE_SETS &&
	    texts[arc->n_sets].sealer != NULL) {
		sets[arc->n_sets] = (struct arc_set){
			.sealer = slice_from_cstr(texts[arc->n_sets].sealer),
			.seal_selector = SLICE("sel"),
			.results = test_exact_copy(slice_from_cstr(
			    texts[arc->n_sets].results)),
			.covers_from = true,
		};
		arc->n_sets++;
	}
	if (arc->n_sets != 0)
		sets[arc->n_sets - 1].covers_from = covers_from;
}

static void
free_chain(const struct arc_outcome *arc)
{
	for (size_t i = 0; i < arc->n_sets; i++)
		test_free_copy(arc->sets[i].results);
}

static const struct {
	const char *name;
	struct set_text sets[MAX_CASE_SETS];
	bool is_from_unsigned, is_vouched_for;
} cases[] = {
	{ "one trusted sealer", .sets = { { "list.example", PASS } },
	    .is_vouched_for = true },
	{ "no chain", .sets = { { NULL, NULL } } },
	{ "a stranger", .sets = { { "evil.example", PASS } } },
	{ "by a glob", .sets = { { "a.b.glob.example", PASS } },
	    .is_vouched_for = true },
	{ "the glob's own domain", .sets = { { "glob.example", PASS } } },
	{ "a name that ends alike", .sets = { { "xlist.example", PASS } } },
	{ "below a name that is no glob", .sets = { { "a.list.example", PASS } } },
	{ "two trusted, the oldest tells", .sets = { { "list.example", PASS },
	    { "two.example", " x; dmarc=fail header.from=" AUTHOR } },
	    .is_vouched_for = true },
	{ "two trusted, only the newest tells", .sets = {
	    { "list.example", " x; dmarc=fail header.from=" AUTHOR },
	    { "two.example", PASS } } },
	{ "a stranger before", .sets = { { "evil.example", PASS },
	    { "list.example", PASS } }, .is_vouched_for = true },
	{ "a stranger's word passed on", .sets = { { "evil.example", PASS },
	    { "list.example", " x; dmarc=fail header.from=" AUTHOR } } },
	{ "trusted in the middle, a stranger newest", .sets = {
	    { "list.example", PASS }, { "evil.example", PASS } } },
	{ "a gap: only what is behind it counts", .sets = {
	    { "list.example", PASS }, { "evil.example", PASS },
	    { "two.example", " x; dmarc=fail header.from=" AUTHOR } } },
	{ "a gap, and the rest is enough", .sets = {
	    { "list.example", " x; none" }, { "evil.example", " x; none" },
	    { "two.example", PASS } }, .is_vouched_for = true },
	{ "From is not signed", .sets = { { "list.example", PASS } },
	    .is_from_unsigned = true },
	{ "another author", .sets = { { "list.example",
	    " x; dmarc=pass header.from=evil.example" } } },
	{ "the author's parent", .sets = { { "list.example",
	    " x; dmarc=pass header.from=example" } } },
	{ "below the author", .sets = { { "list.example",
	    " x; dmarc=pass header.from=a." AUTHOR } } },
	{ "an address, not a domain", .sets = { { "list.example",
	    " x; dmarc=pass header.from=a@" AUTHOR } } },
	{ "case and quotes", .sets = { { "list.example",
	    " x; DMARC=Pass header.From=\"Author.EXAMPLE\"" } },
	    .is_vouched_for = true },
	{ "two From", .sets = { { "list.example", PASS
	    " header.from=evil.example" } } },
	{ "twice the same", .sets = { { "list.example", PASS
	    " header.from=" AUTHOR } } },
	{ "no From", .sets = { { "list.example", " x; dmarc=pass" } } },
	{ "From of another type", .sets = { { "list.example",
	    " x; dmarc=pass smtp.from=" AUTHOR } } },
	{ "in a comment", .sets = { { "list.example",
	    " x; spf=none (dmarc=pass header.from=" AUTHOR ")" } } },
	{ "in a reason", .sets = { { "list.example",
	    " x; dmarc=fail reason=\"dmarc=pass header.from=" AUTHOR
	    "\"" } } },
	{ "another method", .sets = { { "list.example",
	    " x; dkim=pass header.from=" AUTHOR } } },
	{ "bestguesspass is no pass", .sets = { { "list.example",
	    " x; dmarc=bestguesspass header.from=" AUTHOR } } },
	{ "pass and fail", .sets = { { "list.example", PASS
	    "; dmarc=fail header.from=" AUTHOR } } },
	{ "pass for one of two", .sets = { { "list.example",
	    " x; dmarc=pass header.from=evil.example; dmarc=pass header.from="
	    AUTHOR } }, .is_vouched_for = true },
	{ "no grammar", .sets = { { "list.example", PASS "; =" } } },
	{ "no results", .sets = { { "list.example", "" } } },
	{ "as Gmail writes it", .sets = { { "list.example",
	    " mx.google.example;\r\n       dkim=pass header.i=@" AUTHOR
	    " header.s=s1 header.b=abcd;\r\n       spf=pass (google.example: "
	    "domain of a@" AUTHOR " designates 192.0.2.1 as permitted "
	    "sender) smtp.mailfrom=a@" AUTHOR ";\r\n       dmarc=pass "
	    "(p=REJECT sp=NONE dis=NONE) header.from=" AUTHOR } },
	    .is_vouched_for = true },
	{ "as Microsoft writes it", .sets = { { "list.example",
	    " mx.microsoft.example 1; spf=pass smtp.mailfrom=" AUTHOR
	    "; dmarc=pass action=none header.from=" AUTHOR
	    "; dkim=pass header.d=" AUTHOR "; arc=none" } },
	    .is_vouched_for = true },
};

static void
test_vouched_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct arc_set sets[MAX_CASE_SETS];
		struct arc_outcome arc;

		make_chain(cases[i].sets, !cases[i].is_from_unsigned, sets,
		    &arc);
		if (policy_is_vouched_for(&trusted, &arc, SLICE(AUTHOR),
		    arena) != cases[i].is_vouched_for)
			fail_msg("%s: wrong", cases[i].name);
		free_chain(&arc);
		arena_destroy(&arena);
	}
}

static void
test_nobody_trusted(void **state)
{
	static const struct set_text texts[MAX_CASE_SETS] = {
		{ "list.example", PASS } };
	const struct policy_list nobody = { NULL, 0 };
	struct arena *arena = test_arena(), *tiny = arena_create(16);
	struct arc_set sets[MAX_CASE_SETS];
	struct arc_outcome arc;

	(void)state;
	assert_non_null(tiny);
	make_chain(texts, true, sets, &arc);
	assert_false(policy_is_vouched_for(&nobody, &arc, SLICE(AUTHOR),
	    arena));
	assert_false(policy_is_vouched_for(&trusted, &arc, SLICE(AUTHOR),
	    tiny));
	free_chain(&arc);
	arena_destroy(&tiny);
	arena_destroy(&arena);
}

static struct slice
tell(struct arena *arena, const struct arc_outcome *arc)
{
	struct strbuf text;

	strbuf_init(&text, arena, 8192);
	policy_append_seals(&text, arc, arena);
	assert_false(text.has_failed);
	return strbuf_slice(&text);
}

/* RFC 8617 7.2.2. */
static void
test_comment(void **state)
{
	static const struct {
		const char *name;
		struct set_text sets[MAX_CASE_SETS];
		const char *want;
	} texts[] = {
		{ "two and an address", { { "d1.example", " x; arc=none "
		    "smtp.remote-ip=\"2001:DB8::1A\"" },
		    { "d2.example", " x; none" } },
		    "arc=pass as[2].d=d2.example as[2].s=sel "
		    "as[1].d=d1.example as[1].s=sel "
		    "remote-ip[1]=2001:db8::1a" },
		{ "no address", { { "d1.example", PASS } },
		    "arc=pass as[1].d=d1.example as[1].s=sel" },
		{ "a word for an address", { { "d1.example",
		    " x; arc=none smtp.remote-ip=x" } },
		    "arc=pass as[1].d=d1.example as[1].s=sel" },
		{ "no chain", { { NULL, NULL } }, "arc=pass" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		struct arena *arena = test_arena();
		struct arc_set sets[MAX_CASE_SETS];
		struct arc_outcome arc;

		make_chain(texts[i].sets, true, sets, &arc);
		test_assert_slice(texts[i].name, tell(arena, &arc),
		    texts[i].want);
		free_chain(&arc);
		arena_destroy(&arena);
	}
}

static void
test_long_comment(void **state)
{
	struct arena *arena = test_arena();
	struct arc_set sets[ARC_MAX_SETS];
	const struct arc_outcome arc = { .result = ARC_PASS, .sets = sets,
		.n_sets = ARC_MAX_SETS };
	char label[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaa.example";
	struct slice text;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sets); i++)
		sets[i] = (struct arc_set){ .sealer = slice_from_cstr(label),
			.seal_selector = slice_from_cstr(label) };
	text = tell(arena, &arc);
	assert_true(text.len < 1000);
	assert_true(slice_starts_with(text, SLICE("arc=pass as[50].d=aa")));
	assert_non_null(memmem(text.ptr, text.len, " as[47].s=", 10));
	assert_true(slice_ends_with_nocase(text, SLICE(" ...")));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vouched_for),
		cmocka_unit_test(test_nobody_trusted),
		cmocka_unit_test(test_comment),
		cmocka_unit_test(test_long_comment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
