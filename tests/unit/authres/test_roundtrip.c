/* Whatever is written is read back as what it was, and nothing of it leaves
 * its place: thousands of fields made of pseudo-random octets. */
#include <string.h>

#include "authres/authres.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "unit/test.h"

#define N_ROUNDS 4000
#define MAX_METHODS 6
#define MAX_PROPERTIES 5
#define MAX_TEXT 120

/* xorshift64: the same on every machine. */
static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t
next_below(uint64_t *seed, size_t n)
{
	return (size_t)(next(seed) % n);
}

/* Half of the texts are made of the octets that mean something. */
static struct slice
random_text(struct arena *arena, uint64_t *seed)
{
	static const char special[] =
	    "a.@;=()\"\\ \t\r\n,<>[]/:?z\xc3\xbc\xc2\x80-";
	size_t len = next_below(seed, MAX_TEXT);
	bool is_special = next_below(seed, 2) == 0;
	char *mem = arena_alloc(arena, MAX_TEXT);

	assert_non_null(mem);
	for (size_t i = 0; i < len; i++)
		mem[i] = is_special ?
		    special[next_below(seed, sizeof(special) - 1)] :
		    (char)next_below(seed, 256);
	return (struct slice){ mem, len };
}

static struct slice
random_word(struct arena *arena, uint64_t *seed)
{
	static const char letters[] = "abcxyz019-_";
	size_t len = 1 + next_below(seed, 10);
	char *mem = arena_alloc(arena, len);

	assert_non_null(mem);
	for (size_t i = 0; i < len; i++)
		mem[i] = letters[next_below(seed, sizeof(letters) - 1)];
	return (struct slice){ mem, len };
}

/* The value as the reader is to see it: "?" for what may not pass. */
static struct slice
visible(struct arena *arena, struct slice text, bool allow_utf8)
{
	char *mem = arena_alloc(arena, MAX_TEXT);
	size_t i = 0;

	assert_non_null(mem);
	while (i < text.len) {
		unsigned char c = (unsigned char)text.ptr[i];
		size_t len = utf8_sequence_octets(slice_from(text, i));

		if (c < 0x80)
			len = c >= ' ' && c < 0x7f;
		else if (!allow_utf8 || (c == 0xc2 &&
		    i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0))
			len = 0;
		if (len == 0)
			mem[i] = '?';
		else
			memcpy(mem + i, text.ptr + i, len);
		i += len != 0 ? len : 1;
	}
	return (struct slice){ mem, text.len };
}

/* One field as it was asked for. */
struct wanted {
	size_t n_methods;
	struct authres_method methods[MAX_METHODS];
	struct authres_property properties[MAX_METHODS][MAX_PROPERTIES];
};

static void
build_method(struct authres_builder *b, struct arena *arena, uint64_t *seed,
    struct authres_method *method, struct authres_property *properties)
{
	*method = (struct authres_method){
		.method = random_word(arena, seed),
		.result = random_word(arena, seed),
		.properties = properties,
		.n_properties = next_below(seed, MAX_PROPERTIES + 1),
	};
	authres_add_method(b, method->method, method->result);
	if (next_below(seed, 2) == 0) {
		struct slice reason = random_text(arena, seed);

		authres_add_reason(b, reason);
		method->reason = visible(arena, reason, b->allow_utf8);
	}
	for (size_t i = 0; i < method->n_properties; i++) {
		struct slice value = random_text(arena, seed);

		properties[i] = (struct authres_property){
			.ptype = random_word(arena, seed),
			.name = random_word(arena, seed),
			.value = visible(arena, value, b->allow_utf8),
		};
		authres_add_property(b, properties[i].ptype,
		    properties[i].name, value);
		if (next_below(seed, 3) == 0)
			authres_add_comment(b, random_text(arena, seed));
	}
}

static bool
is_text(char c)
{
	return ascii_is_vchar(c) || ascii_is_8bit(c);
}

