/* report/spool.c - see spool.h. */
#include "report/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the file system knows none without a name, one has a name for a
 * moment. */
static int
create_named(const char *dir)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/assay-XXXXXX", dir);
	int fd;

	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
		unlink(path);
	return fd;
}

FILE *
spool_create(void)
{
	const char *dir = secure_getenv("TMPDIR");
	FILE *file;
	int fd;

	if (dir == NULL || dir[0] != '/')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL,
	    S_IRUSR | S_IWUSR);
	if (fd < 0)
		fd = create_named(dir);
	if (fd < 0)
		return NULL;
	if ((file = fdopen(fd, "w+")) == NULL)
		close(fd);
	return file;
}
