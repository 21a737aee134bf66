/* unit/report/store_ledger_cases.c - what is remembered beside the rows. */
#include "unit/report/store_checks.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/store_mta_sts.h"
#include "unit/report/store_cases.h"

#define DAY STORE_TEST_DAY

/* ---- the ledger ---------------------------------------------------------- */

void
store_check_deliveries(const char *url)
{
	static const enum store_delivery all[] = {
		STORE_DELIVERY_HANDED, STORE_DELIVERY_DEFERRED,
		STORE_DELIVERY_SENT, STORE_DELIVERY_DROPPED,
		STORE_DELIVERY_NONE,
	};
	const struct store_delivery_key key = {
		DAY, SLICE("example.org"), SLICE("1"), SLICE("a@example.org"),
	}, others[] = {
		{ DAY + 1, key.policy_domain, key.report_id, key.destination },
		{ DAY, SLICE("example.com"), key.report_id, key.destination },
		{ DAY, key.policy_domain, SLICE("2"), key.destination },
		{ DAY, key.policy_domain, key.report_id, SLICE("b@x") },
	};
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);
	enum store_delivery delivery;

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		assert_ok(store, store_set_delivery(store, &key, all[i], 1,
		    SLICE("note")));
		assert_ok(other, store_get_delivery(other, &key, &delivery));
		assert_int_equal(delivery, all[i]);
	}
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		assert_ok(store, store_get_delivery(store, &others[i],
		    &delivery));
		assert_int_equal(delivery, STORE_DELIVERY_NONE);
	}
	store_close(&other);
	store_close(&store);
}

/* Only what is owed is claimed, and only once. */
void
store_check_claims(const char *url)
{
	static const struct {
		enum store_delivery before, after;
	} cases[] = {
		{ STORE_DELIVERY_NONE, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_DEFERRED, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_HANDED, STORE_DELIVERY_HANDED },
		{ STORE_DELIVERY_SENT, STORE_DELIVERY_SENT },
		{ STORE_DELIVERY_DROPPED, STORE_DELIVERY_DROPPED },
	};
	struct store_delivery_key key = {
		DAY, SLICE("claims.example"), SLICE("1"), SLICE("a@x"),
	};
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);
	enum store_delivery delivery;

	assert_ok(store, store_claim_delivery(store, &key, 1, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_NONE);
	assert_ok(other, store_claim_delivery(other, &key, 1, &delivery));
	assert_int_equal(delivery, STORE_DELIVERY_HANDED);
	key.report_id = SLICE("2");
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_ok(store, store_set_delivery(store, &key,
		    cases[i].before, 1, SLICE("note")));
		assert_ok(other, store_claim_delivery(other, &key, 2,
		    &delivery));
		assert_int_equal(delivery, cases[i].before);
		assert_ok(store, store_get_delivery(store, &key, &delivery));
		assert_int_equal(delivery, cases[i].after);
	}
	store_close(&other);
	store_close(&store);
}

/* The lock of a process that was killed is free. */
void
store_check_lock_of_killed(const char *url)
{
	struct store *store = store_cases_open(url);
	int fds[2], status;
	char octet;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct store *own;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own = store_cases_open(url);
		if (store_lock_reports(own) != STORE_OK ||
		    write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &octet, 1), 1);
	assert_int_equal(store_lock_reports(store), STORE_BUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fds[0]);
	/* A database server needs a moment to notice. */
	for (int i = 0; i < 500; i++) {
		if (store_lock_reports(store) == STORE_OK)
			break;
		usleep(10000);
	}
	assert_ok(store, store_lock_reports(store));
	store_close(&store);
}

void
store_check_lock(const char *url)
{
	struct store *store = store_cases_open(url);
	struct store *other = store_cases_open(url);

	assert_ok(store, store_lock_reports(store));
	assert_ok(store, store_lock_reports(store));
	assert_int_equal(store_lock_reports(other), STORE_BUSY);
	assert_string_equal(store_problem(other),
	    "another process sends reports");
	/* It is the sending that is locked, nothing else. */
	assert_ok(other, store_cases_write(other, 0, 0, 1));
	store_close(&store);
	for (int i = 0; i < 500; i++) {
		if (store_lock_reports(other) == STORE_OK)
			break;
		usleep(10000);
	}
	assert_ok(other, store_lock_reports(other));
	store_close(&other);
}

