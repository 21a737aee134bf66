/* report/spool.h - a file without a name, for what is too large for memory. */
#ifndef ASSAY_REPORT_SPOOL_H
#define ASSAY_REPORT_SPOOL_H

#include <stdio.h>

/* Read and write, in $TMPDIR or /tmp; gone when it is closed, however we end,
 * and closed in programs that we start.  NULL with errno. */
FILE *spool_create(void);

#endif
