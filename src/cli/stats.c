/* cli/stats.c - see stats.h. */
#include "cli/stats.h"

#include <inttypes.h>
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/period.h"
#include "cli/report_setup.h"
#include "cli/terminal.h"
#include "report/day.h"
#include "report/store_stats.h"

#define MEMORY ((size_t)512 * 1024 * 1024)
#define MAX_KEY ((size_t)300)
#define MAX_ROWS ((size_t)1000000)	/* different keys that are summed up */
#define NUMBER_WIDTH_MIN 6
#define KEY_WIDTH_MIN 16
#define N_NUMBERS 7

/* RFC 9990 has addresses; who is behind one is a network. */
#define NETWORK_BITS_V4 24
#define NETWORK_BITS_V6 48

static const struct {
	const char *name;	/* --by */
	const char *title;
	enum store_dimension dimension;
} dimensions[] = {
	{ "day", "DAY", STORE_BY_DAY },
	{ "domain", "AUTHOR DOMAIN", STORE_BY_AUTHOR_DOMAIN },
	{ "source", "SOURCE NETWORK", STORE_BY_SOURCE },
	{ "action", "ACTION", STORE_BY_ACTION },
	{ "rule", "RULE", STORE_BY_RULE },
	{ "result", "DMARC", STORE_BY_RESULT },
};

static const struct {
	const char *name, *title;
} numbers[N_NUMBERS] = {
	{ "messages", "MESSAGES" },
	{ "dmarc_pass", "PASS" },
	{ "dmarc_fail", "FAIL" },
	{ "spf_pass", "SPF" },
	{ "rejected", "REJECTED" },
	{ "quarantined", "QUARANTINED" },
	{ "deferred", "DEFERRED" },
};

struct row {
	struct slice key;
	uint64_t numbers[N_NUMBERS];
};

struct stats {
	struct period period;
	enum store_dimension dimension;
	const char *title;
	struct arena *arena;
	struct row *rows;
	size_t n_rows, capacity;
	bool has_failed;	/* memory, or too many rows */
};

/* ---- rows ---------------------------------------------------------------- */

/* "192.0.2.0/24"; what is no address stays as it is. */
static struct slice
name_network(struct stats *stats, struct slice source)
{
	struct ip_address address;
	struct strbuf text;
	unsigned bits;

	if (!ip_parse(source, &address))
		return source;
	bits = address.family == IP_V4 ? NETWORK_BITS_V4 : NETWORK_BITS_V6;
	for (size_t i = bits / 8; i < sizeof(address.octets); i++)
		address.octets[i] = 0;
	strbuf_init(&text, stats->arena, MAX_KEY);
	ip_append(&text, &address);
	strbuf_printf(&text, "/%u", bits);
	return strbuf_slice(&text);
}

static struct slice
name_total(struct stats *stats, const struct store_total *total)
{
	struct strbuf text;

	if (stats->dimension == STORE_BY_SOURCE)
		return name_network(stats, total->key);
	strbuf_init(&text, stats->arena, MAX_KEY);
	if (stats->dimension == STORE_BY_DAY)
		report_append_day(&text, total->day);
	else
		strbuf_append(&text, slice_head(total->key, MAX_KEY));
	return strbuf_slice(&text);
}

static struct row *
add_row(struct stats *stats)
{
	if (stats->n_rows == stats->capacity) {
		size_t capacity = stats->capacity == 0 ? 64 :
		    2 * stats->capacity;
		struct row *rows = stats->n_rows >= MAX_ROWS ? NULL :
		    arena_grow_array(stats->arena, stats->rows, stats->n_rows,
		    capacity, sizeof(*rows));

		if (rows == NULL) {
			stats->has_failed = true;
			return NULL;
		}
		stats->rows = rows;
		stats->capacity = capacity;
	}
	return &stats->rows[stats->n_rows++];
}

static bool
take_total(void *context, const struct store_total *total)
{
	struct stats *stats = context;
	const uint64_t values[N_NUMBERS] = { total->n_messages,
		total->n_passed, total->n_failed, total->n_spf_passed,
		total->n_rejected, total->n_quarantined, total->n_deferred };
	struct slice key = name_total(stats, total);
	struct row *last = stats->n_rows == 0 ? NULL :
	    &stats->rows[stats->n_rows - 1];

	/* Most addresses of a network come one behind the other. */
	if (last == NULL || !slice_eq(last->key, key)) {
		last = add_row(stats);
		if (last == NULL ||
		    !arena_copy(stats->arena, key, &last->key))
			return false;
	}
	for (size_t i = 0; i < N_NUMBERS; i++)
		last->numbers[i] += values[i];
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	return slice_compare_nocase(((const struct row *)a)->key,
	    ((const struct row *)b)->key);
}

