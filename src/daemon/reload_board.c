/* daemon/reload_board.c - see reload_board.h. */
#include "daemon/reload_board.h"

#include <sys/mman.h>

#define WHAT_BITS 2
#define WHAT_MASK ((1U << WHAT_BITS) - 1)

static size_t
board_octets(unsigned n_seats)
{
	return sizeof(struct reload_board) +
	    n_seats * sizeof(struct reload_seat);
}

struct reload_board *
reload_board_create(unsigned n_seats)
{
	struct reload_board *board = mmap(NULL, board_octets(n_seats),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return NULL;
	board->n_seats = n_seats;
	return board;
}

void
reload_board_destroy(struct reload_board **board)
{
	if (*board == NULL)
		return;
	munmap(*board, board_octets((*board)->n_seats));
	*board = NULL;
}

void
reload_say(struct reload_word *word, uint64_t round, unsigned what)
{
	atomic_store(&word->word, round << WHAT_BITS | what);
}

unsigned
reload_hear(const struct reload_word *word, uint64_t *round_out)
{
	uint64_t both = atomic_load(&word->word);

	*round_out = both >> WHAT_BITS;
	return (unsigned)(both & WHAT_MASK);
}
