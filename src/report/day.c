/* report/day.c - see day.h. */
#include "report/day.h"

#include <time.h>

#include "base/clock.h"
#include "base/strbuf.h"

/* YYYY-MM-DD */
#define DAY_OCTETS 10

bool
report_parse_day(struct slice text, uint32_t *day_out)
{
	uint64_t year, month, day;
	struct tm tm = { .tm_year = 0 }, same;
	time_t seconds;

	if (text.len != DAY_OCTETS || text.ptr[4] != '-' ||
	    text.ptr[7] != '-' ||
	    !slice_parse_uint(slice_head(text, 4), 9999, &year) ||
	    !slice_parse_uint((struct slice){ text.ptr + 5, 2 }, 12, &month) ||
	    !slice_parse_uint((struct slice){ text.ptr + 8, 2 }, 31, &day) ||
	    year < 1970 || month == 0 || day == 0)
		return false;
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	seconds = timegm(&tm);
	/* The 31st of a month of 30 days is another day by then. */
	if (seconds < 0 || gmtime_r(&seconds, &same) == NULL ||
	    same.tm_mday != (int)day)
		return false;
	*day_out = (uint32_t)(seconds / CLOCK_DAY_S);
	return true;
}

void
report_append_day(struct strbuf *text, uint32_t day)
{
	time_t seconds = (time_t)day * CLOCK_DAY_S;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		text->has_failed = true;
	else
		strbuf_printf(text, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}
