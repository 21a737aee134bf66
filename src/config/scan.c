/* config/scan.c - see scan.h. */
#include "config/scan.h"

#include "base/ascii.h"
#include "base/cursor.h"
#include "config/problems.h"

/* libconfig 1.5 keeps the low 32 bits of a number without the suffix "L". */
#define MAX_NUMBER INT32_MAX
#define MAX_HEX_DIGITS 7

struct scan {
	struct cursor cur;
	unsigned line;
	bool is_line_start;	/* only white space since the line's start */
	struct config_problems *problems;
};

static char
take_octet(struct scan *scan)
{
	char c = *scan->cur.pos++;

	if (c == '\n')
		scan->line++;
	return c;
}

static bool
is_not_line_end(char c)
{
	return c != '\n';
}

/* "..." with backslashes; may go over several lines. */
static void
skip_string(struct scan *scan)
{
	unsigned line = scan->line;

	while (!cursor_at_end(&scan->cur)) {
		char c = take_octet(scan);

		if (c == '"')
			return;
		if (c == '\\' && !cursor_at_end(&scan->cur))
			take_octet(scan);
	}
	problems_add(scan->problems, line,
	    "this string has no end: write a \" behind it");
}

static void
skip_block_comment(struct scan *scan)
{
	unsigned line = scan->line;

	while (!cursor_at_end(&scan->cur))
		if (take_octet(scan) == '*' &&
		    cursor_take_char(&scan->cur, '/'))
			return;
	problems_add(scan->problems, line,
	    "this comment has no end: write */ behind it");
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '+' ||
	    c == '.' || c == '*' || ascii_is_8bit(c);
}

static bool
is_all(struct slice s, bool (*is)(char c))
{
	struct cursor cur = cursor_of(s);

	return cursor_take_while(&cur, is).len == s.len;
}

/* DIGITS without a sign, decimal or "0x" and hexadecimal ones. */
static bool
is_too_large(struct slice digits)
{
	uint64_t value;

	if (slice_starts_with_nocase(digits, SLICE("0x"))) {
		digits = slice_from(digits, 2);
		while (digits.len != 0 && digits.ptr[0] == '0')
			digits = slice_from(digits, 1);
		return is_all(digits, ascii_is_hex) &&
		    digits.len > MAX_HEX_DIGITS;
	}
	return digits.len != 0 && is_all(digits, ascii_is_digit) &&
	    !slice_parse_uint(digits, MAX_NUMBER, &value);
}

static void
check_word(struct scan *scan, struct slice word)
{
	struct slice digits = word;

	if (digits.ptr[0] == '-' || digits.ptr[0] == '+')
		digits = slice_from(digits, 1);
	if (!is_too_large(digits))
		return;
	problems_add(scan->problems, scan->line, "the number %s is too large "
	    "for any key", problems_show(scan->problems, word));
}

static void
scan_octet(struct scan *scan)
{
	bool is_line_start = scan->is_line_start;
	char c = take_octet(scan);

	scan->is_line_start = c == '\n' || (is_line_start && ascii_is_wsp(c));
	if (c == '"')
		skip_string(scan);
	else if (c == '#' || (c == '/' && cursor_take_char(&scan->cur, '/')))
		cursor_take_while(&scan->cur, is_not_line_end);
	else if (c == '/' && cursor_take_char(&scan->cur, '*'))
		skip_block_comment(scan);
	else if (c == '\0')
		problems_add(scan->problems, scan->line,
		    "there is a NUL octet: this is no text");
	else if (c == '@' && is_line_start &&
	    cursor_take_text_nocase(&scan->cur, SLICE("include")))
		problems_add(scan->problems, scan->line,
		    "@include is not supported: write all keys in one file");
}

bool
scan_text(struct slice text, struct config_problems *problems)
{
	struct scan scan = { cursor_of(text), 1, true, problems };
	unsigned n_before = problems->n;

	while (!cursor_at_end(&scan.cur)) {
		struct slice word = cursor_take_while(&scan.cur, is_word);

		if (word.len != 0) {
			scan.is_line_start = false;
			check_word(&scan, word);
		} else {
			scan_octet(&scan);
		}
	}
	return problems->n == n_before;
}
