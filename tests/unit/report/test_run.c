/* Which reports a run sends, and that none goes out twice however it ends. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "dns/resolver.h"
#include "report/deliver.h"
#include "report/ledger.h"
#include "report/options.h"
#include "report/run.h"
#include "unit/asked.h"
#include "unit/report/store_cases.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define DAY STORE_TEST_DAY
#define NOW_S (((int64_t)DAY + 1) * CLOCK_DAY_S + 3600)

static const struct dmarc_options dmarc = DMARC_OPTIONS_DEFAULT;

/* ---- a place where messages go ------------------------------------------- */

struct recorder {
	struct deliverer deliverer;
	enum deliver_status answer;
	const char *only;	/* the destination that gets it, or NULL: all */
	bool dies;		/* instead of an answer */
	struct strbuf *log;	/* "DESTINATION FILE-NAME\n" each */
};

/* The value of the field or parameter NAME, up to its quote. */
static struct slice
find_value(struct slice message, const char *name)
{
	const char *at = memmem(message.ptr, message.len, name, strlen(name));
	struct slice rest;

	assert_non_null(at);
	rest = slice_from(message, (size_t)(at - message.ptr) + strlen(name));
	return slice_head(rest, slice_find(rest, '"'));
}

static enum deliver_status
record(struct deliverer *deliverer, const char *from, const char *to,
    FILE *message, struct strbuf *note)
{
	struct recorder *recorder = (struct recorder *)deliverer;
	bool is_meant = recorder->only == NULL ||
	    strcmp(recorder->only, to) == 0;
	char octets[4000];
	struct slice text = { octets, 0 };

	assert_string_equal(from, "dmarc@example.org");
	rewind(message);
	text.len = fread(octets, 1, sizeof(octets), message);
	strbuf_append_cstr(recorder->log, to);
	strbuf_append_char(recorder->log, ' ');
	strbuf_append(recorder->log, find_value(text, "filename=\""));
	strbuf_append_char(recorder->log, '\n');
	if (recorder->dies)
		_exit(0);	/* as a SIGKILL: nothing is tidied up */
	if (recorder->answer != DELIVER_SENT && is_meant)
		strbuf_append(note, SLICE("why"));
	return is_meant ? recorder->answer : DELIVER_SENT;
}

/* ---- a run --------------------------------------------------------------- */

struct setting {
	struct arena *arena;
	struct store *store;
	struct resolver *zone;
	struct report_options options;
	struct recorder recorder;
	struct strbuf log, events;
	struct report_counts counts;
};

static const char *const names[REPORT_N_EVENTS] = {
	[REPORT_EVENT_OWED] = "owed",
	[REPORT_EVENT_SENT] = "sent",
	[REPORT_EVENT_DEFERRED] = "deferred",
	[REPORT_EVENT_DROPPED] = "dropped",
	[REPORT_EVENT_PERHAPS] = "perhaps",
	[REPORT_EVENT_SUPPRESSED] = "suppressed",
	[REPORT_EVENT_NOT_SENT] = "not_sent",
	[REPORT_EVENT_UNKNOWN] = "unknown",
	[REPORT_EVENT_CUT] = "cut",
	[REPORT_EVENT_FAILED] = "failed",
};

static void
note_event(void *context, const struct report_event *event)
{
	struct setting *t = context;

	if (event->kind == REPORT_EVENT_SUBJECT)
		return;
	strbuf_printf(&t->events, "%s%s", t->events.len != 0 ? " " : "",
	    names[event->kind]);
	if (event->destination.len != 0)
		strbuf_printf(&t->events, ":%.*s",
		    SLICE_PRINTF(event->destination));
	if (event->n_reports > 1)
		strbuf_printf(&t->events, "*%llu",
		    (unsigned long long)event->n_reports);
	if (event->size.n_rows != 0)
		strbuf_printf(&t->events, "/%llu",
		    (unsigned long long)event->size.n_rows);
}

#define ORGS \
	"_dmarc.example.com TXT v=DMARC1; p=none\n" \
	"_dmarc.example.net TXT v=DMARC1; p=none\n" \
	"_dmarc.example.org TXT v=DMARC1; p=none\n"

