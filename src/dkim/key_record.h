/* dkim/key_record.h - the key record at a selector (RFC 6376 3.6.1). */
#ifndef ASSAY_DKIM_KEY_RECORD_H
#define ASSAY_DKIM_KEY_RECORD_H

#include "dkim/public_key.h"

struct arena;

#define DKIM_MAX_KEY_TAGS 32

/* What the record says; all types of key and all words that are not known are
 * false. */
struct dkim_key_record {
	bool has_known_type;		/* k= is one of enum dkim_key_type */
	enum dkim_key_type type;
	bool allows_sha256;		/* h= */
	bool allows_email;		/* s= */
	bool is_testing, is_strict;	/* t=y, t=s */
	struct slice octets;		/* p= decoded; empty: revoked */
};

/* Parse TEXT, all strings of one TXT record.  NONE, KEY_SYNTAX or INTERNAL; a
 * revoked key and an unknown type are no syntax errors.  p= lives in ARENA. */
enum dkim_reason dkim_parse_key_record(struct arena *arena, struct slice text,
    struct dkim_key_record *record_out);

#endif
