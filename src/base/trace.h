/* base/trace.h - what a check did, step by step, as a tree: for people who ask
 * why, with assay explain.
 *
 * Where nobody asks there is no trace: every function takes NULL for it, and is
 * a comparison then.  A tree is bounded however long the story is: what does
 * not fit is counted where it is missing. */
#ifndef ASSAY_BASE_TRACE_H
#define ASSAY_BASE_TRACE_H

#include "base/slice.h"

struct arena;
struct trace;

#define TRACE_MAX_NODES ((size_t)10000)
/* For the first two levels, once the others are full: each check is named. */
#define TRACE_RESERVE_NODES ((size_t)500)
#define TRACE_MAX_DEPTH 48	/* SPF's includes take 20 at most */
#define TRACE_MAX_CHILDREN 250	/* of one node */
#define TRACE_MAX_TEXT ((size_t)2048)	/* octets of one text */

/* In the order of the story: a node, then all that is below it. */
struct trace_node {
	unsigned depth;		/* 0 for the topmost */
	const char *label;	/* static: "term" */
	struct slice text;	/* any octets: escaped where shown */
	size_t n_cut;		/* octets that the text lacks at its end */
	const char *outcome;	/* static: "match"; NULL for none */
	struct slice detail;	/* of the outcome; as text */
	size_t n_left_out;	/* nodes below it that did not fit */
};

/* Borrows ARENA, which should be the trace's own: a message whose arena is full
 * cannot be judged, a trace only ends.  NULL where memory is out. */
struct trace *trace_create(struct arena *arena);

/* For texts on their way into it: whatever they take is not the message's. */
struct arena *trace_arena(const struct trace *trace);

/* What there is so far; borrowed until the next step. */
const struct trace_node *trace_nodes(const struct trace *trace, size_t *n_out);

/* How many nodes there are; and forget those behind the first N, as of an
 * attempt that came to nothing.  No node may be open. */
size_t trace_mark(const struct trace *trace);
void trace_rewind(struct trace *trace, size_t n);

/* Behind the NULL check below. */
void trace_put(struct trace *trace, const char *label, struct slice text);
void trace_push(struct trace *trace, const char *label, struct slice text);
void trace_pop(struct trace *trace, const char *outcome, struct slice detail);

/* A step; copies TEXT. */
static inline void
trace_add(struct trace *trace, const char *label, struct slice text)
{
	if (trace != NULL)
		trace_put(trace, label, text);
}

void trace_printf(struct trace *trace, const char *label,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether what is open has taken half of what may be below it: a step that says
 * little is better skipped then, which counts it as one that did not fit. */
bool trace_is_crowded(const struct trace *trace);
void trace_skip(struct trace *trace);

/* A step that has steps: what is told until trace_close is below it.  OUTCOME
 * is what came of it, or NULL; copies DETAIL. */
static inline void
trace_open(struct trace *trace, const char *label, struct slice text)
{
	if (trace != NULL)
		trace_push(trace, label, text);
}

static inline void
trace_close(struct trace *trace, const char *outcome, struct slice detail)
{
	if (trace != NULL)
		trace_pop(trace, outcome, detail);
}

/* A step with an outcome and nothing below it. */
static inline void
trace_tell(struct trace *trace, const char *label, struct slice text,
    const char *outcome, struct slice detail)
{
	if (trace != NULL) {
		trace_push(trace, label, text);
		trace_pop(trace, outcome, detail);
	}
}

#endif
