/* dkim/verify.c - see verify.h.
 *
 * Each step is done as early as it can be: the field is parsed and its key
 * asked for when it arrives, the header is hashed when it is complete, and
 * when the body has ended only the comparisons are left.
 *
 * A signature that will not pass for reasons of its own (its time, most of all)
 * is still held against key and header if there is room among those tried:
 * what comes of it is evidence, not a result. */
#include "dkim/verify.h"

#include "base/arena.h"
#include "dkim/body.h"
#include "dkim/header.h"
#include "dkim/keyring.h"
#include "dkim/signature.h"
#include "dkim/trace.h"
#include "mail/domain.h"
#include "mail/field.h"

/* Signatures that are looked into at all, from the top: the choice of those
 * that are tried is made among them.  No honest message comes near. */
#define MAX_PARSED 100
#define FIRST_SLOTS 4

struct candidate {
	struct dkim_signature sig;
	enum dkim_reason reason;	/* so far; NONE is open */
	bool is_prefetched, is_tried;
	size_t body_form;		/* where tried and the reason is open */
	unsigned char digest[DKIM_HASH_OCTETS];	/* of the header */
	bool has_digest;
};

struct dkim_verifier {
	struct arena *arena;
	const struct dkim_options *options;
	struct dkim_keyring *ring;
	struct dkim_body *body;
	struct trace *trace;		/* NULL for none; the next two for it */
	const struct mail_header *header;
	struct dkim_header_index *index;
	struct candidate *candidates;	/* in the order of the header */
	size_t n_candidates, n_slots;
	size_t n_fields;	/* all that came, candidates or not */
	unsigned n_prefetched;
	bool has_failed;	/* memory: not every field could be kept */
};

struct dkim_verifier *
dkim_create(struct arena *arena, const struct dkim_options *options,
    struct resolver *resolver, struct dkim_body *body)
{
	struct dkim_verifier *verifier = arena_alloc(arena, sizeof(*verifier));

	if (verifier == NULL)
		return NULL;
	*verifier = (struct dkim_verifier){ .arena = arena,
		.options = options, .body = body };
	verifier->ring = dkim_keyring_create(arena, resolver,
	    options->min_rsa_bits, options->max_rsa_bits);
	return verifier->ring != NULL ? verifier : NULL;
}

void
dkim_set_trace(struct dkim_verifier *verifier, struct trace *trace)
{
	verifier->trace = trace;
	dkim_keyring_set_trace(verifier->ring, trace);
}

/* ---- A field arrives ----------------------------------------------------- */

static struct candidate *
new_candidate(struct dkim_verifier *verifier)
{
	size_t n = verifier->n_slots != 0 ? verifier->n_slots * 2 :
	    FIRST_SLOTS;
	struct candidate *grown;

	if (verifier->n_candidates == verifier->n_slots) {
		grown = arena_grow_array(verifier->arena,
		    verifier->candidates, verifier->n_slots, n,
		    sizeof(*grown));
		if (grown == NULL)
			return NULL;
		verifier->candidates = grown;
		verifier->n_slots = n;
	}
	return &verifier->candidates[verifier->n_candidates++];
}

static void
prefetch_key(struct dkim_verifier *verifier, struct candidate *candidate)
{
	dkim_keyring_prefetch(verifier->ring, candidate->sig.domain,
	    candidate->sig.selector);
	candidate->is_prefetched = true;
}

void
dkim_add_signature(struct dkim_verifier *verifier,
    const struct mail_field *field)
{
	struct candidate *candidate;

	verifier->n_fields++;
	if (verifier->n_candidates == MAX_PARSED)
		return;
	if ((candidate = new_candidate(verifier)) == NULL) {
		verifier->has_failed = true;
		return;
	}
	candidate->reason = dkim_parse_signature(verifier->arena, field,
	    &candidate->sig);
	if (candidate->reason == DKIM_REASON_NONE &&
	    candidate->sig.algorithm == DKIM_RSA_SHA1)
		candidate->reason = DKIM_REASON_SHA1;
	if (candidate->reason == DKIM_REASON_NONE &&
	    verifier->n_prefetched < verifier->options->max_signatures) {
		prefetch_key(verifier, candidate);
		verifier->n_prefetched++;
	}
}

/* ---- The header is complete ---------------------------------------------- */

/* Signatures "MAY be considered invalid" past x=, and be ignored before t=
 * (3.5). */
static enum dkim_reason
check_time(const struct dkim_signature *sig, int64_t now_s, unsigned skew_s)
{
	uint64_t now = now_s > 0 ? (uint64_t)now_s : 0;

	if (sig->has_timestamp && sig->timestamp_s > now + skew_s)
		return DKIM_REASON_FUTURE;
	if (sig->has_expiration && now > skew_s &&
	    sig->expiration_s < now - skew_s)
		return DKIM_REASON_EXPIRED;
	return DKIM_REASON_NONE;
}

/* The order in which signatures are tried: those of an author's own domain,
 * then of one that may share its Organizational Domain, then the rest; and
 * after all of these, in the same order, those whose time is wrong.  N_RANKS
 * for those that there is no use in trying. */
