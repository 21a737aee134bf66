/* cli/feedback_table.c - see feedback_table.h. */
#include "cli/feedback_table.h"

#include <inttypes.h>
#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/strbuf.h"
#include "cli/terminal.h"

#define MAX_LINE_TEXT ((size_t)200)	/* of a text in the head */
#define MAX_CELL_TEXT ((size_t)80)
#define MAX_CELL ((size_t)512)		/* of it, escaped */
#define LABEL_COLUMNS 10
#define GAP 2				/* blanks between columns */
#define MIN_FROM 12			/* columns, of a small terminal */
#define MIN_REASONS 12

enum column {
	COLUMN_COUNT = 0,
	COLUMN_SOURCE,
	COLUMN_DISPOSITION,
	COLUMN_DKIM,
	COLUMN_SPF,
	COLUMN_FROM,
	COLUMN_REASONS,
};

static const char *const titles[FEEDBACK_TABLE_COLUMNS] = {
	"COUNT", "SOURCE", "DISPOSITION", "DKIM", "SPF", "FROM", "REASONS" };

void
feedback_table_init(struct feedback_table *table, FILE *out, unsigned width,
    bool has_colour, struct arena *arena)
{
	*table = (struct feedback_table){ .out = out, .width = width,
		.has_colour = has_colour, .arena = arena };
}

/* ---- the head ------------------------------------------------------------ */

static void
print_label(const struct feedback_table *table, const char *label)
{
	terminal_print_styled(table->out, table->has_colour, TERMINAL_BOLD,
	    slice_from_cstr(label), LABEL_COLUMNS);
}

static void
print_text(const struct feedback_table *table, struct slice text)
{
	terminal_print_escaped(table->out, slice_head(text, MAX_LINE_TEXT));
	if (text.len > MAX_LINE_TEXT)
		fputs("...", table->out);
}

static void
print_line(const struct feedback_table *table, const char *label,
    struct slice text)
{
	if (text.len == 0)
		return;
	print_label(table, label);
	putc(' ', table->out);
	print_text(table, text);
	putc('\n', table->out);
}

static void
print_time(const struct feedback_table *table, uint64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char text[40];

	if (gmtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) != 0)
		fputs(text, table->out);
	else
		fprintf(table->out, "%" PRIu64, time_s);
}

static void
print_reporter(const struct feedback_table *table,
    const struct feedback *feedback)
{
	print_label(table, "Reporter");
	putc(' ', table->out);
	print_text(table, feedback->org_name);
	if (feedback->email.len != 0) {
		fputs(" <", table->out);
		print_text(table, feedback->email);
		putc('>', table->out);
	}
	putc('\n', table->out);
}

static void
print_tag(const struct feedback_table *table, const char *name,
    struct slice value)
{
	if (value.len == 0)
		return;
	fprintf(table->out, " %s=", name);
	print_text(table, value);
}

static void
print_policy(const struct feedback_table *table,
    const struct feedback *feedback)
{
	print_label(table, "Policy");
	print_tag(table, "p", feedback->p);
	print_tag(table, "sp", feedback->sp);
	print_tag(table, "np", feedback->np);
	print_tag(table, "adkim", feedback->adkim);
	print_tag(table, "aspf", feedback->aspf);
	print_tag(table, "pct", feedback->pct);
	print_tag(table, "t", feedback->testing);
	print_tag(table, "fo", feedback->fo);
	print_tag(table, "discovery", feedback->discovery_method);
	putc('\n', table->out);
}

void
feedback_table_head(void *context, const struct feedback *feedback)
{
	const struct feedback_table *table = context;

	print_reporter(table, feedback);
	print_line(table, "Contact", feedback->extra_contact_info);
	print_line(table, "Report-ID", feedback->report_id);
	print_line(table, "Generator", feedback->generator);
	print_line(table, "Domain", feedback->domain);
	print_label(table, "Period");
	putc(' ', table->out);
	print_time(table, feedback->begin_s);
	fputs(" to ", table->out);
	print_time(table, feedback->end_s);
	fputs(" UTC\n", table->out);
	print_policy(table, feedback);
	for (size_t i = 0; i < feedback->n_errors; i++)
		print_line(table, "Error", feedback->errors[i]);
}

/* ---- rows ---------------------------------------------------------------- */

