/* inspect/sender.c - see sender.h. */
#include "inspect/sender.h"

#include "base/arena.h"
#include "base/clock.h"
#include "inspect/state.h"

/* HELO's result is for the log when MAIL FROM has a domain of its own: not
 * worth holding the client for the time that SPF may take. */
#define HELO_BUDGET_MS 5000

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
		.now_s = clock_wall_s(),
		.deadline_ms = deadline_ms,
	};
}

/* RFC 7208 2.4: with the null sender both identities are postmaster@HELO. */
static enum spf_identity
sender_identity(const struct inspect *in)
{
	return in->results.sender.is_null ? SPF_IDENTITY_HELO :
	    SPF_IDENTITY_MAIL_FROM;
}

void
sender_prefetch(struct inspect *in)
{
	struct spf_request request;

	if (!in->has_spf)
		return;
	request = make_spf_request(in, SPF_IDENTITY_HELO, CLOCK_NEVER_MS);
	spf_prefetch(&request, in->resolver, in->arena);
	if (in->results.sender.is_null)
		return;
	request.identity = SPF_IDENTITY_MAIL_FROM;
	spf_prefetch(&request, in->resolver, in->arena);
}

static bool
is_client_unknown(const struct inspect *in)
{
	return in->results.is_relayed &&
	    in->results.client.family == IP_NONE;
}

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
	in->results.limits_hit |= budget_limits_hit(in->resolver);
	*spf_out = &in->results.spf;
	return arena_has_failed(in->arena) ? INSPECT_NO_MEMORY : INSPECT_OK;
}
