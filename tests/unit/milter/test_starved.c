/* Threads that have to wait, and whose; and what accept(2) fails with. */
#include "milter/starved.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "milter/libmilter.h"
#include "milter/service.h"
#include "unit/capture.h"
#include "unit/test.h"

#define AT_LEAST_MS 40

static void *
run_ours(void *arg)
{
	return arg;
}

/* One of libmilter's functions, which does nothing for NULL. */
static void *(*
find_libmilters(void))(void *)
{
	unsigned major, minor, patch;
	void *address;

	/* Called from here, or a linker that leaves out what nobody calls
	 * (--as-needed) would leave out the library. */
	assert_int_equal(smfi_version(&major, &minor, &patch), MI_SUCCESS);
	address = dlsym(RTLD_DEFAULT, "smfi_progress");
	assert_non_null(address);
	return (void *(*)(void *))(uintptr_t)address;
}

static void
test_later(void **state)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_INFO, "assayd",
	    0);
	struct arena *arena = test_arena();
	struct capture capture;

	(void)state;
	service_get()->log = log;
	assert_false(starved_start_later(find_libmilters(), NULL));
	assert_true(starved_prepare());
	assert_true(starved_prepare());
	capture_start(&capture);
	assert_false(starved_start_later(run_ours, NULL));
	for (int i = 0; i < 3; i++)
		assert_true(starved_start_later(find_libmilters(), NULL));
	test_assert_slice("log", capture_end(&capture, arena), "assayd: error: "
	    "there can be no more threads: a session waits for one\n");
	service_get()->log = NULL;
	arena_destroy(&arena);
	log_destroy(&log);
}

static void
test_pause(void **state)
{
	static const struct {
		int error;
		bool is_paused;
	} cases[] = {
		{ EAGAIN, false }, { ECONNABORTED, false }, { EINTR, false },
		{ EMFILE, true }, { ENFILE, true }, { ENOMEM, true },
		{ ENOBUFS, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		int64_t start_ms = clock_monotonic_ms();

		starved_pause(cases[i].error);
		if (cases[i].is_paused)
			assert_true(clock_monotonic_ms() - start_ms >=
			    AT_LEAST_MS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
