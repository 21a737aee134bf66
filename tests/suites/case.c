/* suites/case.c - see case.h. */
#include "suites/case.h"

#include "base/base64.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "suites/yaml.h"
#include "unit/dkim/message.h"
#include "unit/test.h"

#define MAX_MESSAGE ((size_t)1024 * 1024)

uint64_t
case_get_number(const struct yaml_value *map, const char *key,
    uint64_t fallback)
{
	const struct yaml_value *value = yaml_get(map, key);
	uint64_t number = 0;

	if (value == NULL)
		return fallback;
	if (!slice_parse_uint(yaml_text(value), UINT32_MAX, &number))
		fail_msg("line %u: no number", value->line);
	return number;
}

bool
case_is_not_false(const struct yaml_value *map, const char *key)
{
	return !slice_eq(yaml_get_text(map, key), SLICE("false"));
}

bool
case_is_true(const struct yaml_value *map, const char *key)
{
	return slice_eq(yaml_get_text(map, key), SLICE("true"));
}

/* ---- the message --------------------------------------------------------- */

struct slice
case_with_crlf(struct arena *arena, struct slice text)
{
	struct strbuf buf;

	strbuf_init(&buf, arena, MAX_MESSAGE);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			strbuf_append_char(&buf, '\r');
		strbuf_append_char(&buf, text.ptr[i]);
	}
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

/* Where NEEDLE begins; fails the test where it does not. */
static size_t
find_text(struct slice text, struct slice needle)
{
	for (size_t i = 0; i < text.len; i++)
		if (slice_starts_with(slice_from(text, i), needle))
			return i;
	fail_msg("there is no %.*s", SLICE_PRINTF(needle));
	return 0;
}

static struct slice
with_repeated(struct arena *arena, struct slice text,
    const struct yaml_value *repeat)
{
	struct slice mark = yaml_get_text(repeat, "mark");
	struct strbuf buf;
	size_t at;

	if (repeat == NULL)
		return text;
	at = find_text(text, mark);
	strbuf_init(&buf, arena, MAX_MESSAGE);
	strbuf_append(&buf, slice_head(text, at));
	for (uint64_t i = case_get_number(repeat, "times", 0); i > 0; i--)
		strbuf_append(&buf, yaml_get_text(repeat, "text"));
	strbuf_append(&buf, slice_from(text, at + mark.len));
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

struct slice
case_get_message(struct arena *arena, const struct yaml_value *test)
{
	const struct yaml_value *encoded = yaml_get(test, "message-base64");
	struct slice text;

	if (encoded == NULL)
		text = case_with_crlf(arena, yaml_get_text(test, "message"));
	else if (!base64_decode(arena, yaml_text(encoded), &text))
		fail_msg("line %u: no base64", encoded->line);
	return with_repeated(arena, text, yaml_get(test, "repeat"));
}

/* ---- the session --------------------------------------------------------- */

void
case_feed_message(struct inspect *in, struct arena *arena,
    struct slice message)
{
	struct mail_header header;
	struct slice body;

	message_split(arena, message, &header, &body);
	for (size_t i = 0; i < header.n_fields; i++)
		assert_int_equal(inspect_add_field(in, header.fields[i].name,
		    header.fields[i].value), INSPECT_OK);
	assert_int_equal(inspect_end_header(in), INSPECT_OK);
	assert_int_equal(inspect_add_body(in, body), INSPECT_OK);
}

void
case_feed_session(struct inspect *in, struct arena *arena,
    const struct yaml_value *test, struct slice authserv_id)
{
	struct slice message = case_get_message(arena, test);
	struct slice sender = yaml_get_text(test, "mailfrom");
	struct ip_address client;
	struct strbuf path;

	assert_true(ip_parse(yaml_get_text(test, "client"), &client));
	strbuf_init(&path, arena, sender.len + 2);
	strbuf_append_char(&path, '<');
	strbuf_append(&path, sender);
	strbuf_append_char(&path, '>');
	assert_false(path.has_failed);
	assert_int_equal(inspect_connect(in, &client), INSPECT_OK);
	assert_int_equal(inspect_helo(in, yaml_get_text(test, "helo")),
	    INSPECT_OK);
	assert_int_equal(inspect_mail(in, strbuf_slice(&path),
	    !slice_is_ascii(message), authserv_id), INSPECT_OK);
	case_feed_message(in, arena, message);
}
