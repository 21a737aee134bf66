/* daemon/reload.c - see reload.h. */
#include "daemon/reload.h"

#include <stdlib.h>

#include "base/clock.h"
#include "control/board.h"
#include "daemon/changeover.h"
#include "daemon/notify.h"
#include "daemon/reload_text.h"

struct reload {
	struct reload_options options;
	bool is_under_way;
	bool is_wanted_again;
	/* Who asked for the one that is under way; NULL: a signal. */
	void (*done)(void *context, enum control_reload result,
	    struct slice lines);
	void *context;
};

static void
tell(struct reload *reload, enum control_reload result)
{
	struct board *board = reload->options.board;
	struct slice text = changeover_text(reload->options.changeover);

	if (result == CONTROL_RELOAD_DONE) {
		reload_tell_done(reload->options.log, text);
		atomic_store(&board->reloaded_s, clock_wall_s());
	} else {
		reload_tell_refused(reload->options.log, text);
		atomic_fetch_add(&board->n_failed_reloads, 1);
	}
	notify_ready();
	if (reload->done != NULL)
		reload->done(reload->context, result, text);
	reload->done = NULL;
}

static void
end(struct reload *reload, enum control_reload result)
{
	reload->is_under_way = false;
	tell(reload, result);
	if (!reload->is_wanted_again || reload->is_under_way)
		return;
	reload->is_wanted_again = false;
	reload_request(reload);
}

static void
on_prepared(void *arg, bool is_prepared)
{
	struct reload *reload = arg;

	if (is_prepared) {
		atomic_fetch_add(&reload->options.board->n_reloads, 1);
		changeover_commit(reload->options.changeover);
	}
	end(reload, is_prepared ? CONTROL_RELOAD_DONE :
	    CONTROL_RELOAD_REFUSED);
}

static void
begin(struct reload *reload)
{
	reload->is_under_way = true;
	notify_reloading();
	if (!changeover_prepare(reload->options.changeover, on_prepared,
	    reload))
		end(reload, CONTROL_RELOAD_FAILED);
}

void
reload_request(void *arg)
{
	struct reload *reload = arg;

	if (reload->is_under_way)
		reload->is_wanted_again = true;
	else
		begin(reload);
}

void
reload_answer(void *arg, void (*done)(void *context,
    enum control_reload result, struct slice lines), void *context)
{
	struct reload *reload = arg;

	if (reload->is_under_way) {
		done(context, CONTROL_RELOAD_BUSY, SLICE_EMPTY);
		return;
	}
	reload->done = done;
	reload->context = context;
	begin(reload);
}

struct reload *
reload_create(const struct reload_options *options)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (reload != NULL)
		reload->options = *options;
	return reload;
}

void
reload_destroy(struct reload **reload)
{
	free(*reload);
	*reload = NULL;
}
