/* The packaged file and the manual against the table of keys. */
#include <string.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "config/changes.h"
#include "config/config.h"
#include "config/keys.h"
#include "unit/test.h"

static const char conf_path[] = "conf/assayd.conf";
static const char man_path[] = "man/assayd.conf.5";

static struct config *
load(struct arena *arena, struct slice text)
{
	struct strbuf problems;
	struct config *config;

	strbuf_init(&problems, arena, 100000);
	config = config_load_text(conf_path, text, &problems);
	test_assert_slice("problems", strbuf_slice(&problems), "");
	assert_non_null(config);
	return config;
}

static void
test_as_packaged(void **state)
{
	struct arena *arena = test_arena();
	struct config *config = load(arena, test_read_file(arena, conf_path));

	(void)state;
	assert_int_equal(config->policy.mode, POLICY_MODE_MONITOR);
	/* What the unit's StateDirectory is for. */
	assert_string_equal(config->report.store,
	    "sqlite:/var/lib/assay/assay.db");
	/* Where the tool looks for it. */
	assert_string_equal(config->control.socket,
	    "unix:/run/assay/control.sock");
	config_unload(&config);
	arena_destroy(&arena);
}

/* "#", blanks, and then "NAME = ": a key that is commented out. */
static bool
is_key_comment(struct slice line)
{
	struct cursor cur = cursor_of(line);

	if (!cursor_take_char(&cur, '#'))
		return false;
	cursor_skip_wsp(&cur);
	while (ascii_is_alnum((char)cursor_peek(&cur)) ||
	    cursor_peek(&cur) == '_')
		cur.pos++;
	return cursor_take_text_nocase(&cur, SLICE(" = "));
}

static struct slice
uncomment(struct arena *arena, struct slice text)
{
	struct cursor cur = cursor_of(text);
	struct strbuf buf;

	strbuf_init(&buf, arena, text.len + 1);
	while (!cursor_at_end(&cur)) {
		struct slice line = cursor_take_until(&cur, '\n');

		strbuf_append(&buf, slice_from(line, is_key_comment(line)));
		if (cursor_take_char(&cur, '\n'))
			strbuf_append_char(&buf, '\n');
	}
	assert_false(buf.has_failed);
	return strbuf_slice(&buf);
}

/* With all comments of keys taken away it says what it said before: they tell
 * the defaults. */
static void
test_defaults(void **state)
{
	struct arena *arena = test_arena();
	struct slice text = test_read_file(arena, conf_path);
	struct slice whole = uncomment(arena, text);
	struct config *a = load(arena, text), *b = load(arena, whole);
	struct strbuf changes;

	(void)state;
	/* All but mode, the store and the control socket. */
	assert_int_equal(text.len - whole.len, config_n_keys - 3);
	strbuf_init(&changes, arena, 10000);
	config_append_changes(a, b, &changes);
	/* Lists whose default is not empty. */
	test_assert_slice("changes", strbuf_slice(&changes),
	    "resolver.servers: default -> []\n"
	    "dmarc.evidence: default -> [arc, signature, list, forwarder, "
	    "relay, ...]\n"
	    "trusted.networks: default -> [127.0.0.0/8, ::1]\n");
	assert_int_equal(b->resolver.n_servers, 0);
	assert_int_equal(a->policy.evidence, b->policy.evidence);
	assert_int_equal(a->policy.n_trusted_networks,
	    b->policy.n_trusted_networks);
	for (size_t i = 0; i < a->policy.n_trusted_networks; i++) {
		assert_true(ip_eq(&a->policy.trusted_networks[i].address,
		    &b->policy.trusted_networks[i].address));
		assert_int_equal(a->policy.trusted_networks[i].prefix_bits,
		    b->policy.trusted_networks[i].prefix_bits);
	}
	config_unload(&a);
	config_unload(&b);
	arena_destroy(&arena);
}

/* Every key has its item in the manual: ".It Cm PATH". */
static void
test_manual(void **state)
{
	struct arena *arena = test_arena();
	struct slice text = test_read_file(arena, man_path);
	const char *page = arena_copy_cstr(arena, text);

	(void)state;
	assert_non_null(page);
	for (size_t i = 0; i < config_n_keys; i++) {
		struct strbuf item;

		strbuf_init(&item, arena, 100);
		strbuf_printf(&item, "\n.It Cm %s No", config_keys[i].path);
		assert_non_null(strbuf_cstr(&item));
		if (strstr(page, strbuf_cstr(&item)) == NULL)
			fail_msg("%s does not describe %s", man_path,
			    config_keys[i].path);
	}
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_packaged),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
