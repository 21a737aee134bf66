/* config/problems.c - see problems.h. */
#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define MAX_SHOWN 60		/* octets of a value in a message */
#define MAX_MESSAGE 1000	/* octets of a message */

static void append_message(struct strbuf *buf, const char *file,
    unsigned line, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));

static void
append_message(struct strbuf *buf, const char *file, unsigned line,
    const char *format, va_list args)
{
	char message[MAX_MESSAGE];

	/* Our own words and what problems_show has cut: a longer message
	 * would only lose its end. */
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	strbuf_printf(buf, "%s:%u: ", file, line);
	strbuf_append_cstr(buf, message);
}

void
problems_add(struct config_problems *problems, unsigned line,
    const char *format, ...)
{
	va_list args;

	if (problems->n++ > CONFIG_MAX_PROBLEMS)
		return;
	if (problems->n > CONFIG_MAX_PROBLEMS) {
		strbuf_printf(problems->lines, "%s:%u: and more: mend what is "
		    "listed above first\n", problems->file, line);
		return;
	}
	va_start(args, format);
	append_message(problems->lines, problems->file, line, format, args);
	va_end(args);
	strbuf_append_char(problems->lines, '\n');
}

void
problems_note(struct config_problems *problems, unsigned line,
    const char *format, ...)
{
	struct config_note *note = arena_alloc(problems->arena, sizeof(*note));
	struct strbuf text;
	va_list args;

	strbuf_init(&text, problems->arena, MAX_MESSAGE * 2);
	va_start(args, format);
	append_message(&text, problems->file, line, format, args);
	va_end(args);
	if (note == NULL || (note->text = strbuf_cstr(&text)) == NULL)
		return;		/* config_load looks at arena_has_failed */
	*problems->last_note = note;
	problems->last_note = &note->next;
}

const char *
problems_show(struct config_problems *problems, struct slice text)
{
	struct strbuf shown;
	const char *cstr;

	strbuf_init(&shown, problems->arena, MAX_SHOWN * 4 + 8);
	strbuf_append_escaped(&shown, text, MAX_SHOWN);
	cstr = strbuf_cstr(&shown);
	return cstr != NULL ? cstr : "";
}
