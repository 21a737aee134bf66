/* report/spool.c - see spool.h. */
#include "report/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

FILE *
spool_create(void)
{
	const char *dir = secure_getenv("TMPDIR");
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/assay-XXXXXX",
	    dir != NULL && dir[0] == '/' ? dir : "/tmp");
	FILE *file;
	int fd;

	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) < 0)
		return NULL;
	unlink(path);
	if ((file = fdopen(fd, "w+")) == NULL)
		close(fd);
	return file;
}
