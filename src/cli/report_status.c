/* cli/report_status.c - see report_status.h. */
#include "cli/report_status.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/report_setup.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "report/day.h"
#include "report/store_status.h"

#define ARENA_CEILING ((size_t)4 * 1024 * 1024)
#define PAGE 100		/* suppressions at a time */

struct showing {
	const char *config_path;
	bool is_json;
	struct arena *arena;	/* owned, all three */
	struct config *config;
	struct store *store;
	json_t *json;		/* what is printed, or NULL */
};

/* The words of "assay report send --json". */
static const struct {
	enum store_delivery delivery;
	const char *name, *title;
} columns[] = {
	{ STORE_DELIVERY_SENT, "sent", "SENT" },
	{ STORE_DELIVERY_DEFERRED, "deferred", "DEFERRED" },
	{ STORE_DELIVERY_DROPPED, "dropped", "DROPPED" },
	{ STORE_DELIVERY_HANDED, "perhaps", "PERHAPS" },
};

static struct slice
day_text(struct showing *s, uint32_t day)
{
	struct strbuf text;

	strbuf_init(&text, s->arena, 64);
	report_append_day(&text, day);
	return strbuf_slice(&text);
}

/* ---- the ledger ---------------------------------------------------------- */

static void
print_day(struct showing *s, const struct store_day_count *count)
{
	printf("%.*s", SLICE_PRINTF(day_text(s, count->day)));
	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		printf("  %9" PRIu64, count->deliveries[columns[i].delivery]);
	putchar('\n');
}

static void
add_day(struct showing *s, json_t *days, const struct store_day_count *count)
{
	struct slice day = day_text(s, count->day);
	json_t *object = json_object();

	json_object_set_new(object, "day", json_stringn(day.ptr, day.len));
	for (size_t i = 0; i < N_ELEMENTS(columns); i++)
		json_object_set_new(object, columns[i].name, json_integer(
		    (json_int_t)count->deliveries[columns[i].delivery]));
	json_array_append_new(days, object);
}

static int
show_days(struct showing *s)
{
	struct store_day_count *counts;
	json_t *days = NULL;
	size_t n;
	int status = report_setup_tell_store(s->store, store_count_deliveries(
	    s->store, s->arena, &counts, &n));

	if (status != 0)
		return status;
	if (s->is_json) {
		days = json_array();
		json_object_set_new(s->json, "days", days);
	} else if (n == 0) {
		puts("no report has been sent");
	} else {
		printf("%-10s", "DAY");
		for (size_t i = 0; i < N_ELEMENTS(columns); i++)
			printf("  %9s", columns[i].title);
		putchar('\n');
	}
	for (size_t i = 0; i < n; i++) {
		if (s->is_json)
			add_day(s, days, &counts[i]);
		else
			print_day(s, &counts[i]);
	}
	return 0;
}

/* ---- suppressions -------------------------------------------------------- */

static void
print_suppression(const struct store_suppression *suppression)
{
	time_t until = (time_t)suppression->until_s;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&until, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	printf("suppressed until %s UTC: ", text);
	terminal_print_escaped(stdout, suppression->destination);
	printf(" (bounces: %" PRIu64 ")\n", suppression->n_bounces);
}

static void
add_suppression(json_t *array, const struct store_suppression *suppression)
{
	json_t *object = json_object();

	json_object_set_new(object, "destination", json_stringn(
	    suppression->destination.ptr, suppression->destination.len));
	json_object_set_new(object, "bounces", json_integer(
	    (json_int_t)suppression->n_bounces));
	json_object_set_new(object, "until_s", json_integer(
	    (json_int_t)suppression->until_s));
	json_array_append_new(array, object);
}

static int
show_suppressions(struct showing *s)
{
	struct slice after = SLICE_EMPTY;
	json_t *array = NULL;
	size_t n = PAGE;

	if (s->is_json) {
		array = json_array();
		json_object_set_new(s->json, "suppressed", array);
	}
	while (n == PAGE) {
		struct store_suppression *page;
		int status = report_setup_tell_store(s->store,
		    store_list_suppressions(s->store, clock_wall_s(), after,
		    PAGE, s->arena, &page, &n));

		if (status != 0)
			return status;
		for (size_t i = 0; i < n; i++) {
			if (s->is_json)
				add_suppression(array, &page[i]);
			else
				print_suppression(&page[i]);
		}
		after = n != 0 ? page[n - 1].destination : after;
	}
	return 0;
}

/* ---- the command --------------------------------------------------------- */

static int
show(struct showing *s)
{
	int status;

	if (s->is_json)
		s->json = json_object();
	status = show_days(s);
	if (status == 0)
		status = show_suppressions(s);
	if (status == 0 && s->is_json) {
		json_dumpf(s->json, stdout, JSON_INDENT(2) |
		    JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	json_decref(s->json);
	return status;
}

static const char *
take_option(void *context, int c)
{
	struct showing *s = context;

	switch (c) {
	case 'c':
		s->config_path = optarg;
		break;
	case 'j':
		s->is_json = true;
		break;
	}
	return NULL;
}

static int
open_and_show(struct showing *s)
{
	int status = setup_load_config(s->config_path, &s->config);

	if (status == 0)
		status = report_setup_open_store(s->config, &s->store);
	return status == 0 ? show(s) : status;
}

int
report_status_run(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct showing s = { .config_path = SETUP_DEFAULT_CONFIG };
	bool wants_help = false;
	int status = command_parse_options(self, argc, argv, ":c:h", options,
	    take_option, &s, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (optind != argc)
		return command_misuse(self, NULL);
	if ((s.arena = arena_create(ARENA_CEILING)) == NULL)
		return EX_OSERR;
	status = open_and_show(&s);
	store_close(&s.store);
	config_unload(&s.config);
	arena_destroy(&s.arena);
	return status;
}
