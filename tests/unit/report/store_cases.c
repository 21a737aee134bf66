/* unit/report/store_cases.c - see store_cases.h. */
#include "unit/report/store_cases.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "report/schema.h"
#include "unit/report/stats_cases.h"
#include "unit/report/store_checks.h"

#define DAY STORE_TEST_DAY
#define N_PAGE 7u
#define N_TRIES 10u

struct store *
store_cases_open(const char *url)
{
	struct arena *arena = test_arena();
	enum store_status status = STORE_BUSY;
	struct store *store;
	struct strbuf problem;

	strbuf_init(&problem, arena, 2000);
	/* Who opens beside many writers may come too short. */
	for (unsigned i = 0; i < N_TRIES && status == STORE_BUSY; i++)
		status = store_open(url, &store, &problem);
	if (status != STORE_OK)
		fail_msg("%s: %s", url, strbuf_cstr(&problem));
	arena_destroy(&arena);
	return store;
}

void
assert_ok(const struct store *store, enum store_status status)
{
	if (status != STORE_OK)
		fail_msg("status %d: %s", (int)status, store_problem(store));
}

struct slice
store_cases_domain(unsigned domain)
{
	static const char *const names[] = {
		"a.example", "b.example", "c.example", "example.org",
		"xn--bcher-kva.example",
	};

	return slice_from_cstr(names[domain % N_ELEMENTS(names)]);
}

struct store_row
store_cases_row(struct report_fact *fact, unsigned domain, unsigned n)
{
	struct store_row row = { .fact = fact, .count = 1 };

	*fact = (struct report_fact){
		.day = DAY,
		.policy_domain = store_cases_domain(domain),
		.configuration = SLICE("p=reject; sp=reject; discovery=none;"),
		.is_reportable = true,
		.author_domain = store_cases_domain(domain),
		.source = { IP_V4, { 192, 0, 2, (unsigned char)n } },
		.envelope_from = SLICE("bounce.example.org"),
		.disposition = SLICE("none"),
		.dmarc_result = SLICE("pass"),
		.action = SLICE("accept"),
		.wanted = SLICE("accept"),
	};
	row.digest[0] = (unsigned char)(n >> 8);
	row.digest[1] = (unsigned char)n;
	row.digest[15] = (unsigned char)domain;
	row.first_s = row.last_s = (int64_t)DAY * CLOCK_DAY_S + n;
	return row;
}

enum store_status
store_cases_write(struct store *store, unsigned domain, unsigned first,
    unsigned n)
{
	struct report_fact *facts = calloc(n, sizeof(*facts));
	struct store_row *rows = calloc(n, sizeof(*rows));
	const struct store_batch batch = { .rows = rows, .n_rows = n };
	enum store_status status;

	assert_non_null(facts);
	assert_non_null(rows);
	for (unsigned i = 0; i < n; i++)
		rows[i] = store_cases_row(&facts[i], domain, first + i);
	status = store_write(store, &batch);
	free(facts);
	free(rows);
	return status;
}

uint64_t
store_cases_count(struct store *store)
{
	struct arena *arena = test_arena();
	struct store_subject *subjects, *after = NULL;
	uint64_t messages = 0;
	size_t n;

	do {
		assert_ok(store, store_list_subjects(store, DAY, after, N_PAGE,
		    arena, &subjects, &n));
		for (size_t i = 0; i < n; i++)
			messages += subjects[i].n_messages;
		after = n > 0 ? &subjects[n - 1] : NULL;
	} while (n > 0);
	arena_destroy(&arena);
	return messages;
}

/* ---- many at once, and death --------------------------------------------- */

#define N_WRITERS 4
#define N_BATCHES 25

/* All write the same rows, in an order of their own. */
static int
write_as_one_of_many(const char *url, unsigned seed)
{
	struct store *store = store_cases_open(url);

	for (unsigned i = 0; i < N_BATCHES; i++) {
		enum store_status status;

		do {
			struct report_fact some[20];
			struct store_row rows[20];
			const struct store_batch batch = {
				.rows = rows, .n_rows = 20,
			};

			for (unsigned j = 0; j < 20; j++)
				rows[j] = store_cases_row(&some[j],
				    (j * 7 + seed) % STORE_TEST_DOMAINS,
				    (j * 3 + i * seed) % 20);
			status = store_write(store, &batch);
		} while (status == STORE_BUSY);
		if (status != STORE_OK)
			return 2;
	}
	store_close(&store);
	return 0;
}

/* Their schema is made by one of them. */
static void
check_many_writers(const char *url)
{
	pid_t children[N_WRITERS];
	struct store *store;
	int status;

	for (unsigned i = 0; i < N_WRITERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(write_as_one_of_many(url, i + 1));
	}
	for (unsigned i = 0; i < N_WRITERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0),
		    children[i]);
		assert_int_equal(status, 0);
	}
	store = store_cases_open(url);
	assert_int_equal(store_cases_count(store), N_WRITERS * N_BATCHES * 20);
	store_close(&store);
}

/* Batches of 50 rows, told to FD when they are committed. */
static void
write_until_killed(const char *url, int fd)
{
	struct store *store = store_cases_open(url);

	for (unsigned i = 0; i < 1000; i++)
		if (store_cases_write(store, 0, 50 * i, 50) != STORE_OK ||
		    write(fd, "x", 1) != 1)
			_exit(1);
	_exit(0);
}

