/* What the self-test finds reaches mail, the board and health.  Each case runs
 * in a process of its own: libcrypto reads its configuration once. */
#include "control/tester.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "control/board.h"
#include "control/self_test.h"
#include "dkim/hash.h"
#include "milter/service.h"
#include "unit/test.h"

#define CONFIG_PATH "test_tester.XXXXXX"

/* Nothing that any provider has is "fips=yes". */
static const char without_crypto[] =
    "openssl_conf = init\n"
    "[init]\n"
    "alg_section = algorithms\n"
    "[algorithms]\n"
    "default_properties = fips=yes\n";

static struct board_slot slot;

static struct tester *
create(void)
{
	struct log *log = log_create(LOG_SINK_STDERR, LOG_LEVEL_ERROR,
	    "test_tester", 0);

	return log == NULL ? NULL : tester_create(&slot, log,
	    dkim_sha256_create());
}

static int
run_sound(void)
{
	struct tester *tester = create();

	if (tester == NULL)
		return 2;
	atomic_store(&service_get()->is_unsound, true);
	tester_run(tester);
	tester_destroy(&tester);
	return slot.soundness == BOARD_SOUND && slot.n_tests == 1 &&
	    slot.n_failed_tests == 0 && slot.tested_s != 0 &&
	    slot.tested_ms != 0 && !service_get()->is_unsound &&
	    tester == NULL ? 0 : 1;
}

static int
run_unsound(void)
{
	char path[] = CONFIG_PATH;
	int fd = mkstemp(path);
	struct tester *tester;

	if (fd < 0 || write(fd, without_crypto, strlen(without_crypto)) < 0 ||
	    setenv("OPENSSL_CONF", path, 1) != 0)
		return 2;
	tester = create();
	if (tester == NULL)
		return 2;
	tester_run(tester);
	tester_destroy(&tester);
	unlink(path);
	return slot.soundness == BOARD_UNSOUND && slot.n_tests == 1 &&
	    slot.n_failed_tests == 1 && service_get()->is_unsound &&
	    strcmp(self_test_case_name(slot.failed_case), "rsa-simple") == 0 ?
	    0 : 1;
}

/* Its thread tests when it is asked, without waiting for its minute. */
static int
run_asked(void)
{
	static const struct timespec moment = { 0, 1000000 };
	struct tester *tester = create();

	if (tester == NULL || !tester_start(tester))
		return 2;
	for (unsigned long long n = 1; n <= 3; n++) {
		tester_ask(tester);
		while (slot.n_tests < n)
			nanosleep(&moment, NULL);
	}
	tester_destroy(&tester);
	return slot.n_tests >= 3 && slot.soundness == BOARD_SOUND ? 0 : 1;
}

/* A failure is not believed for a minute.  Each test makes some things anew,
 * which this forbids. */
static int
run_again(void)
{
	static const struct timespec moment = { 0, 1000000 };
	int64_t end_ms = clock_monotonic_ms() + TESTER_INTERVAL_S * 500;
	struct tester *tester = create();

	if (tester == NULL ||
	    EVP_set_default_properties(NULL, "fips=yes") != 1)
		return 2;
	tester_run(tester);
	if (slot.soundness != BOARD_UNSOUND ||
	    EVP_set_default_properties(NULL, "") != 1 ||
	    !tester_start(tester))
		return 2;
	while (slot.soundness != BOARD_SOUND && clock_monotonic_ms() < end_ms)
		nanosleep(&moment, NULL);
	tester_destroy(&tester);
	return slot.soundness == BOARD_SOUND && slot.n_tests == 2 ? 0 : 1;
}

static void
test_sound(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(run_sound), 0);
}

static void
test_without_algorithms(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(run_unsound), 0);
}

static void
test_asked(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(run_asked), 0);
}

static void
test_again(void **state)
{
	(void)state;
	assert_int_equal(test_run_child(run_again), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_without_algorithms),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
