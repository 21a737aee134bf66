/* daemon/reload_board.h - what the supervisor and the processes that it has
 * forked say to each other of a reload, in memory that they share.
 *
 * It is read when SIGHUP comes, and at a process's start: the signal says only
 * that there may be news, so that none is lost where two of them become one. */
#ifndef ASSAY_DAEMON_RELOAD_BOARD_H
#define ASSAY_DAEMON_RELOAD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELOAD_TEXT_MAX ((size_t)64 * 1024)

/* The supervisor's orders. */
enum reload_order {
	RELOAD_NOTHING = 0,
	RELOAD_PREPARE,		/* read it, and say whether it can be */
	RELOAD_COMMIT,		/* all can: now */
	RELOAD_ABORT,		/* not all can: forget it */
};

/* What each process answers. */
enum reload_answer {
	RELOAD_SILENT = 0,
	RELOAD_PREPARED,
	RELOAD_UNABLE,
	RELOAD_SWITCHED,	/* messages begin with it */
};

/* Either of them, and the round that it is of, in one word. */
struct reload_word {
	atomic_ullong word;
};

struct reload_seat {
	struct reload_word answer;
	atomic_ullong fingerprint;	/* of PREPARED; set before */
};

struct reload_board {
	struct reload_word order;
	/* The control process wants a reload: the supervisor has answered as
	 * many as it has asked for, once it has.  The text is its, until it
	 * asks again. */
	atomic_ullong n_asked, n_answered;
	int result;		/* enum control_reload */
	size_t text_len;
	char text[RELOAD_TEXT_MAX];
	unsigned n_seats;
	struct reload_seat seats[];
};

/* Zeroed, shared with all processes that are forked later.  NULL where memory
 * is out. */
struct reload_board *reload_board_create(unsigned n_seats);
void reload_board_destroy(struct reload_board **board);

void reload_say(struct reload_word *word, uint64_t round, unsigned what);
unsigned reload_hear(const struct reload_word *word,
    uint64_t *round_out);

#endif
