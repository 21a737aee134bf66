/* daemon/reload_member.c - see reload_member.h. */
#include "daemon/reload_member.h"

#include <stdlib.h>

#include "daemon/changeover.h"
#include "daemon/reload_board.h"
#include "daemon/reload_text.h"

enum member_stage {
	MEMBER_IDLE = 0,
	MEMBER_READING,
	MEMBER_PREPARED,
};

struct reload_member {
	struct reload_board *board;
	struct reload_seat *seat;
	struct changeover *changeover;
	struct log *log;
	enum member_stage stage;
	uint64_t round;		/* the last one that we know of */
};

static void
answer(struct reload_member *member, enum reload_answer what)
{
	reload_say(&member->seat->answer, member->round, what);
}

static enum reload_order
hear(const struct reload_member *member, uint64_t *round_out)
{
	return (enum reload_order)reload_hear(&member->board->order,
	    round_out);
}

static void
refuse(struct reload_member *member)
{
	reload_tell_refused(member->log, changeover_text(member->changeover));
	member->stage = MEMBER_IDLE;
	answer(member, RELOAD_UNABLE);
}

/* Nobody may want it any more. */
static void
on_prepared(void *arg, bool is_prepared)
{
	struct reload_member *member = arg;
	uint64_t round;
	enum reload_order order = hear(member, &round);

	if (order != RELOAD_PREPARE || round != member->round) {
		changeover_abort(member->changeover);
		member->stage = MEMBER_IDLE;
		reload_look(member);
		return;
	}
	if (!is_prepared) {
		refuse(member);
		return;
	}
	member->stage = MEMBER_PREPARED;
	atomic_store(&member->seat->fingerprint,
	    changeover_fingerprint(member->changeover));
	answer(member, RELOAD_PREPARED);
}

/* An order that is news to us, who have nothing under way.  Who meets COMMIT
 * like that was forked by a supervisor that had committed already. */
static void
obey_new(struct reload_member *member, enum reload_order order)
{
	switch (order) {
	case RELOAD_NOTHING:
	case RELOAD_ABORT:
		return;
	case RELOAD_COMMIT:
		answer(member, RELOAD_SWITCHED);
		return;
	case RELOAD_PREPARE:
		member->stage = MEMBER_READING;
		if (!changeover_prepare(member->changeover, on_prepared,
		    member))
			refuse(member);
		return;
	}
}

static void
obey_prepared(struct reload_member *member, enum reload_order order)
{
	switch (order) {
	case RELOAD_NOTHING:
	case RELOAD_PREPARE:
		return;
	case RELOAD_COMMIT:
		changeover_commit(member->changeover);
		member->stage = MEMBER_IDLE;
		answer(member, RELOAD_SWITCHED);
		return;
	case RELOAD_ABORT:
		changeover_abort(member->changeover);
		member->stage = MEMBER_IDLE;
		return;
	}
}

void
reload_look(void *arg)
{
	struct reload_member *member = arg;
	uint64_t round;
	enum reload_order order = hear(member, &round);

	switch (member->stage) {
	case MEMBER_READING:
		return;		/* on_prepared looks again */
	case MEMBER_PREPARED:
		if (round == member->round) {
			obey_prepared(member, order);
			return;
		}
		changeover_abort(member->changeover);
		member->stage = MEMBER_IDLE;
		break;
	case MEMBER_IDLE:
		break;
	}
	if (round == member->round)
		return;
	member->round = round;
	obey_new(member, order);
}

struct reload_member *
reload_join(struct reload_board *board, unsigned seat,
    struct changeover *changeover, struct log *log)
{
	struct reload_member *member = calloc(1, sizeof(*member));

	if (member == NULL)
		return NULL;
	member->board = board;
	member->seat = &board->seats[seat];
	member->changeover = changeover;
	member->log = log;
	reload_look(member);
	return member;
}

void
reload_leave(struct reload_member **member)
{
	free(*member);
	*member = NULL;
}