/* Text that is longer is cut by the octet; it is shown escaped. */
static void
append_text(struct strbuf *cell, struct slice text)
{
	strbuf_append(cell, slice_head(text, MAX_CELL_TEXT));
	if (text.len > MAX_CELL_TEXT)
		strbuf_append_cstr(cell, "...");
}

static struct slice
make_cell(struct feedback_table *table, struct slice text)
{
	struct strbuf cell;

	strbuf_init(&cell, table->arena, MAX_CELL);
	append_text(&cell, text);
	return strbuf_slice(&cell);
}

static struct slice
make_reasons(struct feedback_table *table,
    const struct feedback_record *record)
{
	struct strbuf cell;

	strbuf_init(&cell, table->arena, MAX_CELL);
	for (size_t i = 0; i < record->n_reasons; i++) {
		const struct feedback_reason *reason = &record->reasons[i];

		if (i != 0)
			strbuf_append_cstr(&cell, ", ");
		append_text(&cell, reason->type);
		if (reason->comment.len == 0)
			continue;
		strbuf_append_cstr(&cell, " (");
		append_text(&cell, reason->comment);
		strbuf_append_char(&cell, ')');
	}
	return strbuf_slice(&cell);
}

static void
make_cells(struct feedback_table *table, const struct feedback_record *record,
    struct feedback_cells *cells)
{
	struct slice *texts = cells->texts;
	struct strbuf count;

	strbuf_init(&count, table->arena, MAX_CELL);
	strbuf_append_uint(&count, record->count);
	cells->has_passed = feedback_has_passed(record);
	texts[COLUMN_COUNT] = strbuf_slice(&count);
	texts[COLUMN_SOURCE] = make_cell(table, record->source_ip);
	texts[COLUMN_DISPOSITION] = make_cell(table, record->disposition);
	texts[COLUMN_DKIM] = make_cell(table, record->dkim);
	texts[COLUMN_SPF] = make_cell(table, record->spf);
	texts[COLUMN_FROM] = make_cell(table, record->header_from);
	texts[COLUMN_REASONS] = make_reasons(table, record);
}

/* Columns of the first N octets of TEXT, escaped. */
static size_t
count_columns(struct slice text, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < text.len && i < n; i++)
		columns += ascii_is_vchar(text.ptr[i]) ?
		    (text.ptr[i] == '\\' ? 4 : 1) :
		    (text.ptr[i] == ' ' ? 1 : 4);
	return columns;
}

static size_t
max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

static unsigned
sum_widths(const struct feedback_table *table)
{
	unsigned sum = GAP * (FEEDBACK_TABLE_COLUMNS - 1);

	for (size_t i = 0; i < FEEDBACK_TABLE_COLUMNS; i++)
		sum += table->widths[i];
	return sum;
}

/* Take from a column what there is too much of all. */
static void
shrink(struct feedback_table *table, enum column column, unsigned least)
{
	unsigned sum = sum_widths(table), *width = &table->widths[column];

	if (sum <= table->width || *width <= least)
		return;
	*width = *width - least > sum - table->width ?
	    *width - (sum - table->width) : least;
}

static void
fix_widths(struct feedback_table *table)
{
	for (size_t i = 0; i < FEEDBACK_TABLE_COLUMNS; i++) {
		size_t width = slice_from_cstr(titles[i]).len;

		for (size_t j = 0; j < table->n_held; j++)
			width = max_of(width,
			    count_columns(table->held[j].texts[i], SIZE_MAX));
		table->widths[i] = (unsigned)width;
	}
	if (table->width == 0)
		return;
	shrink(table, COLUMN_REASONS, MIN_REASONS);
	shrink(table, COLUMN_FROM, MIN_FROM);
}

static enum terminal_style
find_style(const struct feedback_cells *cells, enum column column)
{
	struct slice text = cells->texts[column];

	switch (column) {
	case COLUMN_DISPOSITION:
		if (slice_eq_nocase(text, SLICE("reject")))
			return TERMINAL_BAD;
		return slice_eq_nocase(text, SLICE("quarantine")) ?
		    TERMINAL_DOUBTFUL : TERMINAL_PLAIN;
	case COLUMN_DKIM:
	case COLUMN_SPF:
		if (slice_eq_nocase(text, SLICE("pass")))
			return TERMINAL_GOOD;
		return cells->has_passed ? TERMINAL_DOUBTFUL : TERMINAL_BAD;
	case COLUMN_COUNT:
	case COLUMN_SOURCE:
	case COLUMN_FROM:
	case COLUMN_REASONS:
		break;
	}
	return TERMINAL_PLAIN;
}

