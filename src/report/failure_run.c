/* report/failure_run.c - see failure_run.h. */
#include "report/failure_run.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "dns/dns.h"
#include "report/deliver.h"
#include "report/destination.h"
#include "report/failure_mail.h"
#include "report/ledger.h"
#include "report/options.h"
#include "report/spool.h"
#include "report/store_claim.h"

#define PAGE 500		/* failures looked at together */
#define PAGE_OCTETS ((size_t)64 * 1024 * 1024)
#define GROUP_OCTETS ((size_t)4 * 1024 * 1024)
#define NOTE_OCTETS ((size_t)2048)
#define HOUR_S 3600
#define MAX_AGE_S CLOCK_DAY_S	/* then what still waits is dropped */
#define ID_OCTETS 32

/* The longest that a page waits for DNS, in questions that get no answer: who
 * names many hosts that are silent must not hold up the others' reports. */
#define MAX_TIMEOUTS 4

struct state {
	const struct failure_run *run;
	struct arena *page_arena;	/* owned, both */
	struct arena *arena;		/* of one group */
	uint64_t *counts;
	struct store_failure *failures;	/* the page */
	bool *is_taken;			/* is part of a group already */
	size_t n;
	int64_t deadline_ms;		/* of the page's destinations */
	enum store_status store_status;
	bool has_leftover, is_broken, has_failed;
};

/* Incidents that are alike: the first is the report. */
struct group {
	const struct store_failure **members;	/* in the group's arena */
	size_t n;
	const struct store_failure *first;
	uint64_t incidents;
	struct report_destination *destinations;
	size_t n_destinations;
	bool is_claimed;
};

static void
tell(struct state *s, enum failure_event_kind kind, const struct group *group,
    struct slice destination, struct slice note)
{
	s->counts[kind] += group->incidents;
	s->run->tell(s->run->context, &(struct failure_event){
		.kind = kind,
		.policy_domain = group->first->policy_domain,
		.destination = destination,
		.incidents = group->incidents,
		.note = note,
	});
}

static bool
is_over(const struct state *s)
{
	return s->store_status != STORE_OK || s->is_broken || s->has_failed ||
	    (s->run->should_stop != NULL && *s->run->should_stop);
}

/* ---- a group ------------------------------------------------------------- */

static bool
are_alike(const struct store_failure *a, const struct store_failure *b)
{
	return slice_eq(a->kind, b->kind) &&
	    slice_eq(a->policy_domain, b->policy_domain) &&
	    slice_eq(a->author_domain, b->author_domain) &&
	    slice_eq(a->ruf, b->ruf);
}

static bool
gather_group(struct state *s, size_t first, struct group *group)
{
	*group = (struct group){ .first = &s->failures[first] };
	group->members = arena_alloc_array(s->arena, s->n - first,
	    sizeof(*group->members));
	if (group->members == NULL)
		return false;
	for (size_t i = first; i < s->n; i++) {
		if (s->is_taken[i] ||
		    !are_alike(group->first, &s->failures[i]))
			continue;
		s->is_taken[i] = true;
		group->members[group->n++] = &s->failures[i];
		group->incidents += s->failures[i].incidents;
	}
	return true;
}

static struct report_destination_request
make_search(const struct state *s, const struct store_failure *failure)
{
	const struct failure_run *run = s->run;

	return (struct report_destination_request){
		.policy_domain = failure->policy_domain,
		.uris = failure->ruf,
		.is_failure = true,
		.max = run->sender->options->max_destinations,
		.dmarc = run->dmarc,
		.resolver = run->resolver,
		.deadline_ms = s->deadline_ms,
	};
}

/* False where they need more memory than one domain may have. */
static bool
find_destinations(struct state *s, struct group *group)
{
	const struct report_destination_request request = make_search(s,
	    group->first);

	return report_find_destinations(&request, s->arena,
	    &group->destinations, &group->n_destinations);
}

/* All questions go out before the first answer is waited for; those of
 * neighbours that are alike once. */
static void
prefetch_destinations(struct state *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct report_destination_request request =
		    make_search(s, &s->failures[i]);

		if (i != 0 && slice_eq(request.policy_domain,
		    s->failures[i - 1].policy_domain) &&
		    slice_eq(request.uris, s->failures[i - 1].ruf))
			continue;
		arena_reset(s->arena);
		report_prefetch_destinations(&request, s->arena);
	}
}

