/* spf/published.c - see published.h.
 *
 * Senders choose how long records are, and a cache is to hold many: so a
 * directive takes 12 octets and its address, which is about what its text
 * takes.  The block is the struct, the terms, the addresses. */
#include "spf/published.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

/* Places are within the record's text, which DNS keeps below 64 KB. */
struct spf_published_term {
	uint16_t start, len;
	uint16_t spec_start, spec_len;	/* the domain-spec */
	uint8_t mechanism, qualifier;
	uint8_t ip4_bits, ip6_bits;	/* of networks too */
};

static void
destroy_published(struct dns_attachment *attachment)
{
	free(attachment);
}

static size_t
address_octets(enum spf_mechanism mechanism)
{
	switch (mechanism) {
	case SPF_MECHANISM_IP4:
		return 4;
	case SPF_MECHANISM_IP6:
		return 16;
	case SPF_MECHANISM_ALL:
	case SPF_MECHANISM_INCLUDE:
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
	case SPF_MECHANISM_PTR:
	case SPF_MECHANISM_EXISTS:
		break;
	}
	return 0;
}

static struct spf_published_term
pack(struct slice text, const struct spf_directive *directive)
{
	struct spf_published_term term = {
		.start = (uint16_t)(directive->text.ptr - text.ptr),
		.len = (uint16_t)directive->text.len,
		.mechanism = (uint8_t)directive->mechanism,
		.qualifier = (uint8_t)directive->qualifier,
		.ip4_bits = (uint8_t)directive->ip4_bits,
		.ip6_bits = (uint8_t)directive->ip6_bits,
	};

	if (directive->domain_spec.len != 0) {
		term.spec_start = (uint16_t)(directive->domain_spec.ptr -
		    text.ptr);
		term.spec_len = (uint16_t)directive->domain_spec.len;
	}
	if (directive->mechanism == SPF_MECHANISM_IP4)
		term.ip4_bits = (uint8_t)directive->network.prefix_bits;
	else if (directive->mechanism == SPF_MECHANISM_IP6)
		term.ip6_bits = (uint8_t)directive->network.prefix_bits;
	return term;
}

/* RECORD's directives, into TERMS and ADDRESSES, which have the room. */
static void
pack_all(const struct spf_record *record, struct spf_published_term *terms,
    unsigned char *addresses)
{
	struct cursor cur = cursor_of(record->terms);
	struct spf_directive directive;

	while (spf_take_directive(&cur, &directive)) {
		size_t n = address_octets(directive.mechanism);

		memcpy(addresses, directive.network.address.octets, n);
		addresses += n;
		*terms++ = pack(record->terms, &directive);
	}
}

static bool
parse(struct slice text, struct spf_record *record_out,
    struct spf_syntax_error *error_out)
{
	if (text.len <= UINT16_MAX)
		return spf_parse_record(text, record_out, error_out);
	*record_out = (struct spf_record){ .n_directives = 0 };
	*error_out = (struct spf_syntax_error){ slice_head(text, UINT16_MAX),
		"longer than DNS can carry" };
	return false;
}

static struct spf_published *
create_published(struct slice text)
{
	struct spf_syntax_error error;
	struct spf_record record;
	bool is_valid = parse(text, &record, &error);
	size_t n_terms = is_valid ? record.n_directives : 0;
	size_t n_addresses = is_valid ? record.n_address_octets : 0;
	size_t octets = sizeof(struct spf_published) +
	    n_terms * sizeof(struct spf_published_term) + n_addresses;
	struct spf_published *published = malloc(octets);
	struct spf_published_term *terms;
	unsigned char *addresses;

	if (published == NULL)
		return NULL;
	terms = (struct spf_published_term *)(published + 1);
	addresses = (unsigned char *)(terms + n_terms);
	*published = (struct spf_published){
		.attachment = { .destroy = destroy_published,
		    .octets = octets },
		.is_valid = is_valid,
		.error = error,
		.record = record,
		.terms = terms,
		.addresses = addresses,
	};
	if (is_valid)
		pack_all(&record, terms, addresses);
	return published;
}

static const struct spf_published *
get_attached(const struct dns_answer *answer)
{
	return (const struct spf_published *)dns_get_attachment(answer,
	    destroy_published);
}

/* Another thread may be faster: then it is that one's. */
static const struct spf_published *
attach(const struct dns_answer *answer, struct slice text)
{
	struct spf_published *published = create_published(text);

	if (published == NULL ||
	    dns_attach(answer, &published->attachment))
		return published;
	destroy_published(&published->attachment);
	return get_attached(answer);
}

size_t
spf_find_published(const struct dns_answer *answer,
    const struct spf_published **published_out)
{
	struct slice text = SLICE_EMPTY;
	size_t n = 0;

	*published_out = NULL;
	if (answer->n_records == 0)
		return 0;
	if ((*published_out = get_attached(answer)) != NULL)
		return 1;
	for (size_t i = 0; i < answer->n_records; i++)
		if (spf_is_record(answer->records[i].text)) {
			text = answer->records[i].text;
			n++;
		}
	if (n == 1)
		*published_out = attach(answer, text);
	return n;
}

struct spf_published_cursor
spf_published_begin(const struct spf_published *published)
{
	return (struct spf_published_cursor){ .published = published,
		.address = published->addresses };
}

static void
take_network(struct spf_published_cursor *cur, enum ip_family family,
    unsigned prefix_bits, size_t n_octets, struct ip_network *network_out)
{
	network_out->address.family = family;
	memcpy(network_out->address.octets, cur->address, n_octets);
	network_out->prefix_bits = prefix_bits;
	cur->address += n_octets;
}

bool
spf_published_take(struct spf_published_cursor *cur,
    struct spf_directive *directive_out)
{
	const struct spf_published *published = cur->published;
	const struct spf_published_term *term;
	const char *text = published->record.terms.ptr;

	if (cur->n_taken == published->record.n_directives)
		return false;
	term = &published->terms[cur->n_taken++];
	*directive_out = (struct spf_directive){
		.text = { text + term->start, term->len },
		.qualifier = (enum spf_result)term->qualifier,
		.mechanism = (enum spf_mechanism)term->mechanism,
		.domain_spec = { text + term->spec_start, term->spec_len },
		.ip4_bits = term->ip4_bits,
		.ip6_bits = term->ip6_bits,
	};
	if (directive_out->mechanism == SPF_MECHANISM_IP4)
		take_network(cur, IP_V4, term->ip4_bits, 4,
		    &directive_out->network);
	else if (directive_out->mechanism == SPF_MECHANISM_IP6)
		take_network(cur, IP_V6, term->ip6_bits, 16,
		    &directive_out->network);
	return true;
}
