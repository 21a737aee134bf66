/* unit/dkim/message.c - see message.h. */
#include "unit/dkim/message.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "dkim/body.h"
#include "mail/address.h"
#include "mail/field.h"
#include "unit/test.h"

/* The octets of the field that TEXT begins with, its last CRLF included. */
static size_t
field_octets(struct slice text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.ptr[i] == '\r' && text.ptr[i + 1] == '\n' &&
		    (i + 2 == text.len || !ascii_is_wsp(text.ptr[i + 2])))
			return i + 2;
	return text.len;
}

void
message_split(struct arena *arena, struct slice text,
    struct mail_header *header, struct slice *body_out)
{
	static const struct mail_header_limits limits = {
		.max_fields = SIZE_MAX, .max_octets = SIZE_MAX };

	mail_header_init(header, arena);
	while (text.len > 0 && !slice_starts_with(text, SLICE("\r\n"))) {
		struct slice field = slice_head(text, field_octets(text));
		size_t colon = slice_find(field, ':');

		assert_true(colon != SIZE_MAX);
		assert_int_equal(mail_header_add(header, &limits,
		    slice_head(field, colon), slice_from(field, colon + 1)),
		    MAIL_HEADER_OK);
		text = slice_from(text, field.len);
	}
	*body_out = slice_from(text, 2);
}

void
message_update_body(struct dkim_body *body, struct slice text,
    size_t chunk_octets)
{
	while (text.len > 0) {
		struct slice chunk = test_exact_copy(
		    slice_head(text, chunk_octets));

		dkim_body_update(body, chunk);
		text = slice_from(text, chunk_octets);
		test_free_copy(chunk);
	}
}

void
message_verify(struct arena *arena, const struct message_request *request,
    const struct dkim_outcome **outcomes_out, size_t *n_out)
{
	struct dkim_body *body = dkim_body_create(arena, NULL);
	struct dkim_verifier *verifier = dkim_create(arena, request->options,
	    request->resolver, body);
	struct mail_header header;
	struct mail_authors authors = { .n_domains = 0 };
	const struct mail_field *field;
	struct slice body_text;

	assert_non_null(body);
	assert_non_null(verifier);
	message_split(arena, request->text, &header, &body_text);
	for (size_t i = 0; (field = mail_header_get(&header,
	    SLICE("DKIM-Signature"), i)) != NULL; i++)
		dkim_add_signature(verifier, field);
	/* Where it fails there are no domains, and none is preferred. */
	field = mail_header_get(&header, SLICE("From"), 0);
	if (field != NULL)
		mail_parse_authors(arena, field->value, &authors);
	dkim_end_header(verifier, &header, request->is_header_whole,
	    authors.domains, authors.n_domains, request->now_s);
	message_update_body(body, body_text, request->chunk_octets);
	dkim_finish(verifier, dkim_body_finish(body), CLOCK_NEVER_MS,
	    outcomes_out, n_out);
}
