/* unit/dkim/message.h - a whole message led through the verifier. */
#ifndef ASSAY_TESTS_UNIT_DKIM_MESSAGE_H
#define ASSAY_TESTS_UNIT_DKIM_MESSAGE_H

#include "dkim/verify.h"

struct arena;
struct mail_header;
struct resolver;

/* Split TEXT, with CRLF line ends, at its first empty line: fields into
 * HEADER, the rest is the body.  Fails the test where a line is no field. */
void message_split(struct arena *arena, struct slice text,
    struct mail_header *header, struct slice *body_out);

/* Feed the body in chunks, each on the heap at its exact size. */
void message_update_body(struct dkim_body *body, struct slice text,
    size_t chunk_octets);

struct message_request {
	struct resolver *resolver;
	const struct dkim_options *options;
	struct slice text;		/* with CRLF line ends */
	size_t chunk_octets;		/* of the body */
	bool is_header_whole;
	int64_t now_s;
};

/* Verify all signatures of a message, the chunks of its body each on the heap
 * at its exact size.  Outcomes live in ARENA. */
void message_verify(struct arena *arena, const struct message_request *request,
    const struct dkim_outcome **outcomes_out, size_t *n_out);

#endif
