/* Records become rows, and like ones one row. */
#include <string.h>

#include "base/strbuf.h"
#include "report/batch.h"
#include "report/history.h"
#include "report/queue.h"
#include "report/writer.h"
#include "unit/test.h"

#define CAPACITY ((size_t)1024 * 1024)
#define MAX_ITEMS 10

struct scene {
	struct report_queue *queue;
	struct report_batch *batch;
	struct arena *arena;
	struct store_batch result;
	size_t n_bad;
};

static void
begin(struct scene *s)
{
	*s = (struct scene){ .queue = report_create_queue(CAPACITY),
		.batch = report_create_batch(MAX_ITEMS),
		.arena = test_arena() };
	assert_non_null(s->queue);
	assert_non_null(s->batch);
}

static void
end(struct scene *s)
{
	report_destroy_batch(&s->batch);
	report_destroy_queue(&s->queue);
	arena_destroy(&s->arena);
	assert_null(s->batch);
}

static void
put(struct scene *s, enum report_record kind, int64_t time_s,
    struct slice octets)
{
	assert_true(report_put(s->queue, &(struct report_queued){
	    (unsigned)kind, time_s, octets }));
}

static void
put_fact(struct scene *s, int64_t time_s, const char *author)
{
	const struct report_fact fact = { .day = 7,
		.author_domain = slice_from_cstr(author) };
	struct strbuf octets;

	strbuf_init(&octets, s->arena, REPORT_FACT_MAX_OCTETS);
	report_encode_fact(&fact, &octets);
	put(s, REPORT_RECORD_FACT, time_s, strbuf_slice(&octets));
}

static void
put_pass(struct scene *s, const char *author, const char *client)
{
	struct store_pass pass = { .day = 7, .count = 1,
		.author_domain = slice_from_cstr(author) };
	struct ip_address address;
	struct strbuf octets;

	assert_true(ip_parse(slice_from_cstr(client), &address));
	assert_true(report_find_path(&address, &pass.path));
	strbuf_init(&octets, s->arena, REPORT_PASS_MAX_OCTETS);
	report_encode_pass(&pass, &octets);
	put(s, REPORT_RECORD_PASS, 1, strbuf_slice(&octets));
}

static void
fill(struct scene *s)
{
	report_fill_batch(s->batch, s->queue, &s->n_bad);
	report_describe_batch(s->batch, &s->result);
}

static void
test_fold(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	put_fact(&s, 20, "a.example");
	put_fact(&s, 10, "b.example");
	put_pass(&s, "a.example", "192.0.2.1");
	put_fact(&s, 30, "a.example");
	put_fact(&s, 15, "a.example");
	put_pass(&s, "a.example", "192.0.2.200");
	put_pass(&s, "a.example", "192.0.3.1");
	fill(&s);
	assert_int_equal(s.n_bad, 0);
	assert_int_equal(report_count_batch(s.batch), 7);
	assert_int_equal(s.result.n_rows, 2);
	assert_int_equal(s.result.rows[0].count, 3);
	assert_int_equal(s.result.rows[0].first_s, 15);
	assert_int_equal(s.result.rows[0].last_s, 30);
	assert_int_equal(s.result.rows[0].fact->day, 7);
	test_assert_slice("author", s.result.rows[0].fact->author_domain,
	    "a.example");
	assert_int_equal(s.result.rows[1].count, 1);
	assert_int_equal(s.result.rows[1].first_s, 10);
	assert_memory_not_equal(s.result.rows[0].digest,
	    s.result.rows[1].digest, sizeof(s.result.rows[0].digest));
	assert_int_equal(s.result.n_passes, 2);
	assert_int_equal(s.result.passes[0].count, 2);
	assert_int_equal(s.result.passes[1].count, 1);
	end(&s);
}

/* The same fact has the same digest in every batch: the first half of SHA-256,
 * whatever else there was. */
static void
test_digest(void **state)
{
	unsigned char first[sizeof(((struct store_row *)0)->digest)];
	struct scene s;

	(void)state;
	begin(&s);
	put_fact(&s, 1, "a.example");
	fill(&s);
	memcpy(first, s.result.rows[0].digest, sizeof(first));
	report_empty_batch(s.batch);
	assert_int_equal(report_count_batch(s.batch), 0);
	put_fact(&s, 1, "b.example");
	put_fact(&s, 2, "a.example");
	fill(&s);
	assert_int_equal(s.result.n_rows, 2);
	assert_memory_equal(s.result.rows[1].digest, first, sizeof(first));
	end(&s);
}

static void
test_bad(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	put(&s, REPORT_RECORD_FACT, 1, SLICE("no fact"));
	put(&s, REPORT_RECORD_PASS, 1, SLICE("\1\2\3"));
	put(&s, (enum report_record)77, 1, SLICE("unknown"));
	put_fact(&s, 1, "a.example");
	fill(&s);
	assert_int_equal(s.n_bad, 3);
	assert_int_equal(report_count_batch(s.batch), 1);
	assert_int_equal(s.result.n_rows, 1);
	end(&s);
}

/* What is full leaves the rest in the queue; folded ones take no room. */
static void
test_full(void **state)
{
	struct scene s;
	char author[] = "a.example";

	(void)state;
	begin(&s);
	for (unsigned i = 0; i < 1000; i++)
		put_fact(&s, i, "x.example");
	for (unsigned i = 0; i < MAX_ITEMS + 3; i++) {
		author[0] = (char)('a' + i);
		put_fact(&s, i, author);
	}
	fill(&s);
	assert_true(report_is_batch_full(s.batch));
	assert_int_equal(s.result.n_rows, MAX_ITEMS);
	assert_int_equal(s.result.rows[0].count, 1000);
	assert_int_equal(report_count_batch(s.batch), 1000 + MAX_ITEMS - 1);
	report_empty_batch(s.batch);
	assert_false(report_is_batch_full(s.batch));
	fill(&s);
	assert_int_equal(report_count_batch(s.batch), 4);
	assert_int_equal(s.result.n_rows, 4);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