/* Killed at some point: what was committed is there, nothing half. */
static void
check_kill(const char *url)
{
	struct store *store = store_cases_open(url);
	uint64_t told = 0, count;
	char octets[1000];
	int fds[2], status;
	pid_t child;

	store_close(&store);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_until_killed(url, fds[1]);
	close(fds[1]);
	while (told < 20) {
		ssize_t n = read(fds[0], octets, sizeof(octets));

		assert_true(n > 0);
		told += (uint64_t)n;
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	for (ssize_t n; (n = read(fds[0], octets, sizeof(octets))) > 0;)
		told += (uint64_t)n;
	close(fds[0]);
	store = store_cases_open(url);
	count = store_cases_count(store);
	assert_int_equal(count % 50, 0);
	assert_true(count / 50 == told || count / 50 == told + 1);
	store_close(&store);
}

/* ---- the schema ---------------------------------------------------------- */

/* What a later assay may have: two steps more, the second with two parts. */
#define N_LATER 3

static const struct schema_step later_steps[N_LATER] = {
	{ 1001, "ALTER TABLE flow ADD COLUMN extra @key" },
	{ 1002, "CREATE TABLE other (id @id, day INTEGER NOT NULL) " },
	{ 1002, "INSERT INTO other (day) SELECT DISTINCT day FROM flow" },
};
static const struct schema_step wrong_step = {
	1003, "ALTER TABLE nonsense ADD COLUMN extra BIGINT",
};

static struct sql *
connect_sql(const char *url)
{
	struct slice text = slice_from_cstr(url);
	struct sql *sql = slice_starts_with(text, SLICE("sqlite:")) ?
	    sqlite_create(slice_from(text, 7)) : postgresql_create(text);

	assert_non_null(sql);
	assert_int_equal(sql_connect(sql), STORE_OK);
	return sql;
}

/* With N of the later steps behind those that there are. */
static enum store_status
update_schema(const char *url, size_t n, bool is_wrong)
{
	struct schema_step *steps = calloc(schema_n_steps + N_LATER + 1,
	    sizeof(*steps));
	struct sql *sql = connect_sql(url);
	enum store_status status;

	assert_non_null(steps);
	memcpy(steps, schema_steps, schema_n_steps * sizeof(*steps));
	memcpy(steps + schema_n_steps, later_steps, n * sizeof(*steps));
	n += schema_n_steps;
	if (is_wrong)
		steps[n++] = wrong_step;
	status = schema_update(sql, steps, n);
	sql_destroy(&sql);
	free(steps);
	return status;
}

static int64_t
select_number(const char *url, const char *text)
{
	struct sql *sql = connect_sql(url);
	int64_t number;

	assert_int_equal(sql_get_numbers(sql, text, NULL, 0, &number, 1),
	    STORE_OK);
	sql_destroy(&sql);
	return number;
}

static void
check_schema(const char *url)
{
	static const char select_version[] =
	    "SELECT value FROM meta WHERE name = 'schema'";
	static const char count_other[] = "SELECT count(*) FROM other";
	static const char count_extra[] =
	    "SELECT count(*) - count(extra) FROM flow";
	struct store *store = store_cases_open(url);
	struct arena *arena = test_arena();
	struct strbuf problem;

	assert_ok(store, store_cases_write(store, 0, 0, 3));
	store_close(&store);
	/* One that fails takes those before it along. */
	assert_int_equal(update_schema(url, N_LATER, true), STORE_FAILED);
	assert_int_equal(select_number(url, select_version),
	    schema_steps[schema_n_steps - 1].version);
	store = store_cases_open(url);
	assert_int_equal(store_cases_count(store), 3);
	store_close(&store);
	/* One at a time, both at once, and again. */
	assert_int_equal(update_schema(url, 1, false), STORE_OK);
	assert_int_equal(update_schema(url, N_LATER, false), STORE_OK);
	assert_int_equal(update_schema(url, N_LATER, false), STORE_OK);
	assert_int_equal(select_number(url, select_version), 1002);
	assert_int_equal(select_number(url, count_other), 1);
	assert_int_equal(select_number(url, count_extra), 3);
	/* This assay leaves it alone, and so does one of the step between. */
	assert_int_equal(update_schema(url, 1, false), STORE_NEWER);
	strbuf_init(&problem, arena, 1000);
	assert_int_equal(store_open(url, &store, &problem), STORE_NEWER);
	assert_null(store);
	assert_non_null(strstr(strbuf_cstr(&problem), "by a newer assay"));
	arena_destroy(&arena);
}

static const struct {
	const char *name;
	void (*check)(const char *url);
} cases[] = {
	{ "schema", check_schema },
	{ "rows", store_check_rows },
	{ "subjects", store_check_subjects },
	{ "days", store_check_days },
	{ "prune", store_check_prune },
	{ "passes", store_check_passes },
	{ "many passes", store_check_many_passes },
	{ "deliveries", store_check_deliveries },
	{ "claims", store_check_claims },
	{ "lock", store_check_lock },
	{ "lock of a killed process", store_check_lock_of_killed },
	{ "suppressions", store_check_suppressions },
	{ "failures", store_check_failures },
	{ "policies of MTA-STS", store_check_mta_sts },
	{ "sums", stats_cases_check },
	{ "long texts", store_check_long },
	{ "many writers", check_many_writers },
	{ "killed", check_kill },
};

void
store_cases_run(const char *(*fresh)(void))
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		print_message("    %s\n", cases[i].name);
		cases[i].check(fresh());
	}
}
