/* Which failure reports a run sends, and to whom. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "dmarc/options.h"
#include "dns/resolver.h"
#include "report/deliver.h"
#include "report/failure_mail.h"
#include "report/failure_run.h"
#include "report/options.h"
#include "unit/asked.h"
#include "unit/report/store_cases.h"
#include "unit/report/temporary.h"
#include "unit/test.h"

#define NOW_S (((int64_t)STORE_TEST_DAY + 1) * CLOCK_DAY_S)

static const struct dmarc_options dmarc = DMARC_OPTIONS_DEFAULT;

struct setting {
	struct deliverer deliverer;	/* first: its callback casts */
	struct arena *arena;
	struct store *store;
	struct resolver *zone;
	struct report_options options;
	struct report_sender sender;
	enum deliver_status answer;
	const char *only;	/* the destination that gets it; NULL: all */
	struct strbuf sent, events;
	struct slice message;	/* the last one */
};

static enum deliver_status
record(struct deliverer *deliverer, const char *from, const char *to,
    FILE *message, struct strbuf *note)
{
	struct setting *t = (struct setting *)(void *)deliverer;
	bool is_meant = t->only == NULL || strcmp(t->only, to) == 0;
	char octets[8000];
	struct slice text = { octets, 0 };

	assert_string_equal(from, "dmarc@example.net");
	rewind(message);
	text.len = fread(octets, 1, sizeof(octets), message);
	assert_true(arena_copy(t->arena, text, &t->message));
	strbuf_printf(&t->sent, "%s ", to);
	if (is_meant && t->answer != DELIVER_SENT)
		strbuf_append_cstr(note, "why");
	return is_meant ? t->answer : DELIVER_SENT;
}

static void
note_event(void *context, const struct failure_event *event)
{
	static const char *const names[FAILURE_N_EVENTS] = { "owed", "sent",
		"deferred", "dropped", "limited", "suppressed", "not_sent" };
	struct setting *t = context;

	strbuf_printf(&t->events, "%s:%.*s*%llu ", names[event->kind],
	    SLICE_PRINTF(event->destination),
	    (unsigned long long)event->incidents);
}

#define ORGS \
	"_dmarc.example.com TXT v=DMARC1; p=none\n" \
	"_dmarc.example.net TXT v=DMARC1; p=none\n" \
	"_dmarc.example.org TXT v=DMARC1; p=none\n" \
	"_dmarc.example.info TXT v=DMARC1; p=none\n" \
	"example.org._report._dmarc.example.info SERVFAIL\n" \
	"example.org TXT v=spf1 include:\"x -all\n" \
	"example.org._report._dmarc.example.com TXT v=DMARC1\n"

static void
set_up(struct setting *t)
{
	static const struct deliverer_ops ops = { record, NULL };

	temporary_clear();
	memset(t, 0, sizeof(*t));
	t->deliverer = (struct deliverer){ &ops, "\n" };
	t->arena = test_arena();
	t->store = store_cases_open(temporary_url());
	t->zone = test_zone(ORGS);
	t->options = (struct report_options)REPORT_OPTIONS_DEFAULT;
	t->sender = (struct report_sender){ .options = &t->options,
		.from = SLICE("dmarc@example.net"),
		.submitter = SLICE("mx.example.net"),
		.generator = SLICE("assay 1.0"), .has_secret = true,
		.secret = { 1, 2 } };
	strbuf_init(&t->sent, t->arena, 100000);
	strbuf_init(&t->events, t->arena, 100000);
}

static void
tear_down(struct setting *t)
{
	dns_destroy_resolver(&t->zone);
	store_close(&t->store);
	arena_destroy(&t->arena);
}

static void
owe(struct setting *t, const char *ruf, const char *kind, unsigned n,
    int64_t time_s)
{
	struct store_failure failure = {
		.time_s = time_s,
		.policy_domain = SLICE("example.org"),
		.author_domain = SLICE("news.example.org"),
		.ruf = slice_from_cstr(ruf),
		.kind = slice_from_cstr(kind),
		.message = SLICE("Auth-Failure: dmarc\n"
		    "SPF-DNS: txt : example.org :\nSource-IP: 192.0.2.1\n\n"
		    "From: <x@news.example.org>\n"),
		.incidents = 1,
	};
	struct store_batch batch = { .failures = &failure, .n_failures = 1 };

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(store_write(t->store, &batch), STORE_OK);
}