static void
set_up(struct setting *t, const char *zone)
{
	static const struct deliverer_ops ops = { record, NULL };

	temporary_clear();
	memset(t, 0, sizeof(*t));
	t->arena = test_arena();
	t->store = store_cases_open(temporary_url());
	t->zone = test_zone(zone);
	t->options = (struct report_options)REPORT_OPTIONS_DEFAULT;
	t->recorder.deliverer = (struct deliverer){ &ops, "\n" };
	strbuf_init(&t->log, t->arena, 100000);
	strbuf_init(&t->events, t->arena, 100000);
	t->recorder.log = &t->log;
}

static void
tear_down(struct setting *t)
{
	dns_destroy_resolver(&t->zone);
	store_close(&t->store);
	arena_destroy(&t->arena);
}

/* N rows of DOMAIN under RUA, FIRST the first one's number. */
static void
write_rows(struct setting *t, const char *domain, const char *rua,
    unsigned first, unsigned n)
{
	struct strbuf configuration;

	strbuf_init(&configuration, t->arena, 4000);
	strbuf_printf(&configuration, "p=none; sp=none; adkim=r; aspf=r; t=n; "
	    "discovery=treewalk; rua=%s", rua);
	for (unsigned i = 0; i < n; i++) {
		struct report_fact fact;
		struct store_row row = store_cases_row(&fact, 0, first + i);
		struct store_batch batch = { .rows = &row, .n_rows = 1 };

		fact.policy_domain = slice_from_cstr(domain);
		fact.author_domain = fact.policy_domain;
		fact.configuration = strbuf_slice(&configuration);
		row.count = 10;
		assert_int_equal(store_write(t->store, &batch), STORE_OK);
	}
}

static struct report_run
make_run(struct setting *t, const struct report_sender *sender)
{
	return (struct report_run){
		.agenda = { .store = t->store, .sender = sender,
		    .dmarc = &dmarc, .resolver = t->zone,
		    .dns_timeout_ms = 1000 },
		.deliverer = &t->recorder.deliverer,
		.first_day = DAY - 6,
		.last_day = DAY,
		.now_s = NOW_S,
		.tell = note_event,
		.context = t,
	};
}

static struct report_sender
make_sender(const struct setting *t)
{
	return (struct report_sender){
		.options = &t->options,
		.from = SLICE("dmarc@example.org"),
		.from_domain = SLICE("example.org"),
		.submitter = SLICE("mx.example.org"),
		.generator = SLICE("assay"),
	};
}

static enum report_run_status
run(struct setting *t, struct report_run *run)
{
	enum store_status store_status;
	struct strbuf problem;
	enum report_run_status status;

	strbuf_init(&problem, t->arena, 10000);
	strbuf_truncate(&t->events, 0);
	strbuf_truncate(&t->log, 0);
	status = report_run(run, &t->counts, &store_status, &problem);
	if (status == REPORT_RUN_STORE)
		fail_msg("store: %s", strbuf_cstr(&problem));
	return status;
}

static enum report_run_status
run_all(struct setting *t)
{
	struct report_sender sender = make_sender(t);
	struct report_run all = make_run(t, &sender);

	return run(t, &all);
}

static enum report_run_status
run_dry(struct setting *t)
{
	struct report_sender sender = make_sender(t);
	struct report_run all = make_run(t, &sender);

	all.deliverer = NULL;
	return run(t, &all);
}

/* ---- destinations and answers -------------------------------------------- */

