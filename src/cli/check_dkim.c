/* cli/check_dkim.c - see check.h: the domain's DKIM keys (RFC 6376 3.6.1,
 * RFC 8301).  DNS cannot list selectors: without --selector those are tried
 * that common senders use. */
#include "cli/check.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "config/settings.h"
#include "dkim/key_set.h"

#define MAX_NAME ((size_t)512)
#define GOOD_RSA_BITS 2048	/* RFC 8301 3.2: signers SHOULD use */
#define STALE_RSA_BITS 1024	/* and verifiers MUST NOT take less */

static const struct slice well_known[] = {
	SLICE_INIT("default"), SLICE_INIT("dkim"), SLICE_INIT("mail"),
	SLICE_INIT("mx"), SLICE_INIT("smtp"), SLICE_INIT("email"),
	SLICE_INIT("key1"), SLICE_INIT("k1"), SLICE_INIT("k2"),
	SLICE_INIT("k3"), SLICE_INIT("s1"), SLICE_INIT("s2"),
	SLICE_INIT("sel1"), SLICE_INIT("sel2"), SLICE_INIT("selector1"),
	SLICE_INIT("selector2"), SLICE_INIT("google"), SLICE_INIT("fm1"),
	SLICE_INIT("fm2"), SLICE_INIT("fm3"), SLICE_INIT("protonmail"),
	SLICE_INIT("protonmail2"), SLICE_INIT("protonmail3"),
	SLICE_INIT("zoho"), SLICE_INIT("mandrill"), SLICE_INIT("rsa"),
	SLICE_INIT("ed25519"), SLICE_INIT("2024"), SLICE_INIT("2025"),
	SLICE_INIT("2026"),
};

static struct slice
name_of(struct check *check, struct slice selector)
{
	struct strbuf name;

	strbuf_init(&name, check->arena, MAX_NAME);
	strbuf_append(&name, selector);
	strbuf_append_cstr(&name, "._domainkey.");
	strbuf_append(&name, check->domain);
	if (name.has_failed)
		check->has_failed = true;
	return strbuf_slice(&name);
}

static void
check_size(struct check *check, const char *selector,
    const struct dkim_key *key)
{
	if (key->record.type == DKIM_KEY_ED25519)
		check_add(check, CHECK_GOOD, "dkim", "dkim-key", NULL,
		    "selector %s: an Ed25519 key (RFC 8463)", selector);
	else if (key->bits < STALE_RSA_BITS)
		check_add(check, CHECK_CRITICAL, "dkim", "dkim-key-short",
		    "replace it by one of 2048 bits", "selector %s: an RSA "
		    "key of %u bits, which verifies nowhere (RFC 8301)",
		    selector, key->bits);
	else if (key->bits < GOOD_RSA_BITS)
		check_add(check, CHECK_WARNING, "dkim", "dkim-key-1024",
		    "replace it by one of 2048 bits", "selector %s: an RSA "
		    "key of %u bits", selector, key->bits);
	else
		check_add(check, CHECK_GOOD, "dkim", "dkim-key", NULL,
		    "selector %s: an RSA key of %u bits", selector,
		    key->bits);
}

static void
check_key(struct check *check, const char *selector,
    const struct dkim_key *key)
{
	enum dkim_reason reason = key->parse_reason;

	if (reason == DKIM_REASON_NONE && key->is_revoked) {
		check_add(check, CHECK_NOTE, "dkim", "dkim-revoked", NULL,
		    "selector %s is revoked", selector);
		return;
	}
	if (reason == DKIM_REASON_NONE)
		reason = key->make_reason;
	if (reason != DKIM_REASON_NONE &&
	    reason != DKIM_REASON_KEY_TOO_SHORT) {
		check_add(check, CHECK_CRITICAL, "dkim", "dkim-key-syntax",
		    NULL, "selector %s: %s", selector,
		    dkim_reason_text(reason));
		return;
	}
	check_size(check, selector, key);
	if (key->record.is_testing)
		check_add(check, CHECK_WARNING, "dkim", "dkim-testing",
		    "take t=y away", "selector %s is marked as a test",
		    selector);
	if (!key->record.allows_email)
		check_add(check, CHECK_CRITICAL, "dkim", "dkim-service",
		    "s= must allow email", "selector %s is not for mail",
		    selector);
	if (!key->record.allows_sha256)
		check_add(check, CHECK_CRITICAL, "dkim", "dkim-hash",
		    "h= must allow sha256", "selector %s allows no SHA-256",
		    selector);
}

static void
check_keys(struct check *check, const char *selector,
    const struct dns_answer *answer)
{
	const struct dkim_key_set *set = dkim_get_key_set(check->arena,
	    answer);

	if (set == NULL) {
		check->has_failed = true;
		return;
	}
	if (set->n_keys > 1)
		check_add(check, CHECK_WARNING, "dkim", "dkim-several",
		    "leave one (RFC 6376 3.6.2.2)",
		    "selector %s has %zu records", selector, set->n_keys);
	for (size_t i = 0; i < set->n_keys; i++)
		check_key(check, selector, &set->keys[i]);
}

static const struct dns_answer *
ask(struct check *check, struct slice selector)
{
	return dns_query(check->resolver, check->arena,
	    name_of(check, selector), DNS_TXT, INT64_MAX);
}

static void
prefetch(struct check *check, const struct slice *selectors, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dns_prefetch(check->resolver, name_of(check, selectors[i]),
		    DNS_TXT);
}

static void
check_selector(struct check *check, struct slice selector)
{
	const char *shown = check_show(check, selector);
	const struct dns_answer *answer = ask(check, selector);

	if (answer->status == DNS_TEMPFAIL)
		check_add(check, CHECK_UNKNOWN, "dkim", "dns", NULL,
		    "selector %s: %s", shown, answer->why);
	else if (answer->n_records == 0)
		check_add(check, CHECK_CRITICAL, "dkim", "dkim-no-key", NULL,
		    "selector %s has no key", shown);
	else
		check_keys(check, shown, answer);
}

/* Those that are not there are no finding each, nor is each question that had
 * no answer. */
static void
check_well_known(struct check *check)
{
	size_t n_found = 0, n_unknown = 0;
	const char *why = NULL;

	prefetch(check, well_known, N_ELEMENTS(well_known));
	for (size_t i = 0; i < N_ELEMENTS(well_known); i++) {
		const struct dns_answer *answer = ask(check, well_known[i]);

		if (answer->status == DNS_TEMPFAIL) {
			n_unknown++;
			why = answer->why;
		} else if (answer->n_records != 0) {
			n_found++;
			check_keys(check, check_show(check, well_known[i]),
			    answer);
		}
	}
	if (n_unknown != 0)
		check_add(check, CHECK_UNKNOWN, "dkim", "dns", NULL,
		    "%zu of the %zu selectors that are common: %s", n_unknown,
		    N_ELEMENTS(well_known), why);
	else if (n_found == 0)
		check_add(check, CHECK_NOTE, "dkim", "dkim-no-selector",
		    "name yours with --selector", "no key at any of the %zu "
		    "selectors that are common", N_ELEMENTS(well_known));
}

void
check_dkim(struct check *check)
{
	if (check->n_selectors == 0) {
		check_well_known(check);
		return;
	}
	prefetch(check, check->selectors, check->n_selectors);
	for (size_t i = 0; i < check->n_selectors; i++)
		check_selector(check, check->selectors[i]);
}
