/* Aggregate reports in all that they come in, and bounces: the first octet says
 * which.  Limits are small, so that a bomb shows as one. */
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "report/bounce.h"
#include "report/feedback.h"
#include "report/input.h"
#include "report/unpack.h"

static const struct report_limits limits = { .file_octets = 1 << 20,
	.octets = 1 << 20, .ratio = 300, .records = 1000 };

static void
check_text(struct slice text)
{
	if (text.len > FEEDBACK_TEXT_MAX || !utf8_is_valid(text))
		abort();
}

static void
check_head(void *context, const struct feedback *feedback)
{
	bool *has_head = context;

	if (*has_head || feedback->n_errors > FEEDBACK_MAX_ERRORS)
		abort();
	*has_head = true;
	check_text(feedback->org_name);
	check_text(feedback->domain);
}

static void
check_record(void *context, const struct feedback_record *record)
{
	(void)context;
	check_text(record->source_ip);
	check_text(record->header_from);
	if (record->count > FEEDBACK_NUMBER_MAX)
		abort();
	for (size_t i = 0; i < record->n_reasons; i++)
		check_text(record->reasons[i].comment);
	for (size_t i = 0; i < record->n_signatures; i++)
		check_text(record->signatures[i].human_result);
	for (size_t i = 0; i < record->n_identities; i++)
		check_text(record->identities[i].domain);
}

/* Read to its end, or a problem. */
static void
read_report(struct report_input *file)
{
	bool has_head = false;
	const struct feedback_visitor visitor = { check_head, check_record,
		&has_head };
	struct report_input *xml = report_unpack(file);

	if (xml == NULL) {
		if (!input_has_failed(file))
			abort();
	} else if (feedback_read(xml, &visitor) && !has_head) {
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = fuzz_slice(data, size);
	struct arena *arena = arena_create(4 * FUZZ_ARENA_CEILING);
	struct report_input *file;
	struct strbuf problem;
	struct bounce bounce;

	if (arena == NULL)
		abort();
	if (text.len != 0) {
		bool is_bounce = text.ptr[0] == 'b';

		text = slice_from(text, is_bounce ? 1 : 0);
		strbuf_init(&problem, arena, 10000);
		file = input_from_slice(arena, &limits, &problem, &text);
		if (is_bounce)
			bounce_read(file, &bounce);
		else
			read_report(file);
	}
	arena_destroy(&arena);
	return 0;
}
