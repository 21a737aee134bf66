/* inspect/inspect.c - see inspect.h: the session, and what passes by of a
 * message's body.  envelope.c, header.c and evaluate.c have the rest. */
#include "inspect/inspect.h"

#include <stdlib.h>

#include "base/arena.h"
#include "dkim/body.h"
#include "inspect/sender.h"
#include "inspect/state.h"

/* HELO's name or any text in its place; longer is as good as none. */
#define HELO_MAX_OCTETS ((size_t)1024)
#define CONNECTION_MEMORY ((size_t)8192)

struct inspect *
inspect_create(const struct inspect_options *options,
    struct resolver *resolver, struct slice receiver)
{
	struct inspect *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	in->options = options;
	in->all_dns = resolver;
	in->connection = arena_create(CONNECTION_MEMORY);
	in->greeting = arena_create(CONNECTION_MEMORY);
	if (in->connection == NULL || in->greeting == NULL ||
	    !arena_copy(in->connection, receiver, &in->receiver))
		inspect_destroy(&in);
	return in;
}

void
inspect_destroy(struct inspect **in)
{
	if (*in == NULL)
		return;
	inspect_abort(*in);
	arena_destroy(&(*in)->greeting);
	arena_destroy(&(*in)->connection);
	free(*in);
	*in = NULL;
}

void
inspect_set_options(struct inspect *in, const struct inspect_options *options,
    struct resolver *resolver)
{
	in->options = options;
	in->all_dns = resolver;
}

void
inspect_abort(struct inspect *in)
{
	if (!state_has_message(in))
		return;
	arena_destroy(&in->arena);
	in->has_spf = in->has_dkim = in->has_arc = in->has_dmarc = false;
	in->has_failed = false;
	in->n_from_fields = in->n_signatures = 0;
	in->budget = in->resolver = NULL;
	in->sender_run = in->helo_run = (struct spf_run){ .n_runs = 0 };
	in->header = (struct mail_header){ .arena = NULL };
	in->forged = (struct forged_fields){ .arena = NULL };
	in->body = NULL;
	in->verifier = NULL;
	in->chain = NULL;
	in->recipients = NULL;
	in->recipient_capacity = 0;
	in->results = (struct inspect_results){ .is_header_whole = false };
	in->stage = STAGE_IDLE;
}

struct arena *
inspect_arena(struct inspect *in)
{
	return in->arena;
}

const struct inspect_results *
inspect_peek(const struct inspect *in)
{
	return state_has_message(in) ? &in->results : NULL;
}

enum inspect_status
inspect_connect(struct inspect *in, const struct ip_address *client)
{
	inspect_abort(in);
	arena_reset(in->greeting);
	in->helo = in->listener = SLICE_EMPTY;
	in->client = *client;
	in->stage = STAGE_IDLE;
	return INSPECT_OK;
}

void
inspect_set_listener(struct inspect *in, struct slice listener)
{
	in->listener = listener;
}

void
inspect_set_sha256(struct inspect *in, const struct dkim_sha256 *sha256)
{
	in->sha256 = sha256;
}

void
inspect_set_account(struct inspect *in, struct arena_account *account)
{
	in->account = account;
}

void
inspect_set_trace(struct inspect *in, struct trace *trace)
{
	in->trace = trace;
}

enum inspect_status
inspect_helo(struct inspect *in, struct slice helo)
{
	if (in->stage == STAGE_NEW)
		return INSPECT_OUT_OF_ORDER;
	inspect_abort(in);
	arena_reset(in->greeting);
	if (!arena_copy(in->greeting, slice_head(helo, HELO_MAX_OCTETS),
	    &in->helo))
		return INSPECT_NO_MEMORY;
	return INSPECT_OK;
}

bool
inspect_wants_body(const struct inspect *in)
{
	switch (in->stage) {
	case STAGE_NEW:
	case STAGE_IDLE:
	case STAGE_FINISHED:
		return false;
	case STAGE_HEADER:
		return true;	/* not known before the header is complete */
	case STAGE_BODY:
		return in->body != NULL && dkim_body_wants_more(in->body);
	}
	return false;
}

enum inspect_status
inspect_add_body(struct inspect *in, struct slice chunk)
{
	if (in->stage != STAGE_BODY)
		return INSPECT_OUT_OF_ORDER;
	in->results.body_octets += chunk.len;
	sender_run_ahead(in);
	if (in->body != NULL)
		dkim_body_update(in->body, chunk);
	return INSPECT_OK;
}
