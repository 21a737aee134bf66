/* inspect/sender.c - see sender.h. */
#include "inspect/sender.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/trace.h"
#include "inspect/state.h"

/* HELO's result is for the log when MAIL FROM has a domain of its own: not
 * worth holding the client for the time that SPF may take. */
#define HELO_BUDGET_MS 5000

/* How often a check runs ahead while answers are missing: as the message comes
 * in, and in all.  A run costs some microseconds, and takes a few KB: one that
 * takes much more spends its time on macros that a sender has chosen, so runs
 * in vain end where their memory adds up to that of one. */
#define MAX_EARLY_RUNS 5
#define MAX_RUNS 12
#define RUN_MEMORY ((size_t)256 * 1024)

static struct spf_request
make_spf_request(const struct inspect *in, enum spf_identity identity,
    int64_t deadline_ms)
{
	return (struct spf_request){
		.identity = identity,
		.client = in->results.client,
		.helo = in->results.helo,
		.mail_from = in->results.sender.address,
		.receiver = in->receiver,
		.now_s = in->results.start_s,
		.deadline_ms = deadline_ms,
		.trace = in->trace,
	};
}

/* RFC 7208 2.4: with the null sender both identities are postmaster@HELO. */
static enum spf_identity
sender_identity(const struct inspect *in)
{
	return in->results.sender.is_null ? SPF_IDENTITY_HELO :
	    SPF_IDENTITY_MAIL_FROM;
}

static bool
is_client_unknown(const struct inspect *in)
{
	return in->results.is_relayed &&
	    in->results.client.family == IP_NONE;
}

/* ---- ahead of the message ------------------------------------------------ */

static void
destroy_scratch(void *object)
{
	struct arena *scratch = object;

	arena_destroy(&scratch);
}

/* Runs in vain must not fill the message's memory. */
static bool
run_in_scratch(struct inspect *in, const struct spf_request *request,
    struct spf_run *run)
{
	struct arena *scratch = arena_create(RUN_MEMORY);

	if (scratch == NULL)
		return false;
	if (spf_run_ahead(request, &in->options->spf, in->budget, scratch,
	    &run->outcome))
		return arena_add_cleanup(in->arena, destroy_scratch, scratch);
	run->octets += arena_used(scratch);
	arena_destroy(&scratch);
	return false;
}

static bool
run_in_message(struct inspect *in, const struct spf_request *request,
    struct spf_run *run)
{
	size_t used = arena_used(in->arena);
	bool is_complete = spf_run_ahead(request, &in->options->spf,
	    in->budget, in->arena, &run->outcome);

	run->octets = arena_used(in->arena) - used;
	return is_complete;
}

/* A run in vain is not part of the story.  The first run mostly finds
 * everything at hand. */
static void
run_identity(struct inspect *in, enum spf_identity identity,
    unsigned max_runs, struct spf_run *run)
{
	size_t n_told = trace_mark(in->trace);
	struct spf_request request;

	if (run->is_complete || run->n_runs >= max_runs ||
	    run->octets >= RUN_MEMORY)
		return;
	request = make_spf_request(in, identity, CLOCK_NEVER_MS);
	if (run->n_runs++ == 0)
		run->is_complete = run_in_message(in, &request, run);
	else
		run->is_complete = run_in_scratch(in, &request, run);
	if (!run->is_complete)
		trace_rewind(in->trace, n_told);
}

static void
run_both(struct inspect *in, unsigned max_runs)
{
	if (!in->has_spf || is_client_unknown(in))
		return;
	if (!in->results.is_spf_checked)
		run_identity(in, sender_identity(in), max_runs,
		    &in->sender_run);
	if (!in->results.sender.is_null)
		run_identity(in, SPF_IDENTITY_HELO, max_runs, &in->helo_run);
}

void
sender_run_ahead(struct inspect *in)
{
	run_both(in, MAX_EARLY_RUNS);
}

void
sender_run_meanwhile(void *inspect)
{
	const struct inspect *in = inspect;

	/* The story goes on where it waits: no other may begin there. */
	if (in->trace == NULL)
		run_both(inspect, MAX_RUNS);
}

/* ---- the results --------------------------------------------------------- */

void
sender_check(struct inspect *in, int64_t deadline_ms)
{
	struct inspect_results *results = &in->results;
	struct spf_request request;

	if (!in->has_spf || results->is_spf_checked)
		return;
	if (is_client_unknown(in)) {
		results->spf = (struct spf_outcome){
			.identity = sender_identity(in),
			.domain = results->sender_domain,
			.reason = SLICE("the relay's Received fields do not "
			    "tell who its client was") };
		trace_tell(in->trace, "spf", results->sender_domain, "none",
		    results->spf.reason);
	} else if (in->sender_run.is_complete) {
		results->spf = in->sender_run.outcome;
	} else {
		request = make_spf_request(in, sender_identity(in),
		    deadline_ms);
		spf_check(&request, &in->options->spf, in->resolver,
		    in->arena, &results->spf);
	}
	results->is_spf_checked = true;
}

void
sender_check_helo(struct inspect *in, int64_t deadline_ms)
{
	struct inspect_results *results = &in->results;
	int64_t own_ms = clock_monotonic_ms() + HELO_BUDGET_MS;
	struct spf_request request;

	if (!in->has_spf || is_client_unknown(in))
		return;
	if (results->sender.is_null) {
		results->helo_spf = results->spf;
		return;
	}
	run_identity(in, SPF_IDENTITY_HELO, MAX_RUNS, &in->helo_run);
	if (in->helo_run.is_complete) {
		results->helo_spf = in->helo_run.outcome;
		return;
	}
	request = make_spf_request(in, SPF_IDENTITY_HELO,
	    own_ms < deadline_ms ? own_ms : deadline_ms);
	spf_check(&request, &in->options->spf, in->resolver, in->arena,
	    &results->helo_spf);
}

enum inspect_status
inspect_get_spf(struct inspect *in, const struct spf_outcome **spf_out)
{
	int64_t deadline_ms;

	*spf_out = NULL;
	if (!state_has_message(in) || !in->has_spf ||
	    (in->results.is_relayed && in->stage == STAGE_HEADER))
		return INSPECT_OUT_OF_ORDER;
	deadline_ms = clock_monotonic_ms() + in->options->spf.budget_ms;
	sender_check(in, deadline_ms);
	if (clock_monotonic_ms() >= deadline_ms)
		state_note_limit(in, LIMIT_MAIL_TIME);
	in->results.limits_hit |= budget_limits_hit(in->budget);
	*spf_out = &in->results.spf;
	return arena_has_failed(in->arena) ? INSPECT_NO_MEMORY : INSPECT_OK;
}
