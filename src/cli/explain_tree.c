/* cli/explain_tree.c - see explain_tree.h. */
#include "cli/explain_tree.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/trace.h"

#define MAX_LINE ((size_t)64 * 1024)	/* text and detail of a node, escaped */
#define LINE_MEMORY (8 * MAX_LINE)

struct story {
	const struct trace_node *nodes;
	size_t n;
};

/* ---- order --------------------------------------------------------------- */

/* Those not named come where they were told, between the two halves. */
static const char *const first_labels[] = { "message", "spf", "spf helo",
	"dkim", "arc", "dmarc" };
static const char *const last_labels[] = { "organizational domain",
	"tree walk", "public suffix list",
	"what did not pass", "verdict at MAIL FROM", "verdict", "field",
	"what would make it pass" };

static unsigned
rank_of(const struct trace_node *node)
{
	struct slice label = slice_from_cstr(node->label);
	unsigned n_first = N_ELEMENTS(first_labels);

	for (unsigned i = 0; i < n_first; i++)
		if (slice_eq(label, slice_from_cstr(first_labels[i])))
			return i;
	for (unsigned i = 0; i < N_ELEMENTS(last_labels); i++)
		if (slice_eq(label, slice_from_cstr(last_labels[i])))
			return n_first + 1 + i;
	return n_first;
}

#define N_RANKS (N_ELEMENTS(first_labels) + 1 + N_ELEMENTS(last_labels))

/* The node behind all that is below node I. */
static size_t
skip_below(const struct story *story, size_t i)
{
	unsigned depth = story->nodes[i].depth;

	for (i++; i < story->n && story->nodes[i].depth > depth; i++)
		;
	return i;
}

/* The next topmost node of RANK from I on; N where there is none. */
static size_t
find_topmost(const struct story *story, unsigned rank, size_t i)
{
	while (i < story->n && rank_of(&story->nodes[i]) != rank)
		i = skip_below(story, i);
	return i;
}

/* ---- for people ---------------------------------------------------------- */

static const char plain[] = "\033[0m", bold[] = "\033[1m", red[] = "\033[31m",
    green[] = "\033[32m", yellow[] = "\033[33m";

static const char *
colour_of(const char *outcome)
{
	static const struct {
		const char *outcome, *colour;
	} colours[] = {
		{ "pass", green }, { "match", green }, { "verifies", green },
		{ "aligned", green }, { "accept", green }, { "found", green },
		{ "record", green },
		{ "fail", red }, { "permerror", red }, { "reject", red },
		{ "does not verify", red }, { "not aligned", red },
		{ "differs", red }, { "is gone", red },
		{ "several records", red },
		{ "softfail", yellow }, { "neutral", yellow },
		{ "temperror", yellow }, { "policy", yellow },
		{ "hold", yellow }, { "redirect", yellow },
		{ "tempfail", yellow }, { "no answer", yellow },
		{ "not known", yellow },
	};

	for (size_t i = 0; outcome != NULL && i < N_ELEMENTS(colours); i++)
		if (slice_eq(slice_from_cstr(outcome),
		    slice_from_cstr(colours[i].outcome)))
			return colours[i].colour;
	return NULL;
}

static void
append_in(struct strbuf *text, const char *colour, bool is_coloured,
    const char *word)
{
	if (colour != NULL && is_coloured)
		strbuf_append_cstr(text, colour);
	strbuf_append_cstr(text, word);
	if (colour != NULL && is_coloured)
		strbuf_append_cstr(text, plain);
}

/* What of a node's ancestors goes on below this line, by depth. */
struct branches {
	bool goes_on[TRACE_MAX_DEPTH + 1];
};

static void
append_branches(struct strbuf *text, const struct branches *branches,
    unsigned depth)
{
	for (unsigned i = 1; i < depth; i++)
		strbuf_append_cstr(text, branches->goes_on[i] ? "|  " :
		    "   ");
	if (depth > 0)
		strbuf_append_cstr(text, branches->goes_on[depth] ? "|- " :
		    "`- ");
}

static void
append_node(struct strbuf *text, const struct trace_node *node,
    bool is_coloured)
{
	append_in(text, node->depth == 0 ? bold : NULL, is_coloured,
	    node->label);
	if (node->text.len != 0) {
		strbuf_append_cstr(text, ": ");
		strbuf_append_escaped(text, slice_trim_end(node->text),
		    node->text.len);
	}
	if (node->n_cut != 0)
		strbuf_printf(text, "... (%zu octets more)", node->n_cut);
	if (node->outcome != NULL) {
		strbuf_append_cstr(text, node->text.len != 0 ? " -> " : ": ");
		append_in(text, colour_of(node->outcome), is_coloured,
		    node->outcome);
	}
	if (node->detail.len != 0) {
		strbuf_append_cstr(text, node->outcome != NULL ? " (" : ": ");
		strbuf_append_escaped(text, node->detail, node->detail.len);
		if (node->outcome != NULL)
			strbuf_append_char(text, ')');
	}
	strbuf_append_char(text, '\n');
}

/* Whether node I has a sibling behind it. */
static bool
has_next(const struct story *story, size_t i)
{
	unsigned depth = story->nodes[i].depth;
	size_t next = skip_below(story, i);

	return next < story->n && story->nodes[next].depth == depth;
}

