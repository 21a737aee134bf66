/* The log's line of a message: any text as one, and any values in one, which
 * come back as they were from both of its forms. */
#include "base/log_pairs.h"
#include "cli/explain_line.h"
#include "cli/explain_text.h"
#include "fuzz/fuzz.h"

static const char *const keys[] = { "session", "id", "queue", "helo", "from",
	"reason" };

/* Of equal lengths: there is no octet that a value cannot have. */
static void
collect(struct slice input, struct slice values[N_ELEMENTS(keys)],
    struct log_pairs *pairs)
{
	size_t len = input.len / N_ELEMENTS(keys);

	log_pairs_init(pairs);
	for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
		values[i] = slice_head(slice_from(input, i * len), len);
		log_pairs_add(pairs, keys[i], values[i], SIZE_MAX);
	}
}

static void
check(struct slice line, const struct slice values[N_ELEMENTS(keys)],
    struct arena *arena)
{
	struct explain_line found;

	if (!explain_parse_line(line, arena, &found) ||
	    found.n < N_ELEMENTS(keys))
		abort();
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		if (!slice_eq(explain_line_get(&found, keys[i]), values[i]))
			abort();
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.ptr[i] < ' ' || line.ptr[i] == 0x7f)
			abort();
}

static void
check_values(struct slice input, struct arena *arena)
{
	struct slice values[N_ELEMENTS(keys)];
	struct log_pairs pairs;
	struct strbuf line;

	collect(input, values, &pairs);
	strbuf_init(&line, arena, 1000000);
	log_pairs_append_text(&line, &pairs, SIZE_MAX);
	check(strbuf_slice(&line), values, arena);
	strbuf_init(&line, arena, 1000000);
	strbuf_append_cstr(&line, "{\"time\":\"\"");
	log_pairs_append_json(&line, &pairs, SIZE_MAX);
	strbuf_append_char(&line, '}');
	check(strbuf_slice(&line), values, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = fuzz_slice(data, size);
	struct arena *arena = fuzz_arena();
	struct explain_line line;

	if (explain_parse_line(input, arena, &line) && line.n == 0)
		abort();
	if (explain_is_line_of(input, SLICE("5f-1.2")) && !explain_parse_line(
	    input, arena, &line))
		abort();
	if (size < 6000)	/* a value is 4096 octets at most, escaped */
		check_values(input, arena);
	arena_destroy(&arena);
	return 0;
}
