/* policy/template.h - the operator's own reply texts: "%{domain}" and so on
 * within them stand for what is known of the message. */
#ifndef ASSAY_POLICY_TEMPLATE_H
#define ASSAY_POLICY_TEMPLATE_H

#include "base/slice.h"

struct strbuf;

#define TEMPLATE_MAX_OCTETS 1000

enum template_name {
	TEMPLATE_TEXT = 0,	/* all that assay would say itself */
	TEMPLATE_DOMAIN,	/* that was judged */
	TEMPLATE_REASON,	/* one sentence */
	TEMPLATE_EXPLANATION,	/* SPF: the domain's own words */
	TEMPLATE_ID,		/* by which the log calls the message */
	TEMPLATE_CLIENT,	/* its address */
	TEMPLATE_POLICY,	/* DMARC's: "reject" */
	TEMPLATE_EVIDENCE,	/* signs of forwarding: "arc, list" */
	TEMPLATE_RULE,		/* the local rule's name */
};

#define TEMPLATE_N_NAMES 9

/* What each name stands for; what is empty is written "none". */
struct template_values {
	struct slice of[TEMPLATE_N_NAMES];
};

/* template = *( text / "%{" name "}" / "%%" ), printable ASCII.  NULL, or what
 * to write instead of what is wrong. */
const char *template_check(struct slice template);

/* Append TEMPLATE, which template_check has passed, with the values in it:
 * escaped, but for TEXT, which is printable ASCII. */
void template_expand(struct strbuf *text, struct slice template,
    const struct template_values *values);

#endif
