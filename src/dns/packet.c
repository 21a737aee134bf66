/* dns/packet.c - a reply from the wire (RFC 1035 4); see resolver.h.
 *
 * Every count, length and pointer in it is the sender's word only.  A reply
 * with anything broken in what we read of it is malformed as a whole.  The
 * additional section is not read. */
#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "dns/resolver.h"

#define HEADER_OCTETS 12
#define FLAG_QR 0x8000u
#define FLAG_TC 0x0200u
#define RCODE_MASK 0x000fu
#define OPCODE_MASK 0x7800u
#define CLASS_IN 1
#define TYPE_SOA 6

/* CNAMEs from the name asked to the one that answers, as libunbound has it. */
#define CNAME_HOPS_MAX 11

/* Records in a section that are looked at: enough for whatever mail asks for,
 * few enough that following CNAMEs among them takes no time. */
#define SECTION_RECORDS_MAX 1000

/* What an answer may take in memory while it is put together.  The largest
 * reply has 64 KB, but compression lets each of thousands of names in it stand
 * for 255 octets. */
#define ANSWER_MEMORY_MAX ((size_t)512 * 1024)

enum rcode {
	RCODE_NOERROR = 0,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
};

struct section {
	size_t pos;		/* of its first record */
	unsigned n_records;
};

struct reply {
	struct slice packet;
	struct section answers, authorities;
	unsigned flags;
	/* What was asked. */
	struct dns_name name;
	enum dns_type type;
};

struct rr {
	size_t owner;		/* where its name stands */
	unsigned type, class;
	uint32_t ttl_s;
	size_t rdata, rdata_len;	/* within the packet: checked */
};

static unsigned
read_u16(struct slice packet, size_t pos)
{
	return (unsigned)(unsigned char)packet.ptr[pos] << 8 |
	    (unsigned char)packet.ptr[pos + 1];
}

static uint32_t
read_u32(struct slice packet, size_t pos)
{
	return (uint32_t)read_u16(packet, pos) << 16 |
	    read_u16(packet, pos + 2);
}

