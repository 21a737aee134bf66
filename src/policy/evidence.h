/* policy/evidence.h - the signs of an indirect flow that a message shows, for
 * dmarc.reject = "knowledge" (RFC 9989 7.4). */
#ifndef ASSAY_POLICY_EVIDENCE_H
#define ASSAY_POLICY_EVIDENCE_H

struct arena;
struct inspect_results;
struct policy_options;

struct policy_evidence {
	unsigned found;		/* bits of enum policy_sign */
	unsigned open;		/* not found, but DNS answers are missing, or
				 * memory, with which they might be */
};

/* Of a message whose DMARC result is fail; only signs that count.  Needs no
 * DNS; what is parsed on the way goes to ARENA. */
void policy_find_evidence(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_evidence *evidence_out);

/* Tell the results' trace of each sign: whether it was found, or why it was not
 * looked for. */
void policy_trace_evidence(const struct policy_options *options,
    const struct inspect_results *results,
    const struct policy_evidence *evidence);

/* The signs that could have been found with these options and these checks. */
unsigned policy_sought_signs(const struct policy_options *options,
    const struct inspect_results *results);

#endif
