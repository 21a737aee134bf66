/* cli/status.c - see status.h. */
#include "cli/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "cli/terminal.h"
#include "control/results.h"

struct showing {
	struct rows rows;
	const json_t *answer;	/* borrowed */
};

/* ---- values -------------------------------------------------------------- */

static const json_t *
find(const json_t *object, const char *group, const char *name)
{
	if (group != NULL)
		object = json_object_get(object, group);
	return json_object_get(object, name);
}

static int64_t
get_number(const struct showing *s, const char *group, const char *name)
{
	return json_integer_value(find(s->answer, group, name));
}

static struct slice
get_text(const struct showing *s, const char *group, const char *name)
{
	return results_get_text(find(s->answer, group, name));
}

/* ---- rows ---------------------------------------------------------------- */

static void
show_daemon(const struct showing *s)
{
	int64_t n_reloads = get_number(s, NULL, "reloads");
	int64_t n_failed = get_number(s, NULL, "failed_reloads");
	struct strbuf text;

	rows_begin(&s->rows, &text);
	strbuf_append(&text, get_text(s, NULL, "version"));
	strbuf_append_cstr(&text, ", mode ");
	strbuf_append(&text, get_text(s, NULL, "mode"));
	strbuf_append_cstr(&text, ", up for ");
	rows_append_duration(&text, get_number(s, NULL, "uptime_s"));
	strbuf_append_cstr(&text, ", log level ");
	strbuf_append(&text, get_text(s, NULL, "log_level"));
	rows_print(&s->rows, "assayd", TERMINAL_PLAIN, &text);
	rows_begin(&s->rows, &text);
	strbuf_printf(&text, "generation %" PRId64 ", %" PRId64 " reload%s",
	    get_number(s, NULL, "generation"), n_reloads,
	    n_reloads == 1 ? "" : "s");
	if (n_reloads != 0) {
		strbuf_append_cstr(&text, ", the last one ");
		rows_append_duration(&text, clock_wall_s() -
		    get_number(s, NULL, "reloaded"));
		strbuf_append_cstr(&text, " ago");
	}
	if (n_failed != 0)
		strbuf_printf(&text, ", %" PRId64 " more refused", n_failed);
	rows_print(&s->rows, "settings", TERMINAL_PLAIN, &text);
}

static enum terminal_style
style_of(struct slice line)
{
	if (slice_starts_with(line, SLICE("failing")))
		return TERMINAL_BAD;
	return slice_starts_with(line, SLICE("warning")) ?
	    TERMINAL_DOUBTFUL : TERMINAL_GOOD;
}

static void
show_health(const struct showing *s)
{
	const json_t *lines = find(s->answer, "health", "lines");

	for (size_t i = 0; i < json_array_size(lines); i++) {
		struct slice words = results_get_text(json_array_get(lines, i));
		struct strbuf text;

		rows_begin(&s->rows, &text);
		strbuf_append(&text, words);
		rows_print(&s->rows, i == 0 ? "health" : "", style_of(words),
		    &text);
	}
}

static void
show_mail(const struct showing *s)
{
	const json_t *verdicts = find(s->answer, "mail", "verdicts");
	const json_t *wanted = find(s->answer, "mail", "wanted");
	const json_t *limits = find(s->answer, "mail", "limits");
	struct strbuf text;

	rows_begin(&s->rows, &text);
	strbuf_printf(&text, "%" PRId64 " sessions, %" PRId64 " messages "
	    "under way; %" PRId64 " judged, %" PRId64 " aborted, %" PRId64
	    " turned away", get_number(s, "mail", "sessions"),
	    get_number(s, "mail", "open"), get_number(s, "mail", "messages"),
	    get_number(s, "mail", "aborted"),
	    get_number(s, "mail", "turned_away"));
	rows_print(&s->rows, "mail", TERMINAL_PLAIN, &text);
	rows_begin(&s->rows, &text);
	rows_append_counts(&text, verdicts);
	if (!json_equal(verdicts, wanted)) {
		strbuf_append_cstr(&text, "; enforced it would be ");
		rows_append_counts(&text, wanted);
	}
	rows_print(&s->rows, "verdicts", TERMINAL_PLAIN, &text);
	rows_begin(&s->rows, &text);
	strbuf_append_cstr(&text, "at the end of a message 50 % ");
	rows_append_ms(&text, get_number(s, "mail", "end_p50_us"));
	strbuf_append_cstr(&text, ", 99 % ");
	rows_append_ms(&text, get_number(s, "mail", "end_p99_us"));
	rows_print(&s->rows, "time", TERMINAL_PLAIN, &text);
	rows_begin(&s->rows, &text);
	rows_append_counts(&text, limits);
	rows_print(&s->rows, "limits hit", json_object_size(limits) != 0 ?
	    TERMINAL_DOUBTFUL : TERMINAL_PLAIN, &text);
	if (get_number(s, "mail", "failures") == 0)
		return;
	rows_begin(&s->rows, &text);
	strbuf_printf(&text, "%" PRId64 " messages were put off for a fault "
	    "of ours: the log tells", get_number(s, "mail", "failures"));
	rows_print(&s->rows, "faults", TERMINAL_BAD, &text);
}

