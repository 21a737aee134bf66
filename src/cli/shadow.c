/* cli/shadow.c - see stats.h: what rules in shadow would have done. */
#include "cli/stats.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/period.h"
#include "cli/report_setup.h"
#include "cli/terminal.h"
#include "report/day.h"
#include "report/store_stats.h"

#define MEMORY ((size_t)16 * 1024 * 1024)
#define MAX_RULE ((size_t)1000)
#define MAX_DAY ((size_t)64)

struct shadows {
	struct period period;
	struct arena *arena;
	struct strbuf rule;	/* whose rows are being printed */
	unsigned n_shown, n_left_out;	/* of that rule */
	uint64_t n_messages;
	bool has_any, has_colour;
	bool has_failed;	/* memory */
	json_t *list;		/* --json */
};

static void
end_rule(struct shadows *s)
{
	if (s->n_left_out != 0)
		printf("  and %u more: --top 0 shows all\n", s->n_left_out);
	if (s->has_any)
		printf("  %" PRIu64 " messages in all\n", s->n_messages);
	s->n_shown = s->n_left_out = 0;
	s->n_messages = 0;
}

static void
begin_rule(struct shadows *s, const struct store_shadow *shadow)
{
	end_rule(s);
	s->has_any = true;
	strbuf_truncate(&s->rule, 0);
	strbuf_append(&s->rule, slice_head(shadow->rule, MAX_RULE));
	terminal_print_styled(stdout, s->has_colour, TERMINAL_BOLD,
	    shadow->rule, 0);
	fputs(" wants ", stdout);
	terminal_print_escaped(stdout, shadow->wanted);
	putchar('\n');
}

static void
print_day(struct shadows *s, int64_t time_s)
{
	struct strbuf text;

	strbuf_init(&text, s->arena, MAX_DAY);
	report_append_day(&text, (uint32_t)(time_s / CLOCK_DAY_S));
	printf("%.*s", SLICE_PRINTF(strbuf_slice(&text)));
}

static void
print_shadow(struct shadows *s, const struct store_shadow *shadow)
{
	printf("  %8" PRIu64 "  ", shadow->n_messages);
	terminal_print_styled(stdout, false, TERMINAL_PLAIN,
	    shadow->author_domain, 28);
	putchar(' ');
	terminal_print_styled(stdout, false, TERMINAL_PLAIN, shadow->source,
	    20);
	fputs(" dmarc=", stdout);
	terminal_print_escaped(stdout, shadow->dmarc_result);
	fputs(", was: ", stdout);
	terminal_print_escaped(stdout, shadow->action);
	if (shadow->evidence.len != 0) {
		fputs(", evidence: ", stdout);
		terminal_print_escaped(stdout, shadow->evidence);
	}
	fputs(", ", stdout);
	print_day(s, shadow->first_s);
	fputs(" to ", stdout);
	print_day(s, shadow->last_s);
	putchar('\n');
}

static bool
show_row(void *context, const struct store_shadow *shadow)
{
	struct shadows *s = context;

	if (!s->has_any || !slice_eq(strbuf_slice(&s->rule),
	    slice_head(shadow->rule, MAX_RULE)))
		begin_rule(s, shadow);
	s->n_messages += shadow->n_messages;
	if (s->period.top != 0 && s->n_shown == s->period.top) {
		s->n_left_out++;
	} else {
		s->n_shown++;
		print_shadow(s, shadow);
	}
	arena_reset(s->arena);
	strbuf_init(&s->rule, s->arena, MAX_RULE);
	strbuf_append(&s->rule, slice_head(shadow->rule, MAX_RULE));
	return true;
}

/* jansson takes no NULL for an empty text. */
static json_t *
make_text(struct slice text)
{
	return json_stringn(text.ptr != NULL ? text.ptr : "", text.len);
}

static bool
add_json(void *context, const struct store_shadow *shadow)
{
	struct shadows *s = context;

	s->has_failed = json_array_append_new(s->list, json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I}",
	    "rule", make_text(shadow->rule),
	    "wanted", make_text(shadow->wanted),
	    "author_domain", make_text(shadow->author_domain),
	    "source", make_text(shadow->source),
	    "dmarc_result", make_text(shadow->dmarc_result),
	    "evidence", make_text(shadow->evidence),
	    "action", make_text(shadow->action),
	    "messages", (json_int_t)shadow->n_messages,
	    "first", (json_int_t)shadow->first_s,
	    "last", (json_int_t)shadow->last_s)) != 0;
	return !s->has_failed;
}

static bool
add_csv(void *context, const struct store_shadow *shadow)
{
	const struct slice texts[] = { shadow->rule, shadow->wanted,
		shadow->author_domain, shadow->source, shadow->dmarc_result,
		shadow->evidence, shadow->action };

	(void)context;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		stats_print_csv_text(texts[i]);
		putchar(',');
	}
	printf("%" PRIu64 ",%" PRId64 ",%" PRId64 "\n", shadow->n_messages,
	    shadow->first_s, shadow->last_s);
	return true;
}

static int
visit(struct shadows *s,
    bool (*take)(void *context, const struct store_shadow *shadow))
{
	const struct period *period = &s->period;

	return report_setup_tell_store(period->store, store_visit_shadows(
	    period->store, period->from, period->to, take, s));
}

static int
show_json(struct shadows *s)
{
	int status;

	s->list = json_array();
	status = visit(s, add_json);
	if (status == 0 && s->has_failed)
		status = EX_OSERR;
	if (status == 0 && json_dumpf(s->list, stdout, JSON_INDENT(2)) != 0)
		status = EX_IOERR;
	putchar('\n');
	json_decref(s->list);
	return status;
}

static int
show_table(struct shadows *s)
{
	int status;

	s->has_colour = terminal_has_colour(stdout);
	status = visit(s, show_row);
	end_rule(s);
	if (status == 0 && !s->has_any)
		puts("no rule in shadow has matched in these days");
	return status;
}

static int
show(struct shadows *s)
{
	switch (s->period.form) {
	case PERIOD_TABLE:
		return show_table(s);
	case PERIOD_JSON:
		return show_json(s);
	case PERIOD_CSV:
		puts("rule,wanted,author_domain,source,dmarc_result,evidence,"
		    "action,messages,first,last");
		return visit(s, add_csv);
	}
	return 0;
}

int
shadow_run_command(const struct command *self, int argc, char **argv)
{
	struct shadows s = { .arena = NULL };
	bool wants_help = false;
	int status = period_parse(self, argc, argv, &s.period, &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (s.period.by != NULL)
		return command_misuse(self, "it has no --by: it is by rule");
	s.arena = arena_create(MEMORY);
	if (s.arena == NULL)
		return EX_OSERR;
	strbuf_init(&s.rule, s.arena, MAX_RULE);
	status = period_open(&s.period);
	if (status == 0)
		status = show(&s);
	period_close(&s.period);
	arena_destroy(&s.arena);
	return status;
}