static void
append_left_out(struct strbuf *text, const struct branches *branches,
    const struct trace_node *node, bool has_children)
{
	struct branches last = *branches;

	last.goes_on[node->depth + 1] = has_children;
	append_branches(text, &last, node->depth + 1);
	strbuf_printf(text, "... and %zu steps more\n", node->n_left_out);
}

/* What was left out stands before a node's own children. */
static void
append_lines(struct strbuf *text, const struct story *story, size_t i,
    struct branches *branches, bool is_coloured)
{
	const struct trace_node *node = &story->nodes[i];

	branches->goes_on[node->depth] = node->depth > 0 && has_next(story, i);
	append_branches(text, branches, node->depth);
	append_node(text, node, is_coloured);
	if (node->n_left_out != 0)
		append_left_out(text, branches, node, i + 1 < story->n &&
		    story->nodes[i + 1].depth > node->depth);
}

static bool
print_topmost(FILE *out, const struct story *story, size_t first,
    struct arena *arena, bool is_coloured)
{
	struct branches branches = { { false } };
	size_t end = skip_below(story, first);

	for (size_t i = first; i < end; i++) {
		struct strbuf text;

		arena_reset(arena);
		strbuf_init(&text, arena, MAX_LINE);
		append_lines(&text, story, i, &branches, is_coloured);
		if (text.has_failed)
			return false;
		fwrite(text.ptr, 1, text.len, out);
	}
	return true;
}

static bool
print_story(FILE *out, const struct story *story, struct arena *arena,
    bool is_coloured)
{
	for (unsigned rank = 0; rank < N_RANKS; rank++)
		for (size_t i = find_topmost(story, rank, 0); i < story->n;
		    i = find_topmost(story, rank, skip_below(story, i)))
			if (!print_topmost(out, story, i, arena, is_coloured))
				return false;
	return true;
}

bool
explain_print_tree(FILE *out, const struct trace *trace, bool is_coloured)
{
	struct arena *arena = arena_create(LINE_MEMORY);
	struct story story;
	bool is_whole;

	if (arena == NULL)
		return false;
	story.nodes = trace_nodes(trace, &story.n);
	is_whole = print_story(out, &story, arena, is_coloured);
	arena_destroy(&arena);
	return is_whole;
}

/* ---- for programs -------------------------------------------------------- */

static bool
set_text(json_t *object, const char *key, struct slice text)
{
	struct arena *arena = arena_create(LINE_MEMORY);
	struct strbuf escaped;
	bool is_set = false;

	if (arena == NULL)
		return false;
	strbuf_init(&escaped, arena, MAX_LINE);
	strbuf_append_escaped(&escaped, text, text.len);
	if (!escaped.has_failed)
		is_set = json_object_set_new(object, key, json_stringn(
		    escaped.ptr != NULL ? escaped.ptr : "", escaped.len)) == 0;
	arena_destroy(&arena);
	return is_set;
}

/* NULL where memory is out. */
static json_t *
make_node(const struct trace_node *node)
{
	json_t *object = json_pack("{s:s, s:s*}", "step", node->label,
	    "outcome", node->outcome);
	bool is_whole = object != NULL;

	if (is_whole && node->text.len != 0)
		is_whole = set_text(object, "text", node->text);
	if (is_whole && node->detail.len != 0)
		is_whole = set_text(object, "detail", node->detail);
	if (is_whole && node->n_cut != 0)
		is_whole = json_object_set_new(object, "octets_cut",
		    json_integer((json_int_t)node->n_cut)) == 0;
	if (is_whole && node->n_left_out != 0)
		is_whole = json_object_set_new(object, "left_out",
		    json_integer((json_int_t)node->n_left_out)) == 0;
	if (is_whole)
		return object;
	json_decref(object);
	return NULL;
}

/* The list of steps of OBJECT, made with the first; borrowed. */
static json_t *
steps_of(json_t *object)
{
	json_t *steps = json_object_get(object, "steps");

	if (steps != NULL)
		return steps;
	steps = json_array();
	return json_object_set_new(object, "steps", steps) == 0 ? steps :
	    NULL;
}

/* The lists that are open are those of the last object at each depth. */
static bool
append_topmost_json(json_t *list, const struct story *story, size_t first)
{
	json_t *last[TRACE_MAX_DEPTH] = { NULL };
	size_t end = skip_below(story, first);

	for (size_t i = first; i < end; i++) {
		unsigned depth = story->nodes[i].depth;
		json_t *object = make_node(&story->nodes[i]);
		json_t *into = depth == 0 ? list : steps_of(last[depth - 1]);

		if (json_array_append_new(into, object) != 0)
			return false;
		last[depth] = object;
	}
	return true;
}

json_t *
explain_make_json(const struct trace *trace)
{
	json_t *list = json_array();
	struct story story;

	story.nodes = trace_nodes(trace, &story.n);
	for (unsigned rank = 0; rank < N_RANKS && list != NULL; rank++)
		for (size_t i = find_topmost(&story, rank, 0); i < story.n;
		    i = find_topmost(&story, rank, skip_below(&story, i)))
			if (!append_topmost_json(list, &story, i)) {
				json_decref(list);
				return NULL;
			}
	return list;
}
