/* cli/check_show.c - see check_show.h. */
#include "cli/check_show.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/terminal.h"

#define LABEL_WIDTH 9
#define TEXT_COLUMN (2 + 2 * LABEL_WIDTH)

static enum terminal_style
style_of(enum check_severity severity)
{
	switch (severity) {
	case CHECK_GOOD:
		return TERMINAL_GOOD;
	case CHECK_WARNING:
	case CHECK_UNKNOWN:
		return TERMINAL_DOUBTFUL;
	case CHECK_CRITICAL:
		return TERMINAL_BAD;
	case CHECK_NOTE:
		return TERMINAL_PLAIN;
	}
	return TERMINAL_PLAIN;
}

/* From COLUMN on, which the line has reached.  Whatever reads it line by line
 * wants one for each finding. */
static void
print_text(FILE *out, struct slice text, unsigned column)
{
	terminal_print_wrapped(out, text, column, column,
	    isatty(fileno(out)) == 1 ? terminal_width(out) : UINT_MAX);
	putc('\n', out);
}

static void
print_finding(FILE *out, const struct check_finding *finding, bool has_colour)
{
	fputs("  ", out);
	terminal_print_styled(out, has_colour, style_of(finding->severity),
	    slice_from_cstr(check_severity_name(finding->severity)),
	    LABEL_WIDTH);
	terminal_print_styled(out, false, TERMINAL_PLAIN,
	    slice_from_cstr(finding->matter), LABEL_WIDTH);
	/* It was escaped when it was made. */
	print_text(out, finding->text, TEXT_COLUMN);
	if (finding->advice != NULL) {
		fprintf(out, "%*s-> ", TEXT_COLUMN, "");
		print_text(out, slice_from_cstr(finding->advice),
		    TEXT_COLUMN + 3);
	}
}

void
check_print(FILE *out, const struct check *check, bool has_colour)
{
	enum check_severity worst = check_worst(check);

	terminal_print_styled(out, has_colour, TERMINAL_BOLD, check->domain,
	    0);
	fputs(": ", out);
	terminal_print_styled(out, has_colour, style_of(worst),
	    slice_from_cstr(check_severity_name(worst)), 0);
	putc('\n', out);
	for (const struct check_finding *finding = check->findings;
	    finding != NULL; finding = finding->next)
		print_finding(out, finding, has_colour);
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *
make_finding(const struct check_finding *finding)
{
	return json_pack("{s:s, s:s, s:s, s:s%, s:s*}",
	    "severity", check_severity_name(finding->severity),
	    "matter", finding->matter, "id", finding->id,
	    "text", finding->text.ptr != NULL ? finding->text.ptr : "",
	    finding->text.len, "advice", finding->advice);
}

json_t *
check_make_json(const struct check *check)
{
	json_t *list = json_array();

	for (const struct check_finding *finding = check->findings;
	    finding != NULL; finding = finding->next)
		if (json_array_append_new(list, make_finding(finding)) != 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{s:s%, s:s, s:o}", "domain", check->domain.ptr,
	    check->domain.len, "status",
	    check_severity_name(check_worst(check)), "findings", list);
}

/* ---- differences --------------------------------------------------------- */

static bool
has_same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key)) ==
	    1;
}

static bool
is_among(const json_t *list, const json_t *finding)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *other = json_array_get(list, i);

		if (has_same(other, finding, "id") &&
		    has_same(other, finding, "text"))
			return true;
	}
	return false;
}

/* Those of LIST that OTHERS lacks. */
static json_t *
make_missing(const json_t *list, const json_t *others)
{
	json_t *missing = json_array();

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *finding = json_array_get(list, i);

		if (!is_among(others, finding) &&
		    json_array_append(missing, finding) != 0) {
			json_decref(missing);
			return NULL;
		}
	}
	return missing;
}

static const json_t *
find_domain(const json_t *file, const json_t *now)
{
	if (!json_is_array(file))
		return has_same(file, now, "domain") ? file : NULL;
	for (size_t i = 0; i < json_array_size(file); i++)
		if (has_same(json_array_get(file, i), now, "domain"))
			return json_array_get(file, i);
	return NULL;
}

json_t *
check_make_diff(const json_t *file, const json_t *now)
{
	const json_t *then = find_domain(file, now);
	const json_t *before = json_object_get(then, "findings");
	const json_t *after = json_object_get(now, "findings");

	return json_pack("{s:O, s:o, s:o}", "domain",
	    json_object_get(now, "domain"), "new",
	    make_missing(after, before), "gone",
	    make_missing(before, after));
}

/* A file may say anything: it is escaped like all that is from outside. */
static void
print_list(FILE *out, const json_t *list, char sign,
    enum terminal_style style, bool has_colour)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *finding = json_array_get(list, i);
		char mark[] = { ' ', ' ', sign, ' ', '\0' };

		terminal_print_styled(out, has_colour, style,
		    slice_from_cstr(mark), 0);
		terminal_print_styled(out, false, TERMINAL_PLAIN,
		    slice_from_cstr(json_string_value(json_object_get(finding,
		    "severity"))), LABEL_WIDTH);
		terminal_print_escaped(out, slice_from_cstr(json_string_value(
		    json_object_get(finding, "text"))));
		putc('\n', out);
	}
}

void
check_print_diff(FILE *out, const json_t *diff, bool has_colour)
{
	const json_t *added = json_object_get(diff, "new");
	const json_t *gone = json_object_get(diff, "gone");

	terminal_print_styled(out, has_colour, TERMINAL_BOLD,
	    slice_from_cstr(json_string_value(json_object_get(diff,
	    "domain"))), 0);
	fputs(json_array_size(added) + json_array_size(gone) == 0 ?
	    ": nothing has changed\n" : ":\n", out);
	print_list(out, gone, '-', TERMINAL_DOUBTFUL, has_colour);
	print_list(out, added, '+', TERMINAL_BOLD, has_colour);
}
