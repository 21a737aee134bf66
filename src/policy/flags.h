/* policy/flags.h - signs of abuse that are noted without a verdict. */
#ifndef ASSAY_POLICY_FLAGS_H
#define ASSAY_POLICY_FLAGS_H

struct dkim_outcome;
struct inspect_results;
struct mail_header;
struct spf_outcome;
struct strbuf;

enum policy_flag {		/* bits */
	/* A From or Subject that a passing signature leaves out, beside others:
	 * readers may show that one. */
	POLICY_FLAG_DUPLICATE_HEADER = 1 << 0,
	/* A passing signature covers neither Subject nor Content-Type: both
	 * can be anybody's. */
	POLICY_FLAG_UNSIGNED_CONTENT = 1 << 1,
	/* All is well with a signature, but its l= leaves body out. */
	POLICY_FLAG_PARTIAL_BODY = 1 << 2,
	/* SPF passes by "+all" or a network wider than /8. */
	POLICY_FLAG_WIDE_SPF = 1 << 3,
};

unsigned policy_flag_spf(const struct spf_outcome *spf);

/* HEADER is all of the message's, or NULL where none was kept. */
unsigned policy_flag_signature(const struct dkim_outcome *dkim,
    const struct mail_header *header);

/* All of the message. */
unsigned policy_flag_message(const struct inspect_results *results);

/* Append their names, "duplicate-header,wide-spf". */
void policy_append_flags(struct strbuf *text, unsigned flags);

#endif