/* Whether DNS left it open who may have it; not without end. */
static bool
must_wait(const struct state *s, const struct group *group)
{
	if (s->run->now_s - group->first->time_s >= MAX_AGE_S)
		return false;
	for (size_t i = 0; i < group->n_destinations; i++)
		if (group->destinations[i].status ==
		    REPORT_DESTINATION_UNKNOWN)
			return true;
	return false;
}

/* Ours from here on, where another run was not faster. */
static bool
claim(struct state *s, struct group *group)
{
	if (group->is_claimed || s->run->deliverer == NULL)
		return true;
	group->is_claimed = true;
	s->store_status = store_claim_failures(s->run->store, group->members,
	    group->n, &group->incidents);
	return s->store_status == STORE_OK && group->incidents != 0;
}

/* Put back as one, for the next run. */
static void
put_back(struct state *s, const struct group *group)
{
	struct store_failure failure = *group->first;
	const struct store_batch batch = { .failures = &failure,
		.n_failures = 1 };

	failure.incidents = group->incidents;
	s->has_leftover = true;
	if (s->store_status == STORE_OK)
		s->store_status = store_write(s->run->store, &batch);
}

/* ---- limits -------------------------------------------------------------- */

static bool
is_over_limit(struct state *s, struct slice key)
{
	uint64_t n = 0;

	if (s->store_status == STORE_OK)
		s->store_status = store_count_failures_sent(s->run->store,
		    key, s->run->now_s - HOUR_S + 1, &n);
	return n >= s->run->sender->options->failures_per_hour;
}

static bool
is_suppressed(struct state *s, struct slice destination)
{
	int64_t until_s = 0;

	if (s->store_status == STORE_OK)
		s->store_status = store_get_suppression(s->run->store,
		    destination, s->run->now_s, &until_s);
	return until_s != 0;
}

static void
note_sent(struct state *s, struct slice key)
{
	if (s->store_status == STORE_OK)
		s->store_status = store_note_failure_sent(s->run->store, key,
		    s->run->now_s);
}

/* ---- one message --------------------------------------------------------- */

/* The same for the same report, should it be put back and come again. */
static struct slice
make_id(struct state *s, const struct group *group, struct slice destination)
{
	struct strbuf text, id;
	struct siphash_key key = s->run->sender->secret;

	strbuf_init(&text, s->arena, NOTE_OCTETS * 4);
	strbuf_init(&id, s->arena, ID_OCTETS);
	strbuf_append(&text, group->first->policy_domain);
	strbuf_printf(&text, "\n%" PRId64 "\n", group->first->time_s);
	strbuf_append(&text, group->first->author_domain);
	strbuf_append_char(&text, '\n');
	strbuf_append(&text, group->first->kind);
	strbuf_append_char(&text, '\n');
	strbuf_append(&text, destination);
	strbuf_printf(&id, "%016" PRIx64, siphash(&key, strbuf_slice(&text)));
	key.k0 = ~key.k0;
	strbuf_printf(&id, "%016" PRIx64, siphash(&key, strbuf_slice(&text)));
	return strbuf_slice(&id);
}

static struct store_delivery_key
make_key(const struct group *group, struct slice id, struct slice destination)
{
	return (struct store_delivery_key){
		.day = (uint32_t)(group->first->time_s / CLOCK_DAY_S),
		.policy_domain = group->first->policy_domain,
		.report_id = id,
		.destination = destination,
	};
}

/* The record that there is now; of several none is the one that counts. */
static struct slice
find_spf_record(struct state *s, struct slice domain)
{
	const struct dns_answer *answer;
	struct slice record = SLICE_EMPTY;

	if (domain.len == 0)
		return SLICE_EMPTY;
	answer = dns_query(s->run->resolver, s->arena, domain, DNS_TXT,
	    clock_monotonic_ms() + s->run->dns_timeout_ms);
	if (answer->status != DNS_NOERROR)
		return SLICE_EMPTY;
	for (size_t i = 0; i < answer->n_records; i++) {
		if (!slice_starts_with_nocase(answer->records[i].text,
		    SLICE("v=spf1")))
			continue;
		if (record.len != 0)
			return SLICE_EMPTY;
		record = answer->records[i].text;
	}
	return record;
}

static FILE *
write_mail(struct state *s, const struct group *group, struct slice id,
    struct slice destination, struct strbuf *note)
{
	struct failure_mail mail = {
		.sender = s->run->sender,
		.to = destination,
		.report_id = id,
		.author_domain = group->first->author_domain,
		.date_s = s->run->now_s,
		.incidents = group->incidents,
	};
	FILE *message = spool_create();
	struct slice spf_domain;

