/* dkim/header.h - the header hash (RFC 6376 3.7, 5.4.2). */
#ifndef ASSAY_DKIM_HEADER_H
#define ASSAY_DKIM_HEADER_H

#include "dkim/hash.h"
#include "mail/canon.h"

struct arena;
struct cursor;
struct mail_field;
struct mail_header;

/* The header's fields by name, so that a long h= over a long header costs a
 * search per name; lives in the arena. */
struct dkim_header_index;

/* HEADER must live as long and not change.  NULL where memory is out. */
struct dkim_header_index *dkim_header_index_create(struct arena *arena,
    const struct mail_header *header);

/* The digest over the fields that NAMES (the value of h=) names, each name
 * taking the next instance from the bottom up, and nothing where none is
 * left; then over SIGNATURE with its b= emptied.  False where libcrypto
 * failed. */
bool dkim_header_hash(struct dkim_header_index *index, struct slice names,
    enum canon_form form, const struct mail_field *signature,
    struct dkim_hash *hash, unsigned char digest_out[DKIM_HASH_OCTETS]);

/* The fields themselves, in that order: from the first again, and the next one
 * that NAMES leads to; NULL at the end. */
void dkim_header_rewind(struct dkim_header_index *index);
const struct mail_field *dkim_header_take(struct dkim_header_index *index,
    struct cursor *names, const struct mail_field *signature);

#endif
