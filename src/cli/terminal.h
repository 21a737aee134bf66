/* cli/terminal.h - what is shown to people: nothing that came from outside
 * reaches a terminal as it is; colour and progress only where one looks on. */
#ifndef ASSAY_CLI_TERMINAL_H
#define ASSAY_CLI_TERMINAL_H

#include <stdio.h>

#include "base/slice.h"

/* Whether OUT is a terminal that wants colour: NO_COLOR is not set
 * (no-color.org), and TERM is not "dumb". */
bool terminal_has_colour(FILE *out);

/* Columns of OUT, or 80 where that is not known. */
unsigned terminal_width(FILE *out);

/* TEXT with all that is not printable ASCII, and the backslash, as \xHH. */
void terminal_print_escaped(FILE *out, struct slice text);

/* TEXT from column COLUMN on, which the line has reached; what does not fit
 * into WIDTH columns goes on at column INDENT of the next line.  Lines break at
 * blanks, those within [brackets] excepted.  Nothing is escaped.  Returns the
 * column that is reached. */
size_t terminal_print_wrapped(FILE *out, struct slice text, size_t column,
    unsigned indent, unsigned width);

enum terminal_style {
	TERMINAL_PLAIN = 0,
	TERMINAL_BOLD,
	TERMINAL_GOOD,		/* green */
	TERMINAL_DOUBTFUL,	/* yellow */
	TERMINAL_BAD,		/* red */
};

/* As terminal_print_escaped, in a style where HAS_COLOUR, and filled with
 * blanks up to WIDTH columns. */
void terminal_print_styled(FILE *out, bool has_colour,
    enum terminal_style style, struct slice text, unsigned width);

/* A bar on stderr that says how far it is; does nothing where stderr is no
 * terminal. */
struct terminal_progress {
	bool is_shown;
	const char *what;	/* borrowed: "reports" */
	int64_t next_ms;	/* when it may be drawn again */
};

void terminal_begin_progress(struct terminal_progress *progress,
    const char *what);
/* TOTAL 0: not known yet. */
void terminal_show_progress(struct terminal_progress *progress, uint64_t done,
    uint64_t total);
/* Takes it away: before another line is written, and at the end. */
void terminal_clear_progress(struct terminal_progress *progress);

#endif
