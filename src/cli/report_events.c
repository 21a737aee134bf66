/* cli/report_events.c - see report_events.h. */
#include "cli/report_events.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "report/day.h"

#define TEXT_OCTETS ((size_t)64 * 1024)

static const struct {
	const char *name;	/* for programs */
	const char *text;	/* for people */
	enum terminal_style style;
	bool is_always;		/* told without -v, too */
} kinds[REPORT_N_EVENTS] = {
	[REPORT_EVENT_SUBJECT] = { "subject", "", TERMINAL_PLAIN, false },
	[REPORT_EVENT_OWED] = { "owed", "would go", TERMINAL_PLAIN, true },
	[REPORT_EVENT_SENT] = { "sent", "sent", TERMINAL_GOOD, false },
	[REPORT_EVENT_DEFERRED] = { "deferred", "deferred", TERMINAL_DOUBTFUL,
	    true },
	[REPORT_EVENT_DROPPED] = { "dropped", "dropped", TERMINAL_BAD, true },
	[REPORT_EVENT_PERHAPS] = { "perhaps", "perhaps sent",
	    TERMINAL_DOUBTFUL, true },
	[REPORT_EVENT_SUPPRESSED] = { "suppressed", "suppressed",
	    TERMINAL_DOUBTFUL, false },
	[REPORT_EVENT_NOT_SENT] = { "not_sent", "not sent", TERMINAL_PLAIN,
	    false },
	[REPORT_EVENT_UNKNOWN] = { "unknown", "next time", TERMINAL_DOUBTFUL,
	    true },
	[REPORT_EVENT_CUT] = { "cut", "cut", TERMINAL_DOUBTFUL, true },
	[REPORT_EVENT_FAILED] = { "failed", "failed", TERMINAL_BAD, true },
};

void
report_events_init(struct report_events *events, bool is_json,
    bool is_verbose, bool is_dry)
{
	*events = (struct report_events){
		.is_json = is_json,
		.is_verbose = is_verbose,
		.is_dry = is_dry,
		.has_colour = terminal_has_colour(stdout),
	};
	terminal_begin_progress(&events->progress, "domains");
}

/* ---- for programs -------------------------------------------------------- */

/* JSON is UTF-8: what is not is escaped as on a terminal. */
static void
set_text(json_t *object, const char *name, struct slice text)
{
	struct arena *arena;
	struct strbuf escaped;
	json_t *string = json_stringn(text.len != 0 ? text.ptr : "", text.len);

	if (text.len == 0) {
		json_decref(string);
		return;
	}
	if (string == NULL && (arena = arena_create(8 * TEXT_OCTETS)) != NULL) {
		strbuf_init(&escaped, arena, TEXT_OCTETS);
		strbuf_append_escaped(&escaped, text, TEXT_OCTETS / 4);
		string = json_stringn(escaped.ptr, escaped.len);
		arena_destroy(&arena);
	}
	json_object_set_new(object, name, string);
}

static void
set_number(json_t *object, const char *name, uint64_t value)
{
	if (value != 0)
		json_object_set_new(object, name,
		    json_integer((json_int_t)value));
}

