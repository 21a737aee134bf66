/* milter/perform.c - see perform.h.
 *
 * Deletions come first and from the last to the first: places are counted
 * among the fields as they are now, so that each change would move those
 * behind it, and our own field would be the first of its name. */
#include "milter/perform.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "milter/reply.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/policy.h"

#define FIELD_NAME "Authentication-Results"
#define MAX_TEXT ((size_t)32768)	/* more than any field we build */
#define REPLY_MEMORY ((size_t)16384)

/* In an arena of its own: a message may be refused because its own is full. */
bool
perform_reply(SMFICTX *ctx, const char *code, const char *enhanced,
    struct slice text, size_t prefix_octets)
{
	struct arena *arena = arena_create(REPLY_MEMORY);
	struct reply reply;
	bool is_set;

	if (arena == NULL)
		return false;
	/* REPLY_MAX_LINES of them, or fewer and a NULL. */
	is_set = reply_format(arena, code, enhanced, text, prefix_octets,
	    &reply) &&
	    smfi_setmlreply(ctx, code, enhanced, reply.lines[0],
	    reply.lines[1], reply.lines[2], reply.lines[3], reply.lines[4],
	    reply.lines[5], reply.lines[6], reply.lines[7], NULL) ==
	    MI_SUCCESS;
	arena_destroy(&arena);	/* libmilter has copied it */
	return is_set;
}

static bool
delete_forged(SMFICTX *ctx, const struct inspect_results *results)
{
	for (size_t i = results->n_forged_fields; i > 0; i--)
		if (smfi_chgheader(ctx, libmilter_text(FIELD_NAME),
		    (int)results->forged_fields[i - 1], NULL) != MI_SUCCESS)
			return false;
	return true;
}

/* The MTA puts the space behind the colon unless SMFIP_HDR_LEADSPC leaves it
 * to us.  Where the negotiation is not known one too many does no harm. */
static bool
insert_field(SMFICTX *ctx, const struct session *session, struct slice value)
{
	bool is_space_ours = !session->is_negotiated ||
	    (session->steps & SMFIP_HDR_LEADSPC) != 0;
	struct strbuf text;
	const char *field;

	strbuf_init(&text, inspect_arena(session->inspect), MAX_TEXT);
	if (is_space_ours)
		strbuf_append_char(&text, ' ');
	strbuf_append(&text, value);
	field = strbuf_cstr(&text);
	return field != NULL && smfi_insheader(ctx, 0,
	    libmilter_text(FIELD_NAME), libmilter_text(field)) == MI_SUCCESS;
}

static bool
quarantine(SMFICTX *ctx, struct arena *arena, struct slice reason)
{
	const char *text = arena_copy_cstr(arena, reason);

	return text != NULL &&
	    smfi_quarantine(ctx, libmilter_text(text)) == MI_SUCCESS;
}

/* The new recipient last: it may have been among the old ones. */
static bool
redirect(SMFICTX *ctx, const struct session *session)
{
	const char *address =
	    session->context->policy.quarantine_address;

	for (unsigned i = 0; i < session->n_recipients; i++)
		if (smfi_delrcpt(ctx,
		    libmilter_text(session->recipients[i])) != MI_SUCCESS)
			return false;
	return smfi_addrcpt(ctx, libmilter_text(address)) == MI_SUCCESS;
}

const char *
perform_changes(SMFICTX *ctx, const struct session *session,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice field)
{
	if (!delete_forged(ctx, results))
		return "deleting a forged field";
	if (!insert_field(ctx, session, field))
		return "inserting our field";
	switch (verdict->action) {
	case POLICY_ACCEPT:
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		return NULL;
	case POLICY_HOLD:
		return quarantine(ctx, inspect_arena(session->inspect),
		    verdict->reason) ? NULL : "quarantine";
	case POLICY_REDIRECT:
		return redirect(ctx, session) ? NULL : "redirecting";
	}
	return NULL;
}
