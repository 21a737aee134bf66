/* tests/unit/inspect/test_forged.c - the places of forged fields. */
#include "inspect/forged.h"

#include "inspect/inspect.h"
#include "unit/test.h"

#define OURS "mx.example.org"

static void
test_places(void **state)
{
	static const struct {
		const char *name, *value;
		bool is_forged;
	} fields[] = {	/* of one header, in this order */
		{ "Authentication-Results", " " OURS "; spf=pass", true },
		{ "Authentication-Results", " mx.example.net; spf=pass",
		    false },
		{ "X-Authentication-Results", " " OURS "; spf=pass", false },
		{ "authentication-RESULTS", " MX.Example.ORG; dkim=pass",
		    true },
		{ "Subject", " " OURS, false },
		{ "Authentication-Results", " \"mx.example.org\" 1; none",
		    true },
		{ "Authentication-Results", " (a) mx.example.org (b); none",
		    true },
		{ "Authentication-Results", " mx.example.org.example; none",
		    false },
		{ "Authentication-Results", "", false },
		{ "Authentication-Results", "\r\n\tmx.example.org;", true },
	};
	const unsigned want[] = { 1, 3, 4, 5, 8 };
	struct arena *arena = test_arena();
	struct forged_fields forged;

	(void)state;
	forged_init(&forged, arena, SLICE(OURS));
	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		struct slice name = test_exact_copy(
		    slice_from_cstr(fields[i].name));
		struct slice value = test_exact_copy(
		    slice_from_cstr(fields[i].value));
		size_t before = forged.n_places;

		assert_true(forged_note_field(&forged, name, value));
		if ((forged.n_places > before) != fields[i].is_forged)
			fail_msg("field %zu: %s", i, fields[i].value);
		test_free_copy(name);
		test_free_copy(value);
	}
	assert_int_equal(forged.n_places, N_ELEMENTS(want));
	for (size_t i = 0; i < N_ELEMENTS(want); i++)
		assert_int_equal(forged.places[i], want[i]);
	arena_destroy(&arena);
}

static void
test_limit(void **state)
{
	struct arena *arena = test_arena();
	struct forged_fields forged;
	const struct slice name = SLICE("Authentication-Results");

	(void)state;
	forged_init(&forged, arena, SLICE(OURS));
	for (size_t i = 0; i < FORGED_MAX_FIELDS; i++)
		assert_true(forged_note_field(&forged, name, SLICE(OURS ";")));
	assert_true(forged_note_field(&forged, name, SLICE("x.example;")));
	assert_false(forged.has_overflowed);
	assert_true(forged_note_field(&forged, name, SLICE(OURS ";")));
	assert_true(forged.has_overflowed);
	assert_int_equal(forged.n_places, FORGED_MAX_FIELDS);
	assert_int_equal(forged.places[FORGED_MAX_FIELDS - 1],
	    FORGED_MAX_FIELDS);
	arena_destroy(&arena);
}

static void
test_no_memory(void **state)
{
	struct arena *arena = arena_create(0);
	struct forged_fields forged;

	(void)state;
	assert_non_null(arena);
	forged_init(&forged, arena, SLICE(OURS));
	assert_true(forged_note_field(&forged, SLICE("From"), SLICE(OURS)));
	assert_false(forged_note_field(&forged,
	    SLICE("Authentication-Results"), SLICE(OURS ";")));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
