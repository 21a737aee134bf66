/* The store in a file: all that a store does, and what befalls a file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/report/store_cases.h"

static char directory[64];	/* the whole program's */
static char url[128];

static int
make_directory(void **state)
{
	(void)state;
	strncpy(directory, "/tmp/assay-test-store-XXXXXX",
	    sizeof(directory) - 1);
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(url, sizeof(url), "sqlite:%s/assay.db", directory);
	return 0;
}

static void
remove_files(void)
{
	static const char *const names[] = {
		"assay.db", "assay.db-wal", "assay.db-shm", "assay.db-journal",
		"assay.db-reports",
	};
	char path[128];

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
}

static int
remove_directory(void **state)
{
	(void)state;
	remove_files();
	return rmdir(directory);
}

static const char *
make_fresh(void)
{
	remove_files();
	return url;
}

static void
test_cases(void **state)
{
	(void)state;
	store_cases_run(make_fresh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, make_directory,
	    remove_directory);
}
