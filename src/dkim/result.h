/* dkim/result.h - which result a reason makes (RFC 8601 2.7.1). */
#ifndef ASSAY_DKIM_RESULT_H
#define ASSAY_DKIM_RESULT_H

#include "dkim/verify.h"

/* NONE gives pass. */
enum dkim_result dkim_result_of(enum dkim_reason reason);

#endif
