/* inspect/inspect.c - see inspect.h.
 *
 * Everything of a message lives in its arena, which is made at MAIL and thrown
 * away at the message's end, so that an idle session holds nothing.  A failure
 * that could change what is done with the message (has_failed) is kept until
 * inspect_finish, because most callers cannot refuse anything earlier. */
#include "inspect/inspect.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limit.h"
#include "dkim/body.h"
#include "inspect/forged.h"
#include "mail/domain.h"

/* HELO's name or any text in its place; longer is as good as none. */
#define HELO_MAX_OCTETS ((size_t)1024)
#define CONNECTION_MEMORY ((size_t)8192)
#define FIRST_RECIPIENTS ((size_t)8)

/* A From field may exceed the header's limits by this much: without one there
 * is no verdict, and an honest one may stand below a large header. */
#define FROM_RESERVE_FIELDS ((size_t)1)
#define FROM_RESERVE_OCTETS ((size_t)65536)

/* HELO's result is for the log when MAIL FROM has a domain of its own: not
 * worth holding the client for the time that SPF may take. */
#define HELO_BUDGET_MS 5000

enum stage {
	STAGE_NEW = 0,		/* no client yet */
	STAGE_IDLE,		/* between messages */
	STAGE_HEADER,		/* MAIL was seen, fields may come */
	STAGE_BODY,		/* the header has ended */
	STAGE_FINISHED,		/* results were given */
};

struct inspect {
	const struct inspect_options *options;	/* borrowed */
	struct resolver *all_dns;	/* borrowed */
	struct arena *connection;	/* receiver; owned */
	struct arena *greeting;		/* helo, reset with each; owned */
	struct slice receiver;
	struct ip_address client;
	struct slice listener;		/* borrowed */
	struct slice helo;
	enum stage stage;

	/* The message; all zero while there is none. */
	struct arena *arena;	/* owned */
	struct resolver *resolver;	/* what it may ask; in the arena */
	bool has_spf, has_dkim, has_arc, has_dmarc;	/* are to be checked */
	bool has_failed;
	size_t n_from_fields;
	struct mail_header header;
	struct forged_fields forged;
	struct dkim_body *body;		/* NULL: neither of the next two */
	struct dkim_verifier *verifier;	/* NULL: no signature so far */
	struct arc_chain *chain;	/* NULL: no field of ARC so far */
	size_t n_signatures;
	struct inspect_recipient *recipients;
	size_t recipient_capacity;
	struct inspect_results results;
};

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

static bool
has_message(const struct inspect *in)
{
	switch (in->stage) {
	case STAGE_NEW:
	case STAGE_IDLE:
		return false;
	case STAGE_HEADER:
	case STAGE_BODY:
	case STAGE_FINISHED:
		return true;
	}
	return false;
}

void
inspect_abort(struct inspect *in)
{
	if (!has_message(in))
		return;
	arena_destroy(&in->arena);
	in->has_spf = in->has_dkim = in->has_arc = in->has_dmarc = false;
	in->has_failed = false;
	in->n_from_fields = in->n_signatures = 0;
	in->resolver = NULL;
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
	return has_message(in) ? &in->results : NULL;
}

/* ---- the envelope -------------------------------------------------------- */

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

static void
prefetch_spf(struct inspect *in)
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

/* A network's limit is not for relays of ours: they hand in what others send. */
static bool
open_budget(struct inspect *in)
{
	const struct inspect_options *options = in->options;

	in->resolver = budget_create(in->arena, in->all_dns, &options->dns,
	    in->results.is_relayed ? NULL : options->throttle, &in->client);
	return in->resolver != NULL;
}

