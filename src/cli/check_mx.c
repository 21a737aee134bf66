/* cli/check_mx.c - see check.h: where the domain's mail goes (RFC 5321 5.1,
 * RFC 7505, RFC 2181 10.3), and with --connect who answers there. */
#include "cli/check_mx.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "cli/mx.h"
#include "dns/dns.h"

#define MAX_TEXT ((size_t)1024)
#define DAY_S 86400
#define SOON_S (14 * DAY_S)	/* a certificate that ends within it */

static void
check_host(struct check *check, struct slice host)
{
	const char *name = check_show(check, host);
	const struct dns_answer *v4, *v6;

	dns_prefetch(check->resolver, host, DNS_AAAA);
	v4 = dns_query(check->resolver, check->arena, host, DNS_A, INT64_MAX);
	v6 = dns_query(check->resolver, check->arena, host, DNS_AAAA,
	    INT64_MAX);
	if (v4->is_alias || v6->is_alias)
		check_add(check, CHECK_WARNING, "mx", "mx-is-alias",
		    "name a host that has addresses itself (RFC 2181 10.3)",
		    "%s is an alias (CNAME)", name);
	if (v4->n_records + v6->n_records != 0)
		check_add(check, CHECK_GOOD, "mx", "mx-host", NULL,
		    "%s has %zu IPv4 and %zu IPv6 %s", name, v4->n_records,
		    v6->n_records, v4->n_records + v6->n_records == 1 ?
		    "address" : "addresses");
	else if (v4->status == DNS_TEMPFAIL || v6->status == DNS_TEMPFAIL)
		check_add(check, CHECK_UNKNOWN, "mx", "mx-dns", NULL,
		    "the addresses of %s: %s", name,
		    v4->why != NULL ? v4->why : v6->why);
	else
		check_add(check, CHECK_CRITICAL, "mx", "mx-no-address",
		    "give the host an address, or take it out of the MX "
		    "records", "%s has no address", name);
}

static void
report_tls(struct check *check, const char *name, const struct smtp_tls *tls,
    int64_t now_s)
{
	if (!tls->is_verified)
		check_add(check, CHECK_WARNING, "mx", "mx-certificate",
		    "get one by a public authority for the host's name: "
		    "MTA-STS senders insist on it", "the certificate of %s "
		    "does not hold: %s", name,
		    check_show(check, tls->problem));
	else if (tls->not_after_s - now_s < SOON_S)
		check_add(check, CHECK_WARNING, "mx", "mx-certificate-ends",
		    "renew it", "the certificate of %s ends in %lld days",
		    name, (long long)((tls->not_after_s - now_s) / DAY_S));
	else
		check_add(check, CHECK_GOOD, "mx", "mx-tls", NULL,
		    "%s speaks %s, its certificate holds", name,
		    tls->version);
}

static bool
offers_tls(const struct smtp_reply *reply)
{
	for (size_t i = 0; i < reply->n_lines; i++)
		if (slice_eq_nocase(reply->lines[i], SLICE("STARTTLS")))
			return true;
	return false;
}

enum smtp_status
check_start_tls(struct check *check, struct smtp *smtp, const char *host,
    struct smtp_tls *tls, bool *has_tls)
{
	struct smtp_reply reply;
	struct strbuf ehlo;
	enum smtp_status status = smtp_read_reply(smtp, &reply);

	*has_tls = false;
	strbuf_init(&ehlo, check->arena, MAX_TEXT);
	strbuf_printf(&ehlo, "EHLO %.*s", SLICE_PRINTF(check->hostname));
	if (status == SMTP_OK)
		status = smtp_send(smtp, strbuf_slice(&ehlo));
	if (status == SMTP_OK)
		status = smtp_read_reply(smtp, &reply);
	if (status != SMTP_OK || !offers_tls(&reply))
		return status;
	status = smtp_send(smtp, SLICE("STARTTLS"));
	if (status == SMTP_OK)
		status = smtp_read_reply(smtp, &reply);
	if (status != SMTP_OK || reply.code != 220)
		return status;
	*has_tls = true;
	return smtp_start_tls(smtp, host, tls);
}

