/* cli/tls_policy.c - see tls_policy.h. */
#include "cli/tls_policy.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/policy_fetch.h"
#include "cli/policy_store.h"
#include "dns/dns.h"
#include "mta_sts/record.h"

#define MAX_NAME ((size_t)512)
#define MAX_MATCH MTA_STS_MAX_OCTETS

/* RFC 8461 3.3: five minutes between tries, and a look once a day. */
#define RETRY_S 300
#define REFRESH_S CLOCK_DAY_S

struct finding {
	const struct tls_policy_finder *finder;
	struct arena *arena;
	struct slice domain;
	int64_t now_s;
	struct tls_policy *policy;	/* so far */
	struct strbuf *problem;
};

int64_t
tls_policy_refresh_s(const struct tls_policy *policy)
{
	int64_t half_s = (policy->expires_s - policy->fetched_s) / 2;

	return policy->fetched_s + (half_s < REFRESH_S ? half_s : REFRESH_S);
}

bool
tls_policy_enforces(const struct tls_policy *policy, int64_t now_s)
{
	return policy->mode == MTA_STS_ENFORCE && now_s < policy->expires_s;
}

void
tls_policy_append_match(struct strbuf *text,
    const struct mta_sts_policy *policy)
{
	for (size_t i = 0; i < policy->n_mx; i++) {
		struct slice mx = policy->mx[i];

		if (i != 0)
			strbuf_append_char(text, ':');
		strbuf_append(text, slice_from(mx,
		    slice_starts_with(mx, SLICE("*."))));
	}
}

/* A host whose TLSA records do not fit is not to be had by MTA-STS (RFC 8461
 * 2).  Where some hosts have records, and the others would have to show the
 * policy's certificate, Postfix has no word for it: those with records are the
 * ones that both allow. */
bool
tls_policy_append(struct strbuf *text, const struct tls_policy *policy,
    int64_t now_s)
{
	bool is_enforced = tls_policy_enforces(policy, now_s);

	switch (policy->dane) {
	case DANE_COVERS_ALL:
		strbuf_append_cstr(text, "dane-only");
		return true;
	case DANE_COVERS_SOME:
		strbuf_append_cstr(text, is_enforced ? "dane-only" : "dane");
		return true;
	case DANE_COVERS_UNUSABLY:
		if (is_enforced)
			break;
		strbuf_append_cstr(text, "dane");
		return true;
	case DANE_COVERS_NONE:
		break;
	}
	if (!is_enforced)
		return false;
	strbuf_append_cstr(text, "secure match=");
	strbuf_append(text, policy->match);
	strbuf_append_cstr(text, " servername=hostname");
	return true;
}

/* ---- MTA-STS ------------------------------------------------------------- */

bool
tls_policy_read(struct arena *arena, const struct store_mta_sts *item,
    struct tls_policy *policy, struct strbuf *problem)
{
	struct mta_sts_policy parsed;
	unsigned line;
	const char *wrong = mta_sts_parse_policy(arena, item->body, &parsed,
	    &line);
	struct strbuf match;

	if (wrong != NULL) {
		strbuf_printf(problem, "line %u of the policy: %s", line,
		    wrong);
		return false;
	}
	strbuf_init(&match, arena, MAX_MATCH);
	tls_policy_append_match(&match, &parsed);
	if (match.has_failed) {
		strbuf_append_cstr(problem, "the policy is too large");
		return false;
	}
	policy->mode = parsed.mode;
	policy->id = item->id;
	policy->match = strbuf_slice(&match);
	policy->fetched_s = item->fetched_s;
	policy->expires_s = item->fetched_s + parsed.max_age_s;
	return true;
}

/* What an earlier process has fetched, or one on another host. */
static void
recall(struct finding *f)
{
	struct store_mta_sts item;

	f->policy->is_recalled = true;
	if (f->finder->store != NULL && policy_store_get(f->finder->store,
	    f->arena, f->domain, f->now_s, &item) &&
	    !tls_policy_read(f->arena, &item, f->policy, f->problem))
		strbuf_append_cstr(f->problem, " (as it was stored)");
}

/* *ID_OUT is empty where there is no record that counts: more than one are
 * none. */
static void
find_id(struct finding *f, struct slice *id_out)
{
	const struct dns_answer *answer;
	struct strbuf name;
	size_t n = 0;

	*id_out = SLICE_EMPTY;
	strbuf_init(&name, f->arena, MAX_NAME);
	strbuf_printf(&name, "_mta-sts.%.*s", SLICE_PRINTF(f->domain));
	answer = dns_query(f->finder->resolver, f->arena, strbuf_slice(&name),
	    DNS_TXT, CLOCK_NEVER_MS);
	if (answer->ttl_s < f->policy->ttl_s)
		f->policy->ttl_s = answer->ttl_s;
	if (answer->status == DNS_TEMPFAIL)
		strbuf_printf(f->problem, "_mta-sts: %s", answer->why);
	for (size_t i = 0; i < answer->n_records; i++) {
		struct slice id;

		switch (mta_sts_parse_record(answer->records[i].text, &id)) {
		case MTA_STS_RECORD_OTHER:
			continue;
		case MTA_STS_RECORD_OK:
			break;
		case MTA_STS_RECORD_MALFORMED:
			strbuf_append_cstr(f->problem,
			    "the TXT record is malformed");
			break;
		}
		*id_out = n++ == 0 ? id : SLICE_EMPTY;
	}
	if (n > 1)
		strbuf_append_cstr(f->problem, "several TXT records: none "
		    "counts");
}

static bool
fetch(struct finding *f, struct slice id)
{
	struct store_mta_sts item = { .domain = f->domain, .id = id,
		.fetched_s = f->now_s };

	if (policy_fetch(f->finder->resolver, f->arena, f->domain,
	    f->finder->fetch_timeout_ms, f->finder->is_stopping, &item.body,
	    f->problem) != POLICY_FETCH_OK ||
	    !tls_policy_read(f->arena, &item, f->policy, f->problem))
		return false;
	item.expires_s = f->policy->expires_s;
	if (f->finder->store != NULL)
		policy_store_put(f->finder->store, &item);
	return true;
}

static bool
is_due(const struct finding *f, struct slice id)
{
	const struct tls_policy *policy = f->policy;

	if (f->now_s < policy->retry_s)
		return false;
	return f->now_s >= policy->expires_s || !slice_eq(id, policy->id) ||
	    f->now_s >= tls_policy_refresh_s(policy);
}

static void
find_mta_sts(struct finding *f)
{
	struct slice id;

	if (f->policy->expires_s <= f->now_s && !f->policy->is_recalled)
		recall(f);
	find_id(f, &id);
	if (id.len == 0 || !is_due(f, id))
		return;
	f->policy->retry_s = fetch(f, id) ? 0 : f->now_s + RETRY_S;
}

void
tls_policy_find(const struct tls_policy_finder *finder, struct arena *arena,
    struct slice domain, const struct tls_policy *known,
    struct tls_policy *policy_out, struct strbuf *problem)
{
	struct finding f = {
		.finder = finder, .arena = arena, .domain = domain,
		.now_s = clock_wall_s(), .policy = policy_out,
		.problem = problem,
	};

	*policy_out = *known;
	policy_out->ttl_s = UINT32_MAX;
	if (!finder->wants_dane || !dane_find(finder->resolver, arena, domain,
	    CLOCK_NEVER_MS, &policy_out->dane, &policy_out->ttl_s))
		policy_out->dane = known->dane;
	/* It wins: nobody is to wait for a web server. */
	if (policy_out->dane != DANE_COVERS_ALL)
		find_mta_sts(&f);
}
