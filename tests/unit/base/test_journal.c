/* What the journal is sent: libsystemd's function is taken the place of. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/journal.h"
#include "base/log.h"
#include "base/log_pairs.h"
#include "unit/test.h"

static char sent[16384];	/* by whoever called last; fields end with \n */

__attribute__((visibility("default")))
int
sd_journal_sendv(const struct iovec *parts, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		assert_true(len + parts[i].iov_len + 2 < sizeof(sent));
		memcpy(sent + len, parts[i].iov_base, parts[i].iov_len);
		len += parts[i].iov_len;
		sent[len++] = '\n';
	}
	sent[len] = '\0';
	return 0;
}

static void
test_message(void **state)
{
	struct log *log = log_create(LOG_SINK_JOURNAL, LOG_LEVEL_INFO,
	    "assayd", LOG_MAIL);

	(void)state;
	assert_true(journal_is_built());
	assert_non_null(log);
	log_write(log, LOG_LEVEL_ERROR, "it is %d\nPRIORITY=7", 3);
	assert_string_equal(sent, "MESSAGE=it is 3?PRIORITY=7\nPRIORITY=3\n"
	    "SYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=assayd\n");
	log_reconfigure(log, &(struct log_settings){
		.sink = LOG_SINK_JOURNAL, .format = LOG_FORMAT_JSON,
		.facility = LOG_LOCAL3 });
	log_write(log, LOG_LEVEL_INFO, "two");
	assert_int_equal(strncmp(sent, "MESSAGE={\"time\":\"2", 18), 0);
	assert_non_null(strstr(sent, "Z\",\"level\":\"info\",\"message\":"
	    "\"two\"}\nPRIORITY=6\nSYSLOG_FACILITY=19\n"));
	log_destroy(&log);
}

static void
test_pairs(void **state)
{
	struct log *log = log_create(LOG_SINK_JOURNAL, LOG_LEVEL_INFO,
	    "assayd", LOG_MAIL);
	struct log_pairs pairs;

	(void)state;
	assert_non_null(log);
	log_pairs_init(&pairs);
	log_pairs_add_word(&pairs, "session", "5f-1");
	log_pairs_add_word(&pairs, "id", "5f-1.2");
	log_pairs_add(&pairs, "queue", SLICE("4X\nASSAY_ID=5\xff"), 64);
	log_pairs_add_word(&pairs, "verdict", "accept");
	log_pairs_add_word(&pairs, "reason", "why");
	log_write_pairs(log, LOG_LEVEL_INFO, &pairs);
	assert_string_equal(sent, "MESSAGE=session=5f-1 id=5f-1.2 "
	    "queue=\"4X\\x0aASSAY_ID=5\\xff\" verdict=accept reason=why\n"
	    "PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=assayd\n"
	    "ASSAY_ID=5f-1.2\nASSAY_SESSION=5f-1\n"
	    "ASSAY_QUEUE=4X\\x0aASSAY_ID=5\\xff\nASSAY_VERDICT=accept\n");
	log_destroy(&log);
}

/* All its fields, as long as they can be. */
static void
test_all_fields(void **state)
{
	static const char *const keys[] = { "session", "id", "queue",
		"client", "dmarc", "dmarc_domain", "verdict" };
	struct log *log = log_create(LOG_SINK_JOURNAL, LOG_LEVEL_INFO,
	    "assayd", LOG_MAIL);
	struct log_pairs pairs;
	char ugly[5000];
	size_t n_lines = 0;

	(void)state;
	assert_non_null(log);
	memset(ugly, '\n', sizeof(ugly));
	log_pairs_init(&pairs);
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		log_pairs_add(&pairs, keys[i],
		    (struct slice){ ugly, sizeof(ugly) }, sizeof(ugly));
	log_write_pairs(log, LOG_LEVEL_INFO, &pairs);
	for (const char *at = sent; *at != '\0'; at++)
		n_lines += *at == '\n';
	assert_int_equal(n_lines, 4 + N_ELEMENTS(keys));
	assert_string_equal(sent + strlen(sent) - 8, "\\x0a...\n");
	log_destroy(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_all_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
