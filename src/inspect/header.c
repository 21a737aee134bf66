/* inspect/header.c - see inspect.h: the fields as they come, each to whom it
 * concerns. */
#include "inspect/inspect.h"

#include "base/arena.h"
#include "dkim/body.h"
#include "dmarc/walk.h"
#include "inspect/sender.h"
#include "inspect/state.h"

/* A From field may exceed the header's limits by this much: without one there
 * is no verdict, and an honest one may stand below a large header. */
#define FROM_RESERVE_FIELDS ((size_t)1)
#define FROM_RESERVE_OCTETS ((size_t)65536)

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
		in->body = dkim_body_create(in->arena, in->sha256);
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
		dkim_set_trace(in->verifier, in->trace);
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
		arc_set_trace(in->chain, in->trace);
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
		state_note_limit(in, in->header.n_fields >= limits.max_fields ?
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
		return state_fail_message(in);
	if (is_from)
		note_from(in, field);
	else if (field != NULL && !note_field(in, field))
		return state_fail_message(in);
	return arena_has_failed(in->arena) ? state_fail_message(in) :
	    INSPECT_OK;
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
}

enum inspect_status
inspect_end_header(struct inspect *in)
{
	struct inspect_results *results = &in->results;

	if (in->stage != STAGE_HEADER)
		return INSPECT_OUT_OF_ORDER;
	in->stage = STAGE_BODY;
	find_client(in);
	sender_run_ahead(in);
	if (in->verifier != NULL)
		dkim_end_header(in->verifier, &in->header,
		    results->is_header_whole, results->authors.domains,
		    results->authors.n_domains, results->start_s);
	if (in->chain != NULL)
		arc_end_header(in->chain, &in->header,
		    results->is_header_whole);
	return arena_has_failed(in->arena) ? state_fail_message(in) :
	    INSPECT_OK;
}
