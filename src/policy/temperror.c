/* policy/temperror.c - see temperror.h. */
#include "policy/temperror.h"

#include "base/strbuf.h"
#include "policy/policy.h"
#include "policy/sentence.h"

const struct dmarc_evaluation *
policy_find_open(const struct dmarc_outcome *dmarc, enum dmarc_policy settled)
{
	for (size_t i = 0; i < dmarc->n_evaluations; i++) {
		const struct dmarc_evaluation *e = &dmarc->evaluations[i];

		if (e->result == DMARC_TEMPERROR && (e->is_policy_known ?
		    e->policy > settled : settled != DMARC_POLICY_REJECT))
			return e;
	}
	return NULL;
}

void
policy_defer_dmarc(const struct dmarc_evaluation *open, struct arena *arena,
    struct policy_verdict *verdict)
{
	struct strbuf text;

	sentence_begin(&text, arena);
	strbuf_append_cstr(&text, "DMARC cannot be evaluated now for ");
	sentence_append_domain(&text, open->author_domain);
	sentence_append_reason(&text, open->reason);
	sentence_defer(verdict, sentence_end(&text,
	    "DMARC cannot be evaluated now"));
}

void
policy_judge_temperror(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;
	const struct dmarc_evaluation *open = policy_find_open(dmarc,
	    DMARC_POLICY_NONE);

	/* A temperror that no evaluation shows is one of our own memory. */
	if (dmarc->n_evaluations == 0)
		open = dmarc->deciding;
	if (open != NULL && !options->is_temperror_accepted)
		policy_defer_dmarc(open, arena, verdict);
}
