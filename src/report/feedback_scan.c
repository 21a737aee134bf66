/* report/feedback_scan.c - see feedback_scan.h. */
#include "report/feedback_scan.h"

#include "base/cursor.h"
#include "report/feedback.h"

static void
scan_tag_octet(struct feedback_scan *scan, char c)
{
	switch (c) {
	case '>':
		scan->state = SCAN_TEXT;
		break;
	case '\'':
		scan->state = SCAN_SINGLE_QUOTED;
		break;
	case '"':
		scan->state = SCAN_DOUBLE_QUOTED;
		break;
	case '!':
	case '?':
		if (scan->tag_octets == 1)
			scan->state = SCAN_MARKUP;
		break;
	}
}

bool
feedback_scan_tags(struct feedback_scan *scan, struct slice chunk)
{
	for (size_t i = 0; i < chunk.len; i++) {
		char c = chunk.ptr[i];

		switch (scan->state) {
		case SCAN_TEXT:
			if (c == '<') {
				scan->state = SCAN_TAG;
				scan->tag_octets = 0;
			}
			continue;
		case SCAN_TAG:
			scan_tag_octet(scan, c);
			break;
		case SCAN_MARKUP:
			if (c == '>')
				scan->state = SCAN_TEXT;
			break;
		case SCAN_SINGLE_QUOTED:
			if (c == '\'')
				scan->state = SCAN_TAG;
			break;
		case SCAN_DOUBLE_QUOTED:
			if (c == '"')
				scan->state = SCAN_TAG;
			break;
		}
		if (++scan->tag_octets > FEEDBACK_MAX_TAG)
			return false;
	}
	return true;
}

struct slice
feedback_take_encoding(struct slice head)
{
	struct cursor cur = cursor_of(head);
	struct slice declaration;
	char quote;

	if (!cursor_take_text_nocase(&cur, SLICE("<?xml")))
		return SLICE_EMPTY;
	declaration = cursor_take_until(&cur, '>');
	cur = cursor_of(declaration);
	while (!cursor_at_end(&cur) &&
	    !cursor_take_text_nocase(&cur, SLICE("encoding")))
		cur.pos++;
	cursor_skip_fws(&cur);
	if (!cursor_take_char(&cur, '='))
		return SLICE_EMPTY;
	cursor_skip_fws(&cur);
	if (cursor_at_end(&cur))
		return SLICE_EMPTY;
	quote = *cur.pos++;
	return cursor_take_until(&cur, quote);
}

bool
feedback_is_encoding_known(struct slice encoding)
{
	static const struct slice known[] = {
		SLICE_INIT("utf-8"), SLICE_INIT("utf8"),
		SLICE_INIT("us-ascii"), SLICE_INIT("ascii"),
		SLICE_INIT("iso-8859-1"), SLICE_INIT("iso-8859-15"),
		SLICE_INIT("windows-1252"),
	};

	if (encoding.len == 0)
		return true;
	for (size_t i = 0; i < N_ELEMENTS(known); i++)
		if (slice_eq_nocase(encoding, known[i]))
			return true;
	return false;
}