static int
compare_messages(const void *a, const void *b)
{
	uint64_t left = ((const struct row *)a)->numbers[0];
	uint64_t right = ((const struct row *)b)->numbers[0];

	return left != right ? (left < right) - (left > right) :
	    compare_keys(a, b);
}

/* The rest of a network's addresses. */
static void
merge_networks(struct stats *stats)
{
	size_t n = 0;

	if (stats->n_rows == 0)
		return;
	qsort(stats->rows, stats->n_rows, sizeof(*stats->rows), compare_keys);
	for (size_t i = 1; i < stats->n_rows; i++) {
		if (!slice_eq(stats->rows[n].key, stats->rows[i].key)) {
			stats->rows[++n] = stats->rows[i];
			continue;
		}
		for (size_t j = 0; j < N_NUMBERS; j++)
			stats->rows[n].numbers[j] +=
			    stats->rows[i].numbers[j];
	}
	stats->n_rows = n + 1;
	qsort(stats->rows, stats->n_rows, sizeof(*stats->rows),
	    compare_messages);
}

/* ---- printing ------------------------------------------------------------ */

static size_t
count_shown(const struct stats *stats)
{
	unsigned top = stats->period.top;

	return stats->dimension == STORE_BY_DAY || top == 0 ||
	    top > stats->n_rows ? stats->n_rows : top;
}

/* One character a row, for what has a course. */
static void
print_sparkline(const struct stats *stats)
{
	static const char *const unicode[] = { "\xe2\x96\x81",
		"\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
		"\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87",
		"\xe2\x96\x88" };
	static const char *const ascii[] = { "_", ".", ":", "-", "=", "+",
		"*", "#" };
	const char *const *bars = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ?
	    unicode : ascii;
	uint64_t most = 1;

	for (size_t i = 0; i < stats->n_rows; i++)
		if (stats->rows[i].numbers[0] > most)
			most = stats->rows[i].numbers[0];
	fputs("messages a day: ", stdout);
	for (size_t i = 0; i < stats->n_rows; i++)
		fputs(bars[stats->rows[i].numbers[0] * 7 / most], stdout);
	putchar('\n');
}

struct widths {
	unsigned key, numbers[N_NUMBERS];	/* in columns */
};

static unsigned
count_digits(uint64_t number)
{
	unsigned n = 1;

	while ((number /= 10) != 0)
		n++;
	return n;
}

static unsigned
wider(unsigned a, size_t b)
{
	return b > a ? (unsigned)b : a;
}

/* As wide as the first N rows need; a terminal has keys cut to fit in. */
static struct widths
measure(const struct stats *stats, size_t n)
{
	struct widths widths = { .key = wider(0, strlen(stats->title)) };
	unsigned taken = 0, width = terminal_width(stdout);

	for (size_t i = 0; i < N_NUMBERS; i++) {
		unsigned *column = &widths.numbers[i];

		*column = wider(NUMBER_WIDTH_MIN, strlen(numbers[i].title));
		for (size_t j = 0; j < n; j++)
			*column = wider(*column,
			    count_digits(stats->rows[j].numbers[i]));
		taken += 1 + *column;
	}
	for (size_t j = 0; j < n; j++)
		widths.key = wider(widths.key, stats->rows[j].key.len);
	if (isatty(STDOUT_FILENO) == 1 && widths.key + taken > width)
		widths.key = wider(KEY_WIDTH_MIN,
		    width > taken ? width - taken : 0);
	return widths;
}

static void
print_row(const struct row *row, const struct widths *widths)
{
	terminal_print_styled(stdout, false, TERMINAL_PLAIN,
	    slice_head(row->key, widths->key), widths->key);
	for (size_t i = 0; i < N_NUMBERS; i++)
		printf(" %*" PRIu64, (int)widths->numbers[i],
		    row->numbers[i]);
	putchar('\n');
}

static void
print_titles(const struct stats *stats, const struct widths *widths)
{
	terminal_print_styled(stdout, terminal_has_colour(stdout),
	    TERMINAL_BOLD, slice_from_cstr(stats->title), widths->key);
	for (size_t i = 0; i < N_NUMBERS; i++)
		printf(" %*s", (int)widths->numbers[i], numbers[i].title);
	putchar('\n');
}

