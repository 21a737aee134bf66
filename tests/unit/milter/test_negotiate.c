/* tests/unit/milter/test_negotiate.c - what is asked of which MTA. */
#include "milter/negotiate.h"

#include "base/strbuf.h"
#include "unit/test.h"

#define ALL_ACTIONS 0x1ffUL
#define ALL_STEPS 0x1fffffUL
#define FAKED (SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | \
	SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_DATA | \
	SMFIP_NR_UNKN)	/* libmilter adds these to what any MTA offers */
#define BASIC (SMFIF_ADDHDRS | SMFIF_CHGHDRS)
#define QUIET (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_RCPT | \
	SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)
#define USEFUL (BASIC | SMFIF_QUARANTINE | SMFIF_ADDRCPT | SMFIF_DELRCPT)
#define UNUSED (SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NOUNKNOWN)

static void
test_choose(void **state)
{
	static const struct {
		const char *name;
		enum policy_quarantine quarantine;
		unsigned long actions, steps;	/* offered */
		unsigned long want_actions, want_steps;
		const char *missing;	/* NULL: it can be done */
	} cases[] = {
		{ "Postfix", POLICY_QUARANTINE_HOLD, ALL_ACTIONS, ALL_STEPS,
		    USEFUL | SMFIF_SETSYMLIST,
		    QUIET | UNUSED | SMFIP_HDR_LEADSPC, NULL },
		{ "tag may become another", POLICY_QUARANTINE_TAG,
		    ALL_ACTIONS, ALL_STEPS, USEFUL | SMFIF_SETSYMLIST,
		    QUIET | UNUSED | SMFIP_HDR_LEADSPC, NULL },
		{ "redirect", POLICY_QUARANTINE_REDIRECT, ALL_ACTIONS,
		    ALL_STEPS, USEFUL | SMFIF_SETSYMLIST,
		    QUIET | UNUSED | SMFIP_HDR_LEADSPC, NULL },
		{ "tag where no more is offered", POLICY_QUARANTINE_TAG,
		    BASIC, ALL_STEPS, BASIC,
		    QUIET | UNUSED | SMFIP_HDR_LEADSPC, NULL },
		{ "protocol 2", POLICY_QUARANTINE_HOLD, SMFI_V2_ACTS,
		    SMFI_V2_PROT | FAKED, USEFUL, SMFIP_NOEOH, NULL },
		{ "no leading space", POLICY_QUARANTINE_HOLD, ALL_ACTIONS,
		    ALL_STEPS ^ SMFIP_HDR_LEADSPC,
		    USEFUL | SMFIF_SETSYMLIST,
		    QUIET | UNUSED, NULL },
		{ "no quarantine", POLICY_QUARANTINE_HOLD,
		    ALL_ACTIONS ^ SMFIF_QUARANTINE, ALL_STEPS, 0, 0,
		    "quarantine" },
		{ "no recipients", POLICY_QUARANTINE_REDIRECT,
		    BASIC | SMFIF_QUARANTINE, ALL_STEPS, 0, 0,
		    "add recipients, delete recipients" },
		{ "nothing at all", POLICY_QUARANTINE_NONE, 0, 0, 0, 0,
		    "add header fields, delete header fields" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct policy_options policy = POLICY_OPTIONS_DEFAULT;
		const struct negotiation offered = { cases[i].actions,
			cases[i].steps };
		struct negotiation result;
		struct strbuf missing;

		strbuf_init(&missing, arena, 1000);
		policy.quarantine = cases[i].quarantine;
		if (negotiate_choose(&policy, &offered, &result, &missing) !=
		    (cases[i].missing == NULL))
			fail_msg("%s: wrong answer", cases[i].name);
		test_assert_slice(cases[i].name, strbuf_slice(&missing),
		    cases[i].missing != NULL ? cases[i].missing : "");
		if (result.actions != cases[i].want_actions ||
		    result.steps != cases[i].want_steps)
			fail_msg("%s: actions %lx, steps %lx", cases[i].name,
			    result.actions, result.steps);
		arena_destroy(&arena);
	}
}

/* A session that was there before its configuration. */
static void
test_suffices(void **state)
{
	static const struct {
		const char *name;
		enum policy_quarantine quarantine;
		unsigned long actions;	/* negotiated */
		bool suffices;
	} cases[] = {
		{ "hold", POLICY_QUARANTINE_HOLD, BASIC | SMFIF_QUARANTINE,
		    true },
		{ "no hold", POLICY_QUARANTINE_HOLD,
		    USEFUL ^ SMFIF_QUARANTINE, false },
		{ "redirect", POLICY_QUARANTINE_REDIRECT, USEFUL, true },
		{ "half of a redirect", POLICY_QUARANTINE_REDIRECT,
		    USEFUL ^ SMFIF_DELRCPT, false },
		{ "tag", POLICY_QUARANTINE_TAG, BASIC, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct policy_options policy = POLICY_OPTIONS_DEFAULT;

		policy.quarantine = cases[i].quarantine;
		if (negotiate_suffices(&policy, cases[i].actions) !=
		    cases[i].suffices)
			fail_msg("%s: wrong answer", cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_suffices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
