/* What a reload is said to have changed. */
#include "config/changes.h"

#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "config/keys.h"
#include "unit/test.h"

#define M "mode = \"monitor\"; "

static const struct {
	const char *name, *before, *after, *changes;
} cases[] = {
	{ "nothing", M, M, "" },
	{ "a default written out", M, M "dmarc: { quarantine = \"hold\"; "
	    "reject = \"knowledge\"; }; log: { level = \"info\"; "
	    "facility = \"mail\"; }; drain_s = 30; milter: { socket_mode = "
	    "\"0660\"; workers = 1; };", "" },
	{ "an empty list written out", M, M "spf: { reject = []; };", "" },
	{ "mode", M, "mode = \"enforce\";", "mode: monitor -> enforce\n" },
	{ "a text with a default", M, M "dmarc: { quarantine = \"tag\"; };",
	    "dmarc.quarantine: hold -> tag\n" },
	{ "a text back to its default", M "dmarc: { quarantine = "
	    "\"redirect:q@example.org\"; };", M,
	    "dmarc.quarantine: redirect:q@example.org -> hold\n" },
	{ "a text without a default", M, M "authserv_id = \"mx.example.org\";",
	    "authserv_id: \"\" -> mx.example.org\n" },
	{ "number", M "drain_s = 5;", M, "drain_s: 5 -> 30\n" },
	{ "size", M, M "limits: { header_octets = 20000; };",
	    "limits.header_octets: 262144 -> 20000\n" },
	{ "bool", M, M "spf: { enabled = false; };",
	    "spf.enabled: true -> false\n" },
	{ "list", M "spf: { reject = [\"fail\", \"softfail\"]; };",
	    M "spf: { reject = [\"permerror\", \"fail\"]; };",
	    "spf.reject: 1 added (permerror), 1 removed (softfail)\n" },
	{ "order of a list", M "resolver: { servers = [\"192.0.2.1\", "
	    "\"192.0.2.2\"]; };", M "resolver: { servers = [\"192.0.2.2\", "
	    "\"192.0.2.1\"]; };", "resolver.servers: in another order\n" },
	{ "a list that was its default", M, M "trusted: { networks = "
	    "[\"192.0.2.0/24\"]; };",
	    "trusted.networks: default -> [192.0.2.0/24]\n" },
	{ "many names", M, M "arc: { trusted_sealers = [\"a.example\", "
	    "\"b.example\", \"c.example\", \"d.example\", \"e.example\", "
	    "\"f.example\"]; };", "arc.trusted_sealers: 6 added (a.example, "
	    "b.example, c.example, d.example, e.example, ...)\n" },
	{ "rules", M "rules = ( { name = \"a\"; match: { author_domain = "
	    "[\"example.org\"]; }; action = \"none\"; why = \"w\"; }, "
	    "{ name = \"b\"; match: { author_domain = [\"example.net\"]; }; "
	    "action = \"none\"; why = \"w\"; }, { name = \"d\"; match: { "
	    "author_domain = [\"example.com\"]; }; action = \"none\"; why = "
	    "\"w\"; } );", M "rules = ( { name = \"a\"; match: { "
	    "author_domain = [\"example.org\"]; }; action = \"reject\"; why = "
	    "\"w\"; }, { name = \"c\"; match: { author_domain = "
	    "[\"example.net\"]; }; action = \"none\"; why = \"w\"; }, "
	    "{ name = \"d\"; match: { author_domain = [\"example.com\"]; }; "
	    "action = \"none\"; why = \"w\"; } );",
	    "rules: 1 added (c), 1 removed (b), 1 changed (a)\n" },
	{ "a rule's shadow", M "rules = ( { match: { author_domain = "
	    "[\"example.org\"]; }; action = \"none\"; why = \"w\"; shadow = "
	    "true; } );", M "rules = ( { match: { author_domain = "
	    "[\"example.org\"]; }; action = \"none\"; why = \"w\"; shadow = "
	    "false; } );", "rules: 1 changed (1)\n" },
	{ "a password is not shown", M, M "store = "
	    "\"postgresql://assay:secret@192.0.2.1/assay\";",
	    "store: changed\n" },
	{ "at the next start", M, M "milter: { socket = "
	    "\"inet:8891@127.0.0.1\"; workers = 3; };",
	    "milter.socket: unix:/run/assay/assayd.sock -> "
	    "inet:8891@127.0.0.1 (when assayd is restarted)\n"
	    "milter.workers: 1 -> 3 (when assayd is restarted)\n" },
	{ "several, in the order of the keys",
	    "mode = \"enforce\"; dmarc: { quarantine = \"hold\"; };",
	    M "dmarc: { quarantine = \"tag\"; }; arc: { trusted_sealers = "
	    "[\"lists.example.org\"]; };", "mode: enforce -> monitor\n"
	    "arc.trusted_sealers: 1 added (lists.example.org)\n"
	    "dmarc.quarantine: hold -> tag\n" },
};

static struct config *
load(struct arena *arena, const char *text)
{
	struct strbuf problems;
	struct config *config;

	strbuf_init(&problems, arena, 100000);
	config = config_load_text("f", slice_from_cstr(text), &problems);
	if (config == NULL)
		fail_msg("%.*s", SLICE_PRINTF(strbuf_slice(&problems)));
	return config;
}

static void
test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct arena *arena = test_arena();
		struct config *before = load(arena, cases[i].before);
		struct config *after = load(arena, cases[i].after);
		struct strbuf text;

		strbuf_init(&text, arena, 100000);
		config_append_changes(before, after, &text);
		test_assert_slice(cases[i].name, strbuf_slice(&text),
		    cases[i].changes);
		config_unload(&before);
		config_unload(&after);
		arena_destroy(&arena);
	}
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The configuration is the same, a file that it names is not. */
static void
test_sealers_file(void **state)
{
	struct arena *arena = test_arena();
	char path[] = "/tmp/assay-test-XXXXXX", text[200];
	int fd = mkstemp(path);
	struct config *before, *after;
	struct strbuf changes;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	snprintf(text, sizeof(text), M "arc: { trusted_sealers = [\"file:%s\"]"
	    "; };", path);
	write_file(path, "a.example.org\nb.example.org\n");
	before = load(arena, text);
	write_file(path, "b.example.org # stays\nc.example.org\n"
	    "*.d.example.org\n");
	after = load(arena, text);
	unlink(path);
	strbuf_init(&changes, arena, 100000);
	config_append_changes(before, after, &changes);
	test_assert_slice("file", strbuf_slice(&changes),
	    "arc.trusted_sealers: 2 added (*.d.example.org, c.example.org), "
	    "1 removed (a.example.org)\n");
	config_unload(&before);
	config_unload(&after);
	arena_destroy(&arena);
}

/* Else a default that is written out would seem to be a change. */
static void
test_words_have_defaults(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		bool is_known = false;

		if (key->type != KEY_WORD || strcmp(key->path, "mode") == 0)
			continue;
		if (key->unset == NULL)
			fail_msg("%s has no default", key->path);
		for (const struct key_word *word = key->words;
		    word->word != NULL; word++)
			is_known |= strcmp(word->word, key->unset) == 0;
		if (!is_known)
			fail_msg("%s cannot be %s", key->path, key->unset);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_sealers_file),
		cmocka_unit_test(test_words_have_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
