/* report/token.c - see token.h. */
#include "report/token.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/strbuf.h"

#define MAX_TEXT ((size_t)2048)	/* an id and an address, with room */

static bool
make_token(const struct siphash_key *secret, struct slice report_id,
    struct slice destination, uint64_t *token_out)
{
	struct arena *arena = arena_create(4 * MAX_TEXT);
	struct strbuf text;
	bool is_made = false;

	if (arena != NULL) {
		strbuf_init(&text, arena, MAX_TEXT);
		strbuf_append(&text, SLICE("bounce"));
		strbuf_append_char(&text, '\0');
		strbuf_append(&text, report_id);
		strbuf_append_char(&text, '\0');
		strbuf_append(&text, destination);
		is_made = !text.has_failed;
		*token_out = siphash(secret, strbuf_slice(&text));
	}
	arena_destroy(&arena);
	return is_made;
}

void
report_append_token(struct strbuf *out, const struct siphash_key *secret,
    struct slice report_id, struct slice destination)
{
	uint64_t token;

	if (make_token(secret, report_id, destination, &token))
		strbuf_printf(out, "%016" PRIx64, token);
	else
		out->has_failed = true;
}

/* Hexadecimal digits of either case; the time it takes tells nothing. */
static bool
parse_token(struct slice text, uint64_t *token_out)
{
	*token_out = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = ascii_hex_value(text.ptr[i]);

		if (value < 0)
			return false;
		*token_out = *token_out << 4 | (uint64_t)value;
	}
	return text.len == REPORT_TOKEN_OCTETS;
}

bool
report_check_token(const struct siphash_key *secret, struct slice report_id,
    struct slice destination, struct slice token)
{
	uint64_t given, right;

	return parse_token(token, &given) &&
	    make_token(secret, report_id, destination, &right) &&
	    given == right;
}
