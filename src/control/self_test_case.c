/* control/self_test_case.c - see self_test_case.h.
 *
 * What is good must pass, and each thing that verification hangs on must be
 * seen to break: one that says yes to all is as bad as one that says no. */
#include "control/self_test_case.h"

#include "control/self_test.h"

/* Of example.org, and of nobody. */
#define OWN_CLIENT "192.0.2.1"
#define OTHER_CLIENT "198.51.100.1"
#define OWN_SENDER "<joe@example.org>"
#define OTHER_SENDER "<bounces@example.net>"

static const char unsigned_message[] =
    "From: Joe SixPack <joe@example.org>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "\r\n"
    "Hi.\r\n";

static const struct self_test_record records[] = {
	{ "example.org", "v=spf1 ip4:192.0.2.0/24 -all" },
	{ "_dmarc.example.org", "v=DMARC1; p=reject" },
	{ "rsa._domainkey.example.org", self_test_key_rsa },
	{ "ed25519._domainkey.example.org", self_test_key_ed25519 },
	{ "seal._domainkey.example.net", self_test_key_seal },
};

static const struct self_test_case cases[] = {
	{ "rsa-simple", OTHER_CLIENT, OTHER_SENDER, self_test_rsa_simple,
	    NULL, NULL,
	    { SPF_NONE, DKIM_REASON_NONE, 1, ARC_NONE, DMARC_PASS,
	    POLICY_ACCEPT }, false },
	{ "rsa-relaxed", OTHER_CLIENT, OTHER_SENDER, self_test_rsa_relaxed,
	    NULL, NULL,
	    { SPF_NONE, DKIM_REASON_NONE, 1, ARC_NONE, DMARC_PASS,
	    POLICY_ACCEPT }, false },
	{ "rsa-simple-changed-space", OTHER_CLIENT, OTHER_SENDER,
	    self_test_rsa_simple, "lost  the", "lost the",
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, false },
	{ "rsa-relaxed-changed-space", OTHER_CLIENT, OTHER_SENDER,
	    self_test_rsa_relaxed, "lost  the", "lost the",
	    { SPF_NONE, DKIM_REASON_NONE, 1, ARC_NONE, DMARC_PASS,
	    POLICY_ACCEPT }, false },
	{ "rsa-changed-body", OTHER_CLIENT, OTHER_SENDER,
	    self_test_rsa_relaxed, "the game", "the game again",
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, false },
	{ "rsa-changed-header", OTHER_CLIENT, OTHER_SENDER,
	    self_test_rsa_relaxed, "Is dinner", "Was dinner",
	    { SPF_NONE, DKIM_REASON_SIGNATURE, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, false },
	{ "rsa-wrong-key", OTHER_CLIENT, OTHER_SENDER, self_test_wrong_key,
	    NULL, NULL,
	    { SPF_NONE, DKIM_REASON_SIGNATURE, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, false },
	{ "rsa-no-key", OTHER_CLIENT, OTHER_SENDER, self_test_rsa_relaxed,
	    "s=rsa;", "s=none;",
	    { SPF_NONE, DKIM_REASON_KEY_MISSING, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_REJECT }, false },
	{ "ed25519", OTHER_CLIENT, OTHER_SENDER, self_test_ed25519,
	    NULL, NULL,
	    { SPF_NONE, DKIM_REASON_NONE, 1, ARC_NONE, DMARC_PASS,
	    POLICY_ACCEPT }, true },
	{ "ed25519-changed-body", OTHER_CLIENT, OTHER_SENDER,
	    self_test_ed25519, "the game", "the game again",
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, true },
	{ "ed25519-changed-header", OTHER_CLIENT, OTHER_SENDER,
	    self_test_ed25519, "Is dinner", "Was dinner",
	    { SPF_NONE, DKIM_REASON_SIGNATURE, 1, ARC_NONE, DMARC_FAIL,
	    POLICY_HOLD }, true },
	{ "arc", OTHER_CLIENT, OTHER_SENDER, self_test_sealed, NULL, NULL,
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_PASS, DMARC_FAIL,
	    POLICY_ACCEPT }, false },
	{ "arc-changed-body", OTHER_CLIENT, OTHER_SENDER, self_test_sealed,
	    "the game", "the game again",
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_FAIL, DMARC_FAIL,
	    POLICY_HOLD }, false },
	/* What the first sealer has found is another word. */
	{ "arc-changed-results", OTHER_CLIENT, OTHER_SENDER,
	    self_test_sealed, "dmarc=pass", "dmarc=fail",
	    { SPF_NONE, DKIM_REASON_BODY_HASH, 1, ARC_FAIL, DMARC_FAIL,
	    POLICY_HOLD }, false },
	{ "spf-pass", OWN_CLIENT, OWN_SENDER, unsigned_message, NULL, NULL,
	    { SPF_PASS, DKIM_REASON_NONE, 0, ARC_NONE, DMARC_PASS,
	    POLICY_ACCEPT }, false },
	{ "spf-fail", OTHER_CLIENT, OWN_SENDER, unsigned_message, NULL, NULL,
	    { SPF_FAIL, DKIM_REASON_NONE, 0, ARC_NONE, DMARC_FAIL,
	    POLICY_REJECT }, false },
	{ "spf-not-aligned", OTHER_CLIENT, OTHER_SENDER, unsigned_message,
	    NULL, NULL,
	    { SPF_NONE, DKIM_REASON_NONE, 0, ARC_NONE, DMARC_FAIL,
	    POLICY_REJECT }, false },
};

const struct self_test_set self_test_set = {
	records, N_ELEMENTS(records), cases, N_ELEMENTS(cases)
};

const char *
self_test_case_name(unsigned number)
{
	return number < N_ELEMENTS(cases) ? cases[number].name : "";
}
