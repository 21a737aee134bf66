/* inspect/envelope.c - see inspect.h: a message's beginning, its sender and its
 * recipients. */
#include "inspect/inspect.h"

#include "base/arena.h"
#include "base/clock.h"
#include "dns/waiting.h"
#include "inspect/sender.h"
#include "inspect/state.h"
#include "mail/domain.h"

#define FIRST_RECIPIENTS ((size_t)8)

/* The message's own copies of what came before its header. */
static bool
keep_envelope(struct inspect *in, struct slice argument,
    struct slice authserv_id)
{
	struct inspect_results *results = &in->results;
	struct slice path, id;

	if (!arena_copy(in->arena, argument, &path) ||
	    !arena_copy(in->arena, authserv_id, &id))
		return false;
	mail_parse_path(path, &results->sender);
	if (results->sender.domain.len != 0 &&
	    !domain_normalize(in->arena, results->sender.domain,
	    &results->sender_domain))
		results->sender_domain = SLICE_EMPTY;	/* it is no domain */
	forged_init(&in->forged, in->arena, id);
	mail_header_init(&in->header, in->arena);
	return !arena_has_failed(in->arena);
}

/* Nothing that a relay of ours says of itself is the client's. */
static void
forget_relay(struct inspect_results *results)
{
	results->is_relayed = true;
	results->relay = results->client;
	results->client = (struct ip_address){ .family = IP_NONE };
	results->helo = SLICE_EMPTY;
}

/* A network's limit is not for relays of ours: they hand in what others
 * send. */
static bool
open_budget(struct inspect *in)
{
	const struct inspect_options *options = in->options;

	in->budget = budget_create(in->arena, in->all_dns, &options->dns,
	    in->results.is_relayed ? NULL : options->throttle, &in->client);
	if (in->budget != NULL)
		in->resolver = waiting_create(in->arena, in->budget,
		    sender_run_meanwhile, in);
	return in->resolver != NULL;
}

static enum inspect_status
begin_message(struct inspect *in, struct slice argument, bool is_smtputf8,
    struct slice authserv_id, bool is_checked)
{
	const struct inspect_options *options = in->options;

	if (in->stage == STAGE_NEW)
		return INSPECT_OUT_OF_ORDER;
	inspect_abort(in);
	in->arena = arena_create(options->max_message_memory);
	if (in->arena == NULL)
		return INSPECT_NO_MEMORY;
	arena_charge(in->arena, in->account);
	in->stage = STAGE_HEADER;
	in->has_spf = is_checked && options->is_spf_enabled;
	in->has_dkim = is_checked && options->is_dkim_enabled;
	in->has_arc = is_checked && options->is_arc_enabled;
	in->has_dmarc = is_checked && options->is_dmarc_enabled;
	in->results = (struct inspect_results){
		.client = in->client,
		.helo = in->helo,
		.start_s = options->now_s != 0 ? options->now_s :
		    clock_wall_s(),
		.listener = in->listener,
		.are_relays_known = options->relays.n != 0,
		.is_smtputf8 = is_smtputf8,
		.header = &in->header,
		.is_header_whole = true,
		.author_status = MAIL_AUTHOR_ABSENT,
		.trace = in->trace,
	};
	if (is_checked && relay_is_own(&options->relays, &in->client))
		forget_relay(&in->results);
	if (!keep_envelope(in, argument, authserv_id) || !open_budget(in)) {
		inspect_abort(in);
		return INSPECT_NO_MEMORY;
	}
	sender_run_ahead(in);
	return INSPECT_OK;
}

enum inspect_status
inspect_mail(struct inspect *in, struct slice argument, bool is_smtputf8,
    struct slice authserv_id)
{
	return begin_message(in, argument, is_smtputf8, authserv_id, true);
}

enum inspect_status
inspect_mail_unchecked(struct inspect *in, struct slice argument,
    bool is_smtputf8, struct slice authserv_id)
{
	return begin_message(in, argument, is_smtputf8, authserv_id, false);
}

static bool
make_room_for_recipient(struct inspect *in)
{
	size_t n = in->results.n_recipients;
	size_t capacity = in->recipient_capacity == 0 ? FIRST_RECIPIENTS :
	    2 * in->recipient_capacity;
	struct inspect_recipient *recipients;

	if (n < in->recipient_capacity)
		return true;
	recipients = arena_grow_array(in->arena, in->recipients, n, capacity,
	    sizeof(*recipients));
	if (recipients == NULL)
		return false;
	in->recipients = recipients;
	in->recipient_capacity = capacity;
	in->results.recipients = recipients;
	return true;
}

enum inspect_status
inspect_add_recipient(struct inspect *in, struct slice argument)
{
	struct inspect_results *results = &in->results;
	struct inspect_recipient *recipient;
	struct mail_path path;
	struct slice copy;

	if (in->stage != STAGE_HEADER)
		return INSPECT_OUT_OF_ORDER;
	if (results->n_recipients == INSPECT_MAX_RECIPIENTS) {
		results->n_more_recipients++;
		state_note_limit(in, LIMIT_RECIPIENTS);
		return INSPECT_OK;
	}
	if (!make_room_for_recipient(in) ||
	    !arena_copy(in->arena, argument, &copy))
		return state_fail_message(in);
	mail_parse_path(copy, &path);
	recipient = &in->recipients[results->n_recipients++];
	recipient->local = path.local;
	if (path.domain.len != 0 && !domain_normalize(in->arena, path.domain,
	    &recipient->domain))
		recipient->domain = SLICE_EMPTY;	/* it is no domain */
	if (results->n_recipients == 1)
		sender_run_ahead(in);
	return arena_has_failed(in->arena) ? state_fail_message(in) :
	    INSPECT_OK;
}

enum inspect_status
inspect_set_id(struct inspect *in, struct slice id)
{
	if (!state_has_message(in))
		return INSPECT_OUT_OF_ORDER;
	return arena_copy(in->arena, id, &in->results.id) ? INSPECT_OK :
	    state_fail_message(in);
}