static void
note_limit(struct inspect *in, enum limit limit)
{
	in->results.limits_hit |= limit_bit(limit);
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
	in->stage = STAGE_HEADER;
	in->has_spf = is_checked && options->is_spf_enabled;
	in->has_dkim = is_checked && options->is_dkim_enabled;
	in->has_arc = is_checked && options->is_arc_enabled;
	in->has_dmarc = is_checked && options->is_dmarc_enabled;
	in->results = (struct inspect_results){
		.client = in->client,
		.helo = in->helo,
		.start_s = clock_wall_s(),
		.listener = in->listener,
		.are_relays_known = options->relays.n != 0,
		.is_smtputf8 = is_smtputf8,
		.header = &in->header,
		.is_header_whole = true,
		.author_status = MAIL_AUTHOR_ABSENT,
	};
	if (is_checked && relay_is_own(&options->relays, &in->client))
		forget_relay(&in->results);
	if (!keep_envelope(in, argument, authserv_id) || !open_budget(in)) {
		inspect_abort(in);
		return INSPECT_NO_MEMORY;
	}
	if (!in->results.is_relayed)
		prefetch_spf(in);
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

static enum inspect_status
fail_message(struct inspect *in)
{
	in->has_failed = true;
	note_limit(in, LIMIT_MESSAGE_MEMORY);
	return INSPECT_NO_MEMORY;
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
		note_limit(in, LIMIT_RECIPIENTS);
		return INSPECT_OK;
	}
	if (!make_room_for_recipient(in) ||
	    !arena_copy(in->arena, argument, &copy))
		return fail_message(in);
	mail_parse_path(copy, &path);
	recipient = &in->recipients[results->n_recipients++];
	recipient->local = path.local;
	if (path.domain.len != 0 && !domain_normalize(in->arena, path.domain,
	    &recipient->domain))
		recipient->domain = SLICE_EMPTY;	/* it is no domain */
	return arena_has_failed(in->arena) ? fail_message(in) : INSPECT_OK;
}

enum inspect_status
inspect_set_id(struct inspect *in, struct slice id)
{
	if (!has_message(in))
		return INSPECT_OUT_OF_ORDER;
	return arena_copy(in->arena, id, &in->results.id) ? INSPECT_OK :
	    fail_message(in);
}

static bool
is_client_unknown(const struct inspect *in)
{
	return in->results.is_relayed &&
	    in->results.client.family == IP_NONE;
}

static void
check_spf(struct inspect *in, int64_t deadline_ms)
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

enum inspect_status
inspect_get_spf(struct inspect *in, const struct spf_outcome **spf_out)
{
	int64_t deadline_ms;

	*spf_out = NULL;
	if (!has_message(in) || !in->has_spf ||
	    (in->results.is_relayed && in->stage == STAGE_HEADER))
		return INSPECT_OUT_OF_ORDER;
	deadline_ms = clock_monotonic_ms() + in->options->spf.budget_ms;
	check_spf(in, deadline_ms);
	if (clock_monotonic_ms() >= deadline_ms)
		note_limit(in, LIMIT_MAIL_TIME);
	in->results.limits_hit |= budget_limits_hit(in->resolver);
	*spf_out = &in->results.spf;
	return arena_has_failed(in->arena) ? INSPECT_NO_MEMORY : INSPECT_OK;
}

/* ---- the header ---------------------------------------------------------- */

/* From is read the moment it comes, so that the policy record's question is on
 * its way; FIELD is NULL where it was too large to keep. */
static void
note_from(struct inspect *in, const struct mail_field *field)
{
	struct inspect_results *results = &in->results;

	in->n_from_fields++;
	if (in->n_from_fields > 1) {
		results->author_status = MAIL_AUTHOR_REPEATED;
		results->authors = (struct mail_authors){ .n_domains = 0 };
		return;
	}
	results->author_status = field == NULL ? MAIL_AUTHOR_TOO_MANY :
	    mail_parse_authors(in->arena, field->value, &results->authors);
	if (!in->has_dmarc)
		return;
	for (size_t i = 0; i < results->authors.n_domains; i++)
		dmarc_prefetch(&in->options->dmarc, in->resolver,
		    results->authors.domains[i]);
}

/* The body is hashed from the first field that wants it: most of what is not
 * signed is junk. */
static bool
need_body(struct inspect *in)
{
	if (in->body == NULL)
		in->body = dkim_body_create(in->arena);
	return in->body != NULL;
}

static bool
note_signature(struct inspect *in, const struct mail_field *field)
{
	if (!in->has_dkim)
		return true;
	if (in->n_signatures == INSPECT_MAX_SIGNATURES) {
		in->results.n_ignored_signatures++;
		return true;
	}
	if (!need_body(in))
		return false;
	if (in->verifier == NULL) {
		in->verifier = dkim_create(in->arena, &in->options->dkim,
		    in->resolver, in->body);
		if (in->verifier == NULL)
			return false;
	}
	dkim_add_signature(in->verifier, field);
	in->n_signatures++;
	return true;
}

static bool
note_set(struct inspect *in, const struct mail_field *field)
{
	if (!in->has_arc)
		return true;
	if (!need_body(in))
		return false;
	if (in->chain == NULL) {
		in->chain = arc_create(in->arena, &in->options->arc,
		    in->resolver, in->body);
		if (in->chain == NULL)
			return false;
	}
	arc_add_field(in->chain, field);
	return true;
}

