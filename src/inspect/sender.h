/* inspect/sender.h - SPF of the open message's sender and of HELO. */
#ifndef ASSAY_INSPECT_SENDER_H
#define ASSAY_INSPECT_SENDER_H

#include <stdint.h>

struct inspect;

/* Ask for the records that will be needed. */
void sender_prefetch(struct inspect *in);

/* results.spf: of MAIL FROM, of HELO for the null sender; evaluated once, if SPF
 * is to be checked at all.  Blocks. */
void sender_check(struct inspect *in, int64_t deadline_ms);

/* results.helo_spf, after sender_check.  Blocks. */
void sender_check_helo(struct inspect *in, int64_t deadline_ms);

#endif