static const struct {
	const char *name, *zone, *rua;
	enum deliver_status answer;
	enum report_run_status status;
	const char *events;
	enum report_run_status again;
	const char *events_again;
} cases[] = {
	{ "sent", ORGS, "mailto:a@example.com", DELIVER_SENT, REPORT_RUN_OK,
	  "sent:a@example.com/3", REPORT_RUN_OK, "" },
	{ "two", ORGS, "mailto:a@example.com,mailto:b@example.com",
	  DELIVER_SENT, REPORT_RUN_OK,
	  "sent:a@example.com/3 sent:b@example.com/3", REPORT_RUN_OK, "" },
	{ "deferred", ORGS, "mailto:a@example.com", DELIVER_DEFERRED,
	  REPORT_RUN_LEFTOVER, "deferred:a@example.com/3",
	  REPORT_RUN_LEFTOVER, "deferred:a@example.com/3" },
	{ "refused", ORGS, "mailto:a@example.com", DELIVER_REFUSED,
	  REPORT_RUN_OK, "dropped:a@example.com/3", REPORT_RUN_OK, "" },
	{ "no mailbox", ORGS, "mailto:a@example.com", DELIVER_NO_MAILBOX,
	  REPORT_RUN_OK, "dropped:a@example.com/3", REPORT_RUN_OK, "" },
	{ "unanswered", ORGS, "mailto:a@example.com", DELIVER_PERHAPS,
	  REPORT_RUN_OK, "perhaps:a@example.com/3", REPORT_RUN_OK, "" },
	{ "nobody takes mail", ORGS,
	  "mailto:a@example.com,mailto:b@example.com", DELIVER_BROKEN,
	  REPORT_RUN_BROKEN, "deferred:a@example.com/3", REPORT_RUN_BROKEN,
	  "deferred:a@example.com/3" },
	{ "not confirmed", ORGS, "mailto:a@example.net,mailto:a@example.com",
	  DELIVER_SENT, REPORT_RUN_OK,
	  "not_sent:a@example.net sent:a@example.com/3", REPORT_RUN_OK, "" },
	{ "nobody", ORGS, "mailto:a@example.net", DELIVER_SENT, REPORT_RUN_OK,
	  "not_sent:a@example.net", REPORT_RUN_OK, "" },
	{ "DNS fails", ORGS
	  "example.com._report._dmarc.example.net SERVFAIL\n",
	  "mailto:a@example.net,mailto:a@example.com", DELIVER_SENT,
	  REPORT_RUN_LEFTOVER, "unknown:a@example.net sent:a@example.com/3",
	  REPORT_RUN_LEFTOVER, "unknown:a@example.net" },
};

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct setting t;

		set_up(&t, cases[i].zone);
		write_rows(&t, "example.com", cases[i].rua, 0, 3);
		t.recorder.answer = cases[i].answer;
		if (run_all(&t) != cases[i].status)
			fail_msg("%s: status", cases[i].name);
		test_assert_slice(cases[i].name, strbuf_slice(&t.events),
		    cases[i].events);
		if (run_all(&t) != cases[i].again)
			fail_msg("%s: status again", cases[i].name);
		test_assert_slice(cases[i].name, strbuf_slice(&t.events),
		    cases[i].events_again);
		tear_down(&t);
	}
}

/* One destination that fails keeps nothing from the others. */
static void
test_others(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "a.example.com", "mailto:x@example.com", 0, 1);
	write_rows(&t, "example.com", "mailto:x@example.com,"
	    "mailto:y@example.com", 10, 2);
	write_rows(&t, "example.net", "mailto:z@example.net", 20, 1);
	t.recorder.answer = DELIVER_DEFERRED;
	t.recorder.only = "x@example.com";
	assert_int_equal(run_all(&t), REPORT_RUN_LEFTOVER);
	test_assert_slice("first", strbuf_slice(&t.events),
	    "deferred:x@example.com/1 deferred:x@example.com/2 "
	    "sent:y@example.com/2 sent:z@example.net/1");
	assert_int_equal(t.counts.n_messages, 30);
	t.recorder.answer = DELIVER_SENT;
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("second", strbuf_slice(&t.events),
	    "sent:x@example.com/1 sent:x@example.com/2");
	tear_down(&t);
}

/* What bounces for one domain is not written to for another. */
static void
test_suppressed(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "a.example.com", "mailto:x@example.com", 0, 1);
	write_rows(&t, "b.example.com", "mailto:x@example.com", 10, 1);
	t.recorder.answer = DELIVER_NO_MAILBOX;
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("suppressed", strbuf_slice(&t.events),
	    "dropped:x@example.com/1 suppressed:x@example.com");
	/* For as long as a run looks back it is sent when that ends. */
	t.recorder.answer = DELIVER_SENT;
	assert_int_equal(store_unsuppress(t.store, SLICE("x@example.com")),
	    STORE_OK);
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("later", strbuf_slice(&t.events),
	    "sent:x@example.com/1");
	tear_down(&t);
}

