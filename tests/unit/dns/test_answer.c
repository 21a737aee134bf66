/* Answers: their counting, and what is attached to them. */
#include <pthread.h>
#include <string.h>

#include "dns/resolver.h"
#include "unit/test.h"

struct note {
	struct dns_attachment attachment;
	unsigned *n_destroyed;
};

static void
destroy_note(struct dns_attachment *attachment)
{
	struct note *note = (struct note *)attachment;

	(*note->n_destroyed)++;
	free(note);
}

/* Another protocol's. */
static void
destroy_mark(struct dns_attachment *attachment)
{
	destroy_note(attachment);
}

static struct dns_attachment *
create_note(size_t octets, unsigned *n_destroyed)
{
	struct note *note = malloc(sizeof(*note));

	assert_non_null(note);
	*note = (struct note){ { .destroy = destroy_note, .octets = octets },
		n_destroyed };
	return &note->attachment;
}

static struct dns_attachment *
create_mark(size_t octets, unsigned *n_destroyed)
{
	struct dns_attachment *mark = create_note(octets, n_destroyed);

	mark->destroy = destroy_mark;
	return mark;
}

static const struct dns_answer *
create_answer(void)
{
	static const struct dns_record records[] = {
		{ .text = SLICE_INIT("one") },
		{ .text = SLICE_INIT("") },
		{ .text = SLICE_INIT("three") },
	};
	const struct dns_answer *answer = dns_answer_create(
	    &(struct dns_answer){ .records = records, .n_records = 3 });

	assert_non_null(answer);
	return answer;
}

static void
test_copy(void **state)
{
	const struct dns_answer *answer = create_answer();

	(void)state;
	assert_int_equal(answer->n_records, 3);
	test_assert_slice("1", answer->records[0].text, "one");
	test_assert_slice("2", answer->records[1].text, "");
	test_assert_slice("3", answer->records[2].text, "three");
	assert_ptr_equal(dns_answer_retain(answer), answer);
	dns_answer_release(answer);
	test_assert_slice("1", answer->records[0].text, "one");
	assert_true(dns_answer_octets(answer) >= sizeof(*answer) +
	    3 * sizeof(struct dns_record) + strlen("onethree"));
	dns_answer_release(answer);
}

/* The first of each kind stays, and goes with the last reference. */
static void
test_attach(void **state)
{
	const struct dns_answer *answer = create_answer();
	unsigned n_destroyed = 0;
	struct dns_attachment *first = create_note(100, &n_destroyed);
	struct dns_attachment *second = create_note(100, &n_destroyed);
	struct dns_attachment *other = create_mark(20, &n_destroyed);

	(void)state;
	assert_null(dns_get_attachment(answer, destroy_note));
	assert_int_equal(dns_answer_attached_octets(answer), 0);
	assert_true(dns_attach(answer, first));
	assert_false(dns_attach(answer, second));
	assert_null(dns_get_attachment(answer, destroy_mark));
	assert_true(dns_attach(answer, other));
	assert_false(dns_attach(answer, second));
	assert_ptr_equal(dns_get_attachment(answer, destroy_note), first);
	assert_ptr_equal(dns_get_attachment(answer, destroy_mark), other);
	assert_int_equal(dns_answer_attached_octets(answer), 120);
	second->destroy(second);
	dns_answer_retain(answer);
	dns_answer_release(answer);
	assert_int_equal(n_destroyed, 1);
	dns_answer_release(answer);
	assert_int_equal(n_destroyed, 3);
}

static void
test_static_answers(void **state)
{
	const struct dns_answer *answers[] = { &dns_answer_no_memory,
	    &dns_answer_timeout, &dns_answer_impossible_name };
	unsigned n_destroyed = 0;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(answers); i++) {
		struct dns_attachment *note = create_note(1, &n_destroyed);

		assert_false(dns_attach(answers[i], note));
		assert_null(dns_get_attachment(answers[i], destroy_note));
		assert_int_equal(dns_answer_attached_octets(answers[i]), 0);
		assert_int_equal(answers[i]->ttl_s, 0);
		note->destroy(note);
		dns_answer_release(dns_answer_retain(answers[i]));
	}
}

static void
test_account(void **state)
{
	struct dns_account *account = dns_account_create();
	const struct dns_answer *charged = create_answer();
	const struct dns_answer *other = create_answer();
	const struct dns_answer *late = create_answer();
	unsigned n_destroyed = 0;

	(void)state;
	assert_non_null(account);
	dns_answer_charge(charged, account);
	dns_answer_charge(charged, account);
	dns_answer_charge(late, account);
	dns_answer_charge(&dns_answer_timeout, account);
	assert_true(dns_attach(charged, create_note(70, &n_destroyed)));
	assert_true(dns_attach(charged, create_mark(30, &n_destroyed)));
	assert_true(dns_attach(other, create_note(1000, &n_destroyed)));
	assert_true(dns_attach(late, create_note(10, &n_destroyed)));
	assert_int_equal(dns_account_octets(account), 110);
	dns_answer_release(charged);
	dns_answer_release(other);
	assert_int_equal(dns_account_octets(account), 10);
	dns_account_release(account);
	dns_answer_release(late);	/* which has kept it */
	assert_int_equal(n_destroyed, 4);
}

#define N_THREADS 4

struct attacher {
	const struct dns_answer *answer;
	pthread_t thread;
	unsigned n_destroyed;
};

static void *
run_attacher(void *arg)
{
	struct attacher *attacher = arg;
	struct dns_attachment *note = create_note(1, &attacher->n_destroyed);
	struct dns_attachment *mark = create_mark(1, &attacher->n_destroyed);

	if (!dns_attach(attacher->answer, note))
		note->destroy(note);
	if (!dns_attach(attacher->answer, mark))
		mark->destroy(mark);
	if (dns_get_attachment(attacher->answer, destroy_note) == NULL ||
	    dns_get_attachment(attacher->answer, destroy_mark) == NULL)
		abort();
	dns_answer_release(attacher->answer);
	return NULL;
}

static void
test_race(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		const struct dns_answer *answer = create_answer();
		struct attacher attachers[N_THREADS];
		unsigned n_destroyed = 0;

		for (size_t i = 0; i < N_THREADS; i++) {
			attachers[i] = (struct attacher){
			    dns_answer_retain(answer), 0, 0 };
			assert_int_equal(pthread_create(&attachers[i].thread,
			    NULL, run_attacher, &attachers[i]), 0);
		}
		for (size_t i = 0; i < N_THREADS; i++)
			pthread_join(attachers[i].thread, NULL);
		assert_int_equal(dns_answer_attached_octets(answer), 2);
		dns_answer_release(answer);
		for (size_t i = 0; i < N_THREADS; i++)
			n_destroyed += attachers[i].n_destroyed;
		assert_int_equal(n_destroyed, 2 * N_THREADS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_static_answers),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
