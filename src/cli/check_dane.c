/* cli/check_dane.c - see check.h: DANE (RFC 7672), and with --connect whether a
 * host's certificate is the one that its TLSA records tell. */
#include "cli/check.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/check_mx.h"
#include "cli/dane.h"
#include "cli/mx.h"
#include "config/settings.h"
#include "dns/dns.h"

#define MAX_TEXT ((size_t)1024)

static void
report_match(struct check *check, const char *name, bool has_tls,
    const struct smtp_tls *tls)
{
	if (!has_tls)
		check_add(check, CHECK_CRITICAL, "dane", "dane-no-tls",
		    "offer STARTTLS, or take the records away",
		    "%s has TLSA records and no STARTTLS: senders with DANE "
		    "deliver nothing there", name);
	else if (tls->is_verified)
		check_add(check, CHECK_GOOD, "dane", "dane-match", NULL,
		    "the certificate of %s is one that its TLSA records "
		    "tell", name);
	else
		check_add(check, CHECK_CRITICAL, "dane", "dane-mismatch",
		    "publish the new certificate's record before it is used, "
		    "and take the old one's away a TTL later",
		    "the certificate of %s is none that its TLSA records "
		    "tell (%s): senders with DANE deliver nothing there",
		    name, check_show(check, tls->problem));
}

/* check_mx has told where nobody answers. */
static void
connect_to(struct check *check, struct slice host,
    const struct dns_answer *tlsa)
{
	const char *name = check_show(check, host);
	struct slice *records = arena_alloc_array(check->arena,
	    tlsa->n_records, sizeof(*records));
	struct strbuf problem;
	struct smtp *smtp;
	struct smtp_tls tls;
	bool has_tls = false;

	if (records == NULL)
		return;
	for (size_t i = 0; i < tlsa->n_records; i++)
		records[i] = tlsa->records[i].text;
	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (check_open_smtp(check, host, &problem, &smtp) != SMTP_OK)
		return;
	smtp_use_dane(smtp, records, tlsa->n_records);
	if (check_start_tls(check, smtp, name, &tls, &has_tls) == SMTP_OK)
		report_match(check, name, has_tls, &tls);
	smtp_close(&smtp);
}

/* Where nobody can tell whether DNSSEC vouches for them, they are at least of a
 * kind for SMTP. */
static void
report_unknown(struct check *check, const char *name,
    const struct dns_answer *tlsa)
{
	for (size_t i = 0; i < tlsa->n_records; i++)
		if (dane_is_usable(tlsa->records[i].text)) {
			check_add(check, CHECK_NOTE, "dane", "dane-unknown",
			    "set resolver.dnssec here to know",
			    "%s has %zu TLSA records; whether DNSSEC vouches "
			    "for them was not looked at", name,
			    tlsa->n_records);
			return;
		}
	check_add(check, CHECK_WARNING, "dane", "dane-unusable",
	    "use 3 1 1 (RFC 7672 3.1)",
	    "no TLSA record of %s is of a kind for SMTP", name);
}

static void
report_insecure(struct check *check, const char *name)
{
	check_add(check, CHECK_WARNING, "dane", "dane-insecure",
	    "sign the zones of the MX, its addresses and its TLSA records",
	    "%s has TLSA records that count for nothing: DNSSEC does not "
	    "vouch for all of the way to them", name);
}

static void
report_host(struct check *check, const struct dane_host *host)
{
	const char *name = check_show(check, host->name);

	switch (host->state) {
	case DANE_ABSENT:
	case DANE_INSECURE:
		report_insecure(check, name);
		break;
	case DANE_FAILED:
		check_add(check, CHECK_CRITICAL, "dane", "dane-failed",
		    "see that the name servers answer for TLSA",
		    "the TLSA records of %s: %s; senders with DANE deliver "
		    "nothing there", name, host->tlsa->why);
		break;
	case DANE_UNUSABLE:
		check_add(check, CHECK_WARNING, "dane", "dane-unusable",
		    "use 3 1 1 (RFC 7672 3.1)", "no TLSA record of %s is of "
		    "a kind for SMTP: TLS is insisted on, and no certificate "
		    "looked at", name);
		break;
	case DANE_USABLE:
		check_add(check, CHECK_GOOD, "dane", "dane-host", NULL,
		    "%s has %zu TLSA %s, and DNSSEC vouches for them", name,
		    host->tlsa->n_records, host->tlsa->n_records == 1 ?
		    "record" : "records");
		break;
	}
}

/* Whether there is anything to tell. */
static bool
check_host(struct check *check, struct slice name, bool is_mx_secure)
{
	uint32_t ttl_s = UINT32_MAX;
	struct dane_host host;

	dane_look(check->resolver, check->arena, name, CLOCK_NEVER_MS, &host,
	    &ttl_s);
	if (host.is_unreachable)
		return true;	/* check_mx has told */
	if (host.tlsa == NULL)
		host.tlsa = dane_ask(check->resolver, check->arena, name,
		    CLOCK_NEVER_MS);
	if (host.state != DANE_FAILED && host.tlsa->n_records == 0)
		return false;
	if (!check->config->resolver.dnssec && host.state != DANE_FAILED)
		report_unknown(check, check_show(check, name), host.tlsa);
	else if (!is_mx_secure)
		report_insecure(check, check_show(check, name));
	else
		report_host(check, &host);
	if (check->wants_connect && host.tlsa->n_records != 0)
		connect_to(check, name, host.tlsa);
	return true;
}

void
check_dane(struct check *check)
{
	bool is_secure = dns_query(check->resolver, check->arena,
	    check->domain, DNS_MX, CLOCK_NEVER_MS)->secure, has_any = false;
	struct strbuf problem;
	struct mx_hosts hosts;

	strbuf_init(&problem, check->arena, MAX_TEXT);
	if (!mx_find(check->resolver, check->arena, check->domain, &hosts,
	    &problem))
		return;		/* check_mx has told */
	for (size_t i = 0; i < hosts.n; i++)
		if (check_host(check, hosts.names[i], is_secure))
			has_any = true;
	if (!has_any)
		check_add(check, CHECK_NOTE, "dane", "dane-none",
		    "with DNSSEC and TLSA records senders know your "
		    "certificate (RFC 7672)", "no MX has TLSA records");
}
