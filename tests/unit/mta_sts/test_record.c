/* The TXT record of MTA-STS (RFC 8461 3.1). */
#include "mta_sts/record.h"
#include "unit/test.h"

#define ID32 "0123456789abcdefghijklmnopqrstuv"

static const struct {
	const char *name, *text;
	enum mta_sts_record_status status;
	const char *id;
} cases[] = {
	{ "RFC 8461 3.1", "v=STSv1; id=20160831085700Z;", MTA_STS_RECORD_OK,
	    "20160831085700Z" },
	{ "no end", "v=STSv1; id=1", MTA_STS_RECORD_OK, "1" },
	{ "no blanks", "v=STSv1;id=1;", MTA_STS_RECORD_OK, "1" },
	{ "many blanks", "v=STSv1 \t; \tid=1 \t; \t", MTA_STS_RECORD_OK, "1" },
	{ "extension before", "v=STSv1; a.b-c_d=<x>; id=1;",
	    MTA_STS_RECORD_OK, "1" },
	{ "extension behind", "v=STSv1; id=1; x=y", MTA_STS_RECORD_OK, "1" },
	{ "the first id", "v=STSv1; id=1; id=2", MTA_STS_RECORD_OK, "1" },
	{ "32 characters", "v=STSv1; id=" ID32, MTA_STS_RECORD_OK, ID32 },
	{ "33 characters", "v=STSv1; id=x" ID32, MTA_STS_RECORD_MALFORMED,
	    "" },
	{ "no id", "v=STSv1; x=y;", MTA_STS_RECORD_MALFORMED, "" },
	{ "nothing", "v=STSv1;", MTA_STS_RECORD_MALFORMED, "" },
	{ "empty id", "v=STSv1; id=;", MTA_STS_RECORD_MALFORMED, "" },
	{ "hyphen in id", "v=STSv1; id=1-2;", MTA_STS_RECORD_MALFORMED, "" },
	{ "ID", "v=STSv1; ID=1;", MTA_STS_RECORD_MALFORMED, "" },
	{ "two fields in one", "v=STSv1; id=1 x=y;", MTA_STS_RECORD_MALFORMED,
	    "" },
	{ "empty field", "v=STSv1; ; id=1;", MTA_STS_RECORD_MALFORMED, "" },
	{ "8-bit", "v=STSv1; id=1; x=\xc3\xa4", MTA_STS_RECORD_MALFORMED,
	    "" },
	{ "no delimiter", "v=STSv1 id=1", MTA_STS_RECORD_OTHER, "" },
	{ "another version", "v=STSv2; id=1;", MTA_STS_RECORD_OTHER, "" },
	{ "case", "v=stsv1; id=1;", MTA_STS_RECORD_OTHER, "" },
	{ "SPF", "v=spf1 -all", MTA_STS_RECORD_OTHER, "" },
	{ "blank before", " v=STSv1; id=1;", MTA_STS_RECORD_OTHER, "" },
	{ "empty", "", MTA_STS_RECORD_OTHER, "" },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct slice text = test_exact_copy(
		    slice_from_cstr(cases[i].text)), id;

		if (mta_sts_parse_record(text, &id) != cases[i].status)
			fail_msg("%s: wrong status", cases[i].name);
		test_assert_slice(cases[i].name, id, cases[i].id);
		test_free_copy(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
