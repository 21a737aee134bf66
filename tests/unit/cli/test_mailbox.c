/* Files, mboxes and Maildirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/mailbox.h"
#include "unit/test.h"

static char directory[] = "/tmp/assay-mailbox-XXXXXX";

static const char *
name_of(struct arena *arena, const char *name)
{
	struct strbuf path;

	strbuf_init(&path, arena, 1000);
	strbuf_printf(&path, "%s/%s", directory, name);
	return strbuf_cstr(&path);
}

static const char *
write_file(struct arena *arena, const char *name, const char *octets)
{
	const char *path = name_of(arena, name);
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(octets, file) == EOF || fclose(file) != 0)
		fail_msg("%s cannot be written", path);
	return path;
}

/* Each message between brackets. */
static struct slice
read_all(struct arena *arena, struct mailbox *mailbox)
{
	struct mailbox_message message;
	struct strbuf text;

	strbuf_init(&text, arena, 100000);
	while (mailbox_next(mailbox, &message)) {
		strbuf_append_char(&text, '[');
		if (message.problem != NULL)
			strbuf_append_cstr(&text, message.problem);
		else
			strbuf_append(&text, message.octets);
		strbuf_append_char(&text, ']');
		mailbox_release(&message);
	}
	return strbuf_slice(&text);
}

static const struct {
	const char *name, *octets, *messages;
	bool is_collection;
} files[] = {
	{ "a message", "A: 1\n\nx\nFrom y\n\nFrom z\n",
	    "[A: 1\n\nx\nFrom y\n\nFrom z\n]", false },
	{ "an mbox", "From a\nA: 1\n\nx\n\nFrom b\nA: 2\n\ny\n",
	    "[From a\nA: 1\n\nx\n][From b\nA: 2\n\ny\n]", true },
	{ "an mbox of one", "From a\nA: 1\n\nx\n", "[From a\nA: 1\n\nx\n]",
	    true },
	{ "CRLF", "From a\r\nA: 1\r\n\r\nx\r\n\r\nFrom b\r\nA: 2\r\n",
	    "[From a\r\nA: 1\r\n\r\nx\r\n][From b\r\nA: 2\r\n]", true },
	{ "no separator without an empty line", "From a\nA: 1\n\nx\nFrom y\n",
	    "[From a\nA: 1\n\nx\nFrom y\n]", true },
	{ "quoted", "From a\nA: 1\n\n>From x\n>>From y\n>Fromage\n> From z\n",
	    "[From a\nA: 1\n\nFrom x\n>From y\n>Fromage\n> From z\n]", true },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		struct arena *arena = test_arena();
		const char *path = write_file(arena, "file", files[i].octets);
		struct strbuf problem;
		struct mailbox *mailbox;

		strbuf_init(&problem, arena, 1000);
		mailbox = mailbox_open(path, &problem);
		if (mailbox == NULL)
			fail_msg("%s: %s", files[i].name,
			    strbuf_cstr(&problem));
		if (mailbox_is_collection(mailbox) != files[i].is_collection)
			fail_msg("%s: wrong kind", files[i].name);
		test_assert_slice(files[i].name, read_all(arena, mailbox),
		    files[i].messages);
		mailbox_close(&mailbox);
		unlink(path);
		arena_destroy(&arena);
	}
}

#define CHUNK ((size_t)64 * 1024)	/* what is read at once */

/* A separator anywhere at the border of what is read at once. */
static void
test_borders(void **state)
{
	static const char end[] = "\n\nFrom b\nA: 2\n\ny\n";
	char *text = malloc(2 * CHUNK);

	(void)state;
	assert_non_null(text);
	for (size_t n = CHUNK - 30; n < CHUNK + 4; n++) {
		struct arena *arena = test_arena();
		struct mailbox_message message;
		struct mailbox *mailbox;
		struct strbuf problem;

		memset(text, 'x', n);
		memcpy(text, "From a\n\n", 8);
		memcpy(text + n, end, sizeof(end));
		strbuf_init(&problem, arena, 1000);
		mailbox = mailbox_open(write_file(arena, "file", text),
		    &problem);
		assert_non_null(mailbox);
		assert_true(mailbox_next(mailbox, &message));
		assert_int_equal(message.octets.len, n + 1);
		mailbox_release(&message);
		test_assert_slice("second", read_all(arena, mailbox),
		    "[From b\nA: 2\n\ny\n]");
		mailbox_close(&mailbox);
		unlink(name_of(arena, "file"));
		arena_destroy(&arena);
	}
	free(text);
}

