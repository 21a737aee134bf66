/* cli/tls_policy.h - which TLS mail to a domain goes out with: by DANE (RFC
 * 7672) where DNSSEC vouches for it, which wins; by MTA-STS (RFC 8461)
 * otherwise. */
#ifndef ASSAY_CLI_TLS_POLICY_H
#define ASSAY_CLI_TLS_POLICY_H

#include <stdatomic.h>

#include "cli/dane.h"
#include "mta_sts/policy.h"

struct policy_store;
struct strbuf;

/* What is known of a domain.  A policy of MTA-STS holds until it expires,
 * whatever becomes of its web server or its TXT record meanwhile (RFC 8461
 * 5.1). */
struct tls_policy {
	enum dane_coverage dane;
	int64_t expires_s;	/* of MTA-STS; 0: no policy */
	int64_t fetched_s;
	int64_t retry_s;	/* no web server is asked again before */
	enum mta_sts_mode mode;
	struct slice id;	/* of its TXT record */
	struct slice match;	/* "mx.example.org:.example.net" */
	uint32_t ttl_s;		/* how long what DNS has said holds */
	bool is_recalled;	/* the store was looked into */
};

/* What it takes to find out; borrowed, all of it. */
struct tls_policy_finder {
	struct resolver *resolver;
	struct policy_store *store;	/* NULL: there is none */
	const atomic_bool *is_stopping;	/* NULL: nobody ends a transfer */
	bool wants_dane;
	long fetch_timeout_ms;
};

/* Find out about DOMAIN, which is normalized, when KNOWN (never NULL; zeroed:
 * nothing) was known.  *POLICY_OUT lives in ARENA, borrows KNOWN's text.  What
 * went wrong on the way is appended to PROBLEM.  Blocks. */
void tls_policy_find(const struct tls_policy_finder *finder,
    struct arena *arena, struct slice domain, const struct tls_policy *known,
    struct tls_policy *policy_out, struct strbuf *problem);

/* One that was kept in the store.  False with the problem appended where it
 * cannot be read. */
struct store_mta_sts;
bool tls_policy_read(struct arena *arena, const struct store_mta_sts *item,
    struct tls_policy *policy_out, struct strbuf *problem);

/* When it should be fetched again, ahead of its end (RFC 8461 3.3). */
int64_t tls_policy_refresh_s(const struct tls_policy *policy);

/* Whether MTA-STS demands something at NOW_S. */
bool tls_policy_enforces(const struct tls_policy *policy, int64_t now_s);

/* What stands in Postfix's smtp_tls_policy_maps for it, such as "dane-only";
 * false and nothing where there is nothing to say. */
bool tls_policy_append(struct strbuf *text, const struct tls_policy *policy,
    int64_t now_s);

/* The policy's MX patterns in Postfix's notation, where ".example.net" is any
 * name below it: more than one label, too, other than in "*.example.net". */
void tls_policy_append_match(struct strbuf *text,
    const struct mta_sts_policy *policy);

#endif