/* A field that some check has to read; From is read apart from them. */
static bool
note_field(struct inspect *in, const struct mail_field *field)
{
	if (slice_eq_nocase(field->name, SLICE("DKIM-Signature")))
		return note_signature(in, field);
	return !arc_is_field(field->name) || note_set(in, field);
}

static size_t
add_clamped(size_t a, size_t b)
{
	return a < SIZE_MAX - b ? a + b : SIZE_MAX;
}

/* Keep the field if it fits.  *FIELD_OUT is NULL where it does not. */
static bool
keep_field(struct inspect *in, struct slice name, struct slice value,
    bool is_from, const struct mail_field **field_out)
{
	struct mail_header_limits limits = in->options->header;

	*field_out = NULL;
	if (is_from && in->n_from_fields == 0) {
		limits.max_fields = add_clamped(limits.max_fields,
		    FROM_RESERVE_FIELDS);
		limits.max_octets = add_clamped(limits.max_octets,
		    FROM_RESERVE_OCTETS);
	}
	switch (mail_header_add(&in->header, &limits, name, value)) {
	case MAIL_HEADER_OK:
		*field_out = &in->header.fields[in->header.n_fields - 1];
		return true;
	case MAIL_HEADER_TOO_LARGE:
		in->results.is_header_whole = false;
		note_limit(in, in->header.n_fields >= limits.max_fields ?
		    LIMIT_HEADER_FIELDS : LIMIT_HEADER_OCTETS);
		return true;
	case MAIL_HEADER_NO_MEMORY:
		return false;
	}
	return false;
}

enum inspect_status
inspect_add_field(struct inspect *in, struct slice name, struct slice value)
{
	bool is_from;
	const struct mail_field *field;

	if (in->stage != STAGE_HEADER)
		return INSPECT_OUT_OF_ORDER;
	name = slice_trim_end(name);
	is_from = slice_eq_nocase(name, SLICE("From"));
	if (!forged_note_field(&in->forged, name, value) ||
	    !keep_field(in, name, value, is_from, &field))
		return fail_message(in);
	if (is_from)
		note_from(in, field);
	else if (field != NULL && !note_field(in, field))
		return fail_message(in);
	return arena_has_failed(in->arena) ? fail_message(in) : INSPECT_OK;
}

static void
find_client(struct inspect *in)
{
	struct relay_client client;

	if (!in->results.is_relayed ||
	    !relay_find_client(&in->options->relays, &in->header, &client))
		return;
	in->results.client = client.seen.client;
	in->results.helo = client.seen.helo;
	in->results.is_client_hearsay = client.is_hearsay;
	prefetch_spf(in);
}

enum inspect_status
inspect_end_header(struct inspect *in)
{
	struct inspect_results *results = &in->results;

	if (in->stage != STAGE_HEADER)
		return INSPECT_OUT_OF_ORDER;
	in->stage = STAGE_BODY;
	find_client(in);
	if (in->verifier != NULL)
		dkim_end_header(in->verifier, &in->header,
		    results->is_header_whole, results->authors.domains,
		    results->authors.n_domains, clock_wall_s());
	if (in->chain != NULL)
		arc_end_header(in->chain, &in->header,
		    results->is_header_whole);
	return arena_has_failed(in->arena) ? fail_message(in) : INSPECT_OK;
}

/* ---- the body ------------------------------------------------------------ */

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
	if (in->body != NULL)
		dkim_body_update(in->body, chunk);
	return INSPECT_OK;
}

/* ---- the results --------------------------------------------------------- */

static void
finish_dkim(struct inspect *in, bool is_body_valid, int64_t deadline_ms)
{
	if (in->verifier != NULL)
		dkim_finish(in->verifier, is_body_valid, deadline_ms,
		    &in->results.dkim, &in->results.n_dkim);
	in->results.is_dkim_checked = in->has_dkim;
}

/* Behind DMARC, so that a chain whose keys are slow to come takes no time from
 * it. */
static void
finish_arc(struct inspect *in, bool is_body_valid, int64_t deadline_ms)
{
	if (in->chain != NULL)
		arc_finish(in->chain, is_body_valid, deadline_ms,
		    &in->results.arc);
	in->results.is_arc_checked = in->has_arc;
}

/* SPF's domain is lower case already, but may be no domain at all. */
static bool
identify_spf(struct inspect *in, struct dmarc_identifier *identifier)
{
	const struct spf_outcome *spf = &in->results.spf;

	if (!in->results.is_spf_checked || (spf->result != SPF_PASS &&
	    spf->result != SPF_TEMPERROR))
		return false;
	identifier->is_dkim = false;
	identifier->is_temperror = spf->result == SPF_TEMPERROR;
	return domain_normalize(in->arena, spf->domain, &identifier->domain);
}

