/* report/mail_text.c - see mail_text.h. */
#include "report/mail_text.h"

#include <time.h>

#include "base/strbuf.h"
#include "report/token.h"

/* date-time = day-of-week "," date time   (RFC 5322 3.3) */
void
report_append_date(struct strbuf *text, int64_t date_s)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
	};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec",
	};
	time_t seconds = (time_t)date_s;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL) {
		text->has_failed = true;
		return;
	}
	strbuf_printf(text, "%s, %d %s %d %02d:%02d:%02d +0000",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
report_append_message_id(struct strbuf *text, struct slice report_id,
    const struct siphash_key *secret, struct slice to, struct slice submitter)
{
	strbuf_printf(text, "Message-ID: <%.*s", SLICE_PRINTF(report_id));
	if (secret != NULL) {
		strbuf_append_char(text, '.');
		report_append_token(text, secret, report_id, to);
	}
	strbuf_printf(text, "@%.*s>\n", SLICE_PRINTF(submitter));
}

void
report_append_boundary(struct strbuf *text, struct slice report_id)
{
	strbuf_append(text, SLICE("=_"));
	strbuf_append(text, report_id);
}

bool
report_put_text(struct strbuf *text, const char *eol, FILE *out)
{
	struct slice rest = strbuf_slice(text);

	while (rest.len != 0) {
		struct slice line = slice_head(rest, slice_find(rest, '\n'));

		fwrite(line.ptr, 1, line.len, out);
		fputs(eol, out);
		rest = slice_from(rest, line.len + 1);
	}
	strbuf_truncate(text, 0);
	return !text->has_failed && !ferror(out);
}
