/* report/run.c - see run.h. */
#include "report/run.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "report/deliver.h"
#include "report/ledger.h"
#include "report/mail.h"
#include "report/options.h"
#include "report/rows.h"
#include "report/spool.h"

#define NOTE_OCTETS ((size_t)1024)

struct state {
	const struct report_run *run;
	struct store *store;
	struct report_counts *counts;
	struct arena *arena;		/* one message */
	struct arena *subject_arena;	/* one subject */
	struct strbuf note;		/* of it */
	enum store_status store_status;
	bool is_broken;		/* nobody takes mail: NOTE says why */
	bool has_leftover;
	bool is_kept_open;	/* the subject, for what may be sent later */
};

/* One part of a subject, as a file. */
struct part {
	const struct report_item *item;
	char id[REPORT_ID_OCTETS];
	struct report_size size;
	FILE *file;
};

/* ---- telling ------------------------------------------------------------- */

static void
tell(struct state *s, struct report_event event)
{
	s->counts->events[event.kind]++;
	if (s->run->tell != NULL)
		s->run->tell(s->run->context, &event);
}

static void
tell_part(struct state *s, enum report_event_kind kind,
    const struct part *part, struct slice destination, struct slice note)
{
	tell(s, (struct report_event){
		.kind = kind,
		.subject = part->item->subject,
		.destination = destination,
		.report_id = { part->id, sizeof(part->id) },
		.size = part->size,
		.note = note,
	});
}

static void
tell_subject(struct state *s, enum report_event_kind kind,
    const struct report_item *item, struct slice destination,
    const char *note)
{
	tell(s, (struct report_event){
		.kind = kind,
		.subject = item->subject,
		.destination = destination,
		.note = slice_from_cstr(note),
	});
}

static bool
is_over(const struct state *s)
{
	return s->store_status != STORE_OK || s->is_broken ||
	    (s->run->should_stop != NULL && *s->run->should_stop);
}

/* ---- one message --------------------------------------------------------- */

static struct store_delivery_key
make_key(const struct part *part, struct slice destination)
{
	return (struct store_delivery_key){
		.day = part->item->subject->day,
		.policy_domain = part->item->subject->policy_domain,
		.report_id = { part->id, sizeof(part->id) },
		.destination = destination,
	};
}

static void
enter(struct state *s, const struct part *part, struct slice destination,
    enum store_delivery delivery)
{
	struct store_delivery_key key = make_key(part, destination);

	s->store_status = report_ledger_set(s->store, &key, delivery,
	    s->run->now_s, strbuf_slice(&s->note));
}

/* The message for one destination, in a file; NULL with a note. */
static FILE *
write_mail(struct state *s, const struct part *part, struct slice destination)
{
	const struct report_sender *sender = s->run->agenda.sender;
	const struct store_subject *subject = part->item->subject;
	struct report_mail mail = {
		.from = sender->from,
		.to = destination,
		.submitter = sender->submitter,
		.policy_domain = subject->policy_domain,
		.report_id = { part->id, sizeof(part->id) },
		.secret = sender->has_secret ? &sender->secret : NULL,
		.begin_s = report_begin_s(subject->day),
		.end_s = report_end_s(subject->day),
		.date_s = s->run->now_s,
		.n_messages = part->size.n_messages,
	};
	FILE *message = spool_create();

	rewind(part->file);
	if (message != NULL && report_write_mail(&mail, part->file,
	    s->run->deliverer->eol, message))
		return message;
	strbuf_printf(&s->note, "a temporary file: %s", strerror(errno));
	if (message != NULL)
		fclose(message);
	return NULL;
}

/* A mailbox that is none will be so tomorrow: others' reports are not sent
 * there either, for a while. */
static void
suppress(struct state *s, struct slice destination)
{
	int64_t until_s;

	if (s->store_status == STORE_OK)
		s->store_status = store_suppress(s->store, destination,
		    s->run->now_s, &until_s);
}

static void
conclude(struct state *s, const struct part *part, struct slice destination,
    enum deliver_status status)
{
	enum report_event_kind kind = REPORT_EVENT_SENT;