static bool
identify_dkim(const struct dkim_outcome *dkim,
    struct dmarc_identifier *identifier)
{
	if (dkim->domain.len == 0 || (dkim->result != DKIM_RESULT_PASS &&
	    dkim->result != DKIM_RESULT_TEMPERROR))
		return false;
	identifier->is_dkim = true;
	identifier->is_temperror = dkim->result == DKIM_RESULT_TEMPERROR;
	identifier->domain = dkim->domain;
	return true;
}

/* Whether there is a signature that broke on the way: policy/ will want to know
 * if it is the author's own. */
static bool
has_broken_signature(const struct inspect_results *results)
{
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result != DKIM_RESULT_PASS &&
		    results->dkim[i].covers_from &&
		    results->dkim[i].key_exists)
			return true;
	return false;
}

static void
check_dmarc(struct inspect *in, int64_t deadline_ms)
{
	struct inspect_results *results = &in->results;
	struct dmarc_identifier *identifiers = arena_alloc_array(in->arena,
	    results->n_dkim + 1, sizeof(*identifiers));
	size_t n = 0;
	struct dmarc_request request = {
		.author_status = results->author_status,
		.authors = &results->authors,
		.identifiers = identifiers,
		.wants_org = has_broken_signature(results),
		.deadline_ms = deadline_ms,
	};

	if (identifiers == NULL)
		return;		/* the arena tells inspect_finish */
	if (identify_spf(in, &identifiers[n]))
		n++;
	for (size_t i = 0; i < results->n_dkim; i++)
		if (identify_dkim(&results->dkim[i], &identifiers[n]))
			n++;
	request.n_identifiers = n;
	dmarc_check(&request, &in->options->dmarc, in->resolver, in->arena,
	    &results->dmarc);
	results->is_dmarc_checked = true;
}

/* Last, because nothing hangs on it; see HELO_BUDGET_MS. */
static void
check_helo_spf(struct inspect *in, int64_t deadline_ms)
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

/* Those that only the results tell of. */
static void
note_limits_of_results(struct inspect *in)
{
	const struct inspect_results *results = &in->results;

	in->results.limits_hit |= budget_limits_hit(in->resolver);
	if (results->n_ignored_signatures != 0)
		note_limit(in, LIMIT_SIGNATURES);
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].reason == DKIM_REASON_TOO_MANY)
			note_limit(in, LIMIT_SIGNATURES);
		else if (results->dkim[i].reason == DKIM_REASON_KEY_TOO_LONG)
			note_limit(in, LIMIT_KEY_SIZE);
	if (results->arc.reason == ARC_REASON_TOO_MANY)
		note_limit(in, LIMIT_ARC_SETS);
}

static void
evaluate(struct inspect *in)
{
	struct inspect_results *results = &in->results;
	int64_t deadline_ms = clock_monotonic_ms() +
	    in->options->finish_budget_ms;
	bool is_body_valid = in->body != NULL && dkim_body_finish(in->body);

	check_spf(in, deadline_ms);
	finish_dkim(in, is_body_valid, deadline_ms);
	if (in->has_dmarc)
		check_dmarc(in, deadline_ms);
	finish_arc(in, is_body_valid, deadline_ms);
	check_helo_spf(in, deadline_ms);
	if (clock_monotonic_ms() >= deadline_ms)
		note_limit(in, LIMIT_MESSAGE_TIME);
	note_limits_of_results(in);
	results->forged_fields = in->forged.places;
	results->n_forged_fields = in->forged.n_places;
}

enum inspect_status
inspect_finish(struct inspect *in,
    const struct inspect_results **results_out)
{
	*results_out = NULL;
	if (in->stage != STAGE_BODY && in->stage != STAGE_FINISHED)
		return INSPECT_OUT_OF_ORDER;
	if (in->stage == STAGE_BODY && !in->has_failed &&
	    !in->forged.has_overflowed) {
		evaluate(in);
		if (arena_has_failed(in->arena))
			fail_message(in);
	}
	if (in->forged.has_overflowed)
		note_limit(in, LIMIT_FORGED_FIELDS);
	in->stage = STAGE_FINISHED;
	if (in->has_failed)
		return INSPECT_NO_MEMORY;
	if (in->forged.has_overflowed)
		return INSPECT_TOO_MANY_FORGED;
	*results_out = &in->results;
	return INSPECT_OK;
}
