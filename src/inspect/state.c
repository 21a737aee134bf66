/* inspect/state.c - see state.h. */
#include "inspect/state.h"

bool
state_has_message(const struct inspect *in)
{
	switch (in->stage) {
	case STAGE_NEW:
	case STAGE_IDLE:
		return false;
	case STAGE_HEADER:
	case STAGE_BODY:
	case STAGE_FINISHED:
		return true;
	}
	return false;
}

void
state_note_limit(struct inspect *in, enum limit limit)
{
	in->results.limits_hit |= limit_bit(limit);
}

enum inspect_status
state_fail_message(struct inspect *in)
{
	in->has_failed = true;
	state_note_limit(in, LIMIT_MESSAGE_MEMORY);
	return INSPECT_NO_MEMORY;
}
