/* cli/rows.h - numbers for people: a label, and what there is to say. */
#ifndef ASSAY_CLI_ROWS_H
#define ASSAY_CLI_ROWS_H

#include <jansson.h>

#include "base/strbuf.h"
#include "cli/terminal.h"

struct rows {
	struct arena *arena;	/* borrowed */
	bool has_colour;
};

/* TEXT for a row's words. */
void rows_begin(const struct rows *rows, struct strbuf *text);

/* To stdout; what is not printable is escaped. */
void rows_print(const struct rows *rows, const char *label,
    enum terminal_style style, const struct strbuf *text);

/* "3 d 4 h", "4 h 12 min", "12 min 5 s", "5 s". */
void rows_append_duration(struct strbuf *text, int64_t s);

/* "12 MB", "12 kB", "12 octets"; "1.2 ms". */
void rows_append_octets(struct strbuf *text, int64_t octets);
void rows_append_ms(struct strbuf *text, int64_t us);

/* "accept 12, hold 3": the members of COUNTS that are not 0, or "none". */
void rows_append_counts(struct strbuf *text, const json_t *counts);

/* The control socket's "cache". */
void rows_print_cache(const struct rows *rows, const json_t *cache);

#endif
