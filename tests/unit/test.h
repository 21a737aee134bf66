/* tests/unit/test.h - what every test uses: cmocka and a few helpers. */
#ifndef ASSAY_TESTS_UNIT_TEST_H
#define ASSAY_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"

#define TEST_ARENA_CEILING ((size_t)16 * 1024 * 1024)

/* A copy on the heap of exactly S.len octets, so that the sanitizer sees a read
 * past the end.  Free with test_free_copy. */
struct slice test_exact_copy(struct slice s);
void test_free_copy(struct slice copy);

/* An arena with the ceiling above; fails the test where there is none. */
struct arena *test_arena(void);

/* Fails the test named CASE unless both are equal; shows both. */
void test_assert_slice(const char *name, struct slice got, const char *want);

/* The exit status of a child that runs FN, or -1 where it did not exit. */
int test_run_child(int (*fn)(void));

/* Where a file below the source folder ("tests/suites/...") lies; in the
 * arena. */
const char *test_path(struct arena *arena, const char *path);

/* All that such a file holds, in the arena. */
struct slice test_read_file(struct arena *arena, const char *path);

#endif
