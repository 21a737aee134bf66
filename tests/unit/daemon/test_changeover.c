/* tests/unit/daemon/test_changeover.c - configurations that replace each other
 * on a real loop, what they share, and what becomes of the old ones. */
#include "daemon/changeover.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/poison.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "daemon/part.h"
#include "milter/milter.h"
#include "unit/test.h"

#define MODE "mode = \"enforce\"; "
/* Any key will do: nobody is asked. */
#define ANCHOR "example. DS 12345 8 2 " \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
#define N_RELOADS 2000
#define WARM_UP 200
#define N_SEALERS 1000
/* A sanitizer keeps for a while what was freed. */
#ifdef POISON_ENABLED
#define MAY_GROW_KB (300 * 1024)
#else
#define MAY_GROW_KB 1024
#endif

static struct {
	char path[32], sealers[48], store[48];
	struct event_base *base;
	struct generation_maker maker;
	unsigned n_switched;
} lab;

static int
set_up(void **state)
{
	(void)state;
	assert_int_equal(evthread_use_pthreads(), 0);
	strcpy(lab.path, "/tmp/assay-test-XXXXXX");
	close(mkstemp(lab.path));
	snprintf(lab.sealers, sizeof(lab.sealers), "%s.sealers", lab.path);
	snprintf(lab.store, sizeof(lab.store), "%s.db", lab.path);
	lab.base = event_base_new();
	lab.maker = (struct generation_maker){ .base = lab.base,
		.hostname = "host.example.org", .is_foreground = true,
		.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test",
		0) };
	assert_non_null(lab.base);
	assert_non_null(lab.maker.log);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const ends[] = { "", ".sealers", ".db", ".db-wal",
		".db-shm" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		char path[80];

		snprintf(path, sizeof(path), "%s%s", lab.path, ends[i]);
		unlink(path);
	}
	event_base_free(lab.base);
	log_destroy(&lab.maker.log);
	return 0;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* What begins with '+' has a store. */
static void
write_conf(const char *text)
{
	FILE *file = fopen(lab.path, "w");

	assert_non_null(file);
	if (text[0] == '+')
		fprintf(file, "store = \"sqlite:%s\"; ", lab.store);
	fputs(text + (text[0] == '+'), file);
	assert_int_equal(fclose(file), 0);
}

static struct generation *
make_generation(const struct generation *before)
{
	struct arena *arena = test_arena();
	struct strbuf problem;
	struct generation *gen = NULL;
	struct draft draft;

	strbuf_init(&problem, arena, 10000);
	if (draft_load(&draft, lab.path, &problem))
		gen = generation_create(&lab.maker, &draft, before, &problem);
	if (gen == NULL)
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(&problem)));
	draft_discard(&draft);
	arena_destroy(&arena);
	return gen;
}

static void
wait_for_writers(void)
{
	for (int i = 0; i < 1000 && atomic_load(&lab.maker.n_ending) != 0;
	    i++) {
		const struct timespec moment = { .tv_nsec = 10000000 };

		nanosleep(&moment, NULL);
	}
	assert_int_equal(atomic_load(&lab.maker.n_ending), 0);
}

/* ---- what is shared ------------------------------------------------------ */

