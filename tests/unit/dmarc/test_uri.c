/* Reporting URIs (RFC 9989 4.8). */
#include "base/cursor.h"
#include "dmarc/uri.h"
#include "unit/test.h"

#define MAX_URIS 3

static void
test_take_uri(void **state)
{
	static const struct {
		const char *name, *input;
		const char *uris[MAX_URIS];
	} cases[] = {
		{ "one", "mailto:a@example.org", { "mailto:a@example.org" } },
		{ "two", "mailto:a@example.org,mailto:b@example.org",
		  { "mailto:a@example.org", "mailto:b@example.org" } },
		{ "blanks", " mailto:a@example.org \t, mailto:b@example.org ",
		  { "mailto:a@example.org", "mailto:b@example.org" } },
		{ "size", "mailto:a@example.org!10m,mailto:b@example.org!5",
		  { "mailto:a@example.org", "mailto:b@example.org" } },
		{ "size, capital", "mailto:a@example.org!10K",
		  { "mailto:a@example.org" } },
		{ "other schemes", "https://example.org/x,tel:+1,x+y.z-1:a",
		  { "https://example.org/x", "tel:+1", "x+y.z-1:a" } },
		{ "scheme in capitals", "MAILTO:a@example.org",
		  { "MAILTO:a@example.org" } },
		{ "header fields", "mailto:a@example.org?subject=x@y",
		  { "mailto:a@example.org?subject=x@y" } },
		{ "the valid of several", "a@example.org,,https:,"
		  "mailto:a@example.org", { "mailto:a@example.org" } },
		{ "percent-encoded", "mailto:a%2Cb%21@example.org",
		  { "mailto:a%2Cb%21@example.org" } },
		{ "nothing", "", { NULL } },
		{ "commas", ",, ,", { NULL } },
		{ "an address", "agg@example.org", { NULL } },
		{ "scheme alone", "mailto:", { NULL } },
		{ "no at", "mailto:example.org", { NULL } },
		{ "no local part", "mailto:@example.org", { NULL } },
		{ "no domain", "mailto:a@", { NULL } },
		{ "at in the fields only", "mailto:a?to=b@example.org",
		  { NULL } },
		{ "no scheme", ":a@example.org", { NULL } },
		{ "digit first", "1x:a", { NULL } },
		{ "blank inside", "mailto:a@example.org x", { NULL } },
		{ "blank behind the colon", "mailto: a@example.org",
		  { NULL } },
		{ "exclamation mark", "mailto:a!b@example.org", { NULL } },
		{ "no number", "mailto:a@example.org!m", { NULL } },
		{ "unknown unit", "mailto:a@example.org!1x", { NULL } },
		{ "two units", "mailto:a@example.org!1mm", { NULL } },
		{ "two sizes", "mailto:a@example.org!1m!1m", { NULL } },
		{ "8-bit", "mailto:\xc3\xa4@example.org", { NULL } },
		{ "line end", "mailto:a@example.org\r\n", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice in = test_exact_copy(
		    slice_from_cstr(cases[i].input));
		struct cursor list = cursor_of(in);
		struct slice uri;

		for (size_t k = 0; k < MAX_URIS && cases[i].uris[k] != NULL;
		    k++) {
			if (!dmarc_take_uri(&list, &uri))
				fail_msg("%s: not found", cases[i].name);
			test_assert_slice(cases[i].name, uri,
			    cases[i].uris[k]);
		}
		if (dmarc_take_uri(&list, &uri))
			fail_msg("%s: one too many", cases[i].name);
		assert_int_equal(uri.len, 0);
		test_free_copy(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