/* Cut short while it is looked at, as log rotation or a delivery may do. */
static void
test_cut_short(void **state)
{
	static const char *const heads[] = { "A: 1\n\n", "From a\n\n" };
	char *text = malloc(3 * CHUNK);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 3 * CHUNK);
	text[3 * CHUNK - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(heads); i++) {
		struct arena *arena = test_arena();
		struct mailbox_message message;
		struct mailbox *mailbox;
		struct strbuf problem;
		const char *path;

		memcpy(text, heads[i], strlen(heads[i]));
		path = write_file(arena, "file", text);
		strbuf_init(&problem, arena, 1000);
		mailbox = mailbox_open(path, &problem);
		assert_non_null(mailbox);
		assert_int_equal(truncate(path, 1), 0);
		assert_true(mailbox_next(mailbox, &message));
		assert_null(memchr(message.octets.ptr, 'y',
		    message.octets.len));
		mailbox_release(&message);
		assert_false(mailbox_next(mailbox, &message));
		mailbox_close(&mailbox);
		unlink(path);
		arena_destroy(&arena);
	}
	free(text);
}

static void
test_maildir(void **state)
{
	static const char *const folders[] = {
		"box", "box/cur", "box/new", "box/tmp"
	};
	struct arena *arena = test_arena();
	struct strbuf problem;
	struct mailbox *mailbox;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(folders); i++)
		assert_int_equal(mkdir(name_of(arena, folders[i]), 0700), 0);
	write_file(arena, "box/cur/2:2,S", "A: 2\n");
	write_file(arena, "box/cur/1:2,S", "A: 1\n");
	write_file(arena, "box/cur/.hidden", "A: 0\n");
	write_file(arena, "box/new/3", "");
	write_file(arena, "box/tmp/4", "A: 4\n");
	assert_int_equal(mkfifo(name_of(arena, "box/new/5"), 0600), 0);
	strbuf_init(&problem, arena, 1000);
	mailbox = mailbox_open(name_of(arena, "box"), &problem);
	assert_non_null(mailbox);
	assert_true(mailbox_is_collection(mailbox));
	test_assert_slice("Maildir", read_all(arena, mailbox),
	    "[A: 1\n][A: 2\n][][it is no file]");
	mailbox_close(&mailbox);
	arena_destroy(&arena);
}

static void
test_problems(void **state)
{
	static const struct {
		const char *name, *problem;
	} cases[] = {
		{ "absent", "it is not there" },
		{ "empty", "it is empty" },
		{ "plain", "this directory is no Maildir" },
	};
	struct arena *arena = test_arena();

	(void)state;
	write_file(arena, "empty", "");
	assert_int_equal(mkdir(name_of(arena, "plain"), 0700), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct strbuf problem;

		strbuf_init(&problem, arena, 1000);
		assert_null(mailbox_open(name_of(arena, cases[i].name),
		    &problem));
		if (strstr(strbuf_cstr(&problem), cases[i].problem) == NULL)
			fail_msg("%s: %s", cases[i].name,
			    strbuf_cstr(&problem));
	}
	arena_destroy(&arena);
}

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int
remove_directory(void **state)
{
	static const char *const names[] = {
		"box/cur/2:2,S", "box/cur/1:2,S", "box/cur/.hidden",
		"box/new/3", "box/new/5", "box/tmp/4", "box/cur", "box/new",
		"box/tmp", "box", "empty", "plain", "",
	};
	struct arena *arena = test_arena();
	int status = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		status |= remove(name_of(arena, names[i]));
	arena_destroy(&arena);
	return status;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_maildir),
		cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, make_directory,
	    remove_directory);
}
