/* tests/unit/capture.h - what is written to standard error. */
#ifndef ASSAY_TESTS_UNIT_CAPTURE_H
#define ASSAY_TESTS_UNIT_CAPTURE_H

#include "base/slice.h"

struct arena;

struct capture {
	int fd;		/* a file that has no name */
	int saved_fd;	/* standard error's own */
};

/* From now on it goes into a file. */
void capture_start(struct capture *capture);

/* And no more: what is in the file, with a NUL behind it, in ARENA. */
struct slice capture_end(struct capture *capture, struct arena *arena);

#endif
