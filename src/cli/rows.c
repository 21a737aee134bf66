/* cli/rows.c - see rows.h. */
#include "cli/rows.h"

#include <inttypes.h>

#include "base/clock.h"

#define LABEL_COLUMNS 11
#define ROW_MAX ((size_t)4096)

void
rows_begin(const struct rows *rows, struct strbuf *text)
{
	strbuf_init(text, rows->arena, ROW_MAX);
}

void
rows_print(const struct rows *rows, const char *label,
    enum terminal_style style, const struct strbuf *text)
{
	terminal_print_styled(stdout, rows->has_colour, TERMINAL_BOLD,
	    slice_from_cstr(label), LABEL_COLUMNS);
	terminal_print_styled(stdout, rows->has_colour, style,
	    strbuf_slice(text), 0);
	putchar('\n');
}

static void
append_two(struct strbuf *text, int64_t n, const char *unit, int64_t m,
    const char *smaller)
{
	strbuf_printf(text, "%" PRId64 " %s %" PRId64 " %s", n, unit, m,
	    smaller);
}

void
rows_append_duration(struct strbuf *text, int64_t s)
{
	if (s >= CLOCK_DAY_S)
		append_two(text, s / CLOCK_DAY_S, "d", s % CLOCK_DAY_S / 3600,
		    "h");
	else if (s >= 3600)
		append_two(text, s / 3600, "h", s % 3600 / 60, "min");
	else if (s >= 60)
		append_two(text, s / 60, "min", s % 60, "s");
	else
		strbuf_printf(text, "%" PRId64 " s", s > 0 ? s : 0);
}

void
rows_append_octets(struct strbuf *text, int64_t octets)
{
	if (octets >= 10 * 1024 * 1024)
		strbuf_printf(text, "%" PRId64 " MB", octets / 1024 / 1024);
	else if (octets >= 10 * 1024)
		strbuf_printf(text, "%" PRId64 " kB", octets / 1024);
	else
		strbuf_printf(text, "%" PRId64 " octets", octets);
}

void
rows_append_ms(struct strbuf *text, int64_t us)
{
	strbuf_printf(text, "%.1f ms", (double)us / 1000);
}

void
rows_append_counts(struct strbuf *text, const json_t *counts)
{
	size_t start = text->len;
	const char *name;
	const json_t *count;

	/* jansson's iterators want what they do not change. */
	json_object_foreach((json_t *)(uintptr_t)counts, name, count) {
		if (json_integer_value(count) == 0)
			continue;
		if (text->len != start)
			strbuf_append_cstr(text, ", ");
		strbuf_append_escaped(text, slice_from_cstr(name), ROW_MAX);
		strbuf_printf(text, " %" PRId64,
		    (int64_t)json_integer_value(count));
	}
	if (text->len == start)
		strbuf_append_cstr(text, "none");
}

static int64_t
get(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void
rows_print_cache(const struct rows *rows, const json_t *cache)
{
	const json_t *ratio = json_object_get(cache, "ratio");
	struct strbuf text;

	rows_begin(rows, &text);
	if (json_is_number(ratio))
		strbuf_printf(&text, "%.1f %% of %" PRId64 " questions "
		    "answered from it; ", 100 * json_number_value(ratio),
		    get(cache, "hits") + get(cache, "misses") +
		    get(cache, "merged"));
	strbuf_printf(&text, "%" PRId64 " answers, ", get(cache, "entries"));
	rows_append_octets(&text, get(cache, "octets"));
	rows_print(rows, "cache", TERMINAL_PLAIN, &text);
}
