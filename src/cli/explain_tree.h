/* cli/explain_tree.h - a trace (base/trace.h) for people and for programs. */
#ifndef ASSAY_CLI_EXPLAIN_TREE_H
#define ASSAY_CLI_EXPLAIN_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct trace;

/* A line for each step, its branches before it; what came from outside is
 * escaped.  The topmost steps come in the order of the story, whenever they
 * were told: where from, SPF, DKIM, ARC, DMARC, verdict, advice.  False where
 * memory is out. */
bool explain_print_tree(FILE *out, const struct trace *trace,
    bool is_coloured);

/* An array of objects: "step", and what there is of "text", "outcome",
 * "detail", "left_out", "steps".  Texts are escaped as above.  NULL where
 * memory is out. */
json_t *explain_make_json(const struct trace *trace);

#endif
