/* daemon/reload_leader.c - see reload_leader.h. */
#include "daemon/reload_leader.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/changes.h"
#include "config/config.h"
#include "control/board.h"
#include "control/host.h"
#include "daemon/draft.h"
#include "daemon/exchange.h"
#include "daemon/log_setup.h"
#include "daemon/notify.h"
#include "daemon/reload_board.h"
#include "daemon/reload_text.h"

#define TEXT_CEILING ((size_t)1024 * 1024)
#define ARENA_CEILING (4 * TEXT_CEILING)
#define POLL_MS 20	/* while answers are waited for */

struct reload_leader {
	struct reload_leader_options options;
	struct exchange exchange;
	uint64_t round;
	bool is_wanted;		/* a SIGHUP that nothing was done for yet */
	uint64_t n_asked;	/* by the control process, up to this reload */
	struct draft next;
	struct arena *arena;	/* of the text */
	struct strbuf text;
	struct exchange_member members[];
};

static struct slice
text_of(const struct reload_leader *leader)
{
	return leader->arena != NULL ? strbuf_slice(&leader->text) :
	    SLICE("memory is out\n");
}

/* ---- the end of a reload ------------------------------------------------- */

/* Whole lines, as many as there is room for. */
static struct slice
cut_text(struct slice text)
{
	if (text.len <= RELOAD_TEXT_MAX)
		return text;
	text = slice_head(text, RELOAD_TEXT_MAX);
	return slice_head(text, slice_find_last(text, '\n') + 1);
}

static void
answer(struct reload_leader *leader, enum control_reload result)
{
	struct reload_board *rb = leader->options.reload_board;
	struct slice text = cut_text(text_of(leader));

	if (leader->n_asked == atomic_load(&rb->n_answered))
		return;
	rb->result = (int)result;
	if (text.len != 0)
		memcpy(rb->text, text.ptr, text.len);
	rb->text_len = text.len;
	atomic_store(&rb->n_answered, leader->n_asked);
}

static void
end(struct reload_leader *leader, enum control_reload result)
{
	struct board *board = leader->options.board;

	if (result == CONTROL_RELOAD_DONE) {
		reload_tell_done(leader->options.log, text_of(leader));
		atomic_store(&board->reloaded_s, clock_wall_s());
	} else {
		reload_tell_refused(leader->options.log, text_of(leader));
		atomic_fetch_add(&board->n_failed_reloads, 1);
	}
	notify_ready();
	answer(leader, result);
	arena_destroy(&leader->arena);
}

/* ---- its steps ----------------------------------------------------------- */

static void
order(struct reload_leader *leader, enum reload_order what)
{
	reload_say(&leader->options.reload_board->order, leader->round, what);
	leader->options.alert(leader->options.arg);
}

static bool
begin_text(struct reload_leader *leader)
{
	arena_destroy(&leader->arena);
	leader->arena = arena_create(ARENA_CEILING);
	strbuf_init(&leader->text, leader->arena, TEXT_CEILING);
	return leader->arena != NULL;
}

static bool
load(struct reload_leader *leader)
{
	struct log_settings settings;

	if (!draft_load(&leader->next, leader->options.path, &leader->text))
		return false;
	if (log_setup_choose(draft_config(&leader->next),
	    leader->options.is_foreground, &settings, &leader->text))
		return true;
	strbuf_append_char(&leader->text, '\n');
	draft_discard(&leader->next);
	return false;
}

static void
begin(struct reload_leader *leader)
{
	leader->n_asked = atomic_load(&leader->options.reload_board->n_asked);
	notify_reloading();
	if (!begin_text(leader)) {
		end(leader, CONTROL_RELOAD_FAILED);
		return;
	}
	if (!load(leader)) {
		end(leader, CONTROL_RELOAD_REFUSED);
		return;
	}
	exchange_begin(&leader->exchange, draft_fingerprint(&leader->next),
	    clock_monotonic_ms());
	leader->round++;
	order(leader, RELOAD_PREPARE);
}

