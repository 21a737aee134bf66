/* cli/check.c - see check.h: the list of findings. */
#include "cli/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "dns/dns.h"

#define MAX_SHOWN ((size_t)500)	/* octets of one text from outside */
#define MAX_FINDING ((size_t)4096)

void
check_begin(struct check *check, struct slice domain)
{
	check->domain = domain;
	check->findings = NULL;
	check->last = &check->findings;
	check->has_failed = false;
}

const char *
check_show(struct check *check, struct slice text)
{
	struct strbuf shown;
	const char *words;

	strbuf_init(&shown, check->arena, MAX_FINDING);
	strbuf_append_escaped(&shown, text, MAX_SHOWN);
	words = strbuf_cstr(&shown);
	if (words == NULL) {
		check->has_failed = true;
		return "?";
	}
	return words;
}

struct check_finding *
check_reserve(struct check *check, enum check_severity severity,
    const char *matter, const char *id)
{
	struct check_finding *finding = arena_alloc(check->arena,
	    sizeof(*finding));

	if (finding == NULL) {
		check->has_failed = true;
		return NULL;
	}
	finding->severity = severity;
	finding->matter = matter;
	finding->id = id;
	*check->last = finding;
	check->last = &finding->next;
	return finding;
}

static void write_words(struct check *check, struct check_finding *finding,
    const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void
write_words(struct check *check, struct check_finding *finding,
    const char *format, va_list arguments)
{
	char *text = finding != NULL ? arena_alloc(check->arena,
	    MAX_FINDING) : NULL;

	if (text == NULL || vsnprintf(text, MAX_FINDING, format,
	    arguments) < 0)
		check->has_failed = true;
	else
		finding->text = slice_from_cstr(text);
}

void
check_word(struct check *check, struct check_finding *finding,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_words(check, finding, format, arguments);
	va_end(arguments);
}

void
check_add(struct check *check, enum check_severity severity,
    const char *matter, const char *id, const char *advice,
    const char *format, ...)
{
	struct check_finding *finding = check_reserve(check, severity, matter,
	    id);
	va_list arguments;

	va_start(arguments, format);
	write_words(check, finding, format, arguments);
	va_end(arguments);
	if (finding != NULL)
		finding->advice = advice;
}

static int
rank(enum check_severity severity)
{
	switch (severity) {
	case CHECK_GOOD:
	case CHECK_NOTE:
		return 0;
	case CHECK_WARNING:
		return 1;
	case CHECK_UNKNOWN:
		return 2;
	case CHECK_CRITICAL:
		return 3;
	}
	return 3;
}

enum check_severity
check_worst(const struct check *check)
{
	enum check_severity worst = check->has_failed ? CHECK_UNKNOWN :
	    CHECK_GOOD;

	for (const struct check_finding *finding = check->findings;
	    finding != NULL; finding = finding->next)
		if (rank(finding->severity) > rank(worst))
			worst = finding->severity;
	return worst;
}

const char *
check_severity_name(enum check_severity severity)
{
	switch (severity) {
	case CHECK_GOOD:
		return "ok";
	case CHECK_WARNING:
		return "warning";
	case CHECK_CRITICAL:
		return "critical";
	case CHECK_UNKNOWN:
		return "unknown";
	case CHECK_NOTE:
		return "note";
	}
	return "";
}

/* Whether there is such a domain; DNS trouble is for each matter to tell. */
static bool
exists(struct check *check)
{
	if (dns_query(check->resolver, check->arena, check->domain, DNS_MX,
	    INT64_MAX)->status != DNS_NXDOMAIN)
		return true;
	check_add(check, CHECK_CRITICAL, "domain", "domain-absent", NULL,
	    "the domain does not exist");
	return false;
}

void
check_all(struct check *check)
{
	if (!exists(check))
		return;
	check_mx(check);
	check_dane(check);
	check_spf(check);
	check_dkim(check);
	check_dmarc(check);
	check_mta_sts(check);
	check_tls_rpt(check);
	check_bimi(check);
	if (check->as_sender.family != IP_NONE)
		check_sender(check);
}
