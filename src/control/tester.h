/* control/tester.h - has the self-test run at start and every minute, and acts
 * by it: tells the log and the board, and milter/, which then enforces nothing
 * (milter_set_sound). */
#ifndef ASSAY_CONTROL_TESTER_H
#define ASSAY_CONTROL_TESTER_H

#include <stdbool.h>

struct board_slot;
struct dkim_sha256;
struct log;
struct tester;

#define TESTER_INTERVAL_S 60
#define TESTER_AGAIN_S 5	/* while it fails */

/* All borrowed; SHA256 as in self_test.h: milter_get_sha256().  Behind the last
 * fork.  NULL where memory is out. */
struct tester *tester_create(struct board_slot *slot, struct log *log,
    const struct dkim_sha256 *sha256);

/* Test now, on this thread, which takes some milliseconds: before it is told
 * that we are ready, whatever comes of it.  Not behind tester_start. */
void tester_run(struct tester *tester);

/* From now on test each minute, sooner after a failure, on a thread of its own.
 * False where there can be none. */
bool tester_start(struct tester *tester);

/* Have it test at once (SIGUSR1).  Any thread; does not wait for it. */
void tester_ask(struct tester *tester);

/* Waits for a test that is under way.  Before milter_close. */
void tester_destroy(struct tester **tester);

#endif
