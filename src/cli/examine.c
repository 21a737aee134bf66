/* cli/examine.c - see examine.h. */
#include "cli/examine.h"

#include <stdlib.h>

#include "base/arena.h"
#include "inspect/message.h"
#include "mail/field.h"
#include "policy/field.h"

/* Octets for what is read to find the origin. */
#define ORIGIN_MEMORY ((size_t)4 * 1024 * 1024)

struct examiner {
	const struct examiner_options *options;
	struct inspect_options without_spf;
	struct arena *arena;		/* the origin's; reset with each */
	struct inspect *inspect;	/* of the message last examined */
};

struct examiner *
examiner_create(const struct examiner_options *options)
{
	struct examiner *examiner = calloc(1, sizeof(*examiner));

	if (examiner == NULL)
		return NULL;
	examiner->options = options;
	examiner->without_spf = *options->inspect;
	examiner->without_spf.is_spf_enabled = false;
	examiner->arena = arena_create(ORIGIN_MEMORY);
	if (examiner->arena == NULL)
		examiner_destroy(&examiner);
	return examiner;
}

static void
forget(struct examiner *examiner)
{
	if (examiner->inspect != NULL)
		inspect_destroy(&examiner->inspect);
	arena_reset(examiner->arena);
}

void
examiner_destroy(struct examiner **examiner)
{
	if (*examiner == NULL)
		return;
	if ((*examiner)->inspect != NULL)
		inspect_destroy(&(*examiner)->inspect);
	arena_destroy(&(*examiner)->arena);
	free(*examiner);
	*examiner = NULL;
}

static bool
find_origin(struct examiner *examiner, struct slice octets,
    struct origin *origin)
{
	const struct inspect_options *inspect = examiner->options->inspect;
	struct mail_header header;
	struct slice body;

	*origin = examiner->options->origin;
	mail_header_init(&header, examiner->arena);
	if (!message_read_header(octets, &inspect->header, &header, &body))
		return false;
	origin_find(&header, &inspect->relays, origin);
	return true;
}

static enum inspect_status
begin(struct examiner *examiner, const struct origin *origin)
{
	const struct examiner_options *options = examiner->options;
	struct inspect *in = examiner->inspect;
	enum inspect_status status;

	status = inspect_connect(in, &origin->client);
	if (status == INSPECT_OK)
		status = inspect_helo(in, origin->helo);
	if (status == INSPECT_OK)
		status = inspect_mail(in, origin->sender,
		    options->is_smtputf8, options->authserv_id);
	for (size_t i = 0; i < options->n_recipients &&
	    status == INSPECT_OK; i++)
		status = inspect_add_recipient(in, options->recipients[i]);
	return status;
}

static const char *
inspect_message(struct examiner *examiner, struct slice octets,
    struct examination *examination)
{
	struct inspect *in = examiner->inspect;
	enum inspect_status status = begin(examiner, &examination->origin);

	if (status == INSPECT_OK)
		status = message_feed(in, octets);
	if (status == INSPECT_OK)
		status = inspect_finish(in, &examination->results);
	switch (status) {
	case INSPECT_OK:
		return NULL;
	case INSPECT_OUT_OF_ORDER:
		break;
	case INSPECT_NO_MEMORY:
		return "it needs more memory than a message may have";
	case INSPECT_TOO_MANY_FORGED:
		return "it has more forged Authentication-Results fields than "
		    "can be removed: assayd refuses it";
	}
	return "it could not be inspected";
}

/* As the milter does: at MAIL FROM first. */
static void
judge(struct examiner *examiner, struct examination *examination)
{
	const struct examiner_options *options = examiner->options;
	struct arena *arena = inspect_arena(examiner->inspect);

	if (examination->results->is_spf_checked)
		policy_judge_sender(options->policy, examination->results,
		    arena, &examination->verdict);
	if (examination->verdict.wanted == POLICY_ACCEPT)
		policy_judge_message(options->policy, examination->results,
		    arena, &examination->verdict);
	if (!policy_build_field(arena, options->authserv_id,
	    examination->results, &examination->verdict, &examination->field))
		examination->field = SLICE_EMPTY;
}

void
examiner_examine(struct examiner *examiner, struct slice octets,
    struct examination *examination)
{
	const struct examiner_options *options = examiner->options;
	const struct inspect_options *inspect = options->inspect;

	forget(examiner);
	*examination = (struct examination){ .problem = "memory is out" };
	octets = message_skip_from_line(octets);
	if (!find_origin(examiner, octets, &examination->origin))
		return;
	if (examination->origin.client.family == IP_NONE) {
		examination->is_spf_left_out = inspect->is_spf_enabled;
		inspect = &examiner->without_spf;
	} else {
		examination->trust = policy_check_trust(options->policy,
		    &examination->origin.client, false);
	}
	examiner->inspect = inspect_create(inspect, options->resolver,
	    options->hostname);
	if (examiner->inspect == NULL)
		return;
	inspect_set_trace(examiner->inspect, options->trace);
	examination->problem = inspect_message(examiner, octets, examination);
	if (examination->problem == NULL)
		judge(examiner, examination);
}