/* ---- parts --------------------------------------------------------------- */

/* How many different lines a log has. */
static size_t
count_lines(struct slice log)
{
	size_t n = 0;

	while (log.len != 0) {
		struct slice line = slice_head(log, slice_find(log, '\n') + 1);

		log = slice_from(log, line.len);
		if (memmem(log.ptr, log.len, line.ptr, line.len) == NULL)
			n++;
	}
	return n;
}

static void
test_parts(void **state)
{
	static const struct {
		const char *name;
		unsigned n_rows, max_rows, max_reports;
		size_t max_octets;
		const char *events;
		size_t n_reports;
	} parts[] = {
		{ "one", 5, 5, 3, 100000, "sent:a@example.com/5", 1 },
		{ "rows", 5, 2, 3, 100000, "sent:a@example.com/2 "
		  "sent:a@example.com/2 sent:a@example.com/1", 3 },
		{ "reports", 5, 2, 2, 100000, "sent:a@example.com/2 "
		  "sent:a@example.com/2 cut/1", 2 },
		{ "octets", 3, 10, 3, 1000, "sent:a@example.com/1 "
		  "sent:a@example.com/1 sent:a@example.com/1", 3 },
		{ "pages", 600, 500, 2, 1000000, "sent:a@example.com/500 "
		  "sent:a@example.com/100", 2 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		struct setting t;

		set_up(&t, ORGS);
		write_rows(&t, "example.com", "mailto:a@example.com", 0,
		    parts[i].n_rows);
		t.options.max_rows = parts[i].max_rows;
		t.options.max_reports = parts[i].max_reports;
		t.options.max_octets = parts[i].max_octets;
		assert_int_equal(run_all(&t), REPORT_RUN_OK);
		test_assert_slice(parts[i].name, strbuf_slice(&t.events),
		    parts[i].events);
		assert_int_equal(count_lines(strbuf_slice(&t.log)),
		    parts[i].n_reports);
		assert_int_equal(run_all(&t), REPORT_RUN_OK);
		test_assert_slice(parts[i].name, strbuf_slice(&t.events), "");
		tear_down(&t);
	}
}

/* One configuration per report (RFC 9990 3.1). */
static void
test_configurations(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 2);
	write_rows(&t, "example.com", "mailto:b@example.com", 10, 1);
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("configurations", strbuf_slice(&t.events),
	    "sent:a@example.com/2 sent:b@example.com/1");
	assert_int_equal(count_lines(strbuf_slice(&t.log)), 2);
	tear_down(&t);
}

/* A domain that changes its record for each message gets no more for it. */
static void
test_max_reports(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	t.options.max_reports = 3;
	t.options.max_rows = 2;
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 3);
	write_rows(&t, "example.com", "mailto:b@example.com", 10, 3);
	write_rows(&t, "example.com", "mailto:c@example.com", 20, 1);
	write_rows(&t, "example.net", "mailto:d@example.net", 30, 1);
	assert_int_equal(run_dry(&t), REPORT_RUN_OK);
	test_assert_slice("owed", strbuf_slice(&t.events),
	    "owed:a@example.com*2/3 owed:b@example.com/3 "
	    "owed:d@example.net/1");
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("sent", strbuf_slice(&t.events),
	    "sent:a@example.com/2 sent:a@example.com/1 sent:b@example.com/2 "
	    "cut/1 cut/1 sent:d@example.net/1");
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("again", strbuf_slice(&t.events), "");
	tear_down(&t);
}

/* ---- the end of a run ---------------------------------------------------- */

/* The same file name as before, and only what had not been sent. */
static void
test_resume(void **state)
{
	struct setting t;
	struct slice first;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 2);
	t.recorder.answer = DELIVER_DEFERRED;
	assert_int_equal(run_all(&t), REPORT_RUN_LEFTOVER);
	assert_true(arena_copy(t.arena, strbuf_slice(&t.log), &first));
	t.recorder.answer = DELIVER_SENT;
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	assert_true(slice_eq(first, strbuf_slice(&t.log)));
	tear_down(&t);
}

/* Killed while a message is handed over: it is never handed over again, and
 * what was not reached is sent. */
