/* assay verify and assay explain say of a saved message what assayd says of it on
 * its way, and so does assayd of one that it is handed whole: each message of
 * the suites goes through inspect/ as an MTA hands it over, through the tool as a
 * file, without a trace and with one, and through milter/ in one piece, and all
 * write the same field. */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/trace.h"
#include "cli/examine.h"
#include "dns/dns.h"
#include "inspect/inspect.h"
#include "milter/milter.h"
#include "milter/submission.h"
#include "policy/field.h"
#include "policy/policy.h"
#include "suites/case.h"
#include "suites/yaml.h"
#include "suites/zonedata.h"
#include "unit/test.h"

#define RECEIVER "mx.judge.example"
#define MIN_MESSAGES 600	/* fewer show nothing */
#define DAY_S ((int64_t)1760000000)	/* where the case has none */

static const struct {
	const char *path, *list;
} suites[] = {
	{ "tests/suites/flows.yml", "flows" },
	{ "tests/suites/dkim-cases.yml", "cases" },
	{ "tests/suites/arc-cases.yml", "cases" },
};

struct tally {
	unsigned n_passed, n_failed;
};

static struct slice
text_or(const struct yaml_value *test, const char *key, const char *otherwise)
{
	struct slice text = yaml_get_text(test, key);

	return text.len != 0 ? text : slice_from_cstr(otherwise);
}

static struct origin
make_origin(const struct yaml_value *test)
{
	struct origin origin = {
		.client_from = ORIGIN_GIVEN,
		.helo_from = ORIGIN_GIVEN,
		.sender_from = ORIGIN_GIVEN,
		.helo = text_or(test, "helo", "mail.example.org"),
		.sender = text_or(test, "mailfrom", "joe@example.org"),
	};

	assert_true(ip_parse(text_or(test, "client", "192.0.2.1"),
	    &origin.client));
	return origin;
}

/* As the milter goes about it. */
static struct slice
inspect_in_session(struct arena *arena, const struct examiner_options *options,
    struct slice message)
{
	struct inspect *in = inspect_create(options->inspect,
	    options->resolver, options->hostname);
	const struct inspect_results *results;
	struct policy_verdict verdict;
	struct slice field, copy = SLICE_EMPTY;

	assert_non_null(in);
	assert_int_equal(inspect_connect(in, &options->origin.client),
	    INSPECT_OK);
	assert_int_equal(inspect_helo(in, options->origin.helo), INSPECT_OK);
	assert_int_equal(inspect_mail(in, options->origin.sender,
	    options->is_smtputf8, options->authserv_id), INSPECT_OK);
	case_feed_message(in, arena, message);
	assert_int_equal(inspect_finish(in, &results), INSPECT_OK);
	policy_judge_message(options->policy, results, inspect_arena(in),
	    &verdict);
	/* One that is too large to be written is so for both. */
	if (policy_build_field(inspect_arena(in), options->authserv_id,
	    results, &verdict, &field))
		assert_true(arena_copy(arena, field, &copy));
	inspect_destroy(&in);
	return copy;
}

/* The tool's field, in ARENA; empty where there is a problem. */
static struct slice
examine(struct arena *arena, const struct examiner_options *options,
    struct slice message, struct trace *trace)
{
	struct examiner_options traced = *options;
	struct examination examination;
	struct examiner *examiner;
	struct slice field = SLICE_EMPTY;
	size_t n_nodes = 0;

	traced.trace = trace;
	examiner = examiner_create(&traced);
	assert_non_null(examiner);
	examiner_examine(examiner, message, &examination);
	if (examination.problem != NULL)
		printf("%s\n", examination.problem);
	else
		assert_true(arena_copy(arena, examination.field, &field));
	examiner_destroy(&examiner);
	if (trace != NULL)
		(void)trace_nodes(trace, &n_nodes);
	assert_true((trace != NULL) == (n_nodes != 0));
	return field;
}

/* ---- in one piece -------------------------------------------------------- */

struct judged {
	struct arena *arena;
	struct slice field;
	bool was_called;
};

static void
take_outcome(void *context, const struct submission_outcome *outcome)
{
	struct judged *judged = context;

	judged->was_called = true;
	if (outcome->conclusion.failure != NULL)
		printf("%s\n", outcome->conclusion.failure);
	assert_true(arena_copy(judged->arena, outcome->conclusion.field,
	    &judged->field));
}

