/* spf/explain.c - see explain.h.  Nothing that goes wrong here changes the
 * result: "proceed as if no exp modifier was given" (6.2). */
#include "spf/explain.h"

#include "spf/validate.h"

/* The one TXT record of the exp= name. */
static bool
fetch_text(struct spf_evaluation *ev, struct slice *text_out)
{
	const struct dns_answer *answer;
	struct slice target;

	if (spf_find_target(ev, ev->explanation_spec, &target) != SPF_OK ||
	    spf_query(ev, target, DNS_TXT, &answer) != SPF_OK ||
	    answer->n_records != 1)
		return false;
	*text_out = answer->records[0].text;
	return true;
}

struct slice
spf_explain(struct spf_evaluation *ev)
{
	struct strbuf reason = ev->reason;
	struct slice explanation = SLICE_EMPTY;
	struct slice text;

	if (ev->explanation_spec.len == 0)
		return SLICE_EMPTY;
	ev->is_explaining = true;
	if (fetch_text(ev, &text) && (!spf_uses_validated_name(text) ||
	    spf_find_validated_name(ev) == SPF_OK))
		(void)spf_expand_explanation(ev->arena, text, &ev->values,
		    &explanation);	/* empty unless OK */
	ev->reason = reason;	/* the result's, not of what failed here */
	return explanation;
}
