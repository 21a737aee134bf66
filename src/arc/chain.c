/* arc/chain.c - see chain.h.
 *
 * The steps of RFC 8617 5.2, each as early as it can be done: a field is read
 * and its key asked for when it arrives; when the header is complete the sets
 * are put together, their order and cv= judged and all hashes of the header
 * made; when the body has ended only keys and comparisons are left. */
#include "arc/chain.h"

#include "arc/set.h"
#include "base/arena.h"
#include "dkim/body.h"
#include "dkim/hash.h"
#include "dkim/header.h"
#include "dkim/keyring.h"
#include "dkim/trace.h"
#include "mail/canon.h"
#include "mail/field.h"

/* A set in the making; the three fields by enum arc_kind, NULL: not there. */
struct set_state {
	const struct arc_field *fields[ARC_N_KINDS];
	unsigned char message_digest[DKIM_HASH_OCTETS];	/* the AMS's header */
	unsigned char seal_digest[DKIM_HASH_OCTETS];
	bool has_message_digest, has_seal_digest;
	bool has_body_form;
	size_t body_form;
};

struct arc_chain {
	struct arena *arena;
	const struct arc_options *options;
	struct dkim_keyring *ring;
	struct dkim_body *body;
	struct trace *trace;		/* NULL: none */
	struct set_state sets[ARC_MAX_SETS];	/* [0] is instance 1 */
	unsigned n_fields, n_sets;
	enum arc_reason reason;		/* the first trouble; NONE so far */
	unsigned failed_instance;
	bool is_whole;	/* the sets are complete and well formed */
};

struct arc_chain *
arc_create(struct arena *arena, const struct arc_options *options,
    struct resolver *resolver, struct dkim_body *body)
{
	struct arc_chain *chain = arena_alloc(arena, sizeof(*chain));

	if (chain == NULL)
		return NULL;
	*chain = (struct arc_chain){ .arena = arena, .options = options,
		.body = body };
	chain->ring = dkim_keyring_create(arena, resolver,
	    options->min_rsa_bits, options->max_rsa_bits);
	return chain->ring != NULL ? chain : NULL;
}

void
arc_set_trace(struct arc_chain *chain, struct trace *trace)
{
	chain->trace = trace;
	dkim_keyring_set_trace(chain->ring, trace);
}

bool
arc_is_field(struct slice name)
{
	enum arc_kind kind;

	return arc_find_kind(name, &kind);
}

static void
fail_chain(struct arc_chain *chain, enum arc_reason reason, unsigned instance)
{
	if (chain->reason != ARC_REASON_NONE)
		return;
	chain->reason = reason;
	chain->failed_instance = instance;
}

/* ---- A field arrives ----------------------------------------------------- */

void
arc_add_field(struct arc_chain *chain, const struct mail_field *field)
{
	struct arc_field *arc;
	enum arc_kind kind;

	/* Past the first trouble nothing can make the chain pass. */
	if (!arc_find_kind(field->name, &kind))
		return;
	chain->n_fields++;
	if (chain->reason != ARC_REASON_NONE)
		return;
	if ((arc = arena_alloc(chain->arena, sizeof(*arc))) == NULL) {
		fail_chain(chain, ARC_REASON_INTERNAL, 0);
		return;
	}
	arc_parse_field(chain->arena, kind, field, arc);
	if (arc->instance == 0) {
		fail_chain(chain, ARC_REASON_INSTANCE, 0);
	} else if (arc->instance > chain->options->max_sets) {
		fail_chain(chain, ARC_REASON_TOO_MANY, arc->instance);
	} else if (chain->sets[arc->instance - 1].fields[kind] != NULL) {
		fail_chain(chain, ARC_REASON_DUPLICATE, arc->instance);
	} else {
		chain->sets[arc->instance - 1].fields[kind] = arc;
		if (kind != ARC_AAR && !arc->is_malformed)
			dkim_keyring_prefetch(chain->ring, arc->sig.domain,
			    arc->sig.selector);
	}
}

/* ---- The header is complete ---------------------------------------------- */

