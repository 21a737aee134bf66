/* assayd -t, and this host's name. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/hostname.h"
#include "daemon/version.h"
#include "mail/domain.h"
#include "unit/test.h"

/* Run assayd -t on TEXT in a file; what it wrote to FD is put into WRITTEN. */
static int
test_config(const char *text, int fd, char *written, size_t size)
{
	char path[] = "/tmp/assay-test-XXXXXX";
	FILE *conf = fdopen(mkstemp(path), "w"), *file = tmpfile();
	int saved = dup(fd), status;
	size_t len;

	assert_non_null(conf);
	assert_non_null(file);
	fputs(text, conf);
	assert_int_equal(fclose(conf), 0);
	fflush(NULL);
	assert_true(dup2(fileno(file), fd) >= 0);
	status = daemon_test_config(path);
	fflush(NULL);
	assert_true(dup2(saved, fd) >= 0);
	close(saved);
	rewind(file);
	len = fread(written, 1, size - 1, file);
	written[len] = '\0';
	fclose(file);
	unlink(path);
	return status;
}

static const char good[] =
    "mode = \"enforce\";\ndmarc: { reject = \"strict\"; };\n";
static const char bad[] = "mode = 1;\nfoo = 2;\n";
static const char noted[] = "mode = \"enforce\";\nstore = \"sqlite:/nonexistent/a\";\n"
    "dmarc: { reject = \"strict\"; };\n";

static void
test_test(void **state)
{
	char written[1000];

	(void)state;
	assert_int_equal(test_config(good, STDERR_FILENO, written,
	    sizeof(written)), 0);
	assert_string_equal(written, "");
	assert_int_equal(test_config(good, STDOUT_FILENO, written,
	    sizeof(written)), 0);
	assert_string_equal(written, "");
	assert_int_equal(test_config(bad, STDERR_FILENO, written,
	    sizeof(written)), 1);
	assert_non_null(strstr(written, ":1: mode cannot be a number: write "
	    "a text in double quotes\n"));
	assert_non_null(strstr(written, ":2: there is no key foo: "
	    "assayd.conf(5) lists all keys\n"));
	assert_int_equal(test_config(noted, STDERR_FILENO, written,
	    sizeof(written)), 0);
	assert_string_equal(written, "");
	assert_int_equal(test_config(noted, STDOUT_FILENO, written,
	    sizeof(written)), 0);
	assert_non_null(strstr(written, ":2: store: there is no folder "
	    "/nonexistent, "));
}

static void
test_hostname(void **state)
{
	struct arena *arena = test_arena();
	const char *name = hostname_find(arena);
	struct slice normal;

	(void)state;
	assert_non_null(name);
	assert_true(domain_normalize(arena, slice_from_cstr(name), &normal));
	test_assert_slice("normal already", normal, name);
	arena_destroy(&arena);
}

static void
test_version(void **state)
{
	static const char *const libraries[] = { "assayd ", "OpenSSL 3",
		"libunbound ", "libmilter ", "libevent 2.1", "libpsl " };
	char text[1000];
	FILE *file = tmpfile();
	size_t len;

	(void)state;
	assert_non_null(file);
	version_print(file);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	for (size_t i = 0; i < N_ELEMENTS(libraries); i++)
		if (strstr(text, libraries[i]) == NULL)
			fail_msg("\"%s\" is not told", libraries[i]);
	assert_non_null(strstr(text, version_text()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_test),
		cmocka_unit_test(test_hostname),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
