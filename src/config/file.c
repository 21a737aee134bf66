/* config/file.c - see file.h. */
#include "config/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

/* All of FD into MEM, which has room for one octet too many. */
static bool
read_all(int fd, char *mem, size_t *len_out)
{
	size_t len = 0;

	while (len <= FILE_MAX_OCTETS) {
		ssize_t n = read(fd, mem + len, FILE_MAX_OCTETS + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*len_out = len;
	return true;
}

bool
file_read(int fd, struct slice *text_out, struct strbuf *why)
{
	char *mem = malloc(FILE_MAX_OCTETS + 1);
	size_t len;

	*text_out = SLICE_EMPTY;
	if (mem == NULL || !read_all(fd, mem, &len)) {
		strbuf_printf(why, "it cannot be read: %s", strerror(errno));
	} else if (len > FILE_MAX_OCTETS) {
		strbuf_printf(why, "the file is too large: write at most "
		    "%zu octets", FILE_MAX_OCTETS);
	} else {
		*text_out = (struct slice){ mem, len };
		return true;
	}
	free(mem);
	return false;
}

void
file_free(struct slice text)
{
	free((void *)(uintptr_t)text.ptr);	/* it was ours to write */
}