static void
show_dns(const struct showing *s)
{
	struct strbuf text;

	rows_begin(&s->rows, &text);
	strbuf_printf(&text, "%" PRId64 " in flight; ",
	    get_number(s, "dns", "in_flight"));
	rows_append_counts(&text, find(s->answer, "dns", "answers"));
	strbuf_printf(&text, ", %" PRId64 " timed out; 50 %% ",
	    get_number(s, "dns", "timeouts"));
	rows_append_ms(&text, get_number(s, "dns", "p50_us"));
	strbuf_append_cstr(&text, ", 99 % ");
	rows_append_ms(&text, get_number(s, "dns", "p99_us"));
	rows_print(&s->rows, "dns", TERMINAL_PLAIN, &text);
}

static void
show_store(const struct showing *s)
{
	int64_t n_dropped = get_number(s, "store", "dropped");
	bool is_down = json_is_true(find(s->answer, "store", "is_down"));
	struct strbuf text;

	rows_begin(&s->rows, &text);
	if (json_is_null(json_object_get(s->answer, "store"))) {
		strbuf_append_cstr(&text, "none");
	} else {
		strbuf_printf(&text, "%s%" PRId64 " written, %" PRId64
		    " dropped, ", is_down ? "down; " : "",
		    get_number(s, "store", "written"), n_dropped);
		rows_append_octets(&text, get_number(s, "store",
		    "queued_octets"));
		strbuf_append_cstr(&text, " waiting");
	}
	rows_print(&s->rows, "store", is_down ? TERMINAL_BAD : n_dropped != 0 ?
	    TERMINAL_DOUBTFUL : TERMINAL_PLAIN, &text);
}

static void
show_self_test(const struct showing *s)
{
	struct slice result = get_text(s, NULL, "self_test");
	struct strbuf text;

	rows_begin(&s->rows, &text);
	strbuf_append(&text, result);
	rows_print(&s->rows, "self-test", slice_eq(result, SLICE("unsound")) ?
	    TERMINAL_BAD : TERMINAL_PLAIN, &text);
}

/* ---- processes ----------------------------------------------------------- */

static void
show_process(const struct showing *s, const json_t *process)
{
	int64_t worker = json_integer_value(json_object_get(process,
	    "worker"));
	struct strbuf text;
	struct strbuf label;

	rows_begin(&s->rows, &label);
	rows_begin(&s->rows, &text);
	if (worker != 0)
		strbuf_printf(&label, "worker %" PRId64, worker);
	else
		strbuf_append_cstr(&label, json_is_true(json_object_get(
		    process, "takes_mail")) ? "process" : "control");
	strbuf_printf(&text, "pid %" PRId64 ", up for ",
	    (int64_t)json_integer_value(json_object_get(process, "pid")));
	rows_append_duration(&text, clock_wall_s() - json_integer_value(
	    json_object_get(process, "started")));
	strbuf_printf(&text, ", generation %" PRId64 ", %" PRId64
	    " sessions, %" PRId64 " messages, ",
	    (int64_t)json_integer_value(json_object_get(process,
	    "generation")),
	    (int64_t)json_integer_value(json_object_get(process,
	    "sessions")),
	    (int64_t)json_integer_value(json_object_get(process,
	    "messages")));
	rows_append_octets(&text, json_integer_value(json_object_get(process,
	    "resident_octets")));
	strbuf_printf(&text, ", %" PRId64 " of %" PRId64 " descriptors",
	    (int64_t)json_integer_value(json_object_get(process,
	    "descriptors")), get_number(s, NULL, "max_descriptors"));
	if (json_is_true(json_object_get(process, "is_draining")))
		strbuf_append_cstr(&text, ", draining");
	rows_print(&s->rows, strbuf_cstr(&label), TERMINAL_PLAIN, &text);
}

static void
show(const struct showing *s)
{
	const json_t *processes = json_object_get(s->answer, "processes");

	show_daemon(s);
	show_health(s);
	show_mail(s);
	show_dns(s);
	rows_print_cache(&s->rows, json_object_get(s->answer, "cache"));
	show_store(s);
	show_self_test(s);
	for (size_t i = 0; i < json_array_size(processes); i++)
		show_process(s, json_array_get(processes, i));
}

static int
show_answer(struct ask *ask, const json_t *answer)
{
	const struct showing s = {
		.rows = { .arena = ask->arena,
		    .has_colour = terminal_has_colour(stdout) },
		.answer = answer,
	};

	if (!ask->is_json)
		show(&s);
	else if (ask_print_json(answer) != 0)
		return EX_IOERR;
	return json_is_true(find(answer, "health", "is_healthy")) ? 0 :
	    STATUS_UNWELL;
}

int
status_run_command(const struct command *self, int argc, char **argv)
{
	struct ask ask;
	bool wants_help = false;
	json_t *answer = NULL;
	int status;

	if (!ask_begin(&ask, self))
		return EX_OSERR;
	status = ask_parse(&ask, argc, argv, 0, &wants_help);
	if (status == 0 && wants_help)
		status = command_help(self);
	else if (status == 0) {
		status = ask_for(&ask, json_pack("{s:s}", "command",
		    "status"), &answer);
		if (status == 0)
			status = show_answer(&ask, answer);
	}
	json_decref(answer);
	ask_end(&ask);
	return status;
}