/* 5.2 step 3: instances 1 to N, each with one field of each kind. */
static void
check_structure(struct arc_chain *chain)
{
	for (unsigned i = 0; i < ARC_MAX_SETS; i++)
		for (unsigned kind = 0; kind < ARC_N_KINDS; kind++)
			if (chain->sets[i].fields[kind] != NULL)
				chain->n_sets = i + 1;
	for (unsigned i = 0; i < chain->n_sets; i++)
		for (unsigned kind = 0; kind < ARC_N_KINDS; kind++)
			if (chain->sets[i].fields[kind] == NULL)
				fail_chain(chain, ARC_REASON_INCOMPLETE,
				    i + 1);
}

/* A chain that a sealer found broken stays so (step 2); else the first set has
 * none and the others pass (step 3). */
static void
check_statuses(struct arc_chain *chain)
{
	const struct set_state *newest = &chain->sets[chain->n_sets - 1];

	if (!newest->fields[ARC_SEAL]->is_malformed &&
	    newest->fields[ARC_SEAL]->status == ARC_STATUS_FAIL)
		fail_chain(chain, ARC_REASON_FAILED, chain->n_sets);
	for (unsigned i = 0; i < chain->n_sets; i++) {
		const struct arc_field *seal = chain->sets[i].fields[ARC_SEAL];

		if (seal->is_malformed)
			fail_chain(chain, ARC_REASON_SYNTAX, i + 1);
		else if (seal->status != (i == 0 ? ARC_STATUS_NONE :
		    ARC_STATUS_PASS))
			fail_chain(chain, ARC_REASON_STATUS, i + 1);
	}
	/* Older AMSs need not verify, but must be what they say they are. */
	for (unsigned i = 0; i < chain->n_sets; i++)
		if (chain->sets[i].fields[ARC_AMS]->is_malformed)
			fail_chain(chain, ARC_REASON_SYNTAX, i + 1);
}

/* What a seal covers (5.1.1): all sets up to its own in the order of their
 * instances, AAR, AMS, seal, in the relaxed form, its own b= emptied.  Each
 * begins as the one before it: ALL has the sets so far, and OWN leaves it where
 * only the seal is missing. */
static bool
hash_seal(struct set_state *set, struct dkim_hash *all, struct dkim_hash *own)
{
	const struct canon_sink to_all = { dkim_hash_write, all };
	const struct canon_sink to_own = { dkim_hash_write, own };
	const struct mail_field *seal = set->fields[ARC_SEAL]->sig.field;

	canon_write_field(CANON_RELAXED, set->fields[ARC_AAR]->sig.field,
	    &to_all);
	canon_write_field(CANON_RELAXED, set->fields[ARC_AMS]->sig.field,
	    &to_all);
	if (!dkim_hash_copy(own, all))
		return false;
	canon_write_signature(CANON_RELAXED, seal, &to_own);
	canon_write_field(CANON_RELAXED, seal, &to_all);
	return dkim_hash_finish(own, set->seal_digest);
}

static void
hash_seals(struct arc_chain *chain, struct dkim_hash *own)
{
	struct dkim_hash *all = dkim_hash_clone(chain->arena, own);

	for (unsigned i = 0; all != NULL && i < chain->n_sets; i++)
		chain->sets[i].has_seal_digest = hash_seal(&chain->sets[i],
		    all, own);
}

static void
prepare_sets(struct arc_chain *chain, const struct mail_header *header)
{
	struct dkim_header_index *index = dkim_header_index_create(
	    chain->arena, header);
	struct dkim_hash *hash = dkim_body_borrow_hash(chain->body);

	if (index == NULL || hash == NULL) {
		fail_chain(chain, ARC_REASON_INTERNAL, 0);
		return;
	}
	/* Newest first: there is room for it, whatever the older ones want. */
	for (unsigned i = chain->n_sets; i-- > 0;) {
		struct set_state *set = &chain->sets[i];
		const struct dkim_signature *ams = &set->fields[ARC_AMS]->sig;

		set->has_body_form = dkim_body_add_form(chain->body,
		    ams->body_form, ams->body_limit, &set->body_form);
		set->has_message_digest = dkim_header_hash(index, ams->names,
		    ams->header_form, ams->field, hash, set->message_digest);
	}
	hash_seals(chain, hash);
}

