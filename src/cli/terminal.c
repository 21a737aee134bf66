/* cli/terminal.c - see terminal.h. */
#include "cli/terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"

#define DEFAULT_WIDTH 80
#define BAR_COLUMNS 30
#define PROGRESS_INTERVAL_MS 100

static const char *const styles[] = {
	[TERMINAL_PLAIN] = "",
	[TERMINAL_BOLD] = "\033[1m",
	[TERMINAL_GOOD] = "\033[32m",
	[TERMINAL_DOUBTFUL] = "\033[33m",
	[TERMINAL_BAD] = "\033[31m",
};

bool
terminal_has_colour(FILE *out)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	if (no_colour != NULL && no_colour[0] != '\0')
		return false;
	return isatty(fileno(out)) == 1 && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

unsigned
terminal_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return DEFAULT_WIDTH;
	return size.ws_col;
}

static bool
is_shown_as_it_is(char c)
{
	return (ascii_is_vchar(c) || c == ' ') && c != '\\';
}

/* Returns the columns written. */
static size_t
print_escaped(FILE *out, struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (is_shown_as_it_is(text.ptr[i])) {
			putc(text.ptr[i], out);
			n++;
		} else {
			fprintf(out, "\\x%02x", (unsigned char)text.ptr[i]);
			n += 4;
		}
	}
	return n;
}

void
terminal_print_escaped(FILE *out, struct slice text)
{
	print_escaped(out, text);
}

void
terminal_print_styled(FILE *out, bool has_colour, enum terminal_style style,
    struct slice text, unsigned width)
{
	bool is_styled = has_colour && style != TERMINAL_PLAIN;
	size_t n;

	if (is_styled)
		fputs(styles[style], out);
	n = print_escaped(out, text);
	if (is_styled)
		fputs("\033[0m", out);
	for (; n < width; n++)
		putc(' ', out);
}

/* Octets up to the blank where a line may end. */
static size_t
measure_word(struct slice text)
{
	unsigned depth = 0;
	size_t n = 0;

	for (; n < text.len && (text.ptr[n] != ' ' || depth != 0); n++) {
		if (text.ptr[n] == '[')
			depth++;
		else if (text.ptr[n] == ']' && depth != 0)
			depth--;
	}
	return n;
}

size_t
terminal_print_wrapped(FILE *out, struct slice text, size_t column,
    unsigned indent, unsigned width)
{
	for (bool is_first = true; text.len != 0; is_first = false) {
		size_t n = measure_word(text);

		if (column > indent && column + !is_first + n > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!is_first) {
			putc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", SLICE_PRINTF(slice_head(text, n)));
		column += n;
		text = slice_from(text, n + 1);
	}
	return column;
}

void
terminal_begin_progress(struct terminal_progress *progress, const char *what)
{
	*progress = (struct terminal_progress){
		.is_shown = isatty(STDERR_FILENO) == 1,
		.what = what,
	};
}

void
terminal_show_progress(struct terminal_progress *progress, uint64_t done,
    uint64_t total)
{
	int64_t now_ms;
	uint64_t filled;

	if (!progress->is_shown)
		return;
	now_ms = clock_monotonic_ms();
	if (now_ms < progress->next_ms)
		return;
	progress->next_ms = now_ms + PROGRESS_INTERVAL_MS;
	if (total == 0) {
		fprintf(stderr, "\r\033[K%" PRIu64 " %s", done,
		    progress->what);
		return;
	}
	if (done > total)
		done = total;
	filled = done * BAR_COLUMNS / total;
	fputs("\r\033[K[", stderr);
	for (uint64_t i = 0; i < BAR_COLUMNS; i++)
		putc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %" PRIu64 "/%" PRIu64 " %s", done, total,
	    progress->what);
}

void
terminal_clear_progress(struct terminal_progress *progress)
{
	if (!progress->is_shown)
		return;
	fputs("\r\033[K", stderr);
	progress->next_ms = 0;
}