static void
test_death(void **state)
{
	struct setting t;
	int status;
	pid_t pid;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com,"
	    "mailto:b@example.com", 0, 2);
	store_close(&t.store);
	if ((pid = fork()) == 0) {
		t.store = store_cases_open(temporary_url());
		t.recorder.dies = true;
		run_all(&t);
		_exit(1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	t.store = store_cases_open(temporary_url());
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("death", strbuf_slice(&t.events),
	    "perhaps:a@example.com/2 sent:b@example.com/2");
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("death", strbuf_slice(&t.events), "");
	tear_down(&t);
}

static void
test_elsewhere(void **state)
{
	struct setting t;
	struct store *other;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 2);
	other = store_cases_open(temporary_url());
	assert_int_equal(store_lock_reports(other), STORE_OK);
	assert_int_equal(run_all(&t), REPORT_RUN_ELSEWHERE);
	store_close(&other);
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("then", strbuf_slice(&t.events),
	    "sent:a@example.com/2");
	tear_down(&t);
}

static void
test_stopped(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct setting t;
	struct report_sender sender;
	struct report_run stopped;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 2);
	sender = make_sender(&t);
	stopped = make_run(&t, &sender);
	stopped.should_stop = &stop;
	assert_int_equal(run(&t, &stopped), REPORT_RUN_LEFTOVER);
	assert_int_equal(t.log.len, 0);
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("then", strbuf_slice(&t.events),
	    "sent:a@example.com/2");
	tear_down(&t);
}

/* ---- what is asked for --------------------------------------------------- */

static void
test_dry(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com,"
	    "mailto:a@example.net", 0, 5);
	t.options.max_rows = 2;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run_dry(&t), REPORT_RUN_OK);
		test_assert_slice("dry", strbuf_slice(&t.events),
		    "not_sent:a@example.net owed:a@example.com*3/5");
		assert_int_equal(t.counts.n_messages, 50);
		assert_int_equal(t.log.len, 0);
	}
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	assert_int_equal(run_dry(&t), REPORT_RUN_OK);
	test_assert_slice("nothing left", strbuf_slice(&t.events), "");
	tear_down(&t);
}

static void
test_domains(void **state)
{
	static const struct slice wanted[] = {
		SLICE_INIT("example.net"), SLICE_INIT("example.org"),
	};
	struct setting t;
	struct report_sender sender;
	struct report_run some;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "example.com", "mailto:a@example.com", 0, 1);
	write_rows(&t, "example.net", "mailto:a@example.net", 10, 1);
	sender = make_sender(&t);
	some = make_run(&t, &sender);
	some.agenda.domains = wanted;
	some.agenda.n_domains = N_ELEMENTS(wanted);
	assert_int_equal(run(&t, &some), REPORT_RUN_OK);
	test_assert_slice("some", strbuf_slice(&t.events),
	    "sent:a@example.net/1");
	tear_down(&t);
}

/* More subjects than one page has. */
static void
test_many(void **state)
{
	struct setting t;
	unsigned n = REPORT_AGENDA_SUBJECTS + 44;

	(void)state;
	set_up(&t, ORGS);
	for (unsigned i = 0; i < n; i++) {
		char domain[32];

		snprintf(domain, sizeof(domain), "d%u.example.com", i);
		write_rows(&t, domain, "mailto:a@example.com", i, 1);
	}
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	assert_int_equal(t.counts.events[REPORT_EVENT_SENT], n);
	assert_int_equal(count_lines(strbuf_slice(&t.log)), n);
	tear_down(&t);
}

/* A resolver that sees whether all that is waited for was on its way before
 * anything was waited for. */
struct watched {
	struct resolver base;
	struct resolver *inner;		/* borrowed */
	struct strbuf *prefetched;	/* names, ' ' around each */
	size_t n_queries, n_missed, n_late;
};

static bool
is_prefetched(const struct watched *watched, struct slice name)
{
	struct slice text = strbuf_slice(watched->prefetched);
	const char *at = text.ptr;

	while (at != NULL && (at = memmem(at, (size_t)(text.ptr + text.len -
	    at), name.ptr, name.len)) != NULL) {
		if (at[-1] == ' ' && at[name.len] == ' ')
			return true;
		at++;
	}
	return false;
}

