/* milter/negotiate.c - see negotiate.h. */
#include "milter/negotiate.h"

#include "base/strbuf.h"

/* Callbacks that always go on need no reply; each one saved is a round trip.
 * What fails at CONNECT and HELO defers MAIL.
 * With SMFIP_NR_BODY there is no SMFIS_SKIP, libmilter forbids both together:
 * every message gains 17 of 130 us of CPU, while skipping the body of one that
 * has no signature would save 200 us per megabyte. */
#define NO_REPLIES (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_RCPT | \
	SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

/* Of each event that we have no use for: a header has ended where the body
 * begins, or the end of the message comes. */
#define NO_EVENTS (SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NOUNKNOWN)

/* All that some configuration may need: the next one comes while the session
 * lasts, and what was not asked for at its start cannot be done then. */
#define USEFUL_ACTIONS (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | \
	SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST)

static unsigned long
needed_actions(const struct policy_options *policy)
{
	unsigned long actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS;

	switch (policy->quarantine) {
	case POLICY_QUARANTINE_HOLD:
		actions |= SMFIF_QUARANTINE;
		break;
	case POLICY_QUARANTINE_REDIRECT:
		actions |= SMFIF_ADDRCPT | SMFIF_DELRCPT;
		break;
	case POLICY_QUARANTINE_TAG:
	case POLICY_QUARANTINE_REJECT:
	case POLICY_QUARANTINE_NONE:
		break;
	}
	return actions;
}

static void
append_missing(struct strbuf *missing, unsigned long bits)
{
	static const struct {
		unsigned long bit;
		const char *name;
	} names[] = {
		{ SMFIF_ADDHDRS, "add header fields" },
		{ SMFIF_CHGHDRS, "delete header fields" },
		{ SMFIF_QUARANTINE, "quarantine" },
		{ SMFIF_ADDRCPT, "add recipients" },
		{ SMFIF_DELRCPT, "delete recipients" },
	};
	const char *separator = "";

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if ((bits & names[i].bit) == 0)
			continue;
		strbuf_append_cstr(missing, separator);
		strbuf_append_cstr(missing, names[i].name);
		separator = ", ";
	}
}

bool
negotiate_suffices(const struct policy_options *policy, unsigned long actions)
{
	return (needed_actions(policy) & ~actions) == 0;
}

bool
negotiate_choose(const struct policy_options *policy,
    const struct negotiation *offered, struct negotiation *result,
    struct strbuf *missing)
{
	unsigned long wanted_steps = NO_EVENTS | SMFIP_HDR_LEADSPC;

	*result = (struct negotiation){ .actions = 0 };
	if (!negotiate_suffices(policy, offered->actions)) {
		append_missing(missing,
		    needed_actions(policy) & ~offered->actions);
		return false;
	}
	/* libmilter offers SMFIP_NR_ bits to us that an old MTA does not know,
	 * and replies in our place.  But such an MTA may end the body within
	 * the end of message, and there libmilter calls xxfi_eom only behind
	 * SMFIS_CONTINUE.  SKIP is as old as the bits are and never made up. */
	if ((offered->steps & SMFIP_SKIP) != 0)
		wanted_steps |= NO_REPLIES;
	result->steps = wanted_steps & offered->steps;
	result->actions = USEFUL_ACTIONS & offered->actions;
	return true;
}
