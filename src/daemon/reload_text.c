/* daemon/reload_text.c - see reload_text.h. */
#include "daemon/reload_text.h"

#include "base/cursor.h"
#include "base/log.h"
#include "config/changes.h"

static bool
take_line(struct cursor *cur, struct slice *line_out)
{
	if (cursor_at_end(cur))
		return false;
	*line_out = cursor_take_until(cur, '\n');
	cursor_take_char(cur, '\n');
	return true;
}

void
reload_tell_done(struct log *log, struct slice lines)
{
	struct cursor cur = cursor_of(lines);
	struct slice line;

	if (lines.len == 0)
		log_write(log, LOG_LEVEL_INFO,
		    "configuration reloaded: nothing in it has changed");
	while (take_line(&cur, &line))
		log_write(log, slice_ends_with_nocase(line,
		    SLICE(CONFIG_WHEN_RESTARTED)) ? LOG_LEVEL_WARNING :
		    LOG_LEVEL_INFO, "configuration reloaded: %.*s",
		    SLICE_PRINTF(line));
}

void
reload_tell_refused(struct log *log, struct slice lines)
{
	struct cursor cur = cursor_of(lines);
	struct slice line;

	while (take_line(&cur, &line))
		log_write(log, LOG_LEVEL_ERROR, "%.*s", SLICE_PRINTF(line));
	log_write(log, LOG_LEVEL_ERROR,
	    "configuration not reloaded: the old one stays in force");
}
