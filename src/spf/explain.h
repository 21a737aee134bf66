/* spf/explain.h - the domain's own words on a "fail" (RFC 7208 6.2). */
#ifndef ASSAY_SPF_EXPLAIN_H
#define ASSAY_SPF_EXPLAIN_H

#include "spf/evaluation.h"

/* The text that the exp= of the record with the result leads to; printable
 * ASCII; empty where there is none, or where anything is wrong with it. */
struct slice spf_explain(struct spf_evaluation *ev);

#endif
