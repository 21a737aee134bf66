/* cli/origin.c - see origin.h. */
#include "cli/origin.h"

#include "inspect/relay.h"
#include "mail/field.h"
#include "mail/received.h"

/* Loopback, private and link-local networks (RFC 1918, 4193, 3927, 4291). */
static bool
is_private(const struct ip_address *address)
{
	static const struct ip_network networks[] = {
		{ { IP_V4, { 127 } }, 8 },
		{ { IP_V4, { 10 } }, 8 },
		{ { IP_V4, { 172, 16 } }, 12 },
		{ { IP_V4, { 192, 168 } }, 16 },
		{ { IP_V4, { 169, 254 } }, 16 },
		{ { IP_V6, { [15] = 1 } }, 128 },
		{ { IP_V6, { 0xfc } }, 7 },
		{ { IP_V6, { 0xfe, 0x80 } }, 10 },
	};

	for (size_t i = 0; i < N_ELEMENTS(networks); i++)
		if (ip_network_contains(&networks[i], address))
			return true;
	return false;
}

static bool
find_received(const struct mail_header *header,
    const struct relay_networks *relays, struct mail_received *received)
{
	const struct mail_field *field;

	for (size_t i = 0; (field = mail_header_get(header,
	    SLICE("Received"), i)) != NULL; i++)
		if (mail_parse_received(field->value, received) &&
		    !is_private(&received->client) &&
		    !relay_is_own(relays, &received->client))
			return true;
	return false;
}

static void
find_client(const struct mail_header *header,
    const struct relay_networks *relays, struct origin *origin)
{
	struct mail_received received;

	if (!find_received(header, relays, &received))
		return;
	if (origin->client_from == ORIGIN_UNKNOWN) {
		origin->client = received.client;
		origin->client_from = ORIGIN_FIELD;
	}
	/* The HELO of one client says nothing of another. */
	if (origin->helo_from == ORIGIN_UNKNOWN &&
	    ip_eq(&origin->client, &received.client)) {
		origin->helo = received.helo;
		origin->helo_from = ORIGIN_FIELD;
	}
}

void
origin_find(const struct mail_header *header,
    const struct relay_networks *relays, struct origin *origin)
{
	const struct mail_field *path = mail_header_get(header,
	    SLICE("Return-Path"), 0);

	if (origin->client_from == ORIGIN_UNKNOWN ||
	    origin->helo_from == ORIGIN_UNKNOWN)
		find_client(header, relays, origin);
	if (origin->sender_from == ORIGIN_UNKNOWN && path != NULL) {
		origin->sender = slice_trim(path->value);
		origin->sender_from = ORIGIN_FIELD;
	}
}

const char *
origin_source_text(enum origin_source source, const char *field)
{
	switch (source) {
	case ORIGIN_UNKNOWN:
		return "not known";
	case ORIGIN_GIVEN:
		return "as given";
	case ORIGIN_FIELD:
		return field;
	}
	return "";
}