void
arc_end_header(struct arc_chain *chain, const struct mail_header *header,
    bool is_header_whole)
{
	if (!is_header_whole)
		fail_chain(chain, ARC_REASON_HEADER_TOO_LARGE, 0);
	if (chain->n_fields == 0 || chain->reason != ARC_REASON_NONE)
		return;
	check_structure(chain);
	if (chain->reason != ARC_REASON_NONE)
		return;
	check_statuses(chain);
	chain->is_whole = chain->reason == ARC_REASON_NONE ||
	    chain->reason == ARC_REASON_FAILED;
	if (chain->reason == ARC_REASON_NONE)
		prepare_sets(chain, header);
}

/* ---- The body is complete ------------------------------------------------ */

/* NONE, FAILED_AS where the signature or its key is no good, DNS or
 * INTERNAL. */
static enum arc_reason
verify_digest(struct arc_chain *chain, const struct dkim_signature *sig,
    const unsigned char *digest, enum arc_reason failed_as,
    int64_t deadline_ms)
{
	const struct dkim_key_request request = {
		.domain = sig->domain, .selector = sig->selector,
		.type = sig->algorithm == DKIM_ED25519_SHA256 ?
		    DKIM_KEY_ED25519 : DKIM_KEY_RSA,
	};
	struct dkim_found_key found;
	enum dkim_reason reason = dkim_keyring_find(chain->ring, &request,
	    deadline_ms, &found);

	if (reason == DKIM_REASON_NONE)
		reason = dkim_public_key_verify(found.key, (struct slice){
		    (const char *)digest, DKIM_HASH_OCTETS }, sig->b);
	if (reason != DKIM_REASON_NONE)
		trace_add(chain->trace, "reason",
		    slice_from_cstr(dkim_reason_text(reason)));
	if (reason == DKIM_REASON_NONE)
		return ARC_REASON_NONE;
	if (reason == DKIM_REASON_DNS)
		return ARC_REASON_DNS;
	return reason == DKIM_REASON_INTERNAL ? ARC_REASON_INTERNAL :
	    failed_as;
}

static enum arc_reason
check_message(struct arc_chain *chain, unsigned instance, bool is_body_valid,
    int64_t deadline_ms)
{
	const struct set_state *set = &chain->sets[instance - 1];
	const struct dkim_signature *ams = &set->fields[ARC_AMS]->sig;

	if (!is_body_valid || !set->has_body_form || !set->has_message_digest)
		return ARC_REASON_INTERNAL;
	dkim_trace_body(chain->trace, ams,
	    dkim_body_digest(chain->body, set->body_form),
	    dkim_body_octets(chain->body, set->body_form));
	/* An l= that leaves octets out is no word about the body that came. */
	if (!slice_eq(ams->body_hash,
	    dkim_body_digest(chain->body, set->body_form)) ||
	    (ams->body_limit != DKIM_BODY_NO_LIMIT && ams->body_limit !=
	    dkim_body_octets(chain->body, set->body_form)))
		return ARC_REASON_MESSAGE;
	return verify_digest(chain, ams, set->message_digest,
	    ARC_REASON_MESSAGE, deadline_ms);
}

static void
close_verified(struct trace *trace, enum arc_reason reason)
{
	trace_close(trace, reason == ARC_REASON_NONE ? "verifies" :
	    "does not verify", SLICE_EMPTY);
}

static enum arc_reason
verify_message(struct arc_chain *chain, unsigned instance, bool is_body_valid,
    int64_t deadline_ms)
{
	enum arc_reason reason;

	trace_open(chain->trace, "message signature",
	    chain->sets[instance - 1].fields[ARC_AMS]->sig.domain);
	reason = check_message(chain, instance, is_body_valid, deadline_ms);
	close_verified(chain->trace, reason);
	return reason;
}

