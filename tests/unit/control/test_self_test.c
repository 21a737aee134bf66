/* All that is expected comes, and each thing that goes another way is seen. */
#include "control/self_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "control/self_test_case.h"
#include "dkim/hash.h"
#include "unit/test.h"

struct fixture {
	struct dkim_sha256 *sha256;
	struct arena *arena;
	struct strbuf problem;
	struct self_test_case *cases;	/* to be changed */
	struct self_test_set set;
};

static int
set_up(void **state)
{
	static struct fixture f;
	size_t octets = self_test_set.n_cases * sizeof(*f.cases);

	f.sha256 = dkim_sha256_create();
	f.arena = arena_create(100000);
	f.cases = malloc(octets);
	assert_non_null(f.sha256);
	assert_non_null(f.arena);
	assert_non_null(f.cases);
	memcpy(f.cases, self_test_set.cases, octets);
	f.set = self_test_set;
	f.set.cases = f.cases;
	strbuf_init(&f.problem, f.arena, 4096);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->cases);
	arena_destroy(&f->arena);
	dkim_sha256_destroy(&f->sha256);
	return 0;
}

static bool
run(struct fixture *f, unsigned *failed_case_out)
{
	struct self_test *test = self_test_create_of(&f->set, f->sha256);
	bool is_sound;

	assert_non_null(test);
	strbuf_truncate(&f->problem, 0);
	is_sound = self_test_run(test, &f->problem);
	*failed_case_out = self_test_failed_case(test);
	self_test_destroy(&test);
	assert_null(test);
	return is_sound;
}

/* That it fails at case I, which is named, and not before. */
static void
assert_fails_at(struct fixture *f, size_t i, const char *what)
{
	const char *name = self_test_set.cases[i].name;
	char expected[200];
	unsigned failed;

	snprintf(expected, sizeof(expected), "message %s, with keys that were "
	    "kept: got ", name);
	if (run(f, &failed))
		fail_msg("%s: %s is not seen", name, what);
	if (failed != i || !slice_starts_with(strbuf_slice(&f->problem),
	    slice_from_cstr(expected)))
		fail_msg("%s: %s: %s", name, what, strbuf_cstr(&f->problem));
}

static void
test_all_is_well(void **state)
{
	struct self_test *test = self_test_create(NULL);
	struct fixture *f = *state;
	unsigned failed;

	if (!run(f, &failed))
		fail_msg("%s", strbuf_cstr(&f->problem));
	assert_int_equal(f->problem.len, 0);
	assert_non_null(test);
	for (int i = 0; i < 3; i++)
		assert_true(self_test_run(test, &f->problem));
	assert_int_equal(f->problem.len, 0);
	self_test_destroy(&test);
}

static void
test_expectations_count(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->set.n_cases; i++) {
		struct self_test_result *expected = &f->cases[i].expected;
		const struct self_test_result right = *expected;

		expected->spf = right.spf == SPF_FAIL ? SPF_PASS : SPF_FAIL;
		assert_fails_at(f, i, "another SPF result");
		*expected = right;
		expected->dkim = DKIM_REASON_SYNTAX;
		assert_fails_at(f, i, "another DKIM result");
		*expected = right;
		expected->n_dkim++;
		assert_fails_at(f, i, "one more signature");
		*expected = right;
		expected->arc = ARC_TEMPERROR;
		assert_fails_at(f, i, "another ARC result");
		*expected = right;
		expected->dmarc = DMARC_NONE;
		assert_fails_at(f, i, "another DMARC result");
		*expected = right;
		expected->action = POLICY_TEMPFAIL;
		assert_fails_at(f, i, "another action");
		*expected = right;
	}
}

/* A bad message that is not changed on its way is good; a good one that is
 * changed is bad. */
static void
test_messages_count(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->set.n_cases; i++) {
		struct self_test_case *c = &f->cases[i];
		const struct self_test_case right = *c;

		if (c->from != NULL) {
			c->from = c->to = NULL;
			if (right.expected.dkim != DKIM_REASON_NONE ||
			    right.expected.arc != ARC_NONE)
				assert_fails_at(f, i, "what is not changed");
		} else if (c->expected.dmarc == DMARC_PASS) {
			c->from = "joe@example.org>\r\n";
			c->to = "joe@example.net>\r\n";
			assert_fails_at(f, i, "a changed author");
		}
		*c = right;
	}
}

static void
test_what_cannot_be_inspected(void **state)
{
	struct fixture *f = *state;
	unsigned failed;

	f->cases[2].from = "not in it";
	assert_false(run(f, &failed));
	assert_int_equal(failed, 2);
	assert_string_equal(strbuf_cstr(&f->problem), "message "
	    "rsa-simple-changed-space, with keys that were kept: it cannot be "
	    "inspected");
}

static void
test_problem_says_all(void **state)
{
	struct fixture *f = *state;
	unsigned failed;

	f->cases[4].from = f->cases[4].to = NULL;
	assert_false(run(f, &failed));
	assert_string_equal(strbuf_cstr(&f->problem), "message "
	    "rsa-changed-body, with keys that were kept: got spf=none "
	    "dkim=pass arc=none dmarc=pass accept; expected spf=none "
	    "dkim=fail (body hash did not verify) arc=none dmarc=fail hold");
	assert_string_equal(self_test_case_name(failed), "rsa-changed-body");
	assert_string_equal(self_test_case_name(
	    (unsigned)self_test_set.n_cases), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_is_well, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_expectations_count,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_messages_count, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_what_cannot_be_inspected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_problem_says_all, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
