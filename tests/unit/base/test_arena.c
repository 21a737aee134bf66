/* The arena: alignment, ceiling, reset, cleanups. */
#include <stdalign.h>
#include <string.h>

#include "unit/test.h"

static void
test_alloc(void **state)
{
	struct arena *arena = test_arena();
	char *last = NULL;

	(void)state;
	for (size_t size = 0; size < 3000; size += 7) {
		char *mem = arena_alloc(arena, size);

		assert_non_null(mem);
		assert_int_equal((uintptr_t)mem % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(mem[i], 0);
		memset(mem, 0xff, size);
		last = mem;
	}
	assert_non_null(last);
	assert_non_null(arena_alloc(arena, 1000000));	/* beyond a chunk */
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	last = arena_alloc(arena, 2000);	/* used before: zeroed again */
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(last[i], 0);
	arena_destroy(&arena);
	assert_null(arena);
	arena_destroy(&arena);
}

static void
test_ceiling(void **state)
{
	struct arena *arena = arena_create(1024);

	(void)state;
	assert_non_null(arena);
	assert_non_null(arena_alloc(arena, 512));
	assert_false(arena_has_failed(arena));
	assert_null(arena_alloc(arena, 1024));
	assert_true(arena_has_failed(arena));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc_array(arena, SIZE_MAX / 2, 4));
	assert_non_null(arena_alloc(arena, 128));	/* what fits still does */
	arena_reset(arena);
	assert_false(arena_has_failed(arena));
	assert_non_null(arena_alloc(arena, 900));
	arena_destroy(&arena);
}

static void
count_cleanup(void *object)
{
	unsigned *calls = object;

	++*calls;
}

static void
append_one(void *object)
{
	strcat(object, "1");
}

static void
append_two(void *object)
{
	strcat(object, "2");
}

static void
test_cleanups(void **state)
{
	struct arena *arena = test_arena();
	unsigned calls = 0;
	char order[4] = "";

	(void)state;
	assert_true(arena_add_cleanup(arena, append_one, order));
	assert_true(arena_add_cleanup(arena, append_two, order));
	arena_reset(arena);
	assert_string_equal(order, "21");	/* newest first, once */
	arena_reset(arena);
	assert_string_equal(order, "21");
	assert_true(arena_add_cleanup(arena, count_cleanup, &calls));
	arena_destroy(&arena);
	assert_int_equal(calls, 1);

	arena = arena_create(8);	/* no room for the record: run at once */
	assert_non_null(arena);
	assert_false(arena_add_cleanup(arena, count_cleanup, &calls));
	assert_int_equal(calls, 2);
	arena_destroy(&arena);
	assert_int_equal(calls, 2);
}

static void
test_copies(void **state)
{
	struct arena *arena = test_arena();
	struct slice copy;
	int numbers[] = { 1, 2, 3 }, *grown;

	(void)state;
	assert_true(arena_copy(arena, SLICE("a\0b"), &copy));
	assert_int_equal(copy.len, 3);
	assert_memory_equal(copy.ptr, "a\0b", 3);
	assert_true(arena_copy(arena, SLICE_EMPTY, &copy));
	assert_int_equal(copy.len, 0);
	assert_string_equal(arena_copy_cstr(arena, SLICE("xyz")), "xyz");
	assert_string_equal(arena_copy_cstr(arena, SLICE_EMPTY), "");
	grown = arena_grow_array(arena, numbers, 3, 6, sizeof(int));
	assert_non_null(grown);
	assert_int_equal(grown[2], 3);
	assert_int_equal(grown[5], 0);
	arena_destroy(&arena);
}

/* What arenas take of the system together, whatever becomes of them. */
static void
test_account(void **state)
{
	struct arena_account account = { .octets = 0 };
	struct arena *one = arena_create(1024 * 1024);
	struct arena *other = arena_create(1024 * 1024);
	size_t octets;

	(void)state;
	assert_non_null(one);
	assert_non_null(other);
	arena_charge(one, &account);
	arena_charge(other, &account);
	assert_int_equal(account.octets, 0);
	assert_non_null(arena_alloc(one, 100));
	octets = account.octets;
	assert_true(octets >= 100);
	assert_non_null(arena_alloc(one, 100));	/* in the same chunk */
	assert_int_equal(account.octets, octets);
	assert_non_null(arena_alloc(other, 300000));
	assert_true(account.octets >= octets + 300000);
	arena_destroy(&other);
	assert_int_equal(account.octets, octets);
	assert_non_null(arena_alloc(one, 300000));
	assert_null(arena_alloc(one, 1024 * 1024));	/* the ceiling */
	assert_true(account.octets < octets + 400000);
	arena_reset(one);	/* keeps one chunk */
	assert_int_equal(account.octets, octets);
	arena_destroy(&one);
	assert_int_equal(account.octets, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_cleanups),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