static enum arc_reason
verify_seal(struct arc_chain *chain, unsigned instance, int64_t deadline_ms)
{
	const struct set_state *set = &chain->sets[instance - 1];
	const struct dkim_signature *seal = &set->fields[ARC_SEAL]->sig;
	enum arc_reason reason = ARC_REASON_INTERNAL;

	trace_open(chain->trace, "seal", seal->domain);
	if (set->has_seal_digest)
		reason = verify_digest(chain, seal, set->seal_digest,
		    ARC_REASON_SEAL, deadline_ms);
	close_verified(chain->trace, reason);
	return reason;
}

/* Steps 4 and 6: the newest AMS, then every seal, newest first. */
static void
verify_chain(struct arc_chain *chain, bool is_body_valid, int64_t deadline_ms)
{
	enum arc_reason reason = verify_message(chain, chain->n_sets,
	    is_body_valid, deadline_ms);

	if (reason != ARC_REASON_NONE)
		fail_chain(chain, reason, chain->n_sets);
	for (unsigned i = chain->n_sets; i > 0 &&
	    chain->reason == ARC_REASON_NONE; i--) {
		reason = verify_seal(chain, i, deadline_ms);
		if (reason != ARC_REASON_NONE)
			fail_chain(chain, reason, i);
	}
}

/* Step 5, for a chain that passed. */
static unsigned
find_oldest_pass(struct arc_chain *chain, bool is_body_valid,
    int64_t deadline_ms)
{
	unsigned oldest = chain->n_sets;

	while (oldest > 1 && verify_message(chain, oldest - 1, is_body_valid,
	    deadline_ms) == ARC_REASON_NONE)
		oldest--;
	return oldest > 1 ? oldest : 0;
}

static const struct arc_set *
describe_sets(const struct arc_chain *chain)
{
	struct arc_set *sets = arena_alloc_array(chain->arena, chain->n_sets,
	    sizeof(*sets));

	if (sets == NULL)
		return NULL;
	for (unsigned i = 0; i < chain->n_sets; i++) {
		const struct arc_field *const *fields = chain->sets[i].fields;

		sets[i] = (struct arc_set){
			.aar = fields[ARC_AAR]->sig.field,
			.ams = fields[ARC_AMS]->sig.field,
			.seal = fields[ARC_SEAL]->sig.field,
			.results = fields[ARC_AAR]->results,
			.sealer = fields[ARC_SEAL]->sig.domain,
			.seal_selector = fields[ARC_SEAL]->sig.selector,
			.message_domain = fields[ARC_AMS]->sig.domain,
			.covers_from = fields[ARC_AMS]->sig.covers_from,
		};
	}
	return sets;
}

static enum arc_result
result_of(enum arc_reason reason)
{
	switch (reason) {
	case ARC_REASON_NONE:
		return ARC_PASS;
	case ARC_REASON_INSTANCE:
	case ARC_REASON_DUPLICATE:
	case ARC_REASON_INCOMPLETE:
	case ARC_REASON_TOO_MANY:
	case ARC_REASON_SYNTAX:
	case ARC_REASON_STATUS:
	case ARC_REASON_FAILED:
	case ARC_REASON_MESSAGE:
	case ARC_REASON_SEAL:
	case ARC_REASON_HEADER_TOO_LARGE:
		return ARC_FAIL;
	case ARC_REASON_DNS:
	case ARC_REASON_INTERNAL:
		return ARC_TEMPERROR;
	}
	return ARC_FAIL;
}

/* ---- What is told -------------------------------------------------------- */

