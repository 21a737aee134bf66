/* base/trace.c - see trace.h. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

#define FIRST_CAPACITY 64
#define NO_NODE SIZE_MAX

/* A node that is open; what is below TRACE_MAX_DEPTH has no level. */
struct level {
	size_t node;		/* NO_NODE: it did not fit */
	size_t n_children;
};

struct trace {
	struct arena *arena;
	struct trace_node *nodes;
	size_t n_nodes, capacity;
	struct level levels[TRACE_MAX_DEPTH];
	size_t n_roots;		/* nodes of depth 0 */
	unsigned n_open;	/* more than TRACE_MAX_DEPTH, it may be */
};

struct trace *
trace_create(struct arena *arena)
{
	struct trace *trace = arena_alloc(arena, sizeof(*trace));

	if (trace != NULL)
		trace->arena = arena;
	return trace;
}

struct arena *
trace_arena(const struct trace *trace)
{
	return trace->arena;
}

const struct trace_node *
trace_nodes(const struct trace *trace, size_t *n_out)
{
	*n_out = trace->n_nodes;
	return trace->nodes;
}

/* ---- room ---------------------------------------------------------------- */

/* The number of children of the innermost node that is open. */
static size_t *
count_of(struct trace *trace)
{
	return trace->n_open == 0 ? &trace->n_roots :
	    &trace->levels[trace->n_open - 1].n_children;
}

static bool
has_room(struct trace *trace)
{
	size_t max = trace->n_open < 2 ?
	    TRACE_MAX_NODES + TRACE_RESERVE_NODES : TRACE_MAX_NODES;

	return trace->n_open < TRACE_MAX_DEPTH && trace->n_nodes < max &&
	    *count_of(trace) < TRACE_MAX_CHILDREN;
}

static bool
grow(struct trace *trace)
{
	size_t capacity = trace->capacity != 0 ? 2 * trace->capacity :
	    FIRST_CAPACITY;
	struct trace_node *nodes;

	if (trace->n_nodes < trace->capacity)
		return true;
	nodes = arena_grow_array(trace->arena, trace->nodes, trace->n_nodes,
	    capacity, sizeof(*nodes));
	if (nodes == NULL)
		return false;
	trace->nodes = nodes;
	trace->capacity = capacity;
	return true;
}

/* Of the innermost node that is open and has fitted. */
static void
note_left_out(struct trace *trace)
{
	unsigned n = trace->n_open < TRACE_MAX_DEPTH ? trace->n_open :
	    TRACE_MAX_DEPTH;

	while (n > 0 && trace->levels[n - 1].node == NO_NODE)
		n--;
	if (n > 0)
		trace->nodes[trace->levels[n - 1].node].n_left_out++;
}

/* Empty where memory is out: the node stays. */
static struct slice
keep(struct trace *trace, struct slice text)
{
	struct slice copy;

	return arena_copy(trace->arena, slice_head(text, TRACE_MAX_TEXT),
	    &copy) ? copy : SLICE_EMPTY;
}

/* NULL where it does not fit. */
static struct trace_node *
add_node(struct trace *trace, const char *label)
{
	struct trace_node *node;

	if (!has_room(trace) || !grow(trace)) {
		note_left_out(trace);
		return NULL;
	}
	++*count_of(trace);
	node = &trace->nodes[trace->n_nodes++];
	*node = (struct trace_node){ .depth = trace->n_open, .label = label };
	return node;
}

static void
set_text(struct trace *trace, struct trace_node *node, struct slice text)
{
	node->text = keep(trace, text);
	node->n_cut = text.len > TRACE_MAX_TEXT ? text.len - TRACE_MAX_TEXT : 0;
}

/* ---- steps --------------------------------------------------------------- */

void
trace_put(struct trace *trace, const char *label, struct slice text)
{
	struct trace_node *node = add_node(trace, label);

	if (node != NULL)
		set_text(trace, node, text);
}

void
trace_printf(struct trace *trace, const char *label, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	if (trace == NULL)
		return;
	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || (text = arena_alloc(trace->arena, (size_t)len + 1)) ==
	    NULL)
		return;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	trace_put(trace, label, (struct slice){ text, (size_t)len });
}

/* Below a node that did not fit nothing does: its children would seem to be
 * somebody else's. */
void
trace_push(struct trace *trace, const char *label, struct slice text)
{
	struct level level = { .node = NO_NODE,
		.n_children = TRACE_MAX_CHILDREN };
	struct trace_node *node = add_node(trace, label);

	if (node != NULL) {
		set_text(trace, node, text);
		level.node = trace->n_nodes - 1;
		level.n_children = 0;
	}
	if (trace->n_open < TRACE_MAX_DEPTH)
		trace->levels[trace->n_open] = level;
	trace->n_open++;
}

void
trace_pop(struct trace *trace, const char *outcome, struct slice detail)
{
	size_t node;

	if (trace->n_open == 0)
		return;
	if (trace->n_open-- > TRACE_MAX_DEPTH)
		return;
	node = trace->levels[trace->n_open].node;
	if (node == NO_NODE)
		return;
	trace->nodes[node].outcome = outcome;
	trace->nodes[node].detail = keep(trace, detail);
}

bool
trace_is_crowded(const struct trace *trace)
{
	size_t n = trace->n_open == 0 ? trace->n_roots :
	    trace->n_open > TRACE_MAX_DEPTH ? TRACE_MAX_CHILDREN :
	    trace->levels[trace->n_open - 1].n_children;

	return n >= TRACE_MAX_CHILDREN / 2;
}

void
trace_skip(struct trace *trace)
{
	note_left_out(trace);
}

/* ---- attempts ------------------------------------------------------------ */

size_t
trace_mark(const struct trace *trace)
{
	return trace != NULL ? trace->n_nodes : 0;
}

void
trace_rewind(struct trace *trace, size_t n)
{
	if (trace == NULL || n >= trace->n_nodes)
		return;
	trace->n_nodes = n;
	trace->n_roots = 0;
	for (size_t i = 0; i < n; i++)
		if (trace->nodes[i].depth == 0)
			trace->n_roots++;
}
