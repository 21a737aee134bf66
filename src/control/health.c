/* control/health.c - see health.h.
 *
 * What is said to fail is what a load balancer should send its mail elsewhere
 * for, and an operator get up for.  DNS that fails is mostly others', and a
 * restart would help nobody; so it only warns. */
#include "control/health.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "control/board.h"
#include "control/self_test.h"
#include "dns/dns.h"

/* Some 60 s are recent: each second a 60th part of it is forgotten. */
#define RECENT_S 60
#define THOUSANDTHS 1000

/* ---- in the process ------------------------------------------------------ */

/* What is new of TOTAL goes into RECENT, which fades. */
static void
fade(atomic_ullong *recent, atomic_ullong *seen, unsigned long long total)
{
	unsigned long long last = atomic_load(seen), now = atomic_load(recent);

	now -= (now + RECENT_S - 1) / RECENT_S;
	if (total > last)
		now += (total - last) * THOUSANDTHS;
	atomic_store(recent, now);
	atomic_store(seen, total);
}

void
health_observe(struct board_slot *slot, int64_t now_ms)
{
	unsigned long long total = 0;

	for (size_t i = 0; i < DNS_N_STATUSES; i++)
		total += atomic_load(&slot->dns.answers[i]);
	fade(&slot->dns_recent, &slot->dns_seen, total);
	fade(&slot->dns_recent_failed, &slot->dns_seen_failed,
	    atomic_load(&slot->dns.answers[DNS_TEMPFAIL]));
	if (!atomic_load(&slot->is_store_down))
		atomic_store(&slot->store_down_ms, 0);
	else if (atomic_load(&slot->store_down_ms) == 0)
		atomic_store(&slot->store_down_ms, now_ms);
}

/* ---- from outside -------------------------------------------------------- */

enum severity {
	FAILING,
	WARNING,
};

/* A look at one slot, for reasons of one severity. */
struct look {
	struct strbuf *out;
	const struct board *board;
	enum severity severity;
	int64_t now_ms;
	bool are_all_draining;	/* that take mail */
	unsigned n_reasons;
};

/* "failing: worker 2: ", for what follows; the only process has no name. */
static void
begin_reason(struct look *look, const struct board_slot *slot)
{
	look->n_reasons++;
	strbuf_append_cstr(look->out, look->severity == FAILING ?
	    "failing: " : "warning: ");
	if (look->board->n_slots == 1)
		return;
	if (!atomic_load(&slot->takes_mail) && atomic_load(&slot->pid) != 0)
		strbuf_append_cstr(look->out, "control process: ");
	else
		strbuf_printf(look->out, "process %zu: ",
		    (size_t)(slot - look->board->slots) + 1);
}

static void
look_at_process(struct look *look, const struct board_slot *slot)
{
	int64_t silence_ms = look->now_ms - atomic_load(&slot->beat_ms);
	bool is_there = atomic_load(&slot->pid) != 0;
	bool is_late = silence_ms >= (is_there ? HEALTH_STUCK_MS :
	    HEALTH_MISSING_MS);

	if (is_late != (look->severity == FAILING) ||
	    (is_there && !is_late))
		return;
	begin_reason(look, slot);
	if (is_there)
		strbuf_printf(look->out, "stuck for %lld s\n",
		    (long long)silence_ms / 1000);
	else
		strbuf_append_cstr(look->out, is_late ? "missing\n" :
		    "being replaced\n");
}

static void
look_at_self_test(struct look *look, const struct board_slot *slot)
{
	int64_t age_s = (look->now_ms - atomic_load(&slot->tested_ms)) / 1000;

	if (atomic_load(&slot->pid) == 0)
		return;
	if (look->severity == WARNING) {
		if (atomic_load(&slot->soundness) == BOARD_UNTESTED &&
		    atomic_load(&slot->takes_mail)) {
			begin_reason(look, slot);
			strbuf_append_cstr(look->out, "no self-test yet\n");
		}
		return;
	}
	if (atomic_load(&slot->soundness) == BOARD_UNSOUND) {
		begin_reason(look, slot);
		strbuf_printf(look->out, "the self-test fails at message %s: "
		    "nothing is enforced\n",
		    self_test_case_name(atomic_load(&slot->failed_case)));
	}
	if (atomic_load(&slot->soundness) != BOARD_UNTESTED &&
	    age_s >= HEALTH_UNTESTED_S) {
		begin_reason(look, slot);
		strbuf_printf(look->out, "no self-test for %lld s\n",
		    (long long)age_s);
	}
}

static void
look_at_store(struct look *look, const struct board_slot *slot)
{
	int64_t since_ms = atomic_load(&slot->store_down_ms);

	if (look->severity != WARNING || since_ms == 0 ||
	    look->now_ms - since_ms < HEALTH_STORE_DOWN_MS)
		return;
	begin_reason(look, slot);
	strbuf_printf(look->out, "the store is down for %lld s\n",
	    (long long)(look->now_ms - since_ms) / 1000);
}

static void
look_at_dns(struct look *look, const struct board_slot *slot)
{
	unsigned long long n = atomic_load(&slot->dns_recent) / THOUSANDTHS;
	unsigned long long n_failed = atomic_load(&slot->dns_recent_failed) /
	    THOUSANDTHS;

	if (look->severity != WARNING || n < HEALTH_DNS_LEAST ||
	    n_failed <= n / 2)
		return;
	begin_reason(look, slot);
	strbuf_printf(look->out, "DNS fails for %llu of %llu questions\n",
	    n_failed, n);
}

static void
look_at_drain(struct look *look, const struct board_slot *slot)
{
	if (look->severity != WARNING || look->are_all_draining ||
	    !atomic_load(&slot->is_draining))
		return;
	begin_reason(look, slot);
	strbuf_append_cstr(look->out, "draining: it takes no new mail\n");
}

static void
look_at_slot(struct look *look, const struct board_slot *slot)
{
	look_at_process(look, slot);
	look_at_self_test(look, slot);
	look_at_drain(look, slot);
	look_at_dns(look, slot);
	look_at_store(look, slot);
}

/* One process that drains is being replaced; all of them are the end. */
static bool
are_all_draining(const struct board *board)
{
	bool takes_any = false;

	for (unsigned i = 0; i < board->n_slots; i++) {
		const struct board_slot *slot = &board->slots[i];

		if (!atomic_load(&slot->takes_mail))
			continue;
		if (!atomic_load(&slot->is_draining))
			return false;
		takes_any = true;
	}
	return takes_any;
}

static void
look_at_all(struct look *look)
{
	for (unsigned i = 0; i < look->board->n_slots; i++)
		look_at_slot(look, &look->board->slots[i]);
	if (look->severity == FAILING && look->are_all_draining) {
		look->n_reasons++;
		strbuf_append_cstr(look->out,
		    "failing: draining: no new mail is taken\n");
	}
}

bool
health_append_at(struct strbuf *out, const struct board *board,
    int64_t now_ms)
{
	struct look failing = { .out = out, .board = board,
		.severity = FAILING, .now_ms = now_ms,
		.are_all_draining = are_all_draining(board) };
	struct look warning = failing;

	warning.severity = WARNING;
	look_at_all(&failing);
	look_at_all(&warning);
	if (failing.n_reasons + warning.n_reasons == 0)
		strbuf_append_cstr(out, "ok\n");
	return failing.n_reasons == 0;
}

bool
health_append(struct strbuf *out, const struct board *board)
{
	return health_append_at(out, board, clock_monotonic_ms());
}
