/* One shard of the cache: its bound to the octet, and who goes first. */
#include "dns/shard.h"

#include "base/siphash.h"
#include "dns/resolver.h"
#include "unit/test.h"

#define NAME_OCTETS 1

static const struct dns_answer *
create_answer(void)
{
	const struct dns_answer *answer = dns_answer_create(
	    &(struct dns_answer){ .status = DNS_NODATA });

	assert_non_null(answer);
	return answer;
}

static struct shard_entry *
find(struct shard *shard, char name)
{
	return shard_find(shard, (uint64_t)name, (struct slice){ &name, 1 },
	    DNS_A);
}

static void
keep(struct shard *shard, char name)
{
	struct shard_entry *dropped = NULL, *entry = shard_add(shard,
	    (uint64_t)name, (struct slice){ &name, 1 }, DNS_A, NULL);

	assert_non_null(entry);
	shard_keep(shard, entry, create_answer(), 0, &dropped);
	shard_free_dropped(dropped);
}

static size_t
entry_octets(void)
{
	const struct dns_answer *answer = create_answer();
	size_t octets = SHARD_ENTRY_OCTETS + NAME_OCTETS +
	    dns_answer_octets(answer);

	dns_answer_release(answer);
	return octets;
}

static size_t
table_octets(void)
{
	struct shard shard;
	size_t octets;

	assert_true(shard_init(&shard, 1));
	octets = atomic_load(&shard.counters.octets);
	shard_clear(&shard);
	return octets;
}

/* Room for exactly three. */
static void
test_order(void **state)
{
	static const struct {
		const char *name, *played, *kept;	/* lower case: keep;
					 * upper case: touch; '-': forget a */
	} cases[] = {
		{ "three", "abc", "abc" },
		{ "four", "abcd", "bcd" },
		{ "the oldest was used", "abcAd", "acd" },
		{ "all were used", "abcABCd", "bcd" },
		{ "the newest was used", "abcCd", "bcd" },
		{ "forgotten", "abc-d", "bcd" },
		{ "many", "abcdefghij", "hij" },
	};
	size_t room = table_octets() + 3 * entry_octets();

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct shard shard;
		size_t n = 0;

		assert_true(shard_init(&shard, room));
		for (const char *p = cases[i].played; *p != '\0'; p++) {
			struct shard_entry *dropped = NULL;

			if (*p == '-')
				shard_forget(&shard, find(&shard, 'a'),
				    &dropped);
			else if (*p < 'a')
				shard_touch(&shard, find(&shard,
				    (char)(*p + 32)), &dropped);
			else
				keep(&shard, *p);
			shard_free_dropped(dropped);
			assert_true(atomic_load(&shard.counters.octets) <=
			    room);
		}
		for (const char *p = cases[i].kept; *p != '\0'; p++, n++)
			if (find(&shard, *p) == NULL)
				fail_msg("%s: %c is gone", cases[i].name, *p);
		assert_int_equal(atomic_load(&shard.counters.n_entries), n);
		assert_int_equal(atomic_load(&shard.counters.octets),
		    table_octets() + n * entry_octets());
		shard_clear(&shard);
	}
}

static void
test_one_octet_less(void **state)
{
	struct shard shard;

	(void)state;
	assert_true(shard_init(&shard, table_octets() + 3 * entry_octets() -
	    1));
	keep(&shard, 'a');
	keep(&shard, 'b');
	assert_non_null(find(&shard, 'a'));
	keep(&shard, 'c');
	assert_null(find(&shard, 'a'));
	assert_int_equal(atomic_load(&shard.counters.n_entries), 2);
	shard_clear(&shard);
}

/* One that is larger than all the room is not kept, nor anything else. */
static void
test_no_room(void **state)
{
	struct shard shard;

	(void)state;
	assert_true(shard_init(&shard, table_octets() + entry_octets() - 1));
	keep(&shard, 'a');
	assert_null(find(&shard, 'a'));
	assert_null(shard.newest);
	assert_null(shard.oldest);
	shard_clear(&shard);
}

/* Equal hashes are no equal questions. */
static void
test_collisions(void **state)
{
	struct shard shard;
	struct shard_entry *a, *b, *dropped = NULL;

	(void)state;
	assert_true(shard_init(&shard, 65536));
	a = shard_add(&shard, 7, SLICE("a"), DNS_A, NULL);
	b = shard_add(&shard, 7, SLICE("b"), DNS_A, NULL);
	assert_ptr_equal(shard_find(&shard, 7, SLICE("a"), DNS_A), a);
	assert_ptr_equal(shard_find(&shard, 7, SLICE("b"), DNS_A), b);
	assert_null(shard_find(&shard, 7, SLICE("b"), DNS_TXT));
	assert_null(shard_find(&shard, 7, SLICE("ab"), DNS_A));
	assert_null(shard_find(&shard, 7 + 65536, SLICE("a"), DNS_A));
	shard_forget(&shard, a, &dropped);
	assert_null(shard_find(&shard, 7, SLICE("a"), DNS_A));
	assert_ptr_equal(shard_find(&shard, 7, SLICE("b"), DNS_A), b);
	shard_forget(&shard, b, &dropped);
	shard_free_dropped(dropped);
	shard_clear(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_one_octet_less),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_collisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
