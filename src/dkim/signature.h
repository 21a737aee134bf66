/* dkim/signature.h - the DKIM-Signature header field (RFC 6376 3.5). */
#ifndef ASSAY_DKIM_SIGNATURE_H
#define ASSAY_DKIM_SIGNATURE_H

#include "base/slice.h"
#include "dkim/result.h"
#include "mail/canon.h"

struct arena;
struct mail_field;

/* Bounds on what one field may ask for; each is far beyond what signers do. */
#define DKIM_MAX_TAGS 64
#define DKIM_MAX_SIGNED_NAMES 1000	/* in h= */
#define DKIM_MAX_ALGORITHM_OCTETS 64	/* of a= */
#define DKIM_MAX_B_OCTETS 16384	/* of b= as text: RSA of 16,384 bits is 2,732 */

#define DKIM_TIME_NEVER UINT64_MAX	/* "infinite": over 12 digits (3.5) */
#define DKIM_B_PREFIX_OCTETS 8		/* RFC 6008 */

enum dkim_algorithm {
	DKIM_ALGORITHM_NONE = 0,	/* unreadable or unknown */
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256,
	DKIM_RSA_SHA1,		/* known, and never passes (RFC 8301) */
};

/* What the field says.  Text borrows the field or lives in the arena; a tag
 * that was absent or unreadable has its default. */
struct dkim_signature {
	const struct mail_field *field;	/* borrowed */
	enum dkim_algorithm algorithm;
	struct slice algorithm_name;	/* letters, digits and "-" */
	struct slice domain, selector;	/* A-labels in lower case (RFC 8616) */
	struct slice identity;		/* i= decoded: any octets */
	struct slice identity_domain;	/* normalized */
	enum canon_form header_form, body_form;
	uint64_t body_limit;		/* l=, or DKIM_BODY_NO_LIMIT */
	bool has_timestamp, has_expiration;
	uint64_t timestamp_s, expiration_s;	/* t=, x= */
	struct slice names;		/* h=, for tag_take_element */
	bool covers_from;
	struct slice body_hash;		/* bh= decoded */
	struct slice b;			/* b= decoded */
	char b_prefix[DKIM_B_PREFIX_OCTETS];	/* of b= as text */
	size_t b_prefix_octets;
};

/* Parse FIELD, which must live as long as ARENA's memory, into SIG.  The reason
 * says what is wrong with it; what could be read is filled in all the same.
 * Unknown tags are ignored.  Touches no DNS and no clock. */
enum dkim_reason dkim_parse_signature(struct arena *arena,
    const struct mail_field *field, struct dkim_signature *sig);

/* ARC's fields have most of DKIM's tags (RFC 8617 4.1.2, 4.1.3): which of them
 * a kind of field has. */
struct dkim_tag_use {
	struct slice name;
	bool is_required;
};

struct tag;

/* Read the tags named in USES, of a list that is parsed already, into SIG,
 * which the caller has initialised with dkim_init_signature.  As above: the
 * first trouble is the reason, and nothing is checked across tags. */
enum dkim_reason dkim_parse_tags(struct arena *arena, const struct tag *tags,
    size_t n_tags, const struct dkim_tag_use *uses, size_t n_uses,
    struct dkim_signature *sig);

/* A signature of FIELD without any tag. */
void dkim_init_signature(struct dkim_signature *sig,
    const struct mail_field *field);

/* Undo dkim-quoted-printable (RFC 6376 2.11): "=XX" and white space.  False
 * where "=" is followed by anything else, or the arena is full. */
bool dkim_decode_qp(struct arena *arena, struct slice text,
    struct slice *octets_out);

#endif