	failure_split_message(group->first->message, &mail.fields,
	    &mail.header, &spf_domain);
	mail.spf_record = find_spf_record(s, spf_domain);
	if (message != NULL && failure_write_mail(&mail,
	    s->run->deliverer->eol, message))
		return message;
	strbuf_printf(note, "a temporary file: %s", strerror(errno));
	if (message != NULL)
		fclose(message);
	return NULL;
}

static void
enter(struct state *s, const struct store_delivery_key *key,
    enum store_delivery delivery, struct slice note)
{
	if (s->store_status == STORE_OK)
		s->store_status = report_ledger_set(s->run->store, key,
		    delivery, s->run->now_s, note);
}

static void
drop(struct state *s, const struct group *group,
    const struct store_delivery_key *key, struct slice note)
{
	enter(s, key, STORE_DELIVERY_DROPPED, note);
	tell(s, FAILURE_EVENT_DROPPED, group, key->destination, note);
}

/* A mailbox that is none will be so tomorrow, for aggregate reports too. */
static void
suppress(struct state *s, struct slice destination)
{
	int64_t until_s;

	if (s->store_status == STORE_OK)
		s->store_status = store_suppress(s->run->store, destination,
		    s->run->now_s, &until_s);
}

/* True: it is to be put back. */
static bool
conclude(struct state *s, const struct group *group,
    const struct store_delivery_key *key, enum deliver_status status,
    struct slice note)
{
	switch (status) {
	case DELIVER_SENT:
	case DELIVER_PERHAPS:
		enter(s, key, status == DELIVER_SENT ? STORE_DELIVERY_SENT :
		    STORE_DELIVERY_HANDED, note);
		note_sent(s, key->destination);
		tell(s, FAILURE_EVENT_SENT, group, key->destination, note);
		return false;
	case DELIVER_NO_MAILBOX:
		suppress(s, key->destination);
		drop(s, group, key, note);
		return false;
	case DELIVER_REFUSED:
		drop(s, group, key, note);
		return false;
	case DELIVER_BROKEN:
		s->is_broken = true;
		break;
	case DELIVER_DEFERRED:
		break;
	}
	enter(s, key, STORE_DELIVERY_DEFERRED, note);
	tell(s, FAILURE_EVENT_DEFERRED, group, key->destination, note);
	return true;
}

static bool
hand_over(struct state *s, const struct group *group,
    const struct store_delivery_key *key)
{
	const char *from = arena_copy_cstr(s->arena, s->run->sender->from);
	const char *to = arena_copy_cstr(s->arena, key->destination);
	struct strbuf note;
	FILE *message;
	bool is_again;

	strbuf_init(&note, s->arena, NOTE_OCTETS);
	message = write_mail(s, group, key->report_id, key->destination,
	    &note);
	if (from == NULL || to == NULL || message == NULL) {
		if (message != NULL)
			fclose(message);
		return conclude(s, group, key, DELIVER_DEFERRED,
		    strbuf_slice(&note));
	}
	enter(s, key, STORE_DELIVERY_HANDED, SLICE_EMPTY);
	is_again = s->store_status != STORE_OK || conclude(s, group, key,
	    s->run->deliverer->ops->send(s->run->deliverer, from, to,
	    message, &note), strbuf_slice(&note));
	fclose(message);
	return is_again;
}

/* What the ledger knows of is one that was put back for another's sake. */
static bool
send_to(struct state *s, const struct group *group, struct slice destination)
{
	struct store_delivery_key key = make_key(group, make_id(s, group,
	    destination), destination);
	enum store_delivery delivery;

	s->store_status = report_ledger_get(s->run->store, &key, &delivery);
	if (s->store_status != STORE_OK)
		return true;
	switch (delivery) {
	case STORE_DELIVERY_NONE:
	case STORE_DELIVERY_DEFERRED:
		return hand_over(s, group, &key);
	case STORE_DELIVERY_HANDED:
	case STORE_DELIVERY_SENT:
	case STORE_DELIVERY_DROPPED:
		break;
	}
	return false;
}

/* ---- one group's destinations -------------------------------------------- */

/* True: it is to be put back. */
static bool
handle_destination(struct state *s, const struct group *group,
    const struct report_destination *destination)
{
	struct slice address = destination->address;

	if (destination->status != REPORT_DESTINATION_OK) {
		tell(s, FAILURE_EVENT_NOT_SENT, group, address,
		    slice_from_cstr(report_destination_text(
		    destination->status)));
		return false;
	}
	if (is_suppressed(s, address)) {
		tell(s, FAILURE_EVENT_SUPPRESSED, group, address,
		    SLICE_EMPTY);
		return false;
	}
	if (is_over_limit(s, address)) {
		tell(s, FAILURE_EVENT_LIMITED, group, address, SLICE_EMPTY);
		return false;
	}
	if (s->store_status != STORE_OK)
		return true;
	if (s->run->deliverer == NULL) {
		tell(s, FAILURE_EVENT_OWED, group, address, SLICE_EMPTY);
		return false;
	}
	return send_to(s, group, address);
}

