/* dkim/result.c - see result.h.
 *
 * RFC 6376 has PERMFAIL for all of this but DNS; RFC 8601 2.7.1 divides it:
 *   neutral    "contained syntax errors or were not otherwise able to be
 *              processed": the field itself cannot be used
 *   permerror  "some error that is unrecoverable": the field is understood,
 *              but what it needs of the message or of DNS is not there
 *   policy     "some aspect ... was not acceptable": ours to refuse, such as
 *              SHA-1 and short keys (RFC 8301); times too, since 6376 3.5
 *              leaves it to the verifier to mind them
 *   fail       the verification itself */
#include "dkim/result.h"

enum dkim_result
dkim_result_of(enum dkim_reason reason)
{
	switch (reason) {
	case DKIM_REASON_NONE:
		return DKIM_RESULT_PASS;
	case DKIM_REASON_SYNTAX:
	case DKIM_REASON_MISSING_TAG:
	case DKIM_REASON_VERSION:
	case DKIM_REASON_ALGORITHM:
	case DKIM_REASON_CANONICALIZATION:
	case DKIM_REASON_QUERY_METHOD:
	case DKIM_REASON_TOO_MANY:
		return DKIM_RESULT_NEUTRAL;
	case DKIM_REASON_DOMAIN_MISMATCH:
	case DKIM_REASON_FROM_NOT_SIGNED:
	case DKIM_REASON_KEY_MISSING:
	case DKIM_REASON_KEY_REVOKED:
	case DKIM_REASON_KEY_SYNTAX:
	case DKIM_REASON_KEY_ALGORITHM:
	case DKIM_REASON_KEY_SERVICE:
	case DKIM_REASON_KEY_STRICT:
	case DKIM_REASON_KEY_AMBIGUOUS:
	case DKIM_REASON_HEADER_TOO_LARGE:
		return DKIM_RESULT_PERMERROR;
	case DKIM_REASON_EXPIRED:
	case DKIM_REASON_FUTURE:
	case DKIM_REASON_SHA1:
	case DKIM_REASON_KEY_TOO_SHORT:
	case DKIM_REASON_KEY_TOO_LONG:
	case DKIM_REASON_PARTIAL_BODY:
		return DKIM_RESULT_POLICY;
	case DKIM_REASON_BODY_HASH:
	case DKIM_REASON_SIGNATURE:
		return DKIM_RESULT_FAIL;
	case DKIM_REASON_DNS:
	case DKIM_REASON_INTERNAL:
		return DKIM_RESULT_TEMPERROR;
	}
	return DKIM_RESULT_TEMPERROR;	/* no reason of ours */
}

const char *
dkim_result_name(enum dkim_result result)
{
	switch (result) {
	case DKIM_RESULT_NONE:
		return "none";
	case DKIM_RESULT_PASS:
		return "pass";
	case DKIM_RESULT_FAIL:
		return "fail";
	case DKIM_RESULT_POLICY:
		return "policy";
	case DKIM_RESULT_NEUTRAL:
		return "neutral";
	case DKIM_RESULT_TEMPERROR:
		return "temperror";
	case DKIM_RESULT_PERMERROR:
		return "permerror";
	}
	return "temperror";	/* no result of ours */
}

const char *
dkim_reason_text(enum dkim_reason reason)
{
	switch (reason) {
	case DKIM_REASON_NONE:
		return "signature verified";
	case DKIM_REASON_SYNTAX:
		return "signature syntax error";
	case DKIM_REASON_MISSING_TAG:
		return "signature missing required tag";
	case DKIM_REASON_VERSION:
		return "incompatible signature version";
	case DKIM_REASON_ALGORITHM:
		return "unknown signature algorithm";
	case DKIM_REASON_CANONICALIZATION:
		return "unknown canonicalization";
	case DKIM_REASON_QUERY_METHOD:
		return "unknown key query method";
	case DKIM_REASON_DOMAIN_MISMATCH:
		return "identity is not within signing domain";
	case DKIM_REASON_FROM_NOT_SIGNED:
		return "From field not signed";
	case DKIM_REASON_EXPIRED:
		return "signature expired";
	case DKIM_REASON_FUTURE:
		return "signature timestamp in the future";
	case DKIM_REASON_SHA1:
		return "rsa-sha1 is not accepted";
	case DKIM_REASON_KEY_TOO_SHORT:
		return "key too short";
	case DKIM_REASON_KEY_TOO_LONG:
		return "key too long";
	case DKIM_REASON_PARTIAL_BODY:
		return "signature does not cover all of the body";
	case DKIM_REASON_TOO_MANY:
		return "too many signatures, not tried";
	case DKIM_REASON_KEY_MISSING:
		return "no key for signature";
	case DKIM_REASON_KEY_REVOKED:
		return "key revoked";
	case DKIM_REASON_KEY_SYNTAX:
		return "key syntax error";
	case DKIM_REASON_KEY_ALGORITHM:
		return "inappropriate key algorithm";
	case DKIM_REASON_KEY_SERVICE:
		return "key is not for email";
	case DKIM_REASON_KEY_STRICT:
		return "key does not allow identity in a subdomain";
	case DKIM_REASON_KEY_AMBIGUOUS:
		return "several key records, none of them fits";
	case DKIM_REASON_DNS:
		return "key unavailable";
	case DKIM_REASON_BODY_HASH:
		return "body hash did not verify";
	case DKIM_REASON_SIGNATURE:
		return "signature did not verify";
	case DKIM_REASON_HEADER_TOO_LARGE:
		return "header too large to be verified";
	case DKIM_REASON_INTERNAL:
		return "verification could not be completed";
	}
	return "unknown reason";
}