	switch (status) {
	case DELIVER_SENT:
		enter(s, part, destination, STORE_DELIVERY_SENT);
		s->counts->n_messages += part->size.n_messages;
		break;
	case DELIVER_BROKEN:
		s->is_broken = true;
		kind = REPORT_EVENT_DEFERRED;
		enter(s, part, destination, STORE_DELIVERY_DEFERRED);
		break;
	case DELIVER_DEFERRED:
		kind = REPORT_EVENT_DEFERRED;
		enter(s, part, destination, STORE_DELIVERY_DEFERRED);
		break;
	case DELIVER_REFUSED:
		kind = REPORT_EVENT_DROPPED;
		enter(s, part, destination, STORE_DELIVERY_DROPPED);
		break;
	case DELIVER_NO_MAILBOX:
		kind = REPORT_EVENT_DROPPED;
		enter(s, part, destination, STORE_DELIVERY_DROPPED);
		suppress(s, destination);
		break;
	case DELIVER_PERHAPS:	/* the ledger says so already */
		kind = REPORT_EVENT_PERHAPS;
		break;
	}
	if (kind == REPORT_EVENT_DEFERRED)
		s->has_leftover = true;
	tell_part(s, kind, part, destination, strbuf_slice(&s->note));
}

static bool
is_owed(enum store_delivery delivery)
{
	return delivery == STORE_DELIVERY_NONE ||
	    delivery == STORE_DELIVERY_DEFERRED;
}

static void
hand_over(struct state *s, const struct part *part, struct slice destination,
    FILE *message)
{
	struct deliverer *deliverer = s->run->deliverer;
	struct store_delivery_key key = make_key(part, destination);
	const char *from = arena_copy_cstr(s->arena,
	    s->run->agenda.sender->from);
	const char *to = arena_copy_cstr(s->arena, destination);
	enum store_delivery before;

	if (from == NULL || to == NULL) {
		s->has_leftover = true;
		tell_part(s, REPORT_EVENT_FAILED, part, destination,
		    SLICE("memory is out"));
		return;
	}
	s->store_status = report_ledger_claim(s->store, &key, s->run->now_s,
	    &before);
	if (s->store_status == STORE_OK && is_owed(before))
		conclude(s, part, destination, deliverer->ops->send(deliverer,
		    from, to, message, &s->note));
}

static void
send_mail(struct state *s, const struct part *part, struct slice destination)
{
	FILE *message = write_mail(s, part, destination);

	if (message == NULL) {
		s->has_leftover = true;
		tell_part(s, REPORT_EVENT_DEFERRED, part, destination,
		    strbuf_slice(&s->note));
		return;
	}
	hand_over(s, part, destination, message);
	fclose(message);
}

/* What the ledger says of it decides. */
static void
settle(struct state *s, const struct part *part, struct slice destination)
{
	struct store_delivery_key key = make_key(part, destination);
	enum store_delivery delivery;

	arena_reset(s->arena);
	strbuf_init(&s->note, s->arena, NOTE_OCTETS);
	s->store_status = report_ledger_get(s->store, &key, &delivery);
	if (s->store_status != STORE_OK)
		return;
	if (is_owed(delivery))
		send_mail(s, part, destination);
	else if (delivery == STORE_DELIVERY_HANDED)
		tell_part(s, REPORT_EVENT_PERHAPS, part, destination,
		    SLICE("a run ended while it was handed over"));
}

/* ---- one subject --------------------------------------------------------- */

/* Those that are to have reports now; the others are told of. */
static size_t
choose_destinations(struct state *s, const struct report_item *item,
    struct slice *chosen)
{
	size_t n = 0;

	for (size_t i = 0; i < item->n_destinations && !is_over(s); i++) {
		const struct report_destination *d = &item->destinations[i];
		enum report_event_kind kind = REPORT_EVENT_NOT_SENT;
		int64_t until_s = 0;

		if (d->status == REPORT_DESTINATION_OK)
			s->store_status = store_get_suppression(s->store,
			    d->address, s->run->now_s, &until_s);
		if (until_s != 0) {
			s->is_kept_open = true;
			tell_subject(s, REPORT_EVENT_SUPPRESSED, item,
			    d->address, "its mail has bounced");
			continue;
		}
		if (d->status == REPORT_DESTINATION_OK) {
			chosen[n++] = d->address;
			continue;
		}
		if (d->status == REPORT_DESTINATION_UNKNOWN) {
			s->has_leftover = true;
			kind = REPORT_EVENT_UNKNOWN;
		}
		tell_subject(s, kind, item, d->address,
		    report_destination_text(d->status));
	}
	return s->store_status == STORE_OK ? n : 0;
}

