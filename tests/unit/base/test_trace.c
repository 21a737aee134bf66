/* A trace keeps the story's shape, and its limits hold. */
#include "base/trace.h"

#include <string.h>

#include "base/strbuf.h"
#include "unit/test.h"

/* A line for each node: depth, label, text, outcome, detail. */
static struct slice
show(struct arena *arena, const struct trace *trace)
{
	size_t n;
	const struct trace_node *nodes = trace_nodes(trace, &n);
	struct strbuf text;

	strbuf_init(&text, arena, 100000);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&text, "%u %s:%.*s:%s:%.*s:%zu\n",
		    nodes[i].depth, nodes[i].label,
		    SLICE_PRINTF(nodes[i].text), nodes[i].outcome != NULL ?
		    nodes[i].outcome : "-", SLICE_PRINTF(nodes[i].detail),
		    nodes[i].n_left_out);
	return strbuf_slice(&text);
}

static void
test_shape(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);

	(void)state;
	trace_open(trace, "a", SLICE("1"));
	trace_add(trace, "b", SLICE("2"));
	trace_open(trace, "c", SLICE_EMPTY);
	trace_printf(trace, "d", "%d%s", 3, "x");
	trace_close(trace, "good", SLICE("why"));
	trace_tell(trace, "e", SLICE("4"), "bad", SLICE("because"));
	trace_close(trace, NULL, SLICE_EMPTY);
	trace_add(trace, "f", SLICE("5"));
	trace_close(trace, "too many", SLICE_EMPTY);	/* none is open */
	test_assert_slice("shape", show(arena, trace),
	    "0 a:1:-::0\n1 b:2:-::0\n1 c::good:why:0\n2 d:3x:-::0\n"
	    "1 e:4:bad:because:0\n0 f:5:-::0\n");
	arena_destroy(&arena);
}

/* What is told is copied: it may change behind the call. */
static void
test_copies(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	char text[] = "text";

	(void)state;
	trace_tell(trace, "a", (struct slice){ text, 4 }, NULL,
	    (struct slice){ text, 4 });
	memset(text, '!', sizeof(text));
	test_assert_slice("copies", show(arena, trace), "0 a:text:-:text:0\n");
	arena_destroy(&arena);
}

static void
test_none(void **state)
{
	(void)state;
	trace_open(NULL, "a", SLICE("1"));
	trace_add(NULL, "a", SLICE("1"));
	trace_printf(NULL, "a", "%d", 1);
	trace_tell(NULL, "a", SLICE("1"), NULL, SLICE_EMPTY);
	trace_close(NULL, NULL, SLICE_EMPTY);
	assert_int_equal(trace_mark(NULL), 0);
	trace_rewind(NULL, 0);
}

static void
test_rewind(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	size_t mark;

	(void)state;
	trace_add(trace, "a", SLICE_EMPTY);
	mark = trace_mark(trace);
	for (unsigned i = 0; i < 2 * TRACE_MAX_CHILDREN; i++) {
		trace_open(trace, "vain", SLICE_EMPTY);
		trace_add(trace, "vain", SLICE_EMPTY);
		trace_close(trace, NULL, SLICE_EMPTY);
	}
	trace_rewind(trace, mark);
	trace_add(trace, "b", SLICE_EMPTY);
	test_assert_slice("rewind", show(arena, trace), "0 a::-::0\n"
	    "0 b::-::0\n");
	arena_destroy(&arena);
}

static void
test_text(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	char *text = arena_alloc(arena, TRACE_MAX_TEXT + 7);
	const struct trace_node *nodes;
	size_t n;

	(void)state;
	trace_add(trace, "a", (struct slice){ text, TRACE_MAX_TEXT });
	trace_tell(trace, "b", (struct slice){ text, TRACE_MAX_TEXT + 7 },
	    "c", (struct slice){ text, TRACE_MAX_TEXT + 7 });
	nodes = trace_nodes(trace, &n);
	assert_int_equal(n, 2);
	assert_int_equal(nodes[0].text.len, TRACE_MAX_TEXT);
	assert_int_equal(nodes[0].n_cut, 0);
	assert_int_equal(nodes[1].text.len, TRACE_MAX_TEXT);
	assert_int_equal(nodes[1].n_cut, 7);
	assert_int_equal(nodes[1].detail.len, TRACE_MAX_TEXT);
	arena_destroy(&arena);
}