static void
print_object(json_t *object)
{
	if (object != NULL && json_dumpf(object, stdout,
	    JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
		putchar('\n');
	json_decref(object);
}

static void
set_day(json_t *object, uint32_t day)
{
	struct arena *arena = arena_create(TEXT_OCTETS);
	struct strbuf text;

	if (arena == NULL)
		return;
	strbuf_init(&text, arena, TEXT_OCTETS);
	report_append_day(&text, day);
	set_text(object, "day", strbuf_slice(&text));
	arena_destroy(&arena);
}

static void
print_json(const struct report_event *event)
{
	json_t *object = json_object();

	json_object_set_new(object, "event", json_string(
	    kinds[event->kind].name));
	set_day(object, event->subject->day);
	set_text(object, "policy_domain", event->subject->policy_domain);
	set_text(object, "destination", event->destination);
	set_text(object, "report_id", event->report_id);
	set_number(object, "reports", event->n_reports);
	set_number(object, "rows", event->size.n_rows);
	set_number(object, "messages", event->size.n_messages);
	set_number(object, "octets", event->size.octets);
	set_text(object, "note", event->note);
	print_object(object);
}

static void
print_json_sum(const struct report_counts *counts)
{
	json_t *object = json_object();

	json_object_set_new(object, "event", json_string("end"));
	for (size_t i = 0; i < REPORT_N_EVENTS; i++)
		json_object_set_new(object, kinds[i].name,
		    json_integer((json_int_t)counts->events[i]));
	json_object_set_new(object, "messages",
	    json_integer((json_int_t)counts->n_messages));
	print_object(object);
}

/* ---- for people ---------------------------------------------------------- */

static void
print_day(uint32_t day)
{
	struct arena *arena = arena_create(TEXT_OCTETS);
	struct strbuf text;

	if (arena == NULL)
		return;
	strbuf_init(&text, arena, TEXT_OCTETS);
	report_append_day(&text, day);
	printf("%.*s  ", SLICE_PRINTF(strbuf_slice(&text)));
	arena_destroy(&arena);
}

static void
print_line(const struct report_events *events,
    const struct report_event *event)
{
	const struct report_size *size = &event->size;

	print_day(event->subject->day);
	terminal_print_styled(stdout, events->has_colour,
	    kinds[event->kind].style, slice_from_cstr(
	    kinds[event->kind].text), 12);
	printf("  ");
	terminal_print_styled(stdout, events->has_colour, TERMINAL_BOLD,
	    event->subject->policy_domain, 0);
	if (event->destination.len != 0) {
		printf(" to ");
		terminal_print_escaped(stdout, event->destination);
	}
	if (event->n_reports > 1)
		printf(", %" PRIu64 " reports", event->n_reports);
	if (size->n_rows != 0)
		printf(", %" PRIu64 " rows", size->n_rows);
	if (size->n_messages != 0)
		printf(", %" PRIu64 " messages", size->n_messages);
	if (size->octets != 0)
		printf(", %" PRIu64 " octets", size->octets);
	if (event->note.len != 0) {
		printf(": ");
		terminal_print_escaped(stdout, event->note);
	}
	putchar('\n');
}

void
report_events_tell(void *context, const struct report_event *event)
{
	struct report_events *events = context;

	if (event->kind == REPORT_EVENT_SUBJECT) {
		terminal_show_progress(&events->progress,
		    ++events->n_subjects, 0);
		return;
	}
	if (events->is_json) {
		print_json(event);
		return;
	}
	if (!kinds[event->kind].is_always && !events->is_verbose &&
	    !(events->is_dry && event->kind == REPORT_EVENT_SUPPRESSED))
		return;
	terminal_clear_progress(&events->progress);
	print_line(events, event);
}

void
report_events_sum_up(struct report_events *events,
    const struct report_counts *counts)
{
	static const enum report_event_kind others[] = {
		REPORT_EVENT_DEFERRED, REPORT_EVENT_UNKNOWN,
		REPORT_EVENT_DROPPED, REPORT_EVENT_PERHAPS,
		REPORT_EVENT_SUPPRESSED, REPORT_EVENT_NOT_SENT,
		REPORT_EVENT_CUT, REPORT_EVENT_FAILED,
	};
	enum report_event_kind main_kind = events->is_dry ?
	    REPORT_EVENT_OWED : REPORT_EVENT_SENT;

	terminal_clear_progress(&events->progress);
	if (events->is_json) {
		print_json_sum(counts);
		return;
	}
	printf("%s: %" PRIu64 " (%" PRIu64 " messages reported on), domains "
	    "looked at: %" PRIu64, kinds[main_kind].text,
	    counts->events[main_kind], counts->n_messages,
	    counts->events[REPORT_EVENT_SUBJECT]);
	for (size_t i = 0; i < N_ELEMENTS(others); i++)
		if (counts->events[others[i]] != 0)
			printf(", %s: %" PRIu64, kinds[others[i]].text,
			    counts->events[others[i]]);
	putchar('\n');
}
