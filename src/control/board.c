/* control/board.c - see board.h. */
#include "control/board.h"

#include <stddef.h>
#include <sys/mman.h>

static size_t
board_octets(unsigned n_slots)
{
	return sizeof(struct board) + n_slots * sizeof(struct board_slot);
}

struct board *
board_create(unsigned n_slots)
{
	struct board *board = mmap(NULL, board_octets(n_slots),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return NULL;
	board->n_slots = n_slots;
	return board;
}

void
board_destroy(struct board **board)
{
	if (*board == NULL)
		return;
	munmap(*board, board_octets((*board)->n_slots));
	*board = NULL;
}

const char *
board_soundness_name(enum board_soundness soundness)
{
	switch (soundness) {
	case BOARD_UNTESTED:
		return "untested";
	case BOARD_SOUND:
		return "sound";
	case BOARD_UNSOUND:
		return "unsound";
	}
	return "";
}
