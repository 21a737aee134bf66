/* daemon/drain.c - see drain.h. */
#include "daemon/drain.h"

bool
drain_begin(struct drain *drain, int64_t now_ms, unsigned limit_s)
{
	switch (drain->stage) {
	case DRAIN_RUNNING:
		drain->stage = DRAIN_MESSAGES;
		drain->deadline_ms = now_ms + (int64_t)limit_s * 1000;
		return true;
	case DRAIN_MESSAGES:
		drain->deadline_ms = now_ms;
		return false;
	case DRAIN_STOPPING:
	case DRAIN_OVER:
		return false;
	}
	return false;
}

enum drain_action
drain_step(struct drain *drain, unsigned n_open, int64_t now_ms)
{
	switch (drain->stage) {
	case DRAIN_MESSAGES:
		if (n_open != 0 && now_ms < drain->deadline_ms)
			return DRAIN_WAIT;
		drain->stage = DRAIN_STOPPING;
		drain->deadline_ms = now_ms + drain->stop_ms;
		return DRAIN_STOP;
	case DRAIN_STOPPING:
		if (now_ms < drain->deadline_ms)
			return DRAIN_WAIT;
		drain->stage = DRAIN_OVER;
		return DRAIN_LEAVE;
	case DRAIN_RUNNING:
	case DRAIN_OVER:
		return DRAIN_WAIT;
	}
	return DRAIN_WAIT;
}