static const struct dns_answer *
watch_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct watched *watched = (struct watched *)resolver;

	watched->n_queries++;
	watched->n_missed += is_prefetched(watched, name) ? 0 : 1;
	return watched->inner->ops->query(watched->inner, name, type,
	    deadline_ms);
}

static void
watch_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct watched *watched = (struct watched *)resolver;

	assert_int_equal(type, DNS_TXT);
	watched->n_late += watched->n_queries != 0 ? 1 : 0;
	strbuf_append_char(watched->prefetched, ' ');
	strbuf_append(watched->prefetched, name);
	strbuf_append_char(watched->prefetched, ' ');
}

static void
test_prefetch(void **state)
{
	static const struct resolver_ops ops = {
		.query = watch_query, .prefetch = watch_prefetch,
	};
	struct setting t;
	struct strbuf prefetched;
	struct watched watched = { .base.ops = &ops,
		.prefetched = &prefetched };
	struct report_sender sender;
	struct report_run watching;

	(void)state;
	set_up(&t, ORGS "*._report._dmarc.example.net TXT v=DMARC1\n");
	strbuf_init(&prefetched, t.arena, 100000);
	for (unsigned i = 0; i < 20; i++) {
		char domain[32];

		snprintf(domain, sizeof(domain), "d%u.example.com", i);
		write_rows(&t, domain, "mailto:a@example.net,"
		    "mailto:b@mail.example.com", i, 1);
	}
	watched.inner = t.zone;
	sender = make_sender(&t);
	watching = make_run(&t, &sender);
	watching.agenda.resolver = &watched.base;
	assert_int_equal(run(&t, &watching), REPORT_RUN_OK);
	assert_int_equal(t.counts.events[REPORT_EVENT_SENT], 40);
	assert_true(watched.n_queries >= 40);
	assert_int_equal(watched.n_missed, 0);
	assert_int_equal(watched.n_late, 0);
	tear_down(&t);
}

/* What nobody of ours has written into the store is told of, and not sent. */
static void
test_unreadable(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t, ORGS);
	write_rows(&t, "Example.com\r\nBcc: v@victim.example",
	    "mailto:a@example.com", 0, 1);
	write_rows(&t, "example.com", "mailto:a@example.com; x=y", 10, 1);
	assert_int_equal(run_all(&t), REPORT_RUN_OK);
	test_assert_slice("unreadable", strbuf_slice(&t.events),
	    "failed failed");
	assert_int_equal(t.log.len, 0);
	tear_down(&t);
}

/* ---- ids ----------------------------------------------------------------- */

static void
test_ids(void **state)
{
	static const struct store_subject subject = {
		.day = DAY,
		.policy_domain = SLICE_INIT("example.com"),
		.configuration = SLICE_INIT("p=none;"),
	};
	struct report_options options = REPORT_OPTIONS_DEFAULT;
	struct report_sender sender = { .options = &options,
		.from = SLICE("dmarc@example.org") };
	struct store_subject other = subject;
	char first[REPORT_ID_OCTETS], id[REPORT_ID_OCTETS];

	(void)state;
	assert_true(report_make_id(&sender, &subject, 0, first));
	for (size_t i = 0; i < sizeof(first); i++)
		assert_non_null(memchr("0123456789abcdef", first[i], 16));
	/* A host of another name resumes the same report. */
	sender.submitter = SLICE("mx2.example.org");
	assert_true(report_make_id(&sender, &subject, 0, id));
	assert_memory_equal(id, first, sizeof(id));
	assert_true(report_make_id(&sender, &subject, 1, id));
	assert_memory_not_equal(id, first, sizeof(id));
	other.day++;
	assert_true(report_make_id(&sender, &other, 0, id));
	assert_memory_not_equal(id, first, sizeof(id));
	other = subject;
	other.policy_domain = SLICE("example.comp=n");
	other.configuration = SLICE("one;");
	assert_true(report_make_id(&sender, &other, 0, id));
	assert_memory_not_equal(id, first, sizeof(id));
	options.submitter = "mx.example.org";
	assert_true(report_make_id(&sender, &subject, 0, id));
	assert_memory_not_equal(id, first, sizeof(id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_suppressed),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_configurations),
		cmocka_unit_test(test_max_reports),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_dry),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
