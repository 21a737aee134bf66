/* arc/set.h - the three header fields of an ARC set (RFC 8617 4.1). */
#ifndef ASSAY_ARC_SET_H
#define ASSAY_ARC_SET_H

#include "arc/chain.h"
#include "dkim/signature.h"

enum arc_kind {
	ARC_AAR = 0,	/* ARC-Authentication-Results */
	ARC_AMS,	/* ARC-Message-Signature */
	ARC_SEAL,	/* ARC-Seal */
};
#define ARC_N_KINDS 3

enum arc_status {	/* the cv= of a seal (4.1.3) */
	ARC_STATUS_NONE = 0,
	ARC_STATUS_PASS,
	ARC_STATUS_FAIL,
};

/* One field as read; text borrows the field or lives in the arena. */
struct arc_field {
	enum arc_kind kind;
	unsigned instance;	/* 0: none that can be */
	bool is_malformed;	/* all is well but the syntax of its tags */
	struct dkim_signature sig;	/* of AMS and seal; the field of all */
	enum arc_status status;		/* of a seal */
	struct slice results;		/* of an AAR */
};

/* Which of the three NAME is; false: none. */
bool arc_find_kind(struct slice name, enum arc_kind *kind_out);

/* Read one field, whatever it holds. */
void arc_parse_field(struct arena *arena, enum arc_kind kind,
    const struct mail_field *field, struct arc_field *field_out);

#endif