/* Whoever is forked from now on has it; then those are told that live. */
static void
commit(struct reload_leader *leader)
{
	struct draft *draft = leader->options.draft;

	config_append_changes(draft_config(draft),
	    draft_config(&leader->next), &leader->text);
	for (const struct config_note *note =
	    draft_config(&leader->next)->notes; note != NULL;
	    note = note->next)
		strbuf_printf(&leader->text, "%s\n", note->text);
	draft_discard(draft);
	*draft = leader->next;
	leader->next = (struct draft){ .config = NULL };
	atomic_fetch_add(&leader->options.board->n_reloads, 1);
	leader->options.switched(leader->options.arg);
	order(leader, RELOAD_COMMIT);
}

static void
give_up(struct reload_leader *leader, const char *why)
{
	order(leader, RELOAD_ABORT);
	draft_discard(&leader->next);
	if (why == NULL)
		return;
	strbuf_printf(&leader->text, "%s: %s\n", leader->options.path, why);
	end(leader, CONTROL_RELOAD_FAILED);
}

static void
look_around(struct reload_leader *leader)
{
	struct reload_board *rb = leader->options.reload_board;

	for (unsigned i = 0; i < rb->n_seats; i++) {
		struct exchange_member *member = &leader->members[i];
		uint64_t round;
		unsigned what = reload_hear(&rb->seats[i].answer, &round);

		member->is_alive = leader->options.is_alive(
		    leader->options.arg, i);
		member->answer = round == leader->round ?
		    (enum reload_answer)what : RELOAD_SILENT;
		member->fingerprint = atomic_load(&rb->seats[i].fingerprint);
	}
}

static void
take(struct reload_leader *leader, enum exchange_action action)
{
	switch (action) {
	case EXCHANGE_WAIT:
		return;
	case EXCHANGE_COMMIT:
		commit(leader);
		return;
	case EXCHANGE_UNABLE:
		give_up(leader, "a process could not take it: it says why");
		return;
	case EXCHANGE_AGAIN:
		give_up(leader, NULL);
		begin(leader);
		return;
	case EXCHANGE_DIFFERENT:
		give_up(leader, "the files change while they are read");
		return;
	case EXCHANGE_LATE:
		give_up(leader, "a process is stuck and has not read it");
		return;
	case EXCHANGE_DONE_LATE:
		log_write(leader->options.log, LOG_LEVEL_ERROR, "a process is "
		    "slow to take the new configuration; it will");
		end(leader, CONTROL_RELOAD_DONE);
		return;
	case EXCHANGE_DONE:
		end(leader, CONTROL_RELOAD_DONE);
		return;
	}
}

int64_t
reload_leader_step(struct reload_leader *leader)
{
	if (leader->exchange.stage != EXCHANGE_IDLE) {
		look_around(leader);
		take(leader, exchange_step(&leader->exchange, leader->members,
		    leader->options.reload_board->n_seats,
		    clock_monotonic_ms()));
	} else if (leader->is_wanted) {
		leader->is_wanted = false;
		leader->exchange.n_tries = 0;
		begin(leader);
	}
	return leader->exchange.stage != EXCHANGE_IDLE || leader->is_wanted ?
	    POLL_MS : INT64_MAX;
}

void
reload_leader_hangup(struct reload_leader *leader)
{
	leader->is_wanted = true;
}

void
reload_leader_forking(struct reload_leader *leader, unsigned seat)
{
	reload_say(&leader->options.reload_board->seats[seat].answer, 0,
	    RELOAD_SILENT);
}

/* ---- from beginning to end ----------------------------------------------- */

struct reload_leader *
reload_lead(const struct reload_leader_options *options)
{
	unsigned n = options->reload_board->n_seats;
	struct reload_leader *leader = calloc(1, sizeof(*leader) +
	    n * sizeof(leader->members[0]));

	if (leader != NULL)
		leader->options = *options;
	return leader;
}

void
reload_leader_destroy(struct reload_leader **leader)
{
	if (*leader == NULL)
		return;
	draft_discard(&(*leader)->next);
	arena_destroy(&(*leader)->arena);
	free(*leader);
	*leader = NULL;
}