/* How long the next step may take, in ms; 0: no longer. */
static int
take_time(struct check *check)
{
	int64_t now_ms = clock_monotonic_ms(), left_ms;

	if (check->connect_until_ms == 0)
		check->connect_until_ms = now_ms + CHECK_CONNECT_BUDGET_MS;
	left_ms = check->connect_until_ms - now_ms;
	if (left_ms <= 0)
		return 0;
	return left_ms < CHECK_CONNECT_TIMEOUT_MS ? (int)left_ms :
	    CHECK_CONNECT_TIMEOUT_MS;
}

enum smtp_status
check_open_smtp(struct check *check, struct slice host,
    struct strbuf *problem, struct smtp **smtp_out)
{
	struct ip_address addresses[MX_MAX_ADDRESSES];
	const char *why;
	bool has_failed;
	size_t n = mx_find_addresses(check->resolver, check->arena, host,
	    addresses, &why, &has_failed);
	int timeout_ms = take_time(check);

	*smtp_out = NULL;
	if (timeout_ms == 0) {
		check_add(check, CHECK_UNKNOWN, "mx", "mx-left-out", NULL,
		    "%s was left out: the others took too long",
		    check_show(check, host));
		return SMTP_TIMEOUT;
	}
	return smtp_connect(check->arena, addresses,
	    n < CHECK_CONNECT_ADDRESSES ? n : CHECK_CONNECT_ADDRESSES,
	    SMTP_PORT, timeout_ms, problem, smtp_out);
}

/* One that has no address has been told of. */
static void
connect_to(struct check *check, struct slice host, int64_t now_s)
{
	const char *name = check_show(check, host);
	struct strbuf problem;
	struct smtp *smtp;
	struct smtp_tls tls;
	enum smtp_status status;
	bool has_tls = false;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	status = check_open_smtp(check, host, &problem, &smtp);
	if (status != SMTP_OK && problem.len == 0)
		return;
	if (status == SMTP_OK)
		status = check_start_tls(check, smtp, name, &tls, &has_tls);
	if (status != SMTP_OK)
		check_add(check, CHECK_CRITICAL, "mx", "mx-connect", NULL,
		    "%s: %.*s", name, SLICE_PRINTF(strbuf_slice(&problem)));
	else if (!has_tls)
		check_add(check, CHECK_WARNING, "mx", "mx-no-tls",
		    "offer STARTTLS (RFC 3207)", "%s has no STARTTLS", name);
	else
		report_tls(check, name, &tls, now_s);
	smtp_close(&smtp);
}

void
check_mx(struct check *check)
{
	const struct dns_answer *answer = dns_query(check->resolver,
	    check->arena, check->domain, DNS_MX, INT64_MAX);
	struct strbuf problem;
	struct mx_hosts hosts;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (!mx_find(check->resolver, check->arena, check->domain, &hosts,
	    &problem)) {
		bool is_null = answer->status == DNS_NOERROR;

		check_add(check, answer->status == DNS_TEMPFAIL ?
		    CHECK_UNKNOWN : is_null ? CHECK_NOTE : CHECK_CRITICAL,
		    "mx", is_null ? "mx-null" : "mx-none", NULL, "%.*s",
		    SLICE_PRINTF(strbuf_slice(&problem)));
		return;
	}
	if (hosts.is_implicit)
		check_add(check, CHECK_WARNING, "mx", "mx-implicit",
		    "publish an MX record, \"0 .\" where the domain takes no "
		    "mail (RFC 7505)", "there is no MX record: mail goes to "
		    "the domain's own address");
	for (size_t i = 0; i < hosts.n; i++) {
		check_host(check, hosts.names[i]);
		if (check->wants_connect)
			connect_to(check, hosts.names[i], check->now_s);
	}
}