#define N_RANKS 6

static unsigned
rank_of(const struct candidate *candidate, const struct slice *author_domains,
    size_t n_author_domains)
{
	struct slice domain = candidate->sig.domain;
	unsigned rank = 2;

	if (candidate->reason != DKIM_REASON_NONE &&
	    candidate->reason != DKIM_REASON_EXPIRED &&
	    candidate->reason != DKIM_REASON_FUTURE)
		return N_RANKS;
	for (size_t i = 0; i < n_author_domains; i++) {
		if (slice_eq(domain, author_domains[i]))
			rank = 0;
		else if (rank > 1 &&
		    (domain_is_within(domain, author_domains[i]) ||
		    domain_is_within(author_domains[i], domain)))
			rank = 1;
	}
	return candidate->reason == DKIM_REASON_NONE ? rank : rank + 3;
}

static void
choose_tried(struct dkim_verifier *verifier,
    const struct slice *author_domains, size_t n_author_domains)
{
	unsigned n_left = verifier->options->max_signatures;

	for (unsigned rank = 0; rank < N_RANKS; rank++) {
		for (size_t i = 0; i < verifier->n_candidates; i++) {
			struct candidate *candidate = &verifier->candidates[i];

			if (n_left == 0)
				return;
			if (rank_of(candidate, author_domains,
			    n_author_domains) != rank)
				continue;
			candidate->is_tried = true;
			n_left--;
		}
	}
}

/* What a signature that is tried needs of the header and the body to come. */
static void
prepare(struct dkim_verifier *verifier, struct candidate *candidate,
    struct dkim_hash *hash)
{
	const struct dkim_signature *sig = &candidate->sig;

	if (!candidate->is_prefetched)
		prefetch_key(verifier, candidate);
	if (verifier->index != NULL && hash != NULL)
		candidate->has_digest = dkim_header_hash(verifier->index,
		    sig->names, sig->header_form, sig->field, hash,
		    candidate->digest);
	if (candidate->reason == DKIM_REASON_NONE &&
	    !dkim_body_add_form(verifier->body, sig->body_form,
	    sig->body_limit, &candidate->body_form))
		candidate->reason = DKIM_REASON_INTERNAL;
}

static void
prepare_tried(struct dkim_verifier *verifier, const struct mail_header *header)
{
	struct dkim_hash *hash = NULL;

	verifier->header = header;
	for (size_t i = 0; i < verifier->n_candidates; i++) {
		if (!verifier->candidates[i].is_tried)
			continue;
		if (verifier->index == NULL)
			verifier->index = dkim_header_index_create(
			    verifier->arena, header);
		if (hash == NULL)
			hash = dkim_body_borrow_hash(verifier->body);
		prepare(verifier, &verifier->candidates[i], hash);
	}
}

void
dkim_end_header(struct dkim_verifier *verifier,
    const struct mail_header *header, bool is_header_whole,
    const struct slice *author_domains, size_t n_author_domains,
    int64_t now_s)
{
	for (size_t i = 0; i < verifier->n_candidates; i++) {
		struct candidate *candidate = &verifier->candidates[i];

		if (candidate->reason != DKIM_REASON_NONE)
			continue;
		candidate->reason = check_time(&candidate->sig, now_s,
		    verifier->options->clock_skew_s);
		if (candidate->reason == DKIM_REASON_NONE && !is_header_whole)
			candidate->reason = DKIM_REASON_HEADER_TOO_LARGE;
	}
	if (!is_header_whole)
		return;
	choose_tried(verifier, author_domains, n_author_domains);
	prepare_tried(verifier, header);
}

/* ---- The body is complete ------------------------------------------------ */

/* bh= and l= against the body.  An l= past the end of the body is a promise
 * about octets that are not there (3.5: MUST NOT be larger). */
static enum dkim_reason
check_body(const struct dkim_verifier *verifier,
    const struct candidate *candidate)
{
	const struct dkim_signature *sig = &candidate->sig;
	uint64_t n = dkim_body_octets(verifier->body, candidate->body_form);

	if (!slice_eq(sig->body_hash,
	    dkim_body_digest(verifier->body, candidate->body_form)))
		return DKIM_REASON_BODY_HASH;
	if (sig->body_limit == DKIM_BODY_NO_LIMIT)
		return DKIM_REASON_NONE;
	if (n < sig->body_limit)
		return DKIM_REASON_BODY_HASH;
	return n > sig->body_limit ? DKIM_REASON_PARTIAL_BODY :
	    DKIM_REASON_NONE;
}

