/* inspect/sender.h - SPF of the open message's sender and of HELO. */
#ifndef ASSAY_INSPECT_SENDER_H
#define ASSAY_INSPECT_SENDER_H

#include <stdint.h>

struct inspect;

/* Let both checks run as far ahead as the answers that have come lead, so that
 * what they will need is asked for.  To be called whenever some may have come:
 * cheap, does not block.  The second before a wait, for waiting.h. */
void sender_run_ahead(struct inspect *in);
void sender_run_meanwhile(void *inspect);

/* results.spf: of MAIL FROM, of HELO for the null sender; evaluated once, if
 * SPF is to be checked at all.  Blocks. */
void sender_check(struct inspect *in, int64_t deadline_ms);

/* results.helo_spf, after sender_check.  Blocks. */
void sender_check_helo(struct inspect *in, int64_t deadline_ms);

#endif
