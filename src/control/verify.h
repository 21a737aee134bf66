/* control/verify.h - the answer to "verify": a message judged, and what its MTA
 * is to do with it. */
#ifndef ASSAY_CONTROL_VERIFY_H
#define ASSAY_CONTROL_VERIFY_H

#include <stddef.h>

/* Of a line that asks to verify, or fails to; malloc's, and it is freed, once
 * it has been read.  The answer is malloc's, too, without a line end; NULL
 * where memory is out.  Waits for DNS. */
char *verify_answer_line(char *line, size_t len);

/* It was not judged, and its MTA is to have it sent again. */
extern const char verify_busy[];

#endif