/* The key and the header hash; what is found of them goes to OUTCOME. */
static enum dkim_reason
check_signature(struct dkim_verifier *verifier,
    const struct candidate *candidate, int64_t deadline_ms,
    struct dkim_outcome *outcome)
{
	const struct dkim_signature *sig = &candidate->sig;
	const struct dkim_key_request request = {
		.domain = sig->domain, .selector = sig->selector,
		.type = sig->algorithm == DKIM_ED25519_SHA256 ?
		    DKIM_KEY_ED25519 : DKIM_KEY_RSA,
		.is_subdomain = !slice_eq(sig->identity_domain, sig->domain),
	};
	const struct slice digest = { (const char *)candidate->digest,
		DKIM_HASH_OCTETS };
	struct dkim_found_key found;
	enum dkim_reason reason = dkim_keyring_find(verifier->ring, &request,
	    deadline_ms, &found);

	outcome->key_bits = found.bits;
	outcome->is_testing = found.is_testing;
	outcome->key_exists = reason == DKIM_REASON_NONE;
	outcome->is_key_unknown = reason == DKIM_REASON_DNS;
	if (reason != DKIM_REASON_NONE)
		return reason;
	if (!candidate->has_digest)
		return DKIM_REASON_INTERNAL;
	reason = dkim_public_key_verify(found.key, digest, sig->b);
	outcome->header_hash_valid = reason == DKIM_REASON_NONE;
	return reason;
}

/* In the order of RFC 6376 6.1.3: the body hash speaks before the signature,
 * but content behind l= matters only where all else is well. */
static enum dkim_reason
try_candidate(struct dkim_verifier *verifier, const struct candidate *candidate,
    bool is_body_valid, int64_t deadline_ms, struct dkim_outcome *outcome)
{
	enum dkim_reason key_reason = check_signature(verifier, candidate,
	    deadline_ms, outcome);
	enum dkim_reason body_reason;

	if (candidate->reason != DKIM_REASON_NONE)
		return candidate->reason;
	if (key_reason != DKIM_REASON_NONE &&
	    key_reason != DKIM_REASON_SIGNATURE)
		return key_reason;
	if (!is_body_valid)
		return DKIM_REASON_INTERNAL;
	body_reason = check_body(verifier, candidate);
	return body_reason == DKIM_REASON_BODY_HASH ||
	    key_reason == DKIM_REASON_NONE ? body_reason : key_reason;
}

/* What it was held against. */
static void
trace_tried(const struct dkim_verifier *verifier,
    const struct candidate *candidate)
{
	dkim_trace_header(verifier->trace, verifier->index, &candidate->sig);
	dkim_trace_copies(verifier->trace, verifier->header, &candidate->sig);
	if (candidate->reason == DKIM_REASON_NONE)
		dkim_trace_body(verifier->trace, &candidate->sig,
		    dkim_body_digest(verifier->body, candidate->body_form),
		    dkim_body_octets(verifier->body, candidate->body_form));
}

static void
conclude(struct dkim_verifier *verifier, const struct candidate *candidate,
    bool is_body_valid, int64_t deadline_ms, struct dkim_outcome *outcome)
{
	const struct dkim_signature *sig = &candidate->sig;

	*outcome = (struct dkim_outcome){
		.reason = candidate->reason,
		.domain = sig->domain, .selector = sig->selector,
		.identity = sig->identity, .algorithm = sig->algorithm_name,
		.b_prefix = { sig->b_prefix, sig->b_prefix_octets },
		.covers_from = sig->covers_from, .names = sig->names,
	};
	dkim_trace_signature(verifier->trace, sig);
	if (candidate->is_tried && is_body_valid && verifier->trace != NULL)
		trace_tried(verifier, candidate);
	if (candidate->is_tried)
		outcome->reason = try_candidate(verifier, candidate,
		    is_body_valid, deadline_ms, outcome);
	else if (candidate->reason == DKIM_REASON_NONE)
		outcome->reason = DKIM_REASON_TOO_MANY;
	outcome->result = dkim_result_of(outcome->reason);
	dkim_trace_end(verifier->trace, outcome);
}

void
dkim_finish(struct dkim_verifier *verifier, bool is_body_valid,
    int64_t deadline_ms, const struct dkim_outcome **outcomes_out,
    size_t *n_out)
{
	/* For when there is no memory to say more. */
	static const struct dkim_outcome no_memory = {
		.result = DKIM_RESULT_TEMPERROR,
		.reason = DKIM_REASON_INTERNAL };
	struct dkim_outcome *outcomes = arena_alloc_array(verifier->arena,
	    verifier->n_fields, sizeof(*outcomes));
	enum dkim_reason untried = verifier->has_failed ?
	    DKIM_REASON_INTERNAL : DKIM_REASON_TOO_MANY;

	if (outcomes == NULL) {
		*outcomes_out = &no_memory;
		*n_out = verifier->n_fields != 0 ? 1 : 0;
		return;
	}
	for (size_t i = 0; i < verifier->n_candidates; i++)
		conclude(verifier, &verifier->candidates[i], is_body_valid,
		    deadline_ms, &outcomes[i]);
	for (size_t i = verifier->n_candidates; i < verifier->n_fields; i++)
		outcomes[i] = (struct dkim_outcome){ .reason = untried,
			.result = dkim_result_of(untried) };
	*outcomes_out = outcomes;
	*n_out = verifier->n_fields;
}