static enum failure_run_status
run_at(struct setting *t, bool is_dry, int64_t now_s)
{
	const struct failure_run run = {
		.store = t->store,
		.sender = &t->sender,
		.dmarc = &dmarc,
		.resolver = t->zone,
		.dns_timeout_ms = 1000,
		.deliverer = is_dry ? NULL : &t->deliverer,
		.now_s = now_s,
		.tell = note_event,
		.context = t,
	};
	uint64_t counts[FAILURE_N_EVENTS];
	enum store_status store_status;
	enum failure_run_status status = failure_run(&run, counts,
	    &store_status);

	assert_int_equal(store_status, STORE_OK);
	return status;
}

/* What has happened since the last call. */
static void
check(struct setting *t, const char *sent, const char *events)
{
	test_assert_slice("sent", strbuf_slice(&t->sent), sent);
	test_assert_slice("events", strbuf_slice(&t->events), events);
	strbuf_truncate(&t->sent, 0);
	strbuf_truncate(&t->events, 0);
}

static uint64_t
count_owed(struct setting *t)
{
	struct store_failure *failures;
	uint64_t incidents = 0;
	size_t n;

	assert_int_equal(store_list_failures(t->store, 0, 1000, t->arena,
	    &failures, &n), STORE_OK);
	for (size_t i = 0; i < n; i++)
		incidents += failures[i].incidents;
	return incidents;
}

#define OWN "mailto:ruf@example.org"

/* Like incidents are one report; it is gone then. */
static void
test_merge(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	owe(&t, OWN, "a", 3, NOW_S);
	owe(&t, OWN, "b", 1, NOW_S);
	owe(&t, OWN, "a", 2, NOW_S);
	assert_int_equal(run_at(&t, true, NOW_S), FAILURE_RUN_OK);
	check(&t, "", "owed:ruf@example.org*5 owed:ruf@example.org*1 ");
	assert_int_equal(count_owed(&t), 6);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	check(&t, "ruf@example.org ruf@example.org ",
	    "sent:ruf@example.org*5 sent:ruf@example.org*1 ");
	assert_int_equal(count_owed(&t), 0);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	check(&t, "", "");
	tear_down(&t);
}

