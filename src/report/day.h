/* report/day.h - days as people write them: "2026-11-21", of UTC. */
#ifndef ASSAY_REPORT_DAY_H
#define ASSAY_REPORT_DAY_H

#include "base/slice.h"

struct strbuf;

/* Whole days since the epoch.  False where TEXT is no day from 1970 on. */
bool report_parse_day(struct slice text, uint32_t *day_out);
void report_append_day(struct strbuf *text, uint32_t day);

#endif