static void
check_octets(struct slice value, bool allow_utf8)
{
	if (!utf8_is_valid(value) || (!allow_utf8 && !slice_is_ascii(value)))
		fail_msg("8-bit octets: %.*s", SLICE_PRINTF(value));
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\n' && i + 2 < value.len &&
		    value.ptr[i + 1] == '\t' && is_text(value.ptr[i + 2]))
			i++;
		else if (c != ' ' && !is_text(c))
			fail_msg("control: %.*s", SLICE_PRINTF(value));
		if (c == '=' && i + 1 < value.len && value.ptr[i + 1] == '?')
			fail_msg("encoded word: %.*s", SLICE_PRINTF(value));
	}
}

static bool
same_method(const struct authres_method *a, const struct authres_method *b)
{
	if (!slice_eq(a->method, b->method) ||
	    !slice_eq(a->result, b->result) ||
	    !slice_eq(a->reason, b->reason) ||
	    a->n_properties != b->n_properties)
		return false;
	for (size_t i = 0; i < a->n_properties; i++)
		if (!slice_eq(a->properties[i].ptype, b->properties[i].ptype) ||
		    !slice_eq(a->properties[i].name, b->properties[i].name) ||
		    !slice_eq(a->properties[i].value, b->properties[i].value))
			return false;
	return true;
}

static void
run_round(struct arena *arena, uint64_t *seed)
{
	struct slice id = SLICE("mx.example.org");
	bool allow_utf8 = next_below(seed, 2) == 0;
	struct authres_builder b;
	struct wanted want;
	struct slice value, copy;
	struct authres ar;

	authres_begin(&b, arena, id, allow_utf8);
	want.n_methods = next_below(seed, MAX_METHODS + 1);
	for (size_t i = 0; i < want.n_methods; i++)
		build_method(&b, arena, seed, &want.methods[i],
		    want.properties[i]);
	assert_true(authres_finish(&b, &value));
	check_octets(value, allow_utf8);
	assert_true(authres_claims_id(value, id));
	copy = test_exact_copy(value);
	if (!authres_parse(arena, copy, &ar) ||
	    !slice_eq(ar.authserv_id, id) || ar.n_methods != want.n_methods)
		fail_msg("not read back: %.*s", SLICE_PRINTF(value));
	for (size_t i = 0; i < want.n_methods; i++)
		if (!same_method(&ar.methods[i], &want.methods[i]))
			fail_msg("method %zu read back as another: %.*s", i,
			    SLICE_PRINTF(value));
	test_free_copy(copy);
}

static void
test_roundtrip(void **state)
{
	struct arena *arena = test_arena();
	uint64_t seed = 8601;

	(void)state;
	for (size_t i = 0; i < N_ROUNDS; i++) {
		run_round(arena, &seed);
		arena_reset(arena);
	}
	arena_destroy(&arena);
}

/* An id that a host could have. */
static bool
is_id(struct slice id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!ascii_is_alnum(id.ptr[i]) && id.ptr[i] != '-')
			return false;
	return id.len > 0;
}

/* Random octets of the grammar's own kind: read or refused, in bounds; and
 * whose field it is the parser and authres_claims_id see alike. */
static void
test_random_input(void **state)
{
	struct arena *arena = test_arena();
	uint64_t seed = 7601;
	size_t n_read = 0;

	(void)state;
	for (size_t i = 0; i < N_ROUNDS; i++) {
		struct slice text = random_text(arena, &seed);
		struct slice copy = test_exact_copy(text);
		struct authres ar;

		if (authres_parse(arena, copy, &ar)) {
			if (is_id(ar.authserv_id) &&
			    !authres_claims_id(copy, ar.authserv_id))
				fail_msg("not its own: %.*s",
				    SLICE_PRINTF(text));
			n_read++;
		}
		test_free_copy(copy);
		arena_reset(arena);
	}
	assert_int_not_equal(n_read, 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roundtrip),
		cmocka_unit_test(test_random_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
