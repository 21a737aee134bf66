/* milter/starved.h - what libmilter does not do when threads or descriptors
 * are out.
 *
 * A session whose thread cannot be made is taken by libmilter for one that
 * runs: nobody looks at it again, the MTA waits for nothing and the descriptor
 * is lost.  Where accept(2) finds no descriptor libmilter asks again at once,
 * all of a processor's time.  interpose.c brings these functions in between. */
#ifndef ASSAY_MILTER_STARVED_H
#define ASSAY_MILTER_STARVED_H

#include <stdbool.h>

/* Make ready to be short of threads, while there are some; before libmilter
 * runs.  False where that is impossible already. */
bool starved_prepare(void);

/* Whether RUN is libmilter's and there will be a thread for it as soon as one
 * can be had. */
bool starved_start_later(void *(*run)(void *), void *arg);

/* accept(2) has failed with ERROR, an errno: where that is for want of
 * something, wait a moment for it. */
void starved_pause(int error);

#endif
