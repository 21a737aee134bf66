/* dmarc/identifier.h - what SPF and DKIM say of a message. */
#ifndef ASSAY_DMARC_IDENTIFIER_H
#define ASSAY_DMARC_IDENTIFIER_H

#include "base/slice.h"

/* An identifier that SPF or DKIM authenticated, or might have but for a DNS
 * failure. */
struct dmarc_identifier {
	struct slice domain;	/* normalized */
	bool is_dkim;		/* else SPF */
	bool is_temperror;	/* not known whether it passed */
};

#endif
