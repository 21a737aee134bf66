/* DNS answers kept in a file, and given out again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/recording.h"
#include "dns/zone.h"
#include "unit/dns/show.h"
#include "unit/test.h"

static const struct {
	const char *name;
	enum dns_type type;
} questions[] = {
	{ "example.org", DNS_TXT },
	{ "example.org", DNS_MX },
	{ "example.org", DNS_A },
	{ "example.org", DNS_AAAA },
	{ "alias.example.org", DNS_TXT },
	{ "octets.example.org", DNS_TXT },
	{ "absent.example.org", DNS_TXT },
	{ "failing.example.org", DNS_TXT },
	{ "slow.example.org", DNS_A },
	{ "a\xff\x01.example.org", DNS_TXT },
};

static void
add(struct resolver *zone, const char *name, enum dns_type type,
    struct dns_record record)
{
	assert_true(zone_add_record(zone, slice_from_cstr(name), type, &record,
	    300));
}

static struct resolver *
make_zone(void)
{
	static const char octets[] = "\0\x7f\x80\xff\"\\";
	struct resolver *zone = zone_create();

	assert_non_null(zone);
	add(zone, "example.org", DNS_TXT,
	    (struct dns_record){ .text = SLICE("v=spf1 -all") });
	add(zone, "example.org", DNS_TXT,
	    (struct dns_record){ .text = SLICE("") });
	add(zone, "example.org", DNS_MX, (struct dns_record){
	    .text = SLICE("mx.example.org"), .preference = 65535 });
	add(zone, "example.org", DNS_A,
	    (struct dns_record){ .address = { 192, 0, 2, 255 } });
	add(zone, "alias.example.org", DNS_CNAME,
	    (struct dns_record){ .text = SLICE("example.org") });
	add(zone, "octets.example.org", DNS_TXT, (struct dns_record){
	    .text = { octets, sizeof(octets) - 1 } });
	add(zone, "a\xff\x01.example.org", DNS_TXT,
	    (struct dns_record){ .text = SLICE("odd") });
	assert_true(zone_add_fault(zone, SLICE("failing.example.org"),
	    ZONE_FAULT_SERVFAIL));
	assert_true(zone_add_fault(zone, SLICE("slow.example.org"),
	    ZONE_FAULT_TIMEOUT));
	return zone;
}

static struct slice
ask(struct arena *arena, struct resolver *resolver, size_t i)
{
	const struct dns_answer *answer = dns_query(resolver, arena,
	    slice_from_cstr(questions[i].name), questions[i].type, INT64_MAX);

	return show_answer(arena, answer, questions[i].type);
}

static const char *
make_path(struct arena *arena)
{
	char name[] = "/tmp/assay-recording-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	close(fd);
	return arena_copy_cstr(arena, slice_from_cstr(name));
}

static void
test_replay(void **state)
{
	struct arena *arena = test_arena();
	struct resolver *zone = make_zone(), *recorder, *replay;
	struct recording *recording = recording_create(1795299600);
	const char *path = make_path(arena);
	struct slice first[N_ELEMENTS(questions)];
	struct strbuf problem;

	(void)state;
	strbuf_init(&problem, arena, 1000);
	recorder = recording_record(recording, zone);
	for (size_t i = 0; i < N_ELEMENTS(questions); i++)
		first[i] = ask(arena, recorder, i);
	assert_true(recording_save(recording, path, &problem));
	dns_destroy_resolver(&recorder);
	dns_destroy_resolver(&zone);
	recording_destroy(&recording);

	recording = recording_load(path, &problem);
	if (recording == NULL)
		fail_msg("%s", strbuf_cstr(&problem));
	assert_int_equal(recording_time_s(recording), 1795299600);
	replay = recording_replay(recording);
	for (size_t i = 0; i < N_ELEMENTS(questions); i++)
		test_assert_slice(questions[i].name, ask(arena, replay, i),
		    arena_copy_cstr(arena, first[i]));
	assert_int_equal(dns_query(replay, arena, SLICE("new.example.org"),
	    DNS_TXT, INT64_MAX)->status, DNS_TEMPFAIL);
	dns_destroy_resolver(&replay);
	recording_destroy(&recording);
	unlink(path);
	arena_destroy(&arena);
}

static const struct {
	const char *name, *text;
	const char *problem;	/* of the file; NULL: of the answer */
} broken[] = {
	{ "no JSON", "nonsense", ":1: " },
	{ "cut", "{\"version\": 1,\n\"answers\": {", ":2: " },
	{ "no recording", "{}", "no recording of version" },
	{ "another version", "{\"version\": 2, \"answers\": {}}",
	    "no recording of version" },
	{ "an answer of another kind", "{\"version\": 1, \"time\": 1, "
	    "\"answers\": {\"TXT example.org\": 7}}", NULL },
	{ "no status", "{\"version\": 1, \"time\": 1, \"answers\": "
	    "{\"TXT example.org\": {\"records\": [\"x\"]}}}", NULL },
	{ "records without NOERROR", "{\"version\": 1, \"time\": 1, "
	    "\"answers\": {\"TXT example.org\": {\"status\": \"NODATA\", "
	    "\"records\": [\"x\"]}}}", NULL },
	{ "characters that are no octets", "{\"version\": 1, \"time\": 1, "
	    "\"answers\": {\"TXT example.org\": {\"status\": \"NOERROR\", "
	    "\"records\": [\"\\u0100\"]}}}", NULL },
	{ "a number for a text", "{\"version\": 1, \"time\": 1, "
	    "\"answers\": {\"TXT example.org\": {\"status\": \"NOERROR\", "
	    "\"records\": [7]}}}", NULL },
};

static void
check_broken(struct arena *arena, size_t i, const char *path)
{
	struct strbuf problem;
	struct recording *recording;
	struct resolver *replay;
	const struct dns_answer *answer;

	strbuf_init(&problem, arena, 1000);
	recording = recording_load(path, &problem);
	if (broken[i].problem != NULL) {
		if (recording != NULL || strstr(strbuf_cstr(&problem),
		    broken[i].problem) == NULL)
			fail_msg("%s: %s", broken[i].name,
			    strbuf_cstr(&problem));
		return;
	}
	assert_non_null(recording);
	replay = recording_replay(recording);
	answer = dns_query(replay, arena, SLICE("example.org"), DNS_TXT,
	    INT64_MAX);
	if (answer->status != DNS_TEMPFAIL)
		fail_msg("%s: it was taken", broken[i].name);
	dns_destroy_resolver(&replay);
	recording_destroy(&recording);
}

static void
test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(broken); i++) {
		struct arena *arena = test_arena();
		const char *path = make_path(arena);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		assert_true(fputs(broken[i].text, file) != EOF);
		assert_int_equal(fclose(file), 0);
		check_broken(arena, i, path);
		unlink(path);
		arena_destroy(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
