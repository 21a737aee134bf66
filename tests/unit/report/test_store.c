/* Which URLs are a store's. */
#include "report/store.h"
#include "unit/test.h"

/* Where PostgreSQL was not built its URLs are not looked at. */
static const struct {
	const char *url;
	bool is_right;
} urls[] = {
	{ "sqlite:/var/lib/assay/assay.db", true },
	{ "sqlite:///var/lib/assay/assay.db", true },
	{ "sqlite:/x", true },
	{ "", false },
	{ "sqlite:", false },
	{ "sqlite:/", false },
	{ "sqlite:/var/lib/assay/", false },
	{ "sqlite:assay.db", false },
	{ "sqlite::memory:", false },
	{ "SQLite:/x", false },
	{ "/var/lib/assay/assay.db", false },
	{ "mysql://localhost/assay", false },
	{ "postgresql:/db/assay", false },
	{ "postgresql://db.example.org/assay", true },
	{ "postgresql://assay:p%40ss@db.example.org:5432/assay", true },
	{ "postgresql:///assay?host=/run/postgresql", true },
	{ "postgresql://[2001:db8::1],192.0.2.1:5433/assay"
	    "?target_session_attrs=read-write", true },
	{ "postgresql://assay:p@ss@db.example.org/assay", false },
	{ "postgresql://assay:p/ss@db.example.org/assay", false },
	{ "postgresql://assay:p?ss@db.example.org/assay", true },
	{ "postgresql://assay:12/3@db.example.org/assay", false },
	{ "postgresql://db.example.org/assay?nonsense=1", false },
	{ "postgresql://db.example.org:5432x/assay", false },
	{ "postgresql://db.example.org/%zz", false },
};

static void
test_urls(void **state)
{
	bool has_postgresql =
	    store_check_url(SLICE("postgresql://h/d")) != STORE_NOT_BUILT;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(urls); i++) {
		struct slice text = slice_from_cstr(urls[i].url);
		struct slice url = test_exact_copy(text);
		enum store_status status = store_check_url(url);

		if (!has_postgresql &&
		    slice_starts_with(text, SLICE("postgresql://")))
			assert_int_equal(status, STORE_NOT_BUILT);
		else if (status != (urls[i].is_right ? STORE_OK :
		    STORE_BAD_URL))
			fail_msg("%s: status %d", urls[i].url, (int)status);
		test_free_copy(url);
	}
	assert_int_equal(store_check_url(SLICE("sqlite:/a\0b")),
	    STORE_BAD_URL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
