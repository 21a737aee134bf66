/* dkim/result.h - a signature's result, and the reason that makes it. */
#ifndef ASSAY_DKIM_RESULT_H
#define ASSAY_DKIM_RESULT_H

enum dkim_result {		/* RFC 8601 2.7.1 */
	DKIM_RESULT_NONE = 0,
	DKIM_RESULT_PASS,
	DKIM_RESULT_FAIL,
	DKIM_RESULT_POLICY,
	DKIM_RESULT_NEUTRAL,
	DKIM_RESULT_TEMPERROR,
	DKIM_RESULT_PERMERROR,
};

/* Why a signature did not pass; each has one text (dkim_reason_text). */
enum dkim_reason {
	DKIM_REASON_NONE = 0,
	DKIM_REASON_SYNTAX,		/* no tag-list, a tag twice, a value */
	DKIM_REASON_MISSING_TAG,	/* one of v a b bh d h s (3.5) */
	DKIM_REASON_VERSION,		/* v= is not 1 */
	DKIM_REASON_ALGORITHM,		/* a= unknown */
	DKIM_REASON_CANONICALIZATION,	/* c= unknown */
	DKIM_REASON_QUERY_METHOD,	/* q= without dns/txt */
	DKIM_REASON_DOMAIN_MISMATCH,	/* i= is not within d= */
	DKIM_REASON_FROM_NOT_SIGNED,	/* h= without From */
	DKIM_REASON_EXPIRED,		/* x= is past */
	DKIM_REASON_FUTURE,		/* t= lies ahead */
	DKIM_REASON_SHA1,		/* rsa-sha1 never passes (8301) */
	DKIM_REASON_KEY_TOO_SHORT,	/* RSA under min_rsa_bits (8301) */
	DKIM_REASON_KEY_TOO_LONG,	/* over max_rsa_bits, or its exponent */
	DKIM_REASON_PARTIAL_BODY,	/* l= covers less than the body */
	DKIM_REASON_TOO_MANY,		/* beyond max_signatures: not tried */
	DKIM_REASON_KEY_MISSING,	/* NXDOMAIN, NODATA */
	DKIM_REASON_KEY_REVOKED,	/* p= empty (3.6.1) */
	DKIM_REASON_KEY_SYNTAX,		/* no key record, v=, p= unreadable */
	DKIM_REASON_KEY_ALGORITHM,	/* k= or h= do not fit a= */
	DKIM_REASON_KEY_SERVICE,	/* s= excludes email */
	DKIM_REASON_KEY_STRICT,		/* t=s and i= is a subdomain */
	DKIM_REASON_KEY_AMBIGUOUS,	/* several records, none of them fits */
	DKIM_REASON_DNS,		/* temporary failure */
	DKIM_REASON_BODY_HASH,		/* bh= does not match */
	DKIM_REASON_SIGNATURE,		/* b= does not match */
	DKIM_REASON_HEADER_TOO_LARGE,	/* fields were left out: cannot tell */
	DKIM_REASON_INTERNAL,		/* libcrypto or memory failed */
};

/* Which result a reason makes; NONE gives pass. */
enum dkim_result dkim_result_of(enum dkim_reason reason);

const char *dkim_result_name(enum dkim_result result);

/* "body hash did not verify": for the reason= of the field, log and people. */
const char *dkim_reason_text(enum dkim_reason reason);

#endif
