/* Postfix's socketmap protocol, as clients of all kinds speak it. */
#include "base/strbuf.h"
#include "cli/socketmap.h"
#include "unit/test.h"

static const struct {
	const char *name;
	struct slice input;
	enum socketmap_step step;
	const char *key;
	size_t len;
} cases[] = {
	{ "a domain", SLICE_INIT("20:QUERYMAP example.org,"),
	    SOCKETMAP_REQUEST, "example.org", 24 },
	{ "and the next", SLICE_INIT("3:m a,3:m b,"), SOCKETMAP_REQUEST, "a",
	    6 },
	{ "a key with blanks", SLICE_INIT("6:m  a b,"), SOCKETMAP_REQUEST,
	    " a b", 9 },
	{ "any octets", SLICE_INIT("5:m \0\xff,,"), SOCKETMAP_REQUEST, NULL,
	    8 },
	{ "an empty key", SLICE_INIT("2:m ,"), SOCKETMAP_REQUEST, "", 5 },
	{ "no map's name", SLICE_INIT("2: a,"), SOCKETMAP_REQUEST, "a", 5 },
	{ "nothing yet", SLICE_INIT(""), SOCKETMAP_PARTIAL, "", 0 },
	{ "a digit", SLICE_INIT("2"), SOCKETMAP_PARTIAL, "", 0 },
	{ "a length", SLICE_INIT("20:"), SOCKETMAP_PARTIAL, "", 0 },
	{ "a part", SLICE_INIT("20:QUERYMAP example.or"), SOCKETMAP_PARTIAL,
	    "", 0 },
	{ "all but the comma", SLICE_INIT("3:m a"), SOCKETMAP_PARTIAL, "",
	    0 },
	{ "no comma", SLICE_INIT("3:m ab"), SOCKETMAP_MALFORMED, "", 0 },
	{ "no key", SLICE_INIT("1:m,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "empty", SLICE_INIT("0:,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "leading zero", SLICE_INIT("03:m a,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "no length", SLICE_INIT(":m a,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "a sign", SLICE_INIT("-3:m a,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "a blank", SLICE_INIT(" 3:m a,"), SOCKETMAP_MALFORMED, "", 0 },
	{ "the most", SLICE_INIT("2048:"), SOCKETMAP_PARTIAL, "", 0 },
	{ "more", SLICE_INIT("2049:"), SOCKETMAP_MALFORMED, "", 0 },
	{ "digits without end", SLICE_INIT("00000"), SOCKETMAP_MALFORMED, "",
	    0 },
	{ "more digits than a number has", SLICE_INIT(
	    "99999999999999999999999:"), SOCKETMAP_MALFORMED, "", 0 },
	{ "HTTP", SLICE_INIT("GET / HTTP/1.1\r\n"), SOCKETMAP_MALFORMED, "",
	    0 },
};

static void
test_take(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(cases[i].input), key;
		size_t len;

		if (socketmap_take(in, &key, &len) != cases[i].step ||
		    len != cases[i].len)
			fail_msg("%s", cases[i].name);
		if (cases[i].key != NULL)
			test_assert_slice(cases[i].name, key, cases[i].key);
		test_free_copy(in);
	}
}

static void
test_append(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf out;

	(void)state;
	strbuf_init(&out, arena, 1000);
	socketmap_append(&out, SOCKETMAP_OK, SLICE("dane-only"));
	socketmap_append(&out, SOCKETMAP_NOTFOUND, SLICE_EMPTY);
	socketmap_append(&out, SOCKETMAP_TEMP, SLICE("x"));
	socketmap_append(&out, SOCKETMAP_PERM, SLICE("y"));
	test_assert_slice("replies", strbuf_slice(&out),
	    "12:OK dane-only,9:NOTFOUND ,6:TEMP x,6:PERM y,");
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_append),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
