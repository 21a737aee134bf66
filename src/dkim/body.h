/* dkim/body.h - the body's hashes, made while it streams by (RFC 6376 3.7).
 *
 * Each canonicalization is hashed once, however many signatures use it and
 * whatever their length limits, DKIM's and ARC's alike.  Memory does not grow
 * with the body. */
#ifndef ASSAY_DKIM_BODY_H
#define ASSAY_DKIM_BODY_H

#include "mail/canon.h"

struct arena;

#define DKIM_BODY_NO_LIMIT UINT64_MAX
#define DKIM_BODY_MAX_FORMS 32	/* distinct (canonicalization, limit) */
#define DKIM_BODY_DIGEST_OCTETS 32	/* SHA-256, the only hash that passes */

struct dkim_body;
struct dkim_hash;
struct dkim_sha256;

/* SHA256 may be NULL (hash.h), else it must live as long.  NULL where memory is
 * out. */
struct dkim_body *dkim_body_create(struct arena *arena,
    const struct dkim_sha256 *sha256);

/* Register a form before the first octet of the body; LIMIT is l=.  Sets
 * *FORM_OUT to its handle, the same for the same form.  False where there are
 * too many or memory is out. */
bool dkim_body_add_form(struct dkim_body *body, enum canon_form canon,
    uint64_t limit, size_t *form_out);

/* A hash for texts that are complete before the first octet of the body comes;
 * the body uses it itself then.  NULL where memory or libcrypto failed. */
struct dkim_hash *dkim_body_borrow_hash(struct dkim_body *body);

void dkim_body_update(struct dkim_body *body, struct slice chunk);

/* Once, behind the last octet.  False where libcrypto failed. */
bool dkim_body_finish(struct dkim_body *body);

/* After finish: 32 octets that live as long as the arena; and how many octets
 * the canonical body has in all, LIMIT aside. */
struct slice dkim_body_digest(const struct dkim_body *body, size_t form);
uint64_t dkim_body_octets(const struct dkim_body *body, size_t form);

/* False once no form wants more octets: the MTA may skip the rest. */
bool dkim_body_wants_more(const struct dkim_body *body);

#endif