static void
test_children(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	const struct trace_node *nodes;
	size_t n;

	(void)state;
	trace_open(trace, "a", SLICE_EMPTY);
	for (unsigned i = 0; i < TRACE_MAX_CHILDREN + 3; i++) {
		trace_open(trace, "child", SLICE_EMPTY);
		trace_add(trace, "grandchild", SLICE_EMPTY);
		trace_close(trace, NULL, SLICE_EMPTY);
	}
	trace_close(trace, "end", SLICE_EMPTY);
	trace_add(trace, "b", SLICE_EMPTY);
	nodes = trace_nodes(trace, &n);
	/* The three left out, and what would have been below them. */
	assert_int_equal(n, 2 * TRACE_MAX_CHILDREN + 2);
	assert_int_equal(nodes[0].n_left_out, 6);
	assert_string_equal(nodes[0].outcome, "end");
	assert_string_equal(nodes[n - 1].label, "b");
	assert_int_equal(nodes[n - 1].depth, 0);
	arena_destroy(&arena);
}

/* What says little makes room for what says more. */
static void
test_crowd(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	unsigned n_told = 0;
	size_t n;

	(void)state;
	trace_open(trace, "a", SLICE_EMPTY);
	for (unsigned i = 0; i < 1000; i++)
		if (trace_is_crowded(trace)) {
			trace_skip(trace);
		} else {
			trace_add(trace, "child", SLICE_EMPTY);
			n_told++;
		}
	trace_add(trace, "last", SLICE_EMPTY);
	trace_close(trace, NULL, SLICE_EMPTY);
	assert_false(trace_is_crowded(trace));
	assert_int_equal(n_told, TRACE_MAX_CHILDREN / 2);
	assert_int_equal(trace_nodes(trace, &n)->n_left_out, 1000 - n_told);
	assert_int_equal(n, n_told + 2);
	arena_destroy(&arena);
}

static void
test_depth(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	const struct trace_node *nodes;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 2 * TRACE_MAX_DEPTH; i++)
		trace_open(trace, "down", SLICE_EMPTY);
	trace_add(trace, "leaf", SLICE_EMPTY);
	for (unsigned i = 0; i < 2 * TRACE_MAX_DEPTH; i++)
		trace_close(trace, "up", SLICE_EMPTY);
	trace_add(trace, "b", SLICE_EMPTY);
	nodes = trace_nodes(trace, &n);
	assert_int_equal(n, TRACE_MAX_DEPTH + 1);
	for (unsigned i = 0; i < TRACE_MAX_DEPTH; i++) {
		assert_int_equal(nodes[i].depth, i);
		assert_string_equal(nodes[i].outcome, "up");
	}
	assert_int_equal(nodes[TRACE_MAX_DEPTH - 1].n_left_out,
	    TRACE_MAX_DEPTH + 1);
	assert_int_equal(nodes[n - 1].depth, 0);
	arena_destroy(&arena);
}

/* However much one check has to tell, the next ones are named. */
static void
test_nodes(void **state)
{
	struct arena *arena = test_arena();
	struct trace *trace = trace_create(arena);
	const struct trace_node *nodes;
	size_t n;

	(void)state;
	trace_open(trace, "a", SLICE_EMPTY);
	for (unsigned i = 0; i < TRACE_MAX_CHILDREN; i++) {
		trace_open(trace, "child", SLICE_EMPTY);
		for (unsigned j = 0; j < TRACE_MAX_CHILDREN; j++)
			trace_add(trace, "grandchild", SLICE_EMPTY);
		trace_close(trace, NULL, SLICE_EMPTY);
	}
	trace_close(trace, NULL, SLICE_EMPTY);
	trace_open(trace, "b", SLICE_EMPTY);
	trace_add(trace, "child", SLICE_EMPTY);
	trace_close(trace, "end", SLICE_EMPTY);
	nodes = trace_nodes(trace, &n);
	assert_true(n <= TRACE_MAX_NODES + TRACE_RESERVE_NODES);
	assert_string_equal(nodes[n - 2].label, "b");
	assert_string_equal(nodes[n - 1].label, "child");
	arena_destroy(&arena);
}

/* An arena without room ends the story, not the teller. */
static void
test_memory(void **state)
{
	struct arena *arena = arena_create(32768);
	struct trace *trace = trace_create(arena);
	size_t n;

	(void)state;
	assert_non_null(trace);
	for (unsigned i = 0; i < 200; i++) {
		trace_open(trace, "a", SLICE("some text"));
		trace_printf(trace, "b", "%100s", "x");
		trace_close(trace, "c", SLICE("some more text"));
	}
	(void)trace_nodes(trace, &n);
	assert_true(n > 0 && n < 400);
	assert_true(arena_has_failed(arena));
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
