/* report/input.c - see input.h. */
#include "report/input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define MAX_PROBLEM 300		/* octets of a sentence */

static struct report_input *
create(struct arena *arena, const struct report_limits *limits,
    struct strbuf *problem)
{
	struct report_input *input = arena_alloc(arena, sizeof(*input));

	if (input == NULL)
		return NULL;
	*input = (struct report_input){ .arena = arena, .limits = limits,
		.problem = problem };
	input->window = arena_alloc(arena, INPUT_WINDOW_OCTETS);
	return input->window != NULL ? input : NULL;
}

struct report_input *
input_over(struct report_input *packed,
    size_t (*pull)(void *context, char *buf, size_t size), void *context)
{
	struct report_input *input =
	    create(packed->arena, packed->limits, packed->problem);

	if (input == NULL)
		return NULL;
	input->pull = pull;
	input->context = context;
	return input;
}

struct file {
	int fd;
	uint64_t n_octets;
	struct report_input *input;
};

static size_t
pull_file(void *context, char *buf, size_t size)
{
	struct file *file = context;
	uint64_t room = file->input->limits->file_octets - file->n_octets;
	ssize_t n;

	/* One octet more than may be shows that there is more. */
	if (size > room + 1)
		size = (size_t)room + 1;
	do
		n = read(file->fd, buf, size);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		input_fail(file->input, "cannot be read: %s",
		    strerror(errno));
		return 0;
	}
	if ((uint64_t)n > room) {
		input_fail(file->input, "is larger than %llu MiB",
		    (unsigned long long)(file->input->limits->file_octets >>
		    20));
		return 0;
	}
	file->n_octets += (uint64_t)n;
	return (size_t)n;
}

struct report_input *
input_from_fd(struct arena *arena, const struct report_limits *limits,
    struct strbuf *problem, int fd)
{
	struct report_input *input = create(arena, limits, problem);
	struct file *file = arena_alloc(arena, sizeof(*file));

	if (input == NULL || file == NULL)
		return NULL;
	*file = (struct file){ .fd = fd, .input = input };
	input->pull = pull_file;
	input->context = file;
	return input;
}

static size_t
pull_slice(void *context, char *buf, size_t size)
{
	struct slice *rest = context;
	struct slice part = slice_head(*rest, size);

	if (part.len != 0)
		memcpy(buf, part.ptr, part.len);
	*rest = slice_from(*rest, part.len);
	return part.len;
}

struct report_input *
input_from_slice(struct arena *arena, const struct report_limits *limits,
    struct strbuf *problem, const struct slice *text)
{
	struct report_input *input = create(arena, limits, problem);
	struct slice *rest = arena_alloc(arena, sizeof(*rest));

	if (input == NULL || rest == NULL)
		return NULL;
	*rest = *text;
	input->pull = pull_slice;
	input->context = rest;
	return input;
}

/* Move what is left to the front, and pull behind it once. */
static void
fill(struct report_input *input)
{
	size_t n;

	if (input->pos != 0) {
		memmove(input->window, input->window + input->pos,
		    input->len - input->pos);
		input->len -= input->pos;
		input->pos = 0;
	}
	n = input->pull(input->context, input->window + input->len,
	    INPUT_WINDOW_OCTETS - input->len);
	input->len += n;
	if (n == 0)
		input->has_ended = true;
}

struct slice
input_peek(struct report_input *input, size_t want)
{
	while (input->len - input->pos < want && !input->has_ended &&
	    !input_has_failed(input))
		fill(input);
	if (input_has_failed(input))
		return SLICE_EMPTY;
	return (struct slice){ input->window + input->pos,
	    input->len - input->pos };
}

void
input_skip(struct report_input *input, size_t n)
{
	input->pos += n;
}

size_t
input_read(struct report_input *input, char *buf, size_t size)
{
	struct slice next = slice_head(input_peek(input, 1), size);

	if (next.len != 0)
		memcpy(buf, next.ptr, next.len);
	input_skip(input, next.len);
	return next.len;
}

bool
input_take_line(struct report_input *input, struct slice *line_out)
{
	struct slice next = slice_head(input_peek(input, 1), INPUT_PEEK_MAX);
	size_t end = slice_find(next, '\n');

	if (end == SIZE_MAX && next.len < INPUT_PEEK_MAX) {
		next = slice_head(input_peek(input, INPUT_PEEK_MAX),
		    INPUT_PEEK_MAX);
		end = slice_find(next, '\n');
	}
	input->is_mid_line = end == SIZE_MAX && next.len == INPUT_PEEK_MAX;
	*line_out = end == SIZE_MAX ? next : slice_head(next, end + 1);
	input_skip(input, line_out->len);
	return line_out->len != 0;
}

void
input_fail(struct report_input *input, const char *format, ...)
{
	char text[MAX_PROBLEM];
	va_list args;

	input->has_ended = true;
	if (input->problem->len != 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	strbuf_append_cstr(input->problem, text);
}

bool
input_has_failed(const struct report_input *input)
{
	return input->problem->len != 0;
}
