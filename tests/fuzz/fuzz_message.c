/* A whole message, header and body, through the inspection: DKIM signatures,
 * From, Authentication-Results; the key record first, then the message, parted
 * by 0xff. */
#include "fuzz/fuzz.h"
#include "inspect/inspect.h"
#include "policy/field.h"
#include "policy/policy.h"

#define CHUNK 61	/* odd, so that lines are cut anywhere */

/* Header fields of the LF form that libmilter hands over. */
static struct slice
feed_header(struct inspect *in, struct slice text)
{
	while (text.len != 0 && text.ptr[0] != '\n') {
		size_t colon, end = 0;

		do {
			size_t more = slice_find(slice_from(text, end), '\n');

			end = more == SIZE_MAX ? text.len : end + more + 1;
		} while (end < text.len && (text.ptr[end] == ' ' ||
		    text.ptr[end] == '\t'));
		colon = slice_find(slice_head(text, end), ':');
		if (colon == SIZE_MAX)
			break;
		inspect_add_field(in, slice_head(text, colon), slice_trim_end(
		    slice_from(slice_head(text, end), colon + 1)));
		text = slice_from(text, end);
	}
	inspect_end_header(in);
	return text;
}

static void
judge(struct inspect *in, const struct inspect_results *results)
{
	static const struct slice names[] = { SLICE_INIT("example.net") };
	static const struct policy_options options = {
		.mode = POLICY_MODE_ENFORCE,
		.dmarc_reject = POLICY_REJECT_KNOWLEDGE,
		.evidence = POLICY_SIGNS_ALL,
		.trusted_sealers = { names, N_ELEMENTS(names) },
		.forwarder_domains = { names, N_ELEMENTS(names) },
	};
	struct policy_verdict verdict;
	struct slice field;

	policy_judge_message(&options, results, inspect_arena(in), &verdict);
	policy_build_field(inspect_arena(in), SLICE("mx.example.org"), results,
	    &verdict, &field);
	for (size_t i = 0; i < field.len; i++)
		if ((unsigned char)field.ptr[i] < ' ' &&
		    field.ptr[i] != '\n' && field.ptr[i] != '\t')
			abort();
	for (size_t i = 0; i < verdict.text.len; i++)
		if (verdict.text.ptr[i] < ' ' || verdict.text.ptr[i] > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct inspect_options options = INSPECT_OPTIONS_DEFAULT;
	struct resolver *zone = zone_create();
	struct inspect *in;
	struct slice rest = fuzz_slice(data, size);
	const struct inspect_results *results;
	struct ip_address client;

	if (zone == NULL)
		abort();
	fuzz_add_txt(zone, SLICE("sel._domainkey.example.org"),
	    fuzz_take_part(&rest));
	fuzz_add_txt(zone, SLICE("_dmarc.example.org"),
	    SLICE("v=DMARC1; p=reject"));
	if (!ip_parse(SLICE("192.0.2.1"), &client) ||
	    (in = inspect_create(&options, zone,
	    SLICE("mx.example.org"))) == NULL)
		abort();
	inspect_connect(in, &client);
	inspect_helo(in, SLICE("mail.example.org"));
	inspect_mail(in, SLICE("<a@example.org>"), false,
	    SLICE("mx.example.org"));
	rest = feed_header(in, rest);
	while (rest.len != 0) {
		inspect_add_body(in, slice_head(rest, CHUNK));
		rest = slice_from(rest, CHUNK);
	}
	if (inspect_finish(in, &results) == INSPECT_OK)
		judge(in, results);
	inspect_destroy(&in);
	dns_destroy_resolver(&zone);
	return 0;
}
