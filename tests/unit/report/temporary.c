/* unit/report/temporary.c - see temporary.h. */
#include "unit/report/temporary.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/assay-test-report-XXXXXX";
static char url[sizeof(folder) + 32];

int
temporary_make(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(url, sizeof(url), "sqlite:%s/assay.db", folder);
	return 0;
}

void
temporary_clear(void)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

int
temporary_remove(void **state)
{
	(void)state;
	temporary_clear();
	return rmdir(folder);
}

const char *
temporary_url(void)
{
	return url;
}

const char *
temporary_folder(void)
{
	return folder;
}
