/* report/input.h - octets that are pulled from a file, or out of another input
 * that is unpacked on the way, with a window to look ahead in.
 *
 * Nothing is read that nobody asked for, and no more is kept than the window.
 * All inputs of a chain share one problem: the first failure is told in it, and
 * every one of them is at its end from there on. */
#ifndef ASSAY_REPORT_INPUT_H
#define ASSAY_REPORT_INPUT_H

#include "base/slice.h"

struct arena;
struct strbuf;

/* What hostile files may cost.  Reports of the largest senders have some
 * 100,000 rows in some 50 MB of XML, packed thirty times smaller. */
struct report_limits {
	uint64_t file_octets;	/* as stored */
	uint64_t octets;	/* unpacked */
	uint64_t ratio;		/* octets unpacked for one packed, on average,
				 * once they are 1 MiB */
	uint64_t records;
};

#define REPORT_LIMITS_DEFAULT { .file_octets = 512 * 1024 * 1024, \
	.octets = 512 * 1024 * 1024, .ratio = 300, .records = 1000000 }

#define INPUT_WINDOW_OCTETS ((size_t)64 * 1024)

/* What can be looked at before it is taken; lines longer than this come in
 * pieces. */
#define INPUT_PEEK_MAX ((size_t)32 * 1024)

struct report_input {
	/* Up to SIZE octets, which is at least INPUT_PEEK_MAX, to BUF; 0 at the
	 * end, or where it failed. */
	size_t (*pull)(void *context, char *buf, size_t size);
	void *context;
	struct arena *arena;			/* borrowed, all three */
	const struct report_limits *limits;
	struct strbuf *problem;
	char *window;
	size_t pos, len;	/* what of it has not been taken */
	bool has_ended;		/* nothing is left to be pulled */
	bool is_mid_line;	/* input_take_line gave a piece of a line */
};

/* The octets of an open file, pipe or terminal.  NULL where memory is out; the
 * input lives in ARENA, and whoever opened FD closes it. */
struct report_input *input_from_fd(struct arena *arena,
    const struct report_limits *limits, struct strbuf *problem, int fd);

/* For what unpacks: an input that gives what PULL makes of PACKED. */
struct report_input *input_over(struct report_input *packed,
    size_t (*pull)(void *context, char *buf, size_t size), void *context);

/* Text in memory. */
struct report_input *input_from_slice(struct arena *arena,
    const struct report_limits *limits, struct strbuf *problem,
    const struct slice *text);

/* What comes next, at least WANT octets (of INPUT_PEEK_MAX) unless the end is
 * nearer; borrowed until the next call. */
struct slice input_peek(struct report_input *input, size_t want);

/* Take N octets of what was peeked at. */
void input_skip(struct report_input *input, size_t n);

/* Take up to SIZE octets; 0 at the end. */
size_t input_read(struct report_input *input, char *buf, size_t size);

/* Take a line with its end, or a piece of one that is too long, which
 * is_mid_line tells.  False at the end.  Borrowed until the next call. */
bool input_take_line(struct report_input *input, struct slice *line_out);

/* Tell of a failure, unless there was one before.  Text of the input goes in
 * escaped. */
void input_fail(struct report_input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool input_has_failed(const struct report_input *input);

#endif
