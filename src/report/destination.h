/* report/destination.h - where a record's reports go: the addresses of its rua
 * or ruf, those outside of its organization only where their host has agreed
 * (RFC 9990 4). */
#ifndef ASSAY_REPORT_DESTINATION_H
#define ASSAY_REPORT_DESTINATION_H

#include "base/slice.h"

struct arena;
struct dmarc_options;
struct resolver;

enum report_destination_status {
	REPORT_DESTINATION_OK = 0,
	REPORT_DESTINATION_UNUSABLE,	/* no mailto, or an address that assay
					 * does not write to */
	REPORT_DESTINATION_UNCONFIRMED,	/* another organization's, whose host
					 * has not agreed */
	REPORT_DESTINATION_ELSEWHERE,	/* that host names yet another one */
	REPORT_DESTINATION_UNKNOWN,	/* DNS failed for now: next time */
	REPORT_DESTINATION_LEFT_OUT,	/* over the limit */
};

struct report_destination {
	enum report_destination_status status;
	/* local@domain, the domain normalized (mail/domain.h), printable ASCII
	 * that needs no quoting anywhere; of UNUSABLE the URI as published. */
	struct slice address;
};

struct report_destination_request {
	struct slice policy_domain;	/* normalized; where the record is */
	struct slice uris;		/* its rua or ruf */
	bool is_failure;		/* ruf */
	unsigned max;			/* addresses that are looked at */
	const struct dmarc_options *dmarc;
	struct resolver *resolver;
	int64_t deadline_ms;
};

/* Say that the next one will come; does not block. */
void report_prefetch_destinations(
    const struct report_destination_request *request, struct arena *arena);

/* In the order of the URIs, no address twice, at most one LEFT_OUT and that one
 * last.  Blocks on DNS.  All of it lives in ARENA, which takes at most
 * REPORT_DESTINATION_OCTETS a request.  False where it is full. */
#define REPORT_DESTINATION_OCTETS ((size_t)1024 * 1024)
bool report_find_destinations(
    const struct report_destination_request *request, struct arena *arena,
    struct report_destination **destinations_out, size_t *n_out);

/* Whether mail for LOCAL may be sent: a dot-atom (RFC 5322 3.2.3) of at most 64
 * octets, ASCII, without what makes a route, a pipe, a file or an option of
 * it. */
bool report_is_safe_local_part(struct slice local);

/* One sentence without the address: "its host has not agreed". */
const char *report_destination_text(enum report_destination_status status);

#endif
