/* cli/check_txt.c - see check_txt.h; and what takes no more than a record:
 * TLS-RPT and BIMI. */
#include "cli/check_txt.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "cli/check.h"
#include "dns/dns.h"
#include "mail/taglist.h"

#define MAX_NAME ((size_t)512)
#define MAX_TAGS ((size_t)16)

struct slice
check_name_below(struct check *check, const char *prefix)
{
	struct strbuf name;

	strbuf_init(&name, check->arena, MAX_NAME);
	strbuf_printf(&name, "%s.%.*s", prefix, SLICE_PRINTF(check->domain));
	if (name.has_failed)
		check->has_failed = true;
	return strbuf_slice(&name);
}

enum check_txt
check_find_txt(struct check *check, struct slice name, struct slice version,
    const char *matter, struct slice *text_out)
{
	const struct dns_answer *answer = dns_query(check->resolver,
	    check->arena, name, DNS_TXT, INT64_MAX);
	size_t n = 0;

	*text_out = SLICE_EMPTY;
	if (answer->status == DNS_TEMPFAIL) {
		check_add(check, CHECK_UNKNOWN, matter, "dns", NULL,
		    "%s: %s", check_show(check, name), answer->why);
		return CHECK_TXT_FAILED;
	}
	for (size_t i = 0; i < answer->n_records; i++)
		if (slice_starts_with_nocase(answer->records[i].text,
		    version) && n++ == 0)
			*text_out = answer->records[i].text;
	return n == 0 ? CHECK_TXT_NONE : n == 1 ? CHECK_TXT_ONE :
	    CHECK_TXT_SEVERAL;
}

/* ---- TLS-RPT (RFC 8460 3) ------------------------------------------------ */

static bool
is_report_uri(struct slice uri)
{
	return (slice_starts_with_nocase(uri, SLICE("mailto:")) &&
	    slice_find(uri, '@') != SIZE_MAX) ||
	    slice_starts_with_nocase(uri, SLICE("https://"));
}

static void
check_tls_rpt_record(struct check *check, struct slice text)
{
	struct tag tags[MAX_TAGS];
	const struct tag *rua;
	struct cursor cur;
	struct slice uri;
	size_t n;

	if (!tag_parse_list(text, tags, MAX_TAGS, &n) ||
	    (rua = tag_find(tags, n, SLICE("rua"))) == NULL) {
		check_add(check, CHECK_WARNING, "tls-rpt", "tls-rpt-syntax",
		    "write \"v=TLSRPTv1; rua=mailto:ADDRESS\" (RFC 8460 3)",
		    "the record has no rua that can be read: %s",
		    check_show(check, text));
		return;
	}
	cur = cursor_of(rua->value);
	while (tag_take_element(&cur, ',', &uri))
		if (!is_report_uri(uri)) {
			check_add(check, CHECK_WARNING, "tls-rpt",
			    "tls-rpt-uri", "use mailto: or https:",
			    "reports cannot go to %s",
			    check_show(check, uri));
			return;
		}
	check_add(check, CHECK_GOOD, "tls-rpt", "tls-rpt", NULL,
	    "reports go to %s", check_show(check, rua->value));
}

void
check_tls_rpt(struct check *check)
{
	struct slice text;

	switch (check_find_txt(check, check_name_below(check, "_smtp._tls"),
	    SLICE("v=TLSRPTv1"), "tls-rpt", &text)) {
	case CHECK_TXT_ONE:
		check_tls_rpt_record(check, text);
		break;
	case CHECK_TXT_NONE:
		check_add(check, CHECK_NOTE, "tls-rpt", "tls-rpt-none", NULL,
		    "there is no record: nobody reports on TLS");
		break;
	case CHECK_TXT_SEVERAL:
		check_add(check, CHECK_WARNING, "tls-rpt", "tls-rpt-several",
		    "leave one", "there are several records: none counts");
		break;
	case CHECK_TXT_FAILED:
		break;
	}
}

/* ---- BIMI (draft-brand-indicators-for-message-identification) ------------ */

static void
check_bimi_record(struct check *check, struct slice text)
{
	struct tag tags[MAX_TAGS];
	const struct tag *location, *authority;
	size_t n;

	if (!tag_parse_list(text, tags, MAX_TAGS, &n) ||
	    (location = tag_find(tags, n, SLICE("l"))) == NULL) {
		check_add(check, CHECK_WARNING, "bimi", "bimi-syntax",
		    "write \"v=BIMI1; l=https://.../logo.svg\"",
		    "the record has no l= that can be read: %s",
		    check_show(check, text));
		return;
	}
	authority = tag_find(tags, n, SLICE("a"));
	if (location->value.len == 0) {
		check_add(check, CHECK_NOTE, "bimi", "bimi-declined", NULL,
		    "the domain declines to have a logo shown");
	} else if (!slice_starts_with_nocase(location->value,
	    SLICE("https://")) || (authority != NULL &&
	    authority->value.len != 0 && !slice_starts_with_nocase(
	    authority->value, SLICE("https://")))) {
		check_add(check, CHECK_WARNING, "bimi", "bimi-uri",
		    "use https: for l= and a=", "a URI is not https: %s",
		    check_show(check, text));
	} else {
		check_add(check, CHECK_GOOD, "bimi", "bimi", NULL,
		    "the record is well formed: %s",
		    check_show(check, location->value));
	}
}

/* Most domains have none, and need none: not a word then. */
void
check_bimi(struct check *check)
{
	struct slice text;

	switch (check_find_txt(check, check_name_below(check,
	    "default._bimi"), SLICE("v=BIMI1"), "bimi", &text)) {
	case CHECK_TXT_ONE:
		check_bimi_record(check, text);
		break;
	case CHECK_TXT_SEVERAL:
		check_add(check, CHECK_WARNING, "bimi", "bimi-several",
		    "leave one", "there are several records: none counts");
		break;
	case CHECK_TXT_NONE:
	case CHECK_TXT_FAILED:
		break;
	}
}
