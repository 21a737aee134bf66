/* mta_sts/record.h - the TXT record at _mta-sts.<domain> (RFC 8461 3.1). */
#ifndef ASSAY_MTA_STS_RECORD_H
#define ASSAY_MTA_STS_RECORD_H

#include "base/slice.h"

#define MTA_STS_MAX_ID 32	/* characters */

enum mta_sts_record_status {
	MTA_STS_RECORD_OK = 0,
	MTA_STS_RECORD_OTHER,	/* does not begin with "v=STSv1;": no record */
	MTA_STS_RECORD_MALFORMED,
};

/* TEXT is one TXT record, its character-strings joined.  *ID_OUT, which borrows
 * it, is the policy's id; empty unless OK. */
enum mta_sts_record_status mta_sts_parse_record(struct slice text,
    struct slice *id_out);

#endif