static void
handle_destinations(struct state *s, const struct group *group)
{
	uint64_t n_before = s->counts[FAILURE_EVENT_SENT];
	bool is_again = false;

	for (size_t i = 0; i < group->n_destinations; i++)
		is_again = (is_over(s) || handle_destination(s, group,
		    &group->destinations[i])) || is_again;
	if (s->counts[FAILURE_EVENT_SENT] != n_before)
		note_sent(s, group->first->policy_domain);
	if (is_again && group->is_claimed)
		put_back(s, group);
}

static void
handle_group(struct state *s, size_t first)
{
	struct group group;
	bool is_found;

	arena_reset(s->arena);
	if (!gather_group(s, first, &group)) {
		s->has_failed = true;
		return;
	}
	is_found = find_destinations(s, &group);
	if (is_found && must_wait(s, &group)) {
		s->has_leftover = true;
		tell(s, FAILURE_EVENT_DEFERRED, &group, SLICE_EMPTY,
		    slice_from_cstr(report_destination_text(
		    REPORT_DESTINATION_UNKNOWN)));
		return;
	}
	if (!claim(s, &group))
		return;
	if (s->run->now_s - group.first->time_s >= MAX_AGE_S)
		tell(s, FAILURE_EVENT_DROPPED, &group, SLICE_EMPTY,
		    SLICE("it is too old"));
	else if (!is_found)
		tell(s, FAILURE_EVENT_DROPPED, &group, SLICE_EMPTY,
		    SLICE("its destinations need too much memory"));
	else if (is_over_limit(s, group.first->policy_domain))
		tell(s, FAILURE_EVENT_LIMITED, &group, SLICE_EMPTY,
		    SLICE_EMPTY);
	else
		handle_destinations(s, &group);
}

/* ---- the whole ----------------------------------------------------------- */

/* The next page, behind AFTER_ID.  What is put back by this run comes behind
 * LAST_ID, and is for the next one. */
static bool
read_page(struct state *s, int64_t after_id, int64_t last_id)
{
	arena_reset(s->page_arena);
	s->store_status = store_list_failures(s->run->store, after_id, PAGE,
	    s->page_arena, &s->failures, &s->n);
	while (s->n != 0 && s->failures[s->n - 1].id > last_id)
		s->n--;
	if (s->store_status != STORE_OK || s->n == 0)
		return false;
	s->is_taken = arena_alloc_array(s->page_arena, s->n,
	    sizeof(*s->is_taken));
	s->has_failed = s->is_taken == NULL;
	return !s->has_failed;
}

static void
handle_all(struct state *s)
{
	int64_t after_id = 0, last_id;

	s->store_status = store_get_last_failure(s->run->store, &last_id);
	while (!is_over(s) && read_page(s, after_id, last_id)) {
		after_id = s->failures[s->n - 1].id;
		s->deadline_ms = clock_monotonic_ms() +
		    MAX_TIMEOUTS * s->run->dns_timeout_ms;
		prefetch_destinations(s);
		for (size_t i = 0; i < s->n && !is_over(s); i++)
			if (!s->is_taken[i])
				handle_group(s, i);
	}
}

enum failure_run_status
failure_run(const struct failure_run *run, uint64_t *counts_out,
    enum store_status *store_out)
{
	struct state s = { .run = run, .counts = counts_out,
		.page_arena = arena_create(PAGE_OCTETS),
		.arena = arena_create(GROUP_OCTETS) };
	bool has_leftover;

	memset(counts_out, 0, FAILURE_N_EVENTS * sizeof(*counts_out));
	s.has_failed = s.page_arena == NULL || s.arena == NULL;
	if (!s.has_failed)
		handle_all(&s);
	has_leftover = s.has_leftover || s.is_broken;
	arena_destroy(&s.page_arena);
	arena_destroy(&s.arena);
	*store_out = s.store_status;
	if (s.has_failed)
		return FAILURE_RUN_FAILED;
	if (s.store_status != STORE_OK)
		return FAILURE_RUN_STORE;
	return has_leftover ? FAILURE_RUN_LEFTOVER : FAILURE_RUN_OK;
}
