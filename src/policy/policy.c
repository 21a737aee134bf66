/* policy/policy.c - see policy.h: what its words are called. */
#include "policy/policy.h"

const char *
policy_mode_name(enum policy_mode mode)
{
	return mode == POLICY_MODE_ENFORCE ? "enforce" : "monitor";
}

const char *
policy_action_name(enum policy_action action)
{
	switch (action) {
	case POLICY_ACCEPT:
		return "accept";
	case POLICY_HOLD:
		return "hold";
	case POLICY_REDIRECT:
		return "redirect";
	case POLICY_REJECT:
		return "reject";
	case POLICY_TEMPFAIL:
		return "tempfail";
	}
	return "";
}

const char *
policy_disposition_name(enum policy_disposition disposition)
{
	switch (disposition) {
	case POLICY_DISPOSITION_NONE:
		return "none";
	case POLICY_DISPOSITION_QUARANTINE:
		return "quarantine";
	case POLICY_DISPOSITION_REJECT:
		return "reject";
	}
	return "";
}

const char *
policy_override_name(enum policy_override override)
{
	switch (override) {
	case POLICY_OVERRIDE_NONE:
		return "";
	case POLICY_OVERRIDE_LOCAL_POLICY:
		return "local_policy";
	case POLICY_OVERRIDE_TRUSTED_FORWARDER:
		return "trusted_forwarder";
	case POLICY_OVERRIDE_MAILING_LIST:
		return "mailing_list";
	}
	return "";
}