/* The next part of ROWS as a file.  False where there can be none. */
static bool
compose_part(struct state *s, struct part *part, uint32_t number,
    struct report_rows *rows)
{
	const struct report_sender *sender = s->run->agenda.sender;
	const struct report_item *item = part->item;
	enum report_compose_status status = REPORT_COMPOSE_FAILED;

	if (report_make_id(sender, item->subject, number, part->id) &&
	    (part->file = spool_create()) != NULL)
		status = report_compose(sender, item->subject,
		    &item->configuration,
		    (struct slice){ part->id, sizeof(part->id) }, rows, true,
		    part->file, &part->size, &s->store_status);
	if (status == REPORT_COMPOSE_OK)
		return true;
	if (status == REPORT_COMPOSE_FAILED) {
		s->has_leftover = true;
		tell_subject(s, REPORT_EVENT_FAILED, item, SLICE_EMPTY,
		    part->file == NULL ? strerror(errno) :
		    "a temporary file cannot be written");
	}
	if (part->file != NULL)
		fclose(part->file);
	return false;
}

static void
tell_cut(struct state *s, const struct report_item *item, uint64_t n_told)
{
	const struct store_subject *subject = item->subject;

	tell(s, (struct report_event){
		.kind = REPORT_EVENT_CUT,
		.subject = subject,
		.size = { .n_rows = subject->n_rows > n_told ?
		    subject->n_rows - n_told : 0 },
		.note = SLICE("more rows than report.max_reports reports "
		    "hold"),
	});
}

/* False where the subject is not to be looked at again by the next parts. */
static bool
send_part(struct state *s, const struct report_item *item, uint32_t number,
    struct report_rows *rows, const struct slice *chosen, size_t n_chosen,
    uint64_t *n_told)
{
	struct part part = { .item = item };

	if (report_rows_peek(rows, &s->store_status) == NULL)
		return false;
	if (number >= item->max_reports) {
		tell_cut(s, item, *n_told);
		return false;
	}
	if (!compose_part(s, &part, number, rows))
		return false;
	for (size_t i = 0; i < n_chosen && !is_over(s); i++)
		settle(s, &part, chosen[i]);
	fclose(part.file);
	*n_told += part.size.n_rows;
	return !is_over(s);
}

static void
send_parts(struct state *s, const struct report_item *item,
    const struct slice *chosen, size_t n_chosen)
{
	struct report_rows *rows = report_rows_open(s->store, item->subject);
	uint64_t n_told = 0;
	uint32_t number = 0;

	if (rows == NULL) {
		s->has_leftover = true;
		tell_subject(s, REPORT_EVENT_FAILED, item, SLICE_EMPTY,
		    "memory is out");
		return;
	}
	while (send_part(s, item, number, rows, chosen, n_chosen, &n_told))
		number++;
	report_rows_close(&rows);
}

/* How many reports it will be, as far as their rows tell; of those that have
 * not gone to DESTINATION, that is.  Nothing is composed. */
static void
owe_parts(struct state *s, const struct report_item *item,
    struct slice destination)
{
	const struct report_options *options = s->run->agenda.sender->options;
	uint64_t n_rows = item->subject->n_rows;
	struct report_event event = {
		.kind = REPORT_EVENT_OWED,
		.subject = item->subject,
		.destination = destination,
		.size = { .n_rows = n_rows,
		    .n_messages = item->subject->n_messages },
	};
	struct part part = { .item = item };

	for (uint32_t i = 0; i < item->max_reports && n_rows != 0 &&
	    s->store_status == STORE_OK; i++) {
		struct store_delivery_key key;
		enum store_delivery delivery;

		if (!report_make_id(s->run->agenda.sender, item->subject, i,
		    part.id))
			return;
		key = make_key(&part, destination);
		s->store_status = report_ledger_get(s->store, &key,
		    &delivery);
		if (is_owed(delivery))
			event.n_reports++;
		n_rows -= n_rows < options->max_rows ? n_rows :
		    options->max_rows;
	}
	if (event.n_reports != 0 && s->store_status == STORE_OK) {
		s->counts->n_messages += event.size.n_messages;
		tell(s, event);
	}
}

