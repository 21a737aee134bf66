/* inspect/relay.c - see relay.h. */
#include "inspect/relay.h"

#include "mail/field.h"

/* Where a content filter hands mail back to its own MTA. */
static const struct ip_network loopback[] = {
	{ { IP_V4, { 127 } }, 8 },
	{ { IP_V6, { [15] = 1 } }, 128 },
};

static bool
is_in(const struct ip_network *networks, size_t n,
    const struct ip_address *address)
{
	for (size_t i = 0; i < n; i++)
		if (ip_network_contains(&networks[i], address))
			return true;
	return false;
}

bool
relay_is_own(const struct relay_networks *relays,
    const struct ip_address *address)
{
	return is_in(relays->list, relays->n, address);
}

bool
relay_find_client(const struct relay_networks *relays,
    const struct mail_header *header, struct relay_client *client_out)
{
	struct mail_received *seen = &client_out->seen;
	unsigned n_hops = 0;

	client_out->is_hearsay = false;
	for (size_t i = 0; i < header->n_fields; i++) {
		const struct mail_field *field = &header->fields[i];

		if (!slice_eq_nocase(field->name, SLICE("Received")))
			continue;
		if (n_hops++ == RELAY_MAX_HOPS ||
		    !mail_parse_received(field->value, seen))
			break;
		if (is_in(loopback, N_ELEMENTS(loopback), &seen->client))
			client_out->is_hearsay = true;
		else if (!relay_is_own(relays, &seen->client))
			return true;
	}
	*client_out = (struct relay_client){ .is_hearsay = false };
	return false;
}
