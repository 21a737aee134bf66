/* control/self_test_case.h - the messages of the self-test, and what is to come
 * of each. */
#ifndef ASSAY_CONTROL_SELF_TEST_CASE_H
#define ASSAY_CONTROL_SELF_TEST_CASE_H

#include "inspect/inspect.h"
#include "policy/policy.h"

struct self_test_record {
	const char *name, *text;	/* a TXT record */
};

struct self_test_result {
	enum spf_result spf;
	enum dkim_reason dkim;	/* of the first signature ... */
	size_t n_dkim;		/* ... of so many */
	enum arc_result arc;
	enum dmarc_result dmarc;
	enum policy_action action;	/* with mode = "enforce" */
};

struct self_test_case {
	const char *name;
	const char *client;	/* its address */
	const char *sender;	/* MAIL's argument */
	const char *message;	/* with CRLF as line ends */
	/* What is changed in it on the way, where it occurs first; or NULL. */
	const char *from, *to;
	struct self_test_result expected;
	/* A library may lack Ed25519, as where FIPS 140 is obeyed: mail that
	 * has no other signature is deferred then, which is no fault. */
	bool may_be_unable;
};

struct self_test_set {
	const struct self_test_record *records;
	size_t n_records;
	const struct self_test_case *cases;
	size_t n_cases;
};

extern const struct self_test_set self_test_set;

/* self_test_create with a set of one's own, which is borrowed. */
struct self_test *self_test_create_of(const struct self_test_set *set,
    const struct dkim_sha256 *sha256);

/* What scripts/self-test-mail has made (self_test_mail.c). */
extern const char self_test_key_rsa[], self_test_key_ed25519[],
    self_test_key_seal[];
extern const char self_test_rsa_simple[], self_test_rsa_relaxed[],
    self_test_ed25519[], self_test_wrong_key[], self_test_sealed[];

#endif