/* In monitor mode, where every message is let in, with its field. */
static struct slice
submit(struct arena *arena, struct milter_context *context,
    const struct examiner_options *options, struct slice message)
{
	const struct submission submission = {
		.client = options->origin.client,
		.helo = options->origin.helo,
		.sender = options->origin.sender,
		.is_smtputf8 = options->is_smtputf8,
		.octets = message,
	};
	struct judged judged = { .arena = arena };

	context->inspect = *options->inspect;
	context->policy = *options->policy;
	context->resolver = options->resolver;
	assert_true(submission_judge(&submission, take_outcome, &judged));
	assert_true(judged.was_called);
	return judged.field;
}

/* milter/ wants its socket, though nobody connects to it. */
static void
open_milter(struct milter_context *context, char *socket, size_t size)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	strbuf_init(&problem, arena, 4096);
	snprintf(socket, size, "unix:/tmp/assay-test-%ld", (long)getpid());
	*context = (struct milter_context){
		.milter = MILTER_OPTIONS_DEFAULT,
		.inspect = INSPECT_OPTIONS_DEFAULT,
		.policy = POLICY_OPTIONS_DEFAULT,
		.authserv_id = RECEIVER, .hostname = RECEIVER,
		.log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR, "test",
		    0),
	};
	context->milter.socket = socket;
	assert_non_null(context->log);
	if (!milter_open(context, &problem))
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(&problem)));
	arena_destroy(&arena);
}

static void
close_milter(struct milter_context *context)
{
	struct arena *arena = test_arena();
	struct strbuf problem;

	strbuf_init(&problem, arena, 4096);
	assert_true(milter_abandon(&problem));
	assert_true(milter_close());
	log_destroy(&context->log);
	arena_destroy(&arena);
}

/* ---- the suites ---------------------------------------------------------- */

static void
run_case(struct slice name, const struct yaml_value *test, int64_t now_s,
    struct resolver *zone, struct milter_context *context,
    struct tally *tally)
{
	struct arena *arena = test_arena();
	struct inspect_options inspect = INSPECT_OPTIONS_DEFAULT;
	struct policy_options policy = POLICY_OPTIONS_DEFAULT;
	struct examiner_options options = {
		.inspect = &inspect, .policy = &policy, .resolver = zone,
		.authserv_id = SLICE(RECEIVER), .hostname = SLICE(RECEIVER),
		.origin = make_origin(test),
	};
	struct slice message = case_get_message(arena, test);
	struct slice want, plain, traced, whole, want_whole;

	inspect.now_s = now_s;
	policy.mode = POLICY_MODE_ENFORCE;
	options.is_smtputf8 = !slice_is_ascii(message);
	want = inspect_in_session(arena, &options, message);
	plain = examine(arena, &options, message, NULL);
	traced = examine(arena, &options, message, trace_create(arena));
	policy.mode = POLICY_MODE_MONITOR;
	want_whole = inspect_in_session(arena, &options, message);
	whole = submit(arena, context, &options, message);
	if (slice_eq(plain, want) && slice_eq(traced, want) &&
	    slice_eq(whole, want_whole)) {
		tally->n_passed++;
	} else {
		tally->n_failed++;
		printf("%.*s (line %u):\n%.*s\nand\n%.*s\nnot\n%.*s\n"
		    "in one piece\n%.*s\nnot\n%.*s\n",
		    SLICE_PRINTF(name), test->line, SLICE_PRINTF(plain),
		    SLICE_PRINTF(traced), SLICE_PRINTF(want),
		    SLICE_PRINTF(whole), SLICE_PRINTF(want_whole));
	}
	arena_destroy(&arena);
}

static void
run_suite(const char *path, const char *list, struct milter_context *context,
    struct tally *tally)
{
	struct arena *arena = test_arena();
	const struct yaml_value *file = yaml_load(arena, path)->items[0];
	const struct yaml_value *tests = yaml_get(file, list);
	const struct yaml_value *shared = yaml_get(file, "zonedata");
	int64_t now_s = (int64_t)case_get_number(file, "now",
	    (uint64_t)DAY_S);

	for (size_t i = 0; tests != NULL && i < tests->n; i++) {
		const struct yaml_value *test = tests->items[i];
		struct resolver *zone = zonedata_create_zone(arena,
		    shared != NULL ? shared : yaml_get(test, "zonedata"));

		run_case(yaml_text(tests->keys[i]), test, now_s, zone,
		    context, tally);
		dns_destroy_resolver(&zone);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	struct tally tally = { 0, 0 };
	struct milter_context context;
	char socket[64];

	open_milter(&context, socket, sizeof(socket));
	for (size_t i = 0; i < N_ELEMENTS(suites); i++)
		run_suite(suites[i].path, suites[i].list, &context, &tally);
	close_milter(&context);
	printf("%u passed, %u failed\n", tally.n_passed, tally.n_failed);
	return tally.n_failed == 0 && tally.n_passed >= MIN_MESSAGES ? 0 : 1;
}
