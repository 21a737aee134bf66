/* cli/explain_line.h - assayd's line of a message, as key=value or JSON, taken
 * apart again. */
#ifndef ASSAY_CLI_EXPLAIN_LINE_H
#define ASSAY_CLI_EXPLAIN_LINE_H

#include "base/slice.h"

struct arena;

#define EXPLAIN_MAX_PAIRS 256	/* of a line; it has 20 to 80 */

struct explain_pair {
	struct slice key, value;	/* the octets that were escaped */
};

/* Whatever it was written as: a list has commas, what is true is "yes", and the
 * elements of "dkim" are "dkim", "dkim_domain" and so on, one after another. */
struct explain_line {
	struct explain_pair pairs[EXPLAIN_MAX_PAIRS];
	size_t n;
};

/* False where TEXT, with anything before it, is no such line.  The pairs live
 * in ARENA, or are TEXT's. */
bool explain_parse_line(struct slice text, struct arena *arena,
    struct explain_line *line_out);

/* The first of that key; empty where there is none. */
struct slice explain_line_get(const struct explain_line *line,
    const char *key);

#endif
