/* dkim/verify.h - verification of all DKIM signatures of a message (RFC 6376 6,
 * with 8301, 8463, 8616). */
#ifndef ASSAY_DKIM_VERIFY_H
#define ASSAY_DKIM_VERIFY_H

#include "base/slice.h"
#include "dkim/result.h"

struct arena;
struct dkim_body;
struct mail_field;
struct mail_header;
struct resolver;
struct trace;

struct dkim_options {
	unsigned min_rsa_bits, max_rsa_bits;
	unsigned max_signatures;	/* tried; more are neutral */
	unsigned clock_skew_s;		/* allowed for t= and x= */
};

#define DKIM_OPTIONS_DEFAULT { .min_rsa_bits = 1024, .max_rsa_bits = 8192, \
	.max_signatures = 8, .clock_skew_s = 300 }

/* What was found of one DKIM-Signature field, in the order of the header.
 * Text lives in the arena. */
struct dkim_outcome {
	enum dkim_result result;
	enum dkim_reason reason;
	struct slice domain;	/* SDID, normalized; empty where unreadable */
	struct slice selector;
	struct slice identity;	/* i= as written, decoded; "@" d= by default */
	struct slice algorithm;	/* a= */
	struct slice b_prefix;	/* the first 8 octets of b= (RFC 6008) */
	unsigned key_bits;	/* RSA; 0 where no key was read */
	bool is_testing;	/* the key says t=y */
	/* For knowledge about indirect flows (policy/evidence): */
	bool covers_from;	/* h= names From */
	bool key_exists;	/* a usable key was found */
	bool is_key_unknown;	/* DNS failed for now */
	bool header_hash_valid;	/* b= verifies over header and bh= */
	struct slice names;	/* h= as written, to be read with
				 * tag_take_element */
};

struct dkim_verifier;

/* NULL where memory is out. BODY takes the forms that the signatures need. */
struct dkim_verifier *dkim_create(struct arena *arena,
    const struct dkim_options *options, struct resolver *resolver,
    struct dkim_body *body);

/* Have each signature told to TRACE when it is done with. */
void dkim_set_trace(struct dkim_verifier *verifier, struct trace *trace);

/* A DKIM-Signature field has arrived: parse it, ask for its key.  FIELD must
 * live as long as the arena.  Does not block. */
void dkim_add_signature(struct dkim_verifier *verifier,
    const struct mail_field *field);

/* The header is complete.  Chooses which signatures are tried: those whose d=
 * matches one of the author domains (normalized; equal first, then within or
 * above) before the others, up to max_signatures; registers their body forms.
 * IS_HEADER_WHOLE is false where fields were left out.  Does not block. */
void dkim_end_header(struct dkim_verifier *verifier,
    const struct mail_header *header, bool is_header_whole,
    const struct slice *author_domains, size_t n_author_domains,
    int64_t now_s);

/* The body is finished (dkim_body_finish was called; its result is
 * IS_BODY_VALID).  Blocks on DNS until DEADLINE_MS.  *OUTCOMES_OUT has one
 * element per dkim_add_signature. */
void dkim_finish(struct dkim_verifier *verifier, bool is_body_valid,
    int64_t deadline_ms, const struct dkim_outcome **outcomes_out,
    size_t *n_out);

#endif