static void
test_sharing(void **state)
{
	static const struct {
		const char *name, *a, *b;
		bool resolver, throttle, writer;
	} cases[] = {
		{ "nothing has changed", "+" MODE, "+" MODE,
		    true, true, true },
		{ "the policy", "+" MODE,
		    "+" MODE "dmarc: { reject = \"strict\"; };",
		    true, true, true },
		{ "the resolver", "+" MODE,
		    "+" MODE "resolver: { servers = [\"192.0.2.1\"]; };",
		    false, true, true },
		{ "the cache", "+" MODE,
		    "+" MODE "resolver: { cache_mb = 3; };",
		    false, true, true },
		{ "the throttle", "+" MODE,
		    "+" MODE "limits: { network_burst = 700; };",
		    true, false, true },
		{ "how long rows are kept", "+" MODE,
		    "+" MODE "report: { keep_days = 40; };",
		    true, true, false },
		{ "what reports say", "+" MODE,
		    "+" MODE "report: { organization = \"Example\"; };",
		    true, true, true },
		{ "no store", "+" MODE, MODE, true, true, false },
		{ "a store", MODE, "+" MODE, true, true, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct generation *a, *b;

		write_conf(cases[i].a);
		a = make_generation(NULL);
		write_conf(cases[i].b);
		b = make_generation(a);
		if ((a->resolver == b->resolver) != cases[i].resolver ||
		    (a->context.resolver == b->context.resolver) !=
		    cases[i].resolver)
			fail_msg("%s: resolver", cases[i].name);
		if ((a->throttle == b->throttle) != cases[i].throttle)
			fail_msg("%s: throttle", cases[i].name);
		if ((a->writer == b->writer) != cases[i].writer)
			fail_msg("%s: writer", cases[i].name);
		assert_ptr_equal(b->context.report, &b->config->report);
		generation_destroy(&a);
		/* What is shared lives on. */
		if (b->context.policy.history != NULL)
			assert_ptr_equal(b->context.writer,
			    generation_writer(b));
		generation_destroy(&b);
		wait_for_writers();
	}
}

/* What a key names may have changed though the key has not. */
static void
test_anchor_file(void **state)
{
	char text[200];
	struct generation *a, *b, *c;

	(void)state;
	snprintf(text, sizeof(text), MODE "resolver: { dnssec = true; "
	    "trust_anchor_file = \"%s\"; };", lab.sealers);
	write_file(lab.path, text);
	write_file(lab.sealers, ANCHOR);
	a = make_generation(NULL);
	b = make_generation(a);
	assert_ptr_equal(a->resolver, b->resolver);
	write_file(lab.sealers, ANCHOR "\n");
	c = make_generation(b);
	assert_ptr_not_equal(b->resolver, c->resolver);
	generation_destroy(&a);
	generation_destroy(&b);
	generation_destroy(&c);
}

static void
test_unwritable_log(void **state)
{
	struct arena *arena = test_arena();
	struct strbuf problem;
	struct draft draft;

	(void)state;
	strbuf_init(&problem, arena, 10000);
	write_conf(MODE "log: { target = \"stderr\"; };");
	lab.maker.is_foreground = false;
	assert_true(draft_load(&draft, lab.path, &problem));
	assert_null(generation_create(&lab.maker, &draft, NULL, &problem));
	assert_true(slice_starts_with(strbuf_slice(&problem),
	    SLICE("log.target = \"stderr\"")));
	draft_discard(&draft);
	lab.maker.is_foreground = true;
	arena_destroy(&arena);
}

/* ---- from one to the next ------------------------------------------------ */

static void
on_switched(void *arg, const struct generation *before,
    const struct generation *now)
{
	(void)arg;
	assert_true(before != now);
	lab.n_switched++;
}

static struct changeover *
start_changeover(void)
{
	const struct changeover_options options = { .maker = &lab.maker,
		.path = lab.path, .switched = on_switched };
	struct changeover *co = changeover_create(&options,
	    make_generation(NULL));

	assert_non_null(co);
	assert_true(changeover_is_idle(co));
	return co;
}

static void
stop_changeover(struct changeover **co)
{
	assert_true(changeover_end(*co, clock_monotonic_ms() + 5000));
	changeover_destroy(co);
	assert_null(*co);
	assert_int_equal(atomic_load(&lab.maker.n_ending), 0);
}

static void
on_prepared(void *arg, bool is_prepared)
{
	*(int *)arg = is_prepared;
	event_base_loopbreak(lab.base);
}

static bool
prepare(struct changeover *co)
{
	int outcome = -1;

	assert_true(changeover_prepare(co, on_prepared, &outcome));
	while (outcome < 0)
		event_base_loop(lab.base, EVLOOP_ONCE |
		    EVLOOP_NO_EXIT_ON_EMPTY);
	return outcome != 0;
}

static void
run_loop_ms(long ms)
{
	const struct timeval time = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(lab.base, &time);
	event_base_loop(lab.base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void
test_commit(void **state)
{
	struct changeover *co;
	struct milter_context *context;
	const struct generation *first;

	(void)state;
	write_conf(MODE);
	co = start_changeover();
	first = changeover_current(co);
	context = milter_retain_context();
	assert_ptr_equal(context, &first->context);

	write_conf(MODE "dmarc: { quarantine = \"tag\"; };");
	assert_true(prepare(co));
	assert_ptr_equal(changeover_current(co), first);
	assert_false(changeover_is_idle(co));
	changeover_commit(co);
	assert_true(changeover_is_idle(co));
	test_assert_slice("text", changeover_text(co),
	    "dmarc.quarantine: hold -> tag\n");
	assert_int_equal(changeover_current(co)->context.policy.quarantine,
	    POLICY_QUARANTINE_TAG);

	/* Whoever has it still may use all of it. */
	run_loop_ms(1200);
	assert_int_equal(context->policy.quarantine, POLICY_QUARANTINE_HOLD);
	assert_string_equal(context->hostname, "host.example.org");
	milter_release_context(context);
	run_loop_ms(1200);	/* the sanitizer sees what is left behind */
	stop_changeover(&co);
}

static void
test_refusal(void **state)
{
	static const struct {
		const char *name, *text, *problem;
	} cases[] = {
		{ "a key", MODE "\nmood = 1;\n", ":2: there is no key mood" },
		{ "no file", NULL, ":1: it cannot be opened: " },
		{ "a zone", MODE "resolver: { zone_file = "
		    "\"/nonexistent/zone\"; };", "/nonexistent/zone" },
		{ "a list of suffixes", MODE "dmarc: { org_domain = \"psl\"; "
		    "psl_file = \"/nonexistent/psl\"; };",
		    "/nonexistent/psl cannot be read" },
	};
	struct changeover *co;
	const struct generation *first;

	(void)state;
	write_conf(MODE);
	co = start_changeover();
	first = changeover_current(co);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text;

		unlink(lab.path);
		if (cases[i].text != NULL)
			write_file(lab.path, cases[i].text);
		assert_false(prepare(co));
		text = changeover_text(co);
		if (memmem(text.ptr, text.len, cases[i].problem,
		    strlen(cases[i].problem)) == NULL ||
		    text.ptr[text.len - 1] != '\n')
			fail_msg("%s: %.*s", cases[i].name,
			    SLICE_PRINTF(text));
		assert_ptr_equal(changeover_current(co), first);
		assert_true(changeover_is_idle(co));
	}
	stop_changeover(&co);
}

static void
test_abort(void **state)
{
	struct changeover *co;
	const struct generation *first;
	int outcome = -1;

	(void)state;
	write_conf(MODE);
	co = start_changeover();
	first = changeover_current(co);
	changeover_abort(co);		/* of nothing */
	write_conf("+" MODE "resolver: { cache_mb = 3; };");
	assert_true(prepare(co));
	changeover_abort(co);
	assert_true(changeover_is_idle(co));
	assert_ptr_equal(changeover_current(co), first);

	/* While it is being read. */
	assert_true(changeover_prepare(co, on_prepared, &outcome));
	changeover_abort(co);
	assert_false(changeover_is_idle(co));
	run_loop_ms(300);
	assert_true(changeover_is_idle(co));
	assert_int_equal(outcome, -1);

	/* The end comes between prepare and commit. */
	assert_true(prepare(co));
	stop_changeover(&co);
}

static long
resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, resident;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
	fclose(file);
	return resident * sysconf(_SC_PAGESIZE) / 1024;
}

static void
write_sealers(unsigned last)
{
	FILE *file = fopen(lab.sealers, "w");

	assert_non_null(file);
	for (unsigned i = 0; i < N_SEALERS; i++)
		fprintf(file, "list%u.example.org\n",
		    i + 1 < N_SEALERS ? i : last);
	assert_int_equal(fclose(file), 0);
}

static void
test_many(void **state)
{
	char text[200];
	struct changeover *co;
	long before_kb = 0;

	(void)state;
	snprintf(text, sizeof(text), MODE "arc: { trusted_sealers = "
	    "[\"file:%s\"]; };", lab.sealers);
	write_file(lab.path, text);
	write_sealers(N_SEALERS);
	co = start_changeover();
	lab.n_switched = 0;
	for (unsigned i = 1; i <= N_RELOADS; i++) {
		write_sealers(N_SEALERS + i);
		assert_true(prepare(co));
		changeover_commit(co);
		assert_true(slice_starts_with(changeover_text(co),
		    SLICE("arc.trusted_sealers: 1 added (list")));
		if (i == WARM_UP)
			before_kb = resident_kb();
	}
	assert_int_equal(lab.n_switched, N_RELOADS);
	assert_true(resident_kb() < before_kb + MAY_GROW_KB);
	stop_changeover(&co);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_anchor_file),
		cmocka_unit_test(test_unwritable_log),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
