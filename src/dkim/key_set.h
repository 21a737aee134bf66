/* dkim/key_set.h - the public keys at one name: made of the answer once, and
 * kept beside it for as long as the answer is. */
#ifndef ASSAY_DKIM_KEY_SET_H
#define ASSAY_DKIM_KEY_SET_H

#include "dkim/key_record.h"
#include "dns/dns.h"

/* RFC 6376 3.6.2.2 leaves it undefined what several TXT records at one selector
 * mean: this many are looked at, and the first that fits is taken. */
#define DKIM_MAX_KEY_RECORDS 8

/* Of one record.  Nobody's options are in it: all messages have it. */
struct dkim_key {
	enum dkim_reason parse_reason;	/* of the record */
	struct dkim_key_record record;	/* octets are gone */
	bool is_revoked;
	enum dkim_reason make_reason;	/* of the key; size as below */
	unsigned bits;		/* as dkim_public_key_create has it */
	struct dkim_public_key *public_key;	/* owned; NULL unless NONE */
};

struct dkim_key_set {
	struct dns_attachment attachment;
	size_t n_keys;		/* 0: no answer, or one without records */
	struct dkim_key keys[];
};

/* The keys in ANSWER; any thread may ask.  Valid as long as ARENA is not reset
 * and ANSWER is held.  NULL where memory is out. */
const struct dkim_key_set *dkim_get_key_set(struct arena *arena,
    const struct dns_answer *answer);

/* NONE if the key can be used by one who wants RSA keys of that size, else why
 * not. */
enum dkim_reason dkim_key_usability(const struct dkim_key *key,
    unsigned min_rsa_bits, unsigned max_rsa_bits);

#endif
