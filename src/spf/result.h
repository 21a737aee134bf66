/* spf/result.h - the results of check_host() (RFC 7208 2.6). */
#ifndef ASSAY_SPF_RESULT_H
#define ASSAY_SPF_RESULT_H

#include "base/slice.h"

enum spf_result {
	SPF_NONE = 0,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

/* "pass" and so on (RFC 8601 2.7.2); and back. */
const char *spf_result_name(enum spf_result result);
bool spf_parse_result(struct slice name, enum spf_result *result_out);

#endif