/* What each set says, before any of it is believed. */
static void
trace_set(const struct arc_chain *chain, unsigned instance)
{
	static const char *const statuses[] = {
		[ARC_STATUS_NONE] = "none",
		[ARC_STATUS_PASS] = "pass",
		[ARC_STATUS_FAIL] = "fail",
	};
	const struct arc_field *const *fields =
	    chain->sets[instance - 1].fields;

	trace_open(chain->trace, "set", fields[ARC_SEAL] != NULL ?
	    fields[ARC_SEAL]->sig.domain : SLICE_EMPTY);
	trace_printf(chain->trace, "instance", "%u", instance);
	if (fields[ARC_AAR] != NULL)
		trace_add(chain->trace, "it had found",
		    fields[ARC_AAR]->results);
	if (fields[ARC_AMS] != NULL)
		trace_add(chain->trace, "message signature",
		    fields[ARC_AMS]->sig.domain);
	if (fields[ARC_SEAL] != NULL && !fields[ARC_SEAL]->is_malformed)
		trace_printf(chain->trace, "seal", "cv=%s",
		    statuses[fields[ARC_SEAL]->status]);
	trace_close(chain->trace, NULL, SLICE_EMPTY);
}

static void
trace_sets(const struct arc_chain *chain)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARC_MAX_SETS; i++)
		for (unsigned kind = 0; kind < ARC_N_KINDS; kind++)
			if (chain->sets[i].fields[kind] != NULL)
				n = i + 1;
	for (unsigned i = 0; i < n; i++)
		trace_set(chain, i + 1);
}

static void
trace_end(const struct arc_chain *chain, const struct arc_outcome *outcome)
{
	if (outcome->failed_instance != 0)
		trace_printf(chain->trace, "broken set", "%u",
		    outcome->failed_instance);
	if (outcome->oldest_pass != 0)
		trace_printf(chain->trace, "oldest-pass", "the message is as "
		    "the sealer of set %u left it", outcome->oldest_pass);
	trace_close(chain->trace, arc_result_name(outcome->result),
	    slice_from_cstr(arc_reason_text(outcome->reason)));
}

void
arc_finish(struct arc_chain *chain, bool is_body_valid, int64_t deadline_ms,
    struct arc_outcome *outcome)
{
	*outcome = (struct arc_outcome){ .result = ARC_NONE };
	if (chain->n_fields == 0)
		return;
	trace_open(chain->trace, "arc", SLICE_EMPTY);
	if (chain->trace != NULL)
		trace_sets(chain);
	if (chain->reason == ARC_REASON_NONE)
		verify_chain(chain, is_body_valid, deadline_ms);
	outcome->result = result_of(chain->reason);
	outcome->reason = chain->reason;
	outcome->failed_instance = chain->failed_instance;
	if (chain->is_whole) {
		outcome->sets = describe_sets(chain);
		outcome->n_sets = outcome->sets != NULL ? chain->n_sets : 0;
	}
	if (outcome->result == ARC_PASS)
		outcome->oldest_pass = find_oldest_pass(chain, is_body_valid,
		    deadline_ms);
	if (chain->trace != NULL)
		trace_end(chain, outcome);
}

/* ---- Names --------------------------------------------------------------- */

const char *
arc_result_name(enum arc_result result)
{
	switch (result) {
	case ARC_NONE:
		return "none";
	case ARC_PASS:
		return "pass";
	case ARC_FAIL:
		return "fail";
	case ARC_TEMPERROR:
		return "temperror";
	}
	return "";
}

const char *
arc_reason_text(enum arc_reason reason)
{
	switch (reason) {
	case ARC_REASON_NONE:
		return "";
	case ARC_REASON_INSTANCE:
		return "a field has no instance from 1 to 50";
	case ARC_REASON_DUPLICATE:
		return "two fields of one kind have the same instance";
	case ARC_REASON_INCOMPLETE:
		return "a set is not complete";
	case ARC_REASON_TOO_MANY:
		return "there are more sets than are looked at";
	case ARC_REASON_SYNTAX:
		return "a field is malformed";
	case ARC_REASON_STATUS:
		return "a seal's cv= does not fit its place";
	case ARC_REASON_FAILED:
		return "the newest sealer found the chain broken";
	case ARC_REASON_MESSAGE:
		return "the newest message signature does not verify";
	case ARC_REASON_SEAL:
		return "a seal does not verify";
	case ARC_REASON_DNS:
		return "a key could not be asked for";
	case ARC_REASON_HEADER_TOO_LARGE:
		return "the header is larger than what is kept";
	case ARC_REASON_INTERNAL:
		return "an internal failure";
	}
	return "";
}
