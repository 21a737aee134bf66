/* cli/report_setup.c - see report_setup.h. */
#include "cli/report_setup.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "daemon/hostname.h"
#include "daemon/version.h"
#include "dmarc/psl.h"
#include "mail/domain.h"
#include "mail/path.h"
#include "report/compose.h"
#include "report/destination.h"
#include "report/store_secret.h"

/* A sentence of the store's, or what the sender is made of. */
#define TEXT_CEILING ((size_t)64 * 1024)

static int
tell_memory(void)
{
	fputs("assay: memory is out\n", stderr);
	return EX_OSERR;
}

/* ---- the store ----------------------------------------------------------- */

static int
exit_status_of(enum store_status status)
{
	switch (status) {
	case STORE_OK:
		return 0;
	case STORE_BUSY:
	case STORE_UNAVAILABLE:
	case STORE_FULL:
		return EX_TEMPFAIL;
	case STORE_BAD_URL:
	case STORE_NOT_BUILT:
		return EX_CONFIG;
	case STORE_NEWER:
	case STORE_FAILED:
		return EX_SOFTWARE;
	}
	return EX_SOFTWARE;
}

int
report_setup_open_store(const struct config *config, struct store **store_out)
{
	struct arena *arena = arena_create(TEXT_CEILING);
	struct strbuf problem;
	enum store_status status;

	*store_out = NULL;
	if (arena == NULL)
		return tell_memory();
	if (config->report.store[0] == '\0') {
		fputs("assay: nothing is remembered: write store = "
		    "\"sqlite:/var/lib/assay/assay.db\"; into the "
		    "configuration\n", stderr);
		arena_destroy(&arena);
		return EX_CONFIG;
	}
	strbuf_init(&problem, arena, TEXT_CEILING / 4);
	status = store_open(config->report.store, store_out, &problem);
	if (status != STORE_OK) {
		fputs("assay: store: ", stderr);
		terminal_print_escaped(stderr, strbuf_slice(&problem));
		putc('\n', stderr);
	}
	arena_destroy(&arena);
	return exit_status_of(status);
}

int
report_setup_tell_store(const struct store *store, enum store_status status)
{
	if (status == STORE_OK)
		return 0;
	fputs("assay: store: ", stderr);
	terminal_print_escaped(stderr,
	    slice_from_cstr(store_problem(store)));
	putc('\n', stderr);
	return exit_status_of(status);
}

/* ---- the public suffix list ---------------------------------------------- */

int
report_setup_load_psl(struct config *config, struct psl **psl_out)
{
	const char *path = config->psl_file;

	*psl_out = NULL;
	if (config->inspect.dmarc.discovery != DMARC_DISCOVERY_PSL)
		return 0;
	if ((*psl_out = dmarc_psl_load(path)) == NULL) {
		fprintf(stderr, "assay: dmarc.org_domain = \"psl\": %s cannot "
		    "be read as a public suffix list\n",
		    path != NULL ? path : "the system's file");
		return EX_CONFIG;
	}
	config->inspect.dmarc.psl = *psl_out;
	return 0;
}

/* ---- who reports --------------------------------------------------------- */

/* It goes into a header and SMTP: the same rules as for destinations. */
static bool
make_from(struct arena *arena, const char *text, struct report_sender *sender)
{
	struct slice local, domain, normalized;
	struct strbuf from;

	mail_split_address(slice_from_cstr(text), &local, &domain);
	if (!report_is_safe_local_part(local) ||
	    !domain_normalize(arena, domain, &normalized))
		return false;
	strbuf_init(&from, arena, TEXT_CEILING);
	strbuf_append(&from, local);
	strbuf_append_char(&from, '@');
	strbuf_append(&from, normalized);
	sender->from = strbuf_slice(&from);
	sender->from_domain = slice_from(sender->from, local.len + 1);
	return !from.has_failed;
}

/* A host that has only a short name tells nobody who it is. */
static int
make_submitter(const struct config *config, struct arena *arena,
    struct report_sender *sender)
{
	const char *name = config->report.submitter;

	if (name == NULL && (name = hostname_find(arena)) != NULL &&
	    strchr(name, '.') == NULL) {
		sender->submitter = sender->from_domain;
		return 0;
	}
	if (name != NULL && domain_normalize(arena, slice_from_cstr(name),
	    &sender->submitter))
		return 0;
	fputs("assay: this host's name is no domain name: write report: "
	    "{ submitter = \"mx.example.org\"; }; into the configuration\n",
	    stderr);
	return EX_CONFIG;
}

int
report_setup_make_sender(const struct config *config, struct arena *arena,
    struct report_sender *sender_out)
{
	const struct report_options *options = &config->report;
	struct strbuf generator;

	*sender_out = (struct report_sender){ .options = options };
	if (options->from == NULL) {
		fputs("assay: reports have no sender: write report: { from = "
		    "\"dmarc@example.org\"; }; into the configuration\n",
		    stderr);
		return EX_CONFIG;
	}
	if (!make_from(arena, options->from, sender_out)) {
		fputs("assay: report.from is no address that mail can be sent "
		    "from: write LOCAL@DOMAIN, without quotes\n", stderr);
		return EX_CONFIG;
	}
	strbuf_init(&generator, arena, TEXT_CEILING);
	strbuf_printf(&generator, "assay %s", version_text());
	sender_out->generator = strbuf_slice(&generator);
	return make_submitter(config, arena, sender_out);
}

int
report_setup_read_secret(struct store *store, struct report_sender *sender)
{
	enum store_status status = store_get_secret(store, &sender->secret);

	sender->has_secret = status == STORE_OK;
	return report_setup_tell_store(store, status);
}
