/* config/report.c - see report.h. */
#include "config/report.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "config/problems.h"
#include "config/settings.h"
#include "mail/domain.h"
#include "mail/path.h"
#include "report/destination.h"
#include "report/store.h"

#define MAX_ADDRESS 254		/* octets (RFC 5321 4.5.3.1.3, erratum 1690) */
#define MAX_TEXT 200		/* octets of a name or a contact */
#define MAX_PORT 65535

static void
refuse(const struct key_place *place, const struct key_text *text,
    const char *instead)
{
	problems_add(place->problems, text->line, "%s cannot be \"%s\": %s",
	    place->path, problems_show(place->problems, text->text), instead);
}

static const char *
or_null(struct slice text)
{
	return text.len != 0 ? text.ptr : NULL;
}

/* ---- the store ----------------------------------------------------------- */

/* A warning: mail does not wait for the store, and the folder may be on a disk
 * that is there later. */
static void
look_for_folder(const struct key_place *place, const struct key_text *text,
    struct slice path)
{
	char *folder = arena_copy_cstr(place->config->arena, slice_head(path,
	    slice_find_last(path, '/')));
	struct stat found;

	if (folder == NULL || folder[0] == '\0' ||
	    (stat(folder, &found) == 0 && S_ISDIR(found.st_mode)))
		return;
	problems_note(place->problems, text->line, "%s: there is no folder "
	    "%s, or it cannot be looked into: nothing is remembered until it "
	    "is there", place->path, problems_show(place->problems,
	    slice_from_cstr(folder)));
}

/* Passwords are not shown. */
static void
refuse_postgresql(const struct key_place *place, const struct key_text *text)
{
	problems_add(place->problems, text->line, "%s: this is no URL of a "
	    "PostgreSQL database: write \"postgresql://USER@HOST/DATABASE\"",
	    place->path);
}

static void
refuse_url(const struct key_place *place, const struct key_text *text)
{
	if (slice_starts_with(text->text, SLICE("sqlite:")))
		refuse(place, text, "write the whole path: "
		    "\"sqlite:/var/lib/assay/assay.db\"");
	else if (slice_starts_with(text->text, SLICE("postgresql://")))
		refuse_postgresql(place, text);
	else
		refuse(place, text, "write \"sqlite:/PATH\", "
		    "\"postgresql://...\", or \"\" for none");
}

void
set_store(const struct key_place *place, const struct key_text *text)
{
	struct slice scheme = SLICE("sqlite:");
	struct slice path = slice_from(text->text, scheme.len);

	place->config->report.store = text->text.ptr;
	if (text->text.len == 0)
		return;
	switch (store_check_url(text->text)) {
	case STORE_OK:
		if (slice_starts_with(text->text, scheme))
			look_for_folder(place, text, path);
		return;
	case STORE_NOT_BUILT:
		problems_add(place->problems, text->line, "%s: libpq is "
		    "not installed, or this assayd was built without "
		    "PostgreSQL: write \"sqlite:/PATH\"",
		    place->path);
		return;
	case STORE_BAD_URL:
	case STORE_BUSY:
	case STORE_UNAVAILABLE:
	case STORE_FULL:
	case STORE_NEWER:
	case STORE_FAILED:
		refuse_url(place, text);
		return;
	}
}

/* ---- reports ------------------------------------------------------------- */

/* The address with its domain as it is compared; NULL where it is none that a
 * report can come from. */
static const char *
make_address(struct arena *arena, struct slice address)
{
	struct slice local, domain;
	struct strbuf text;

	mail_split_address(address, &local, &domain);
	if (address.len > MAX_ADDRESS || !report_is_safe_local_part(local) ||
	    !domain_normalize(arena, domain, &domain))
		return NULL;
	strbuf_init(&text, arena, local.len + 1 + domain.len + 1);
	strbuf_append(&text, local);
	strbuf_append_char(&text, '@');
	strbuf_append(&text, domain);
	return strbuf_cstr(&text);
}

void
set_report_from(const struct key_place *place, const struct key_text *text)
{
	const char **from = &place->config->report.from;

	*from = NULL;
	if (text->text.len == 0)
		return;
	if ((*from = make_address(place->config->arena, text->text)) == NULL)
		refuse(place, text, "write a plain mail address: "
		    "\"dmarc-reports@example.org\"");
}

/* Anything that can stand in a report. */
static const char *
take_words(const struct key_place *place, const struct key_text *text)
{
	if (text->text.len > MAX_TEXT)
		refuse(place, text, "write less");
	else if (!utf8_is_valid(text->text))
		refuse(place, text, "write it in UTF-8 without a fault");
	return or_null(text->text);
}

void
set_report_organization(const struct key_place *place,
    const struct key_text *text)
{
	place->config->report.organization = take_words(place, text);
}

void
set_report_contact(const struct key_place *place, const struct key_text *text)
{
	place->config->report.contact = take_words(place, text);
}

void
set_report_submitter(const struct key_place *place,
    const struct key_text *text)
{
	struct arena *arena = place->config->arena;
	struct slice domain = SLICE_EMPTY;

	if (text->text.len != 0 && !domain_normalize(arena, text->text,
	    &domain))
		refuse(place, text, "write this host's name, "
		    "\"mx.example.org\"");
	place->config->report.submitter = domain.len != 0 ?
	    arena_copy_cstr(arena, domain) : NULL;
}

static bool
is_host(struct arena *arena, struct slice host)
{
	struct ip_address address;
	struct slice domain;

	if (host.len > 2 && host.ptr[0] == '[' &&
	    host.ptr[host.len - 1] == ']')
		return ip_parse_v6((struct slice){ host.ptr + 1,
		    host.len - 2 }, &address);
	return slice_is_ascii(host) && domain_normalize(arena, host, &domain);
}

/* HOST, HOST:PORT, [ADDRESS], [ADDRESS]:PORT */
static bool
is_relay(struct arena *arena, struct slice relay)
{
	size_t colon = slice_find_last(relay, ':');
	size_t bracket = slice_find_last(relay, ']');
	uint64_t port;

	if (colon == SIZE_MAX || (bracket != SIZE_MAX && colon < bracket))
		return is_host(arena, relay);
	return is_host(arena, slice_head(relay, colon)) &&
	    slice_parse_uint(slice_from(relay, colon + 1), MAX_PORT, &port) &&
	    port != 0;
}

void
set_report_transport(const struct key_place *place,
    const struct key_text *text)
{
	struct slice sendmail = SLICE("sendmail:"), smtp = SLICE("smtp://");
	struct slice path = slice_from(text->text, sendmail.len);

	place->config->report.transport = text->text.ptr;
	if (slice_starts_with(text->text, sendmail) ? path.len > 1 &&
	    path.ptr[0] == '/' : slice_starts_with(text->text, smtp) &&
	    is_relay(place->config->arena, slice_from(text->text, smtp.len)))
		return;
	refuse(place, text, "write \"sendmail:/usr/sbin/sendmail\" or "
	    "\"smtp://HOST:PORT\"");
}
