/* spf/values.c - see values.h. */
#include "spf/values.h"

#include "base/strbuf.h"
#include "mail/domain.h"
#include "mail/path.h"

#define MAX_NUMBER 80		/* octets of an address or a time, as text */

/* A null sender is the mailbox "postmaster" at the HELO identity (2.4), and so
 * is the sender where HELO itself is checked. */
static bool
is_helo_checked(const struct spf_request *request)
{
	return request->identity == SPF_IDENTITY_HELO ||
	    request->mail_from.len == 0;
}

static struct slice
written_domain(const struct spf_request *request)
{
	struct slice local, domain;

	if (is_helo_checked(request))
		return request->helo;
	mail_split_address(request->mail_from, &local, &domain);
	return domain;
}

static struct slice
written_local_part(const struct spf_request *request)
{
	struct slice local = SLICE_EMPTY, domain;

	if (!is_helo_checked(request))
		mail_split_address(request->mail_from, &local, &domain);
	return local.len != 0 ? local : SLICE("postmaster");	/* 4.3 */
}

bool
spf_find_domain(struct arena *arena, const struct spf_request *request,
    struct slice *domain_out)
{
	struct slice written = written_domain(request);

	if (domain_normalize(arena, written, domain_out) &&
	    domain_count_labels(*domain_out) > 1)
		return true;
	*domain_out = written;
	return false;
}

/* The address with dots: that of IPv6 by nibbles (7.3), in upper case. */
static struct slice
dotted_client(struct arena *arena, const struct ip_address *client)
{
	static const char digits[] = "0123456789ABCDEF";
	struct strbuf buf;

	strbuf_init(&buf, arena, MAX_NUMBER);
	if (client->family != IP_V6) {
		ip_append(&buf, client);
		return strbuf_slice(&buf);
	}
	for (size_t i = 0; i < sizeof(client->octets); i++) {
		if (i != 0)
			strbuf_append_char(&buf, '.');
		strbuf_append_char(&buf, digits[client->octets[i] >> 4]);
		strbuf_append_char(&buf, '.');
		strbuf_append_char(&buf, digits[client->octets[i] & 15]);
	}
	return strbuf_slice(&buf);
}

void
spf_fill_values(struct arena *arena, const struct spf_request *request,
    struct slice domain, struct spf_macro_values *values_out)
{
	struct strbuf sender, client, now;

	*values_out = (struct spf_macro_values){
		.local_part = written_local_part(request),
		.sender_domain = domain,
		.domain = domain,
		.helo = request->helo,
		.receiver = request->receiver.len != 0 ? request->receiver :
		    SLICE("unknown"),
	};
	strbuf_init(&sender, arena, SIZE_MAX);
	strbuf_append(&sender, values_out->local_part);
	strbuf_append_char(&sender, '@');
	strbuf_append(&sender, domain);
	values_out->sender = strbuf_slice(&sender);

	values_out->client = dotted_client(arena, &request->client);
	values_out->reverse_zone = request->client.family == IP_V6 ?
	    SLICE("ip6") : SLICE("in-addr");
	strbuf_init(&client, arena, MAX_NUMBER);
	ip_append(&client, &request->client);
	values_out->client_readable = strbuf_slice(&client);

	strbuf_init(&now, arena, MAX_NUMBER);
	strbuf_append_uint(&now,
	    request->now_s > 0 ? (uint64_t)request->now_s : 0);
	values_out->now = strbuf_slice(&now);
}