/* The example of RFC 9991 in shape. */
static void
test_message(void **state)
{
	struct setting t;
	struct slice message, id;
	struct strbuf want;

	(void)state;
	set_up(&t);
	owe(&t, OWN, "a", 2, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	message = t.message;
	id = slice_from(message, (size_t)((char *)memmem(message.ptr,
	    message.len, "Message-ID: <", 13) - message.ptr) + 13);
	strbuf_init(&want, t.arena, 8000);
	strbuf_append_cstr(&want,
	    "From: <dmarc@example.net>\n"
	    "To: <ruf@example.org>\n"
	    "Date: Sat, 5 Oct 2024 00:00:00 +0000\n"
	    "Subject: DMARC failure report for news.example.org\n"
	    "Message-ID: <");
	strbuf_append(&want, slice_head(id, 32 + 1 + 16));
	strbuf_append_cstr(&want, "@mx.example.net>\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=feedback-report;\n"
	    "    boundary=\"=_");
	strbuf_append(&want, slice_head(id, 32));
	strbuf_append_cstr(&want, "\"\n\n--=_");
	strbuf_append(&want, slice_head(id, 32));
	strbuf_append_cstr(&want, "\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n"
	    "This is a DMARC failure report (RFC 9991) on mail from\n"
	    "news.example.org that was received by\n"
	    "mx.example.net.\n\n"
	    "It stands for 2 messages that are alike; this is the first of "
	    "them.\n\n"
	    "Local parts of addresses are replaced by hashes: equal ones are "
	    "equal.\n\n--=_");
	strbuf_append(&want, slice_head(id, 32));
	strbuf_append_cstr(&want, "\n"
	    "Content-Type: message/feedback-report\n\n"
	    "Feedback-Type: auth-failure\n"
	    "Version: 1\n"
	    "User-Agent: assay/1.0\n"
	    "Incidents: 2\n"
	    "Auth-Failure: dmarc\n"
	    "SPF-DNS: txt : example.org :\n"
	    "\t\"v=spf1 include:\\\"x -all\"\n"
	    "Source-IP: 192.0.2.1\n\n--=_");
	strbuf_append(&want, slice_head(id, 32));
	strbuf_append_cstr(&want, "\n"
	    "Content-Type: text/rfc822-headers\n\n"
	    "From: <x@news.example.org>\n\n--=_");
	strbuf_append(&want, slice_head(id, 32));
	strbuf_append_cstr(&want, "--\n");
	test_assert_slice("message", message, strbuf_cstr(&want));
	tear_down(&t);
}

/* Others' hosts only where they have agreed (RFC 9991 5). */
static void
test_destinations(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	owe(&t, "mailto:a@example.com,mailto:b@example.net,https://x/,"
	    "mailto:c@example.org", "a", 1, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	check(&t, "a@example.com c@example.org ", "sent:a@example.com*1 "
	    "not_sent:b@example.net*1 not_sent:https://x/*1 "
	    "sent:c@example.org*1 ");
	assert_int_equal(count_owed(&t), 0);
	tear_down(&t);
}

/* So many in an hour, to a destination and of a domain; the rest is dropped. */
static void
test_limits(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	t.options.failures_per_hour = 2;
	for (unsigned i = 0; i < 4; i++) {
		const char kind[] = { (char)('a' + i), '\0' };

		owe(&t, OWN, kind, 1, NOW_S);
	}
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	check(&t, "ruf@example.org ruf@example.org ",
	    "sent:ruf@example.org*1 sent:ruf@example.org*1 limited:*1 "
	    "limited:*1 ");
	assert_int_equal(count_owed(&t), 0);
	owe(&t, OWN, "z", 1, NOW_S + 3599);
	assert_int_equal(run_at(&t, false, NOW_S + 3599), FAILURE_RUN_OK);
	check(&t, "", "limited:*1 ");
	owe(&t, OWN, "z", 1, NOW_S + 3600);
	assert_int_equal(run_at(&t, false, NOW_S + 3600), FAILURE_RUN_OK);
	check(&t, "ruf@example.org ", "sent:ruf@example.org*1 ");
	tear_down(&t);
}

/* What is not taken for now comes again, only to those who have not got it. */
static void
test_deferred(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	t.answer = DELIVER_DEFERRED;
	t.only = "a@example.com";
	owe(&t, "mailto:a@example.com," OWN, "a", 2, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_LEFTOVER);
	check(&t, "a@example.com ruf@example.org ",
	    "deferred:a@example.com*2 sent:ruf@example.org*2 ");
	assert_int_equal(count_owed(&t), 2);
	t.answer = DELIVER_SENT;
	assert_int_equal(run_at(&t, false, NOW_S + 300), FAILURE_RUN_OK);
	check(&t, "a@example.com ", "sent:a@example.com*2 ");
	assert_int_equal(count_owed(&t), 0);
	t.answer = DELIVER_DEFERRED;
	t.only = NULL;
	owe(&t, OWN, "b", 1, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S + CLOCK_DAY_S - 1),
	    FAILURE_RUN_LEFTOVER);
	check(&t, "ruf@example.org ", "deferred:ruf@example.org*1 ");
	assert_int_equal(run_at(&t, false, NOW_S + CLOCK_DAY_S),
	    FAILURE_RUN_OK);
	check(&t, "", "dropped:*1 ");
	assert_int_equal(count_owed(&t), 0);
	tear_down(&t);
}

static void
test_refused(void **state)
{
	static const struct {
		enum deliver_status answer;
		const char *events, *later;
		bool is_kept;
	} cases[] = {
		{ DELIVER_REFUSED, "dropped:ruf@example.org*1 ",
		    "sent:ruf@example.org*1 ", false },
		{ DELIVER_NO_MAILBOX, "dropped:ruf@example.org*1 ",
		    "suppressed:ruf@example.org*1 ", false },
		{ DELIVER_PERHAPS, "sent:ruf@example.org*1 ",
		    "sent:ruf@example.org*1 ", false },
		{ DELIVER_BROKEN, "deferred:ruf@example.org*1 ",
		    "sent:ruf@example.org*1 sent:ruf@example.org*1 ", true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct setting t;

		set_up(&t);
		t.answer = cases[i].answer;
		owe(&t, OWN, "a", 1, NOW_S);
		assert_int_equal(run_at(&t, false, NOW_S), cases[i].is_kept ?
		    FAILURE_RUN_LEFTOVER : FAILURE_RUN_OK);
		check(&t, "ruf@example.org ", cases[i].events);
		assert_int_equal(count_owed(&t), cases[i].is_kept ? 1 : 0);
		t.answer = DELIVER_SENT;
		owe(&t, OWN, "b", 1, NOW_S + 1);
		assert_int_equal(run_at(&t, false, NOW_S + 1),
		    FAILURE_RUN_OK);
		test_assert_slice("later", strbuf_slice(&t.events),
		    cases[i].later);
		tear_down(&t);
	}
}

/* A destination of which DNS tells nothing for now. */
static void
test_waiting(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	owe(&t, "mailto:a@example.info," OWN, "a", 1, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_LEFTOVER);
	check(&t, "", "deferred:*1 ");
	assert_int_equal(count_owed(&t), 1);
	tear_down(&t);
}

/* A domain whose destinations need more memory than there is loses its own
 * reports, not those of others. */
static void
test_memory(void **state)
{
	struct setting t;
	struct strbuf zone, ruf;

	(void)state;
	set_up(&t);
	strbuf_init(&zone, t.arena, 2000000);
	strbuf_init(&ruf, t.arena, 4000);
	strbuf_append_cstr(&zone, ORGS);
	for (unsigned host = 0; host < 10; host++) {
		strbuf_printf(&ruf, "mailto:x@h%u.example.com,", host);
		strbuf_printf(&zone, "example.org._report._dmarc.h%u."
		    "example.com TXT v=DMARC1; ruf=", host);
		for (unsigned i = 0; i < 3000; i++)
			strbuf_printf(&zone, "mailto:y@h%u.example.com,",
			    host);
		strbuf_append_char(&zone, '\n');
	}
	dns_destroy_resolver(&t.zone);
	t.zone = test_zone(strbuf_cstr(&zone));
	owe(&t, strbuf_cstr(&ruf), "a", 1, NOW_S);
	owe(&t, OWN, "b", 1, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_OK);
	check(&t, "ruf@example.org ", "dropped:*1 sent:ruf@example.org*1 ");
	assert_int_equal(count_owed(&t), 0);
	tear_down(&t);
}

/* A resolver that sees whether what is asked was asked for ahead, and until
 * when it is waited for. */
struct watcher {
	struct resolver base;	/* first: its callbacks cast */
	struct resolver *inner;
	struct strbuf prefetched;	/* "NAME " each */
	int64_t deadline_ms;
	unsigned n_questions, n_cold, n_later;
};

static const struct dns_answer *
watch_query(struct resolver *resolver, struct slice name, enum dns_type type,
    int64_t deadline_ms)
{
	struct watcher *w = (struct watcher *)resolver;
	char text[300];
	int len = snprintf(text, sizeof(text), " %.*s ", SLICE_PRINTF(name));

	w->n_questions++;
	w->n_cold += w->prefetched.len == 0 || memmem(w->prefetched.ptr,
	    w->prefetched.len, text, (size_t)len) == NULL;
	if (w->deadline_ms == 0)
		w->deadline_ms = deadline_ms;
	w->n_later += deadline_ms > w->deadline_ms;
	return w->inner->ops->query(w->inner, name, type, deadline_ms);
}

static void
watch_prefetch(struct resolver *resolver, struct slice name,
    enum dns_type type)
{
	struct watcher *w = (struct watcher *)resolver;

	(void)type;
	strbuf_printf(&w->prefetched, " %.*s ", SLICE_PRINTF(name));
}

/* Hosts that do not answer hold up a page, not each of its reports. */
static void
test_silent(void **state)
{
	static const struct resolver_ops ops = { .query = watch_query,
		.prefetch = watch_prefetch };
	struct setting t;
	struct watcher w = { .base = { &ops } };

	(void)state;
	set_up(&t);
	strbuf_init(&w.prefetched, t.arena, 100000);
	w.inner = t.zone;
	t.zone = &w.base;
	for (unsigned i = 0; i < 20; i++) {
		char ruf[64];

		snprintf(ruf, sizeof(ruf), "mailto:a@h%u.example.info", i);
		owe(&t, ruf, "a", 1, NOW_S);
	}
	assert_int_equal(run_at(&t, true, NOW_S), FAILURE_RUN_OK);
	t.zone = w.inner;
	assert_true(w.n_questions >= 20);
	assert_int_equal(w.n_cold, 0);
	assert_int_equal(w.n_later, 0);
	tear_down(&t);
}

/* More than a page; each is looked at once. */
static void
test_many(void **state)
{
	struct setting t;

	(void)state;
	set_up(&t);
	t.options.failures_per_hour = 100;
	t.answer = DELIVER_DEFERRED;
	for (unsigned i = 0; i < 7; i++)
		owe(&t, OWN, "a", 100, NOW_S);
	assert_int_equal(run_at(&t, false, NOW_S), FAILURE_RUN_LEFTOVER);
	check(&t, "ruf@example.org ruf@example.org ",
	    "deferred:ruf@example.org*500 deferred:ruf@example.org*200 ");
	assert_int_equal(count_owed(&t), 700);
	tear_down(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, temporary_make,
	    temporary_remove);
}
