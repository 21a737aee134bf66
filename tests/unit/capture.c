/* tests/unit/capture.c - see capture.h. */
#include "unit/capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/test.h"

void
capture_start(struct capture *capture)
{
	capture->fd = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(capture->fd >= 0);
	/* Threads share no place in it, which a memory file would not guard. */
	assert_int_equal(fcntl(capture->fd, F_SETFL, O_APPEND), 0);
	fflush(stderr);
	capture->saved_fd = dup(STDERR_FILENO);
	assert_true(capture->saved_fd >= 0);
	assert_true(dup2(capture->fd, STDERR_FILENO) >= 0);
}

struct slice
capture_end(struct capture *capture, struct arena *arena)
{
	struct stat status;
	char *text;

	fflush(stderr);
	assert_true(dup2(capture->saved_fd, STDERR_FILENO) >= 0);
	close(capture->saved_fd);
	assert_int_equal(fstat(capture->fd, &status), 0);
	text = arena_alloc(arena, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(pread(capture->fd, text, (size_t)status.st_size, 0),
	    status.st_size);
	close(capture->fd);
	return (struct slice){ text, (size_t)status.st_size };
}
