/* dmarc/record.h - the DMARC policy record (RFC 9989 4.5 to 4.8). */
#ifndef ASSAY_DMARC_RECORD_H
#define ASSAY_DMARC_RECORD_H

#include "base/slice.h"

enum dmarc_policy {
	DMARC_POLICY_NONE = 0,
	DMARC_POLICY_QUARANTINE,
	DMARC_POLICY_REJECT,
};

/* Whether a text is a policy record, and whether it could be applied.  The
 * last two say nothing of psd=, which counts on a tree walk all the same. */
enum dmarc_record_status {
	DMARC_RECORD_OK = 0,
	DMARC_RECORD_OTHER,	/* no DMARC record: as if it were not there */
	DMARC_RECORD_NO_POLICY,	/* p= is missing, and rua= too (4.10.1) */
	DMARC_RECORD_BAD_POLICY,	/* p=, sp= or np= invalid, no rua= */
};

struct dmarc_record {		/* defaults filled in (4.7) */
	enum dmarc_policy p, sp, np;	/* effective: sp falls back to p, np to
					 * sp */
	bool has_p, has_sp, has_np;	/* published, valid, and in force */
	bool is_dkim_strict, is_spf_strict;
	bool is_testing;	/* t=y */
	char psd;		/* 'y', 'n', 'u' */
	struct slice rua, ruf, fo;	/* as published; empty where absent */
	/* Static text where p, sp and np are not what was published ("the p tag
	 * is missing"), for reports; else NULL. */
	const char *problem;
};

/* TEXT is one TXT record, its character-strings joined; *RECORD_OUT borrows it
 * and is empty where it is DMARC_RECORD_OTHER. */
enum dmarc_record_status dmarc_parse_record(struct slice text,
    struct dmarc_record *record_out);

const char *dmarc_policy_name(enum dmarc_policy policy);

#endif
