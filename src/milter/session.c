/* milter/session.c - see session.h. */
#include "milter/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "milter/remember.h"
#include "milter/service.h"

#define CONNECTION_MEMORY ((size_t)8192)
#define NAME_MAX_OCTETS ((size_t)255)	/* of a name that the MTA tells us */
#define QUEUE_ID_MAX_OCTETS ((size_t)64)
#define FIRST_RECIPIENTS ((size_t)8)

/* When assayd was started, which worker it is, and a count. */
static void
make_id(struct session *session)
{
	struct service *service = session->service;
	unsigned long long count =
	    atomic_fetch_add(&service->n_sessions, 1) + 1;
	uint64_t start_s = (uint64_t)service->start_s;

	if (service->worker == 0)
		snprintf(session->id, sizeof(session->id), "%" PRIx64 "-%llx",
		    start_s, count);
	else
		snprintf(session->id, sizeof(session->id),
		    "%" PRIx64 "-%x-%llx", start_s, service->worker, count);
}

struct session *
session_create(struct service *service)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->service = service;
	make_id(session);
	session->arena = arena_create(CONNECTION_MEMORY);
	/* Options and resolver come with each message. */
	session->inspect = inspect_create(NULL, NULL,
	    slice_from_cstr(service->hostname));
	if (session->arena == NULL || session->inspect == NULL)
		session_destroy(&session);
	else {
		inspect_set_sha256(session->inspect, service->sha256);
		inspect_set_account(session->inspect, &service->memory);
	}
	return session;
}

void
session_destroy(struct session **session)
{
	if (*session == NULL)
		return;
	session_end_message(*session);
	if ((*session)->is_admitted)
		atomic_fetch_sub(&(*session)->service->n_admitted, 1);
	inspect_destroy(&(*session)->inspect);
	arena_destroy(&(*session)->arena);
	free(*session);
	*session = NULL;
}

bool
session_admit(struct session *session, unsigned max)
{
	atomic_uint *n = &session->service->n_admitted;

	if (session->is_admitted)
		return true;
	if (atomic_fetch_add(n, 1) >= max && max != 0) {
		atomic_fetch_sub(n, 1);
		return false;
	}
	session->is_admitted = true;
	return true;
}

/* For names whose loss costs no more than a word in the log. */
static struct slice
keep_name(struct session *session, struct slice name)
{
	struct slice copy;

	return arena_copy(session->arena, slice_head(name, NAME_MAX_OCTETS),
	    &copy) ? copy : SLICE_EMPTY;
}

void
session_connect(struct session *session, struct slice client_name,
    struct slice daemon_name, const struct ip_address *client)
{
	session_end_message(session);
	arena_reset(session->arena);
	session->client = *client;
	session->client_name = keep_name(session, client_name);
	session->daemon_name = keep_name(session, daemon_name);
	session->is_connected =
	    inspect_connect(session->inspect, client) == INSPECT_OK;
	inspect_set_listener(session->inspect, session->daemon_name);
}

/* Count first and look then: whoever begins the drain does it the other way
 * round, so that no message is missed. */
bool
session_begin_message(struct session *session)
{
	session_end_message(session);
	atomic_fetch_add(&session->service->n_open, 1);
	if (atomic_load(&session->service->is_draining)) {
		atomic_fetch_sub(&session->service->n_open, 1);
		return false;
	}
	session->context = service_retain_context(session->service);
	inspect_set_options(session->inspect, &session->context->inspect,
	    session->context->resolver);
	session->is_open = true;
	session->n_messages++;
	measure_begin(session);
	return true;
}

static void
tell_limits(const struct session *session, unsigned hit)
{
	struct service *service = session->service;

	for (unsigned i = 0; hit != 0 && i < LIMIT_COUNT; i++)
		if ((hit & limit_bit((enum limit)i)) != 0)
			log_write_limited(service->log,
			    &service->limit_warnings[i], LOG_LEVEL_WARNING,
			    "session=%s: the limit %s was hit", session->id,
			    limit_name((enum limit)i));
}

void
session_hit_limit(const struct session *session, enum limit limit)
{
	limit_count(&session->service->metrics->limits, limit_bit(limit));
	tell_limits(session, limit_bit(limit));
}

static unsigned
find_limits(const struct session *session)
{
	const struct inspect_results *results = inspect_peek(session->inspect);

	return results != NULL ? results->limits_hit : 0;
}

/* Whatever way the message ends. */
void
session_end_message(struct session *session)
{
	unsigned limits_hit;

	if (!session->is_open)
		return;
	limits_hit = find_limits(session);
	tell_limits(session, limits_hit);
	measure_end(session, limits_hit);
	inspect_abort(session->inspect);
	session->is_open = session->has_header_ended = false;
	session->trust = POLICY_INSPECT;
	session->failure = NULL;
	session->queue_id = session->authserv_id = SLICE_EMPTY;
	session->recipients = NULL;
	session->n_recipients = 0;
	session->capacity = 0;
	inspect_set_options(session->inspect, NULL, NULL);
	service_release_context(session->context);
	session->context = NULL;
	atomic_fetch_sub(&session->service->n_open, 1);
}

void
session_note_failure(struct session *session, const char *failure)
{
	if (session->failure == NULL)
		session->failure = failure;
}

void
session_set_queue_id(struct session *session, struct slice id)
{
	struct arena *arena = inspect_arena(session->inspect);

	if (arena == NULL || session->queue_id.len != 0)
		return;
	if (!arena_copy(arena, slice_head(id, QUEUE_ID_MAX_OCTETS),
	    &session->queue_id))
		session_note_failure(session, "no memory for the queue id");
}

void
session_append_id(const struct session *session, struct strbuf *text)
{
	strbuf_append_cstr(text, session->id);
	strbuf_append_char(text, '.');
	strbuf_append_uint(text, session->n_messages);
}

void
session_name_message(struct session *session)
{
	char room[sizeof(session->id) + sizeof(".4294967295")];
	struct strbuf own;
	struct slice id = session->queue_id;

	if (id.len == 0) {
		strbuf_init_fixed(&own, room, sizeof(room));
		session_append_id(session, &own);
		id = strbuf_slice(&own);
	}
	if (inspect_set_id(session->inspect, id) == INSPECT_NO_MEMORY)
		session_note_failure(session, "no memory for the queue id");
}

static bool
make_room(struct session *session, struct arena *arena)
{
	size_t capacity = session->capacity == 0 ? FIRST_RECIPIENTS :
	    2 * session->capacity;
	const char **recipients;

	if (session->n_recipients < session->capacity)
		return true;
	recipients = arena_grow_array(arena, session->recipients,
	    session->capacity, capacity, sizeof(*recipients));
	if (recipients == NULL)
		return false;
	session->recipients = recipients;
	session->capacity = capacity;
	return true;
}

void
session_add_recipient(struct session *session, struct slice argument)
{
	const struct milter_context *context = session->context;
	const struct policy_options *policy = &context->policy;
	struct arena *arena = inspect_arena(session->inspect);
	const char *copy;

	if ((policy_wants_recipients(policy) ||
	    remember_wants_recipients(context)) && inspect_add_recipient(
	    session->inspect, argument) != INSPECT_OK)
		session_note_failure(session, "no memory for the recipients");
	if (policy->quarantine == POLICY_QUARANTINE_REDIRECT && arena != NULL) {
		copy = arena_copy_cstr(arena, argument);
		if (copy == NULL || !make_room(session, arena)) {
			session_note_failure(session,
			    "no memory for the recipients");
			return;
		}
		session->recipients[session->n_recipients] = copy;
	}
	session->n_recipients++;
}
