/* policy/trust.c - whose messages are not inspected. */
#include "policy/policy.h"

enum policy_trust
policy_check_trust(const struct policy_options *options,
    const struct ip_address *client, bool is_authenticated)
{
	if (client->family == IP_NONE)
		return POLICY_NOT_SMTP;
	for (size_t i = 0; i < options->n_trusted_networks; i++)
		if (ip_network_contains(&options->trusted_networks[i], client))
			return POLICY_TRUSTED_NETWORK;
	if (is_authenticated && options->is_authenticated_trusted)
		return POLICY_AUTHENTICATED;
	return POLICY_INSPECT;
}

const char *
policy_trust_name(enum policy_trust trust)
{
	switch (trust) {
	case POLICY_INSPECT:
		return "none";
	case POLICY_TRUSTED_NETWORK:
		return "network";
	case POLICY_AUTHENTICATED:
		return "authenticated";
	case POLICY_NOT_SMTP:
		return "local";
	}
	return "";
}
