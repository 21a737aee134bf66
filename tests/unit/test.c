/* tests/unit/test.c - see test.h. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strbuf.h"

struct slice
test_exact_copy(struct slice s)
{
	char *mem = malloc(s.len != 0 ? s.len : 1);

	assert_non_null(mem);
	if (s.len != 0)
		memcpy(mem, s.ptr, s.len);
	return (struct slice){ mem, s.len };
}

void
test_free_copy(struct slice copy)
{
	free((void *)(uintptr_t)copy.ptr);
}

struct arena *
test_arena(void)
{
	struct arena *arena = arena_create(TEST_ARENA_CEILING);

	assert_non_null(arena);
	return arena;
}

void
test_assert_slice(const char *name, struct slice got, const char *want)
{
	if (!slice_eq(got, slice_from_cstr(want)))
		fail_msg("%s: got \"%.*s\", want \"%s\"", name,
		    SLICE_PRINTF(got), want);
}

int
test_run_child(int (*fn)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(fn());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *
test_path(struct arena *arena, const char *path)
{
	const char *srcdir = getenv("srcdir");
	struct strbuf text;

	strbuf_init(&text, arena, TEST_ARENA_CEILING);
	strbuf_printf(&text, "%s/%s", srcdir != NULL ? srcdir : ".", path);
	assert_false(text.has_failed);
	return strbuf_cstr(&text);
}

struct slice
test_read_file(struct arena *arena, const char *path)
{
	const char *full = test_path(arena, path);
	FILE *file;
	char *mem;
	long size;

	if ((file = fopen(full, "rb")) == NULL)
		fail_msg("cannot open %s", full);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	mem = arena_alloc(arena, (size_t)size + 1);
	assert_non_null(mem);
	assert_int_equal(fread(mem, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	return (struct slice){ mem, (size_t)size };
}