static void
end_subject(struct state *s, const struct report_item *item)
{
	struct store_delivery_key key = report_ledger_end_of(item->subject,
	    (struct slice){ item->id, sizeof(item->id) });

	s->store_status = report_ledger_set(s->store, &key,
	    STORE_DELIVERY_SENT, s->run->now_s, SLICE_EMPTY);
}

static void
handle_item(struct state *s, const struct report_item *item)
{
	bool had_leftover = s->has_leftover;
	struct slice *chosen;
	size_t n;

	if (item->is_done)
		return;
	if (item->problem != NULL) {
		tell_subject(s, REPORT_EVENT_FAILED, item, SLICE_EMPTY,
		    item->problem);
		return;
	}
	arena_reset(s->subject_arena);
	chosen = arena_alloc_array(s->subject_arena, item->n_destinations + 1,
	    sizeof(*chosen));
	if (chosen == NULL) {
		tell_subject(s, REPORT_EVENT_FAILED, item, SLICE_EMPTY,
		    "memory is out");
		return;
	}
	s->has_leftover = s->is_kept_open = false;
	n = choose_destinations(s, item, chosen);
	if (s->run->deliverer == NULL)
		for (size_t i = 0; i < n && !is_over(s); i++)
			owe_parts(s, item, chosen[i]);
	else if (n != 0)
		send_parts(s, item, chosen, n);
	if (s->run->deliverer != NULL && !s->has_leftover &&
	    !s->is_kept_open && !is_over(s))
		end_subject(s, item);
	s->has_leftover = s->has_leftover || had_leftover;
}

/* ---- the run ------------------------------------------------------------- */

static void
run_day(struct state *s, uint32_t day)
{
	struct report_agenda_request request = s->run->agenda;
	struct report_agenda *agenda;
	struct report_item *items;
	size_t n = 1;

	request.day = day;
	if ((agenda = report_agenda_open(&request)) == NULL) {
		s->has_leftover = true;
		return;
	}
	while (n != 0 && !is_over(s)) {
		s->store_status = report_agenda_next(agenda, &items, &n);
		for (size_t i = 0; i < n && !is_over(s); i++) {
			handle_item(s, &items[i]);
			tell_subject(s, REPORT_EVENT_SUBJECT, &items[i],
			    SLICE_EMPTY, NULL);
		}
	}
	report_agenda_close(&agenda);
}

static void
run_days(struct state *s)
{
	struct arena *arena = arena_create(4096);
	uint32_t *days;
	size_t n = 0;

	if (arena == NULL) {
		s->has_leftover = true;
		return;
	}
	s->store_status = store_list_days(s->store, s->run->first_day,
	    s->run->last_day, arena, &days, &n);
	for (size_t i = 0; i < n && !is_over(s); i++)
		run_day(s, days[i]);
	arena_destroy(&arena);
}

static enum report_run_status
finish(struct state *s, enum store_status *store_out, struct strbuf *problem)
{
	*store_out = s->store_status;
	if (s->store_status != STORE_OK) {
		strbuf_append_cstr(problem, store_problem(s->store));
		return REPORT_RUN_STORE;
	}
	if (s->is_broken) {
		strbuf_append(problem, strbuf_slice(&s->note));
		return REPORT_RUN_BROKEN;
	}
	return s->has_leftover || is_over(s) ? REPORT_RUN_LEFTOVER :
	    REPORT_RUN_OK;
}

enum report_run_status
report_run(const struct report_run *run, struct report_counts *counts_out,
    enum store_status *store_out, struct strbuf *problem)
{
	struct state s = { .run = run, .store = run->agenda.store,
		.counts = counts_out };
	enum report_run_status status;

	*counts_out = (struct report_counts){ .n_messages = 0 };
	*store_out = STORE_OK;
	if (run->deliverer != NULL)
		s.store_status = store_lock_reports(s.store);
	if (s.store_status == STORE_BUSY)
		return REPORT_RUN_ELSEWHERE;
	s.arena = arena_create(16 * NOTE_OCTETS);
	s.subject_arena = arena_create(REPORT_DESTINATION_OCTETS);
	if (s.arena == NULL || s.subject_arena == NULL)
		s.has_leftover = true;
	else if (s.store_status == STORE_OK)
		run_days(&s);
	status = finish(&s, store_out, problem);
	arena_destroy(&s.arena);
	arena_destroy(&s.subject_arena);
	return status;
}