/* ---- suppressions -------------------------------------------------------- */

void
store_check_suppressions(const char *url)
{
	static const int64_t days[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	const struct slice destination = SLICE("a@example.org");
	const int64_t day = CLOCK_DAY_S;
	struct store *store = store_cases_open(url);
	int64_t now = 1000 * day, until;
	uint64_t n;

	assert_ok(store, store_get_suppression(store, destination, now,
	    &until));
	assert_int_equal(until, 0);
	for (size_t i = 0; i < N_ELEMENTS(days); i++) {
		now += 10;
		assert_ok(store, store_suppress(store, destination, now,
		    &until));
		assert_int_equal(until, now + days[i] * day);
		assert_ok(store, store_get_suppression(store, destination,
		    until - 1, &until));
		assert_int_equal(until, now + days[i] * day);
		assert_ok(store, store_get_suppression(store, destination,
		    until, &until));
		assert_int_equal(until, 0);
	}
	/* Not forgotten while it lasts, whatever is pruned. */
	assert_ok(store, store_prune(store, 1063, &n));
	assert_ok(store, store_suppress(store, destination,
	    now + 64 * day - 1, &until));
	assert_int_equal(until, now + 64 * day - 1 + 64 * day);
	now += 64 * day - 1;
	assert_ok(store, store_suppress(store, destination, now + 64 * day,
	    &until));
	assert_int_equal(until, now + 65 * day);
	assert_ok(store, store_unsuppress(store, destination));
	assert_ok(store, store_get_suppression(store, destination, now,
	    &until));
	assert_int_equal(until, 0);
	assert_ok(store, store_suppress(store, destination, now, &until));
	assert_int_equal(until, now + day);
	assert_ok(store, store_prune(store, 3000, &n));
	assert_int_equal(n, 1);
	store_close(&store);
}

/* ---- policies of MTA-STS ------------------------------------------------- */

static void
put_mta_sts(struct store *store, struct slice domain, struct slice body,
    int64_t expires_s)
{
	const struct store_mta_sts policy = { .domain = domain,
		.id = SLICE("20260101"), .body = body, .fetched_s = 10,
		.expires_s = expires_s };

	assert_ok(store, store_put_mta_sts(store, &policy));
}

void
store_check_mta_sts(const char *url)
{
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct store_mta_sts policy, *policies;
	bool is_there;
	size_t n;

	put_mta_sts(store, SLICE("b.example"), SLICE("x\r\ny\n"), 20);
	put_mta_sts(store, SLICE("a.example"), SLICE("old"), 20);
	put_mta_sts(store, SLICE("a.example"), SLICE("new"), 30);
	put_mta_sts(store, SLICE("c.example"), SLICE(""), 30);
	store_close(&store);
	store = store_cases_open(url);
	assert_ok(store, store_get_mta_sts(store, SLICE("b.example"), 19,
	    arena, &policy, &is_there));
	assert_true(is_there);
	test_assert_slice("body", policy.body, "x\r\ny\n");
	test_assert_slice("id", policy.id, "20260101");
	assert_int_equal(policy.fetched_s, 10);
	assert_int_equal(policy.expires_s, 20);
	assert_ok(store, store_get_mta_sts(store, SLICE("b.example"), 20,
	    arena, &policy, &is_there));
	assert_false(is_there);
	assert_ok(store, store_list_mta_sts(store, SLICE_EMPTY, 19, 2, arena,
	    &policies, &n));
	assert_int_equal(n, 2);
	test_assert_slice("first", policies[0].domain, "a.example");
	test_assert_slice("newer", policies[0].body, "new");
	assert_ok(store, store_list_mta_sts(store, policies[1].domain, 19, 2,
	    arena, &policies, &n));
	assert_int_equal(n, 1);
	test_assert_slice("last", policies[0].domain, "c.example");
	assert_ok(store, store_prune_mta_sts(store, 20));
	assert_ok(store, store_list_mta_sts(store, SLICE_EMPTY, 0, 9, arena,
	    &policies, &n));
	assert_int_equal(n, 2);
	store_close(&store);
	arena_destroy(&arena);
}
