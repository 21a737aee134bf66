/* The packaged file and the manual against the table of keys. */
#include <string.h>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/strbuf.h"
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

static void
check_inspect(const struct inspect_options *a, const struct inspect_options *b)
{
	assert_int_equal(a->is_spf_enabled, b->is_spf_enabled);
	assert_int_equal(a->is_dkim_enabled, b->is_dkim_enabled);
	assert_int_equal(a->is_arc_enabled, b->is_arc_enabled);
	assert_int_equal(a->is_dmarc_enabled, b->is_dmarc_enabled);
	assert_int_equal(a->spf.max_void_lookups, b->spf.max_void_lookups);
	assert_int_equal(a->dkim.min_rsa_bits, b->dkim.min_rsa_bits);
	assert_int_equal(a->dkim.max_signatures, b->dkim.max_signatures);
	assert_int_equal(a->dmarc.discovery, b->dmarc.discovery);
	assert_int_equal(a->header.max_fields, b->header.max_fields);
	assert_int_equal(a->header.max_octets, b->header.max_octets);
	assert_int_equal(a->max_message_memory, b->max_message_memory);
	assert_int_equal(a->dns.max_questions, b->dns.max_questions);
	assert_int_equal(a->dns.max_answer_octets, b->dns.max_answer_octets);
	assert_int_equal(a->dns.max_answer_records,
	    b->dns.max_answer_records);
	assert_int_equal(a->spf.budget_ms, b->spf.budget_ms);
	assert_int_equal(a->finish_budget_ms, b->finish_budget_ms);
	assert_int_equal(a->dkim.max_rsa_bits, b->dkim.max_rsa_bits);
	assert_int_equal(a->arc.max_sets, b->arc.max_sets);
	assert_int_equal(a->relays.n, b->relays.n);
}

static void
check_report(const struct report_options *a, const struct report_options *b)
{
	assert_string_equal(a->store, b->store);
	assert_null(b->from);
	assert_null(b->organization);
	assert_null(b->contact);
	assert_null(b->submitter);
	assert_string_equal(a->transport, b->transport);
	assert_int_equal(a->tells_recipient_domain, b->tells_recipient_domain);
	assert_int_equal(a->keep_days, b->keep_days);
	assert_int_equal(a->max_destinations, b->max_destinations);
	assert_int_equal(a->max_octets, b->max_octets);
	assert_int_equal(a->max_rows, b->max_rows);
	assert_int_equal(a->max_reports, b->max_reports);
	assert_int_equal(a->is_failure_enabled, b->is_failure_enabled);
	assert_int_equal(a->tells_subject, b->tells_subject);
	assert_int_equal(a->failures_per_hour, b->failures_per_hour);
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
	struct milter_options no_milter = MILTER_OPTIONS_DEFAULT;

	(void)state;
	/* All but mode and the store. */
	assert_int_equal(text.len - whole.len, config_n_keys - 2);
	check_inspect(&a->inspect, &b->inspect);
	assert_string_equal(b->milter.socket, no_milter.socket);
	assert_int_equal(a->milter.socket_mode, b->milter.socket_mode);
	assert_null(b->milter.socket_group);
	assert_int_equal(a->milter.backlog, b->milter.backlog);
	assert_int_equal(a->milter.workers, b->milter.workers);
	assert_null(b->authserv_id);
	assert_int_equal(b->resolver.n_servers, 0);
	assert_int_equal(a->resolver.timeout_ms, b->resolver.timeout_ms);
	assert_int_equal(a->resolver.dnssec, b->resolver.dnssec);
	assert_null(b->resolver.trust_anchor_file);
	assert_string_equal(a->mta_sts.socket, b->mta_sts.socket);
	assert_int_equal(a->mta_sts.socket_mode, b->mta_sts.socket_mode);
	assert_null(b->mta_sts.socket_group);
	assert_int_equal(a->mta_sts.timeout_s, b->mta_sts.timeout_s);
	assert_int_equal(a->cache.megabytes, b->cache.megabytes);
	assert_null(b->zone_file);
	assert_null(b->psl_file);
	assert_int_equal(a->throttle.per_second, b->throttle.per_second);
	assert_int_equal(a->throttle.burst, b->throttle.burst);
	assert_int_equal(b->policy.n_rules, 0);
	for (size_t i = 0; i < POLICY_N_REPLIES; i++)
		assert_null(b->policy.replies[i]);
	assert_int_equal(a->policy.mode, b->policy.mode);
	assert_int_equal(a->policy.spf_reject, b->policy.spf_reject);
	assert_int_equal(a->policy.dmarc_reject, b->policy.dmarc_reject);
	assert_int_equal(a->policy.evidence, b->policy.evidence);
	assert_int_equal(b->policy.trusted_sealers.n, 0);
	assert_int_equal(b->policy.n_forwarder_networks, 0);
	assert_int_equal(b->policy.forwarder_domains.n, 0);
	assert_int_equal(a->policy.quarantine, b->policy.quarantine);
	assert_int_equal(a->policy.is_bad_from_accepted,
	    b->policy.is_bad_from_accepted);
	assert_int_equal(a->policy.is_temperror_accepted,
	    b->policy.is_temperror_accepted);
	assert_int_equal(a->policy.is_authenticated_trusted,
	    b->policy.is_authenticated_trusted);
	assert_int_equal(a->policy.n_trusted_networks,
	    b->policy.n_trusted_networks);
	for (size_t i = 0; i < a->policy.n_trusted_networks; i++) {
		assert_true(ip_eq(&a->policy.trusted_networks[i].address,
		    &b->policy.trusted_networks[i].address));
		assert_int_equal(a->policy.trusted_networks[i].prefix_bits,
		    b->policy.trusted_networks[i].prefix_bits);
	}
	check_report(&a->report, &b->report);
	assert_int_equal(a->log_level, b->log_level);
	assert_int_equal(a->log_facility, b->log_facility);
	assert_null(b->user);
	assert_int_equal(a->drain_s, b->drain_s);
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
