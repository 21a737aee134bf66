/* unit/arc/validate.c - see validate.h. */
#include "unit/arc/validate.h"

#include "base/clock.h"
#include "dkim/body.h"
#include "mail/field.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

void
arc_validate_message(struct arena *arena,
    const struct validate_request *request, struct arc_outcome *outcome)
{
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct mail_header header;
	struct arc_chain *chain;
	struct slice rest;

	assert_non_null(body);
	chain = arc_create(arena, request->options, request->resolver, body);
	assert_non_null(chain);
	message_split(arena, request->text, &header, &rest);
	for (size_t i = 0; i < header.n_fields; i++)
		if (arc_is_field(header.fields[i].name))
			arc_add_field(chain, &header.fields[i]);
	arc_end_header(chain, &header, request->is_header_whole);
	message_update_body(body, rest, request->chunk_octets);
	arc_finish(chain, dkim_body_finish(body), CLOCK_NEVER_MS, outcome);
}