/* A TTL with the high bit set is one of 0 (RFC 2181 8). */
static uint32_t
read_ttl(struct slice packet, size_t pos)
{
	uint32_t ttl_s = read_u32(packet, pos);

	return ttl_s <= INT32_MAX ? ttl_s : 0;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Past the name at *POS, without a look at where a pointer in it leads. */
static bool
skip_name(struct slice packet, size_t *pos)
{
	while (*pos < packet.len) {
		unsigned len = (unsigned char)packet.ptr[(*pos)++];

		if (len == 0)
			return true;
		if (len > DNS_LABEL_MAX)	/* a pointer: two octets */
			return (*pos)++ < packet.len;
		*pos += len;
	}
	return false;
}

/* NAME, TYPE (2), CLASS (2), TTL (4), RDLENGTH (2), RDATA */
static bool
read_rr(struct slice packet, size_t *pos, struct rr *rr)
{
	rr->owner = *pos;
	if (!skip_name(packet, pos) || packet.len - *pos < 10)
		return false;
	rr->type = read_u16(packet, *pos);
	rr->class = read_u16(packet, *pos + 2);
	rr->ttl_s = read_ttl(packet, *pos + 4);
	rr->rdata_len = read_u16(packet, *pos + 8);
	rr->rdata = *pos + 10;
	if (packet.len - rr->rdata < rr->rdata_len)
		return false;
	*pos = rr->rdata + rr->rdata_len;
	return true;
}

/* The name at offset SKIP of the RDATA, which must end with it. */
static bool
read_rdata_name(struct slice packet, const struct rr *rr, size_t skip,
    struct dns_name *name_out)
{
	size_t pos = rr->rdata + skip, end = rr->rdata + rr->rdata_len;

	return skip < rr->rdata_len &&
	    dns_name_unpack(slice_head(packet, end), &pos, name_out) &&
	    pos == end;
}

/* Unpacking a name takes long, and most records are not of a type that is
 * looked for: so their owners come last. */
static bool
read_owner(struct slice packet, const struct rr *rr,
    struct dns_name *owner_out)
{
	size_t pos = rr->owner;

	return dns_name_unpack(packet, &pos, owner_out);
}

/* ---- the frame ----------------------------------------------------------- */

static bool
skip_section(const struct reply *reply, size_t *pos, unsigned n_records,
    struct section *section_out)
{
	struct dns_name owner;
	struct rr rr;

	*section_out = (struct section){ *pos, n_records };
	if (n_records > SECTION_RECORDS_MAX)
		return false;
	for (unsigned i = 0; i < n_records; i++)
		if (!read_rr(reply->packet, pos, &rr) ||
		    !read_owner(reply->packet, &rr, &owner))
			return false;
	return true;
}

/* One question, and it is ours. */
static bool
check_question(const struct reply *reply, size_t *pos)
{
	struct dns_name name;

	if (!dns_name_unpack(reply->packet, pos, &name) ||
	    reply->packet.len - *pos < 4)
		return false;
	*pos += 4;
	return dns_name_eq(&name, &reply->name) &&
	    read_u16(reply->packet, *pos - 4) == (unsigned)reply->type &&
	    read_u16(reply->packet, *pos - 2) == CLASS_IN;
}

/* ID (2), flags (2), QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT (2 each) */
static bool
read_frame(struct reply *reply)
{
	size_t pos = HEADER_OCTETS;
	struct slice packet = reply->packet;

	if (packet.len < HEADER_OCTETS)
		return false;
	reply->flags = read_u16(packet, 2);
	if ((reply->flags & FLAG_QR) == 0 ||
	    (reply->flags & OPCODE_MASK) != 0 || read_u16(packet, 4) != 1)
		return false;
	/* A truncated reply is an answer all the same: that it is. */
	if ((reply->flags & FLAG_TC) != 0)
		return true;
	return check_question(reply, &pos) &&
	    skip_section(reply, &pos, read_u16(packet, 6), &reply->answers) &&
	    skip_section(reply, &pos, read_u16(packet, 8),
	    &reply->authorities);
}

/* ---- records ------------------------------------------------------------- */

static bool
is_wanted(struct slice packet, const struct rr *rr,
    const struct dns_name *owner, unsigned type)
{
	struct dns_name name;

	return rr->type == type && rr->class == CLASS_IN &&
	    read_owner(packet, rr, &name) && dns_name_eq(&name, owner);
}

/* How many records OWNER has of TYPE; the first of them. */
static size_t
count_records(const struct reply *reply, const struct dns_name *owner,
    unsigned type, struct rr *first_out)
{
	size_t pos = reply->answers.pos, n = 0;
	struct rr rr;

	for (unsigned i = 0; i < reply->answers.n_records; i++)
		if (read_rr(reply->packet, &pos, &rr) &&
		    is_wanted(reply->packet, &rr, owner, type) && n++ == 0)
			*first_out = rr;
	return n;
}

static const char *
copy_name(struct arena *arena, const struct dns_name *name,
    struct slice *text_out)
{
	char text[DNS_NAME_ESCAPED_MAX];
	struct slice printed = { text, dns_name_print(name, text) };

	return arena_copy(arena, printed, text_out) ? NULL : "too large";
}

/* TXT-DATA = one or more <character-string>s (RFC 1035 3.3.14) */
static const char *
join_strings(struct arena *arena, struct slice rdata, struct slice *text_out)
{
	char *text = arena_alloc(arena, rdata.len);
	size_t pos = 0, len = 0;

	if (text == NULL)
		return "too large";
	while (pos < rdata.len) {
		size_t string = (unsigned char)rdata.ptr[pos++];

		if (string > rdata.len - pos)
			return "malformed";
		memcpy(text + len, rdata.ptr + pos, string);
		len += string;
		pos += string;
	}
	*text_out = (struct slice){ text, len };
	return rdata.len != 0 ? NULL : "malformed";
}

/* As it is: what is wrong with it makes that record useless, not the answer
 * (RFC 7672 3.1.3). */
static const char *
copy_rdata(struct arena *arena, struct slice rdata, struct slice *text_out)
{
	return arena_copy(arena, rdata, text_out) ? NULL : "too large";
}

static const char *
copy_address(const struct rr *rr, struct slice packet, size_t octets,
    struct dns_record *record)
{
	if (rr->rdata_len != octets)
		return "malformed";
	memcpy(record->address, packet.ptr + rr->rdata, octets);
	return NULL;
}

/* NULL, or what is wrong with it. */
static const char *
decode_record(struct arena *arena, struct slice packet, const struct rr *rr,
    enum dns_type type, struct dns_record *record)
{
	struct slice rdata = slice_head(slice_from(packet, rr->rdata),
	    rr->rdata_len);
	struct dns_name name;

	switch (type) {
	case DNS_A:
		return copy_address(rr, packet, 4, record);
	case DNS_AAAA:
		return copy_address(rr, packet, 16, record);
	case DNS_TXT:
		return join_strings(arena, rdata, &record->text);
	case DNS_TLSA:
		return copy_rdata(arena, rdata, &record->text);
	case DNS_CNAME:
	case DNS_PTR:
		return read_rdata_name(packet, rr, 0, &name) ?
		    copy_name(arena, &name, &record->text) : "malformed";
	case DNS_MX:
		if (!read_rdata_name(packet, rr, 2, &name))
			return "malformed";
		record->preference = (uint16_t)read_u16(packet, rr->rdata);
		return copy_name(arena, &name, &record->text);
	}
	return "malformed";
}

static const char *
decode_records(struct arena *arena, const struct reply *reply,
    const struct dns_name *owner, size_t n, struct dns_answer *answer)
{
	struct dns_record *records = arena_alloc_array(arena, n,
	    sizeof(*records));
	size_t pos = reply->answers.pos;
	const char *why = NULL;
	struct rr rr;

	if (records == NULL)
		return "too large";
	answer->records = records;
	for (unsigned i = 0; i < reply->answers.n_records && why == NULL; i++) {
		if (!read_rr(reply->packet, &pos, &rr) ||
		    !is_wanted(reply->packet, &rr, owner,
		    (unsigned)reply->type))
			continue;
		answer->ttl_s = min_u32(answer->ttl_s, rr.ttl_s);
		why = decode_record(arena, reply->packet, &rr, reply->type,
		    &records[answer->n_records++]);
	}
	return why;
}

/* ---- what the reply says ------------------------------------------------- */

/* A negative answer holds for the lesser of the SOA's own TTL and its MINIMUM;
 * without one it is not to be kept (RFC 2308 5). */
static uint32_t
find_negative_ttl(const struct reply *reply, const struct dns_name *name)
{
	size_t pos = reply->authorities.pos;
	struct dns_name owner;
	struct rr rr;

	for (unsigned i = 0; i < reply->authorities.n_records; i++)
		if (read_rr(reply->packet, &pos, &rr) && rr.type == TYPE_SOA &&
		    rr.class == CLASS_IN && rr.rdata_len >= 4 &&
		    read_owner(reply->packet, &rr, &owner) &&
		    dns_name_is_within(dns_name_slice(name),
		    dns_name_slice(&owner)))
			return min_u32(rr.ttl_s, read_ttl(reply->packet,
			    rr.rdata + rr.rdata_len - 4));
	return 0;
}

static const char *
rcode_problem(unsigned rcode)
{
	switch (rcode) {
	case RCODE_NOERROR:
	case RCODE_NXDOMAIN:
		return NULL;
	case RCODE_FORMERR:
		return "FORMERR";
	case RCODE_SERVFAIL:
		return "SERVFAIL";
	case RCODE_NOTIMP:
		return "NOTIMP";
	case RCODE_REFUSED:
		return "REFUSED";
	}
	return "unknown rcode";
}

/* Follow CNAMEs from the name asked to the last one, which the reply's rcode is
 * about (RFC 6604 3); *N_OUT: its records.  A name with a CNAME has no other
 * records (RFC 1034 3.6.2), and is not searched for any.  NULL, or what is
 * wrong. */
static const char *
follow_aliases(const struct reply *reply, struct dns_name *last_out,
    size_t *n_out, struct dns_answer *answer)
{
	struct rr rr;

	*last_out = reply->name;
	for (unsigned hops = 0; hops <= CNAME_HOPS_MAX; hops++) {
		if (reply->type == DNS_CNAME ||
		    count_records(reply, last_out, DNS_CNAME, &rr) == 0) {
			*n_out = count_records(reply, last_out,
			    (unsigned)reply->type, &rr);
			answer->is_alias = hops != 0 ||
			    (*n_out != 0 && reply->type == DNS_CNAME);
			return NULL;
		}
		answer->ttl_s = min_u32(answer->ttl_s, rr.ttl_s);
		if (!read_rdata_name(reply->packet, &rr, 0, last_out))
			return "malformed";
	}
	return "CNAME loop";
}

static const char *
read_answer(struct arena *arena, const struct reply *reply,
    struct dns_answer *answer)
{
	unsigned rcode = reply->flags & RCODE_MASK;
	struct dns_name last;
	size_t n;
	const char *why = rcode_problem(rcode);

	if (why == NULL && (reply->flags & FLAG_TC) != 0)
		why = "truncated";
	if (why == NULL)
		why = follow_aliases(reply, &last, &n, answer);
	if (why != NULL)
		return why;
	if (n != 0) {
		/* There can be no records where there is no name. */
		if (rcode == RCODE_NXDOMAIN)
			return "malformed";
		answer->status = DNS_NOERROR;
		return decode_records(arena, reply, &last, n, answer);
	}
	answer->status = rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_NODATA;
	answer->ttl_s = min_u32(answer->ttl_s,
	    find_negative_ttl(reply, &last));
	return NULL;
}

const struct dns_answer *
dns_answer_from_packet(struct slice packet, struct slice name,
    enum dns_type type, bool secure)
{
	struct reply reply = { .packet = packet, .type = type };
	struct dns_answer model = { .ttl_s = UINT32_MAX, .secure = secure };
	struct arena *arena = arena_create(ANSWER_MEMORY_MAX);
	const struct dns_answer *answer = &dns_answer_no_memory;
	const char *why = "malformed";

	if (arena == NULL)
		return answer;
	if (dns_name_parse(name, &reply.name) && read_frame(&reply))
		why = read_answer(arena, &reply, &model);
	if (why != NULL)
		answer = dns_answer_create_dns_failure(why);
	else if ((answer = dns_answer_create(&model)) == NULL)
		answer = &dns_answer_no_memory;
	arena_destroy(&arena);
	return answer;
}
