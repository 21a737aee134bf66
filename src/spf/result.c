/* spf/result.c - see result.h. */
#include "spf/result.h"

static const struct {
	enum spf_result result;
	const char *name;
} names[] = {
	{ SPF_NONE, "none" },
	{ SPF_NEUTRAL, "neutral" },
	{ SPF_PASS, "pass" },
	{ SPF_FAIL, "fail" },
	{ SPF_SOFTFAIL, "softfail" },
	{ SPF_TEMPERROR, "temperror" },
	{ SPF_PERMERROR, "permerror" },
};

const char *
spf_result_name(enum spf_result result)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (names[i].result == result)
			return names[i].name;
	return "none";	/* no other result exists */
}

bool
spf_parse_result(struct slice name, enum spf_result *result_out)
{
	*result_out = SPF_NONE;
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		if (slice_eq_nocase(slice_from_cstr(names[i].name), name)) {
			*result_out = names[i].result;
			return true;
		}
	return false;
}
