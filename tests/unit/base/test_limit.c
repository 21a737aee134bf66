/* tests/unit/base/test_limit.c - names and counters of limits. */
#include "unit/test.h"

#include <string.h>

#include "base/limit.h"
#include "base/strbuf.h"

static void
test_names(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf text;

	(void)state;
	for (unsigned i = 0; i < LIMIT_COUNT; i++) {
		assert_true(limit_name((enum limit)i)[0] != '\0');
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(limit_name((enum limit)i),
			    limit_name((enum limit)j));
	}
	assert_string_equal(limit_name((enum limit)LIMIT_COUNT), "");
	strbuf_init(&text, arena, 1000);
	limit_append_names(&text, 0);
	assert_int_equal(text.len, 0);
	limit_append_names(&text, limit_bit(LIMIT_MESSAGE_TIME) |
	    limit_bit(LIMIT_HEADER_OCTETS));
	test_assert_slice("two", strbuf_slice(&text),
	    "header_octets,message_time");
	arena_destroy(&arena);
}

static void
test_counters(void **state)
{
	struct arena *arena = test_arena();
	struct limit_counters counters = { { 0 } };
	struct strbuf text;

	(void)state;
	strbuf_init(&text, arena, 1000);
	limit_append_counters(&text, &counters);
	assert_int_equal(text.len, 0);
	limit_count(&counters, 0);
	limit_count(&counters, limit_bit(LIMIT_SIGNATURES));
	limit_count(&counters, limit_bit(LIMIT_SIGNATURES) |
	    limit_bit(LIMIT_MESSAGE_TIME));
	limit_append_counters(&text, &counters);
	test_assert_slice("counted", strbuf_slice(&text),
	    " signatures=2 message_time=1");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
