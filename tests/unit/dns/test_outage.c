/* When a fresh start is due, by failures, answers and time alone. */
#include "dns/outage.h"
#include "unit/test.h"

/* What happens: "f" a failure, "a" an answer, "s" a fresh start. */
static void
play(struct outage *outage, char event, int64_t now_ms)
{
	switch (event) {
	case 'f':
		outage_note_failure(outage);
		break;
	case 'a':
		outage_note_answer(outage, now_ms);
		break;
	case 's':
		outage_note_start(outage, now_ms);
		break;
	default:
		fail_msg("no such event");
	}
}

static void
test_start_is_due(void **state)
{
	static const struct {
		const char *name, *events;	/* 100 ms apart, from 10 s on */
		int64_t then_ms;		/* behind the last one */
		bool is_due;
	} cases[] = {
		{ "nothing yet", "", 5000, false },
		{ "answers", "aaaa", 5000, false },
		{ "two failures", "ff", 5000, false },
		{ "three, without any answer before", "fff", 0, true },
		{ "two and an answer between them", "affaf", 5000, false },
		{ "three, an answer 999 ms ago", "afff", 699, false },
		{ "three, an answer 1000 ms ago", "afff", 700, true },
		{ "many, an answer just now", "ffffffa", 5000, false },
		{ "many between two answers to others", "afffaf", 5000,
		    false },
		{ "eight in a row after an answer", "affffffff", 0, false },
		{ "ten in a row after an answer", "affffffffff", 0, true },
		{ "999 ms after a start", "fffs", 999, false },
		{ "1000 ms after a start", "fffs", 1000, true },
		{ "an answer after the start", "fffsa", 5000, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct outage outage = { 0 };
		int64_t now_ms = 10000, last_ms = now_ms;

		for (const char *e = cases[i].events; *e != '\0'; e++) {
			play(&outage, *e, now_ms);
			last_ms = now_ms;
			now_ms += 100;
		}
		if (outage_is_start_due(&outage, last_ms +
		    cases[i].then_ms) != cases[i].is_due)
			fail_msg("%s", cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