static void
print_table(const struct stats *stats)
{
	size_t n = count_shown(stats);
	struct widths widths;

	if (stats->n_rows == 0) {
		puts("nothing in these days");
		return;
	}
	widths = measure(stats, n);
	print_titles(stats, &widths);
	for (size_t i = 0; i < n; i++)
		print_row(&stats->rows[i], &widths);
	if (n < stats->n_rows)
		printf("and %zu more: --top 0 shows all\n",
		    stats->n_rows - n);
	if (stats->dimension == STORE_BY_DAY && stats->n_rows > 1)
		print_sparkline(stats);
}

void
stats_print_csv_text(struct slice text)
{
	putchar('"');
	if (text.len != 0 && strchr("=+-@", text.ptr[0]) != NULL)
		putchar('\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			putchar('"');
		terminal_print_escaped(stdout, (struct slice){
		    text.ptr + i, 1 });
	}
	putchar('"');
}

static void
print_csv(const struct stats *stats)
{
	size_t n = count_shown(stats);

	fputs("key", stdout);
	for (size_t i = 0; i < N_NUMBERS; i++)
		printf(",%s", numbers[i].name);
	putchar('\n');
	for (size_t i = 0; i < n; i++) {
		stats_print_csv_text(stats->rows[i].key);
		for (size_t j = 0; j < N_NUMBERS; j++)
			printf(",%" PRIu64, stats->rows[i].numbers[j]);
		putchar('\n');
	}
}

/* Keys come from mail: what is no UTF-8 there was replaced by the store. */
static int
print_json(const struct stats *stats)
{
	json_t *list = json_array();
	size_t n = count_shown(stats);
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "key", json_stringn(
		    stats->rows[i].key.len != 0 ? stats->rows[i].key.ptr :
		    "", stats->rows[i].key.len));
		for (size_t j = 0; j < N_NUMBERS; j++)
			json_object_set_new(object, numbers[j].name,
			    json_integer((json_int_t)
			    stats->rows[i].numbers[j]));
		json_array_append_new(list, object);
	}
	if (json_dumpf(list, stdout, JSON_INDENT(2)) != 0)
		status = EX_IOERR;
	putchar('\n');
	json_decref(list);
	return status;
}

/* ---- the command --------------------------------------------------------- */

static bool
choose_dimension(struct stats *stats)
{
	const char *by = stats->period.by != NULL ? stats->period.by : "day";

	for (size_t i = 0; i < N_ELEMENTS(dimensions); i++)
		if (strcmp(by, dimensions[i].name) == 0) {
			stats->dimension = dimensions[i].dimension;
			stats->title = dimensions[i].title;
			return true;
		}
	return false;
}

static int
show(struct stats *stats)
{
	switch (stats->period.form) {
	case PERIOD_TABLE:
		print_table(stats);
		return 0;
	case PERIOD_JSON:
		return print_json(stats);
	case PERIOD_CSV:
		print_csv(stats);
		return 0;
	}
	return 0;
}

static int
run(struct stats *stats)
{
	struct period *period = &stats->period;
	int status = period_open(period);

	if (status == 0)
		status = report_setup_tell_store(period->store,
		    store_visit_totals(period->store, stats->dimension,
		    period->from, period->to, take_total, stats));
	if (status == 0 && stats->has_failed) {
		fputs("assay stats: too many rows, or memory is out: name "
		    "fewer days\n", stderr);
		status = EX_OSERR;
	}
	if (status != 0)
		return status;
	if (stats->dimension == STORE_BY_SOURCE)
		merge_networks(stats);
	return show(stats);
}

int
stats_run_command(const struct command *self, int argc, char **argv)
{
	struct stats stats = { .arena = NULL };
	bool wants_help = false;
	int status = period_parse(self, argc, argv, &stats.period,
	    &wants_help);

	if (status != 0)
		return status;
	if (wants_help)
		return command_help(self);
	if (!choose_dimension(&stats))
		return command_misuse(self, "--by wants day, domain, source, "
		    "action, rule or result");
	setlocale(LC_CTYPE, "");
	stats.arena = arena_create(MEMORY);
	status = stats.arena != NULL ? run(&stats) : EX_OSERR;
	period_close(&stats.period);
	arena_destroy(&stats.arena);
	return status;
}