/* TEXT in a column of WIDTH; what does not fit a terminal is cut. */
static void
print_cell(const struct feedback_table *table, struct slice text,
    enum terminal_style style, unsigned width, bool is_last)
{
	size_t n = text.len;
	unsigned room = width;

	if (table->width != 0 && count_columns(text, n) > width) {
		room = width - 3;
		while (n != 0 && count_columns(text, n) > room)
			n--;
	}
	terminal_print_styled(table->out, table->has_colour, style,
	    slice_head(text, n), is_last || n < text.len ? 0 : width);
	if (n < text.len)
		fprintf(table->out, "...%*s", is_last ? 0 :
		    (int)(room - count_columns(text, n)), "");
	if (!is_last)
		fprintf(table->out, "%*s", GAP, "");
}

static void
print_count(const struct feedback_table *table, struct slice text)
{
	unsigned width = table->widths[COLUMN_COUNT];

	fprintf(table->out, "%*s%.*s%*s", width > text.len ?
	    (int)(width - text.len) : 0, "", SLICE_PRINTF(text), GAP, "");
}

static void
print_row(const struct feedback_table *table,
    const struct feedback_cells *cells)
{
	enum column last = cells->texts[COLUMN_REASONS].len != 0 ?
	    COLUMN_REASONS : COLUMN_FROM;

	print_count(table, cells->texts[COLUMN_COUNT]);
	for (enum column i = COLUMN_SOURCE; i <= last; i++)
		print_cell(table, cells->texts[i], find_style(cells, i),
		    table->widths[i], i == last);
	putc('\n', table->out);
}

static void
print_titles(const struct feedback_table *table)
{
	putc('\n', table->out);
	print_count(table, slice_from_cstr(titles[COLUMN_COUNT]));
	for (enum column i = COLUMN_SOURCE; i <= COLUMN_REASONS; i++)
		print_cell(table, slice_from_cstr(titles[i]), TERMINAL_BOLD,
		    table->widths[i], i == COLUMN_REASONS);
	putc('\n', table->out);
}

static void
begin_rows(struct feedback_table *table)
{
	table->is_begun = true;
	fix_widths(table);
	print_titles(table);
	for (size_t i = 0; i < table->n_held; i++)
		print_row(table, &table->held[i]);
	table->n_held = 0;
	arena_reset(table->arena);
}

static void
count(struct feedback_table *table, const struct feedback_record *record)
{
	table->n_records++;
	table->n_messages += record->count;
	if (feedback_has_passed(record))
		table->n_passed += record->count;
	if (slice_eq_nocase(record->disposition, SLICE("quarantine")))
		table->n_quarantine += record->count;
	else if (slice_eq_nocase(record->disposition, SLICE("reject")))
		table->n_reject += record->count;
}

void
feedback_table_record(void *context, const struct feedback_record *record)
{
	struct feedback_table *table = context;
	struct feedback_cells cells;

	count(table, record);
	if (!table->is_begun) {
		make_cells(table, record, &table->held[table->n_held++]);
		if (table->n_held == FEEDBACK_TABLE_HELD)
			begin_rows(table);
		return;
	}
	make_cells(table, record, &cells);
	print_row(table, &cells);
	arena_reset(table->arena);
}

void
feedback_table_end(struct feedback_table *table)
{
	if (!table->is_begun)
		begin_rows(table);
	fprintf(table->out, "\n%" PRIu64 " message%s in %" PRIu64 " row%s",
	    table->n_messages, table->n_messages == 1 ? "" : "s",
	    table->n_records, table->n_records == 1 ? "" : "s");
	if (table->n_messages != 0)
		fprintf(table->out, ": %" PRIu64 " passed DMARC (%.1f %%), "
		    "%" PRIu64 " quarantined, %" PRIu64 " rejected",
		    table->n_passed, 100.0 * (double)table->n_passed /
		    (double)table->n_messages, table->n_quarantine,
		    table->n_reject);
	putc('\n', table->out);
}
