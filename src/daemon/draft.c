/* daemon/draft.c - see draft.h. */
#include "daemon/draft.h"

#include "base/strbuf.h"
#include "config/config.h"
#include "config/fingerprint.h"
#include "daemon/part.h"
#include "dmarc/psl.h"
#include "dns/zone.h"

static void
destroy_config(void *object)
{
	struct config *config = object;

	config_unload(&config);
}

static void
destroy_psl(void *object)
{
	struct psl *psl = object;

	dmarc_psl_free(&psl);
}

static void
destroy_zone(void *object)
{
	struct resolver *zone = object;

	dns_destroy_resolver(&zone);
}

static bool
note_memory(const char *path, struct strbuf *problems)
{
	strbuf_printf(problems, "%s:1: memory is out\n", path);
	return false;
}

static bool
load_psl(struct draft *draft, const char *path, struct strbuf *problems)
{
	const struct config *config = draft_config(draft);
	struct psl *psl;

	if (config->inspect.dmarc.discovery != DMARC_DISCOVERY_PSL)
		return true;
	if ((psl = dmarc_psl_load(config->psl_file)) == NULL) {
		strbuf_printf(problems, "%s:1: dmarc.org_domain = \"psl\": %s "
		    "cannot be read as a public suffix list\n", path,
		    config->psl_file != NULL ? config->psl_file :
		    "the system's file");
		return false;
	}
	draft->psl = part_create(psl, destroy_psl);
	return draft->psl != NULL || note_memory(path, problems);
}

static bool
load_zone(struct draft *draft, const char *path, struct strbuf *problems)
{
	const char *file = draft_config(draft)->zone_file;

	if (file == NULL)
		return true;
	draft->zone = part_create(zone_create(), destroy_zone);
	if (draft->zone == NULL)
		return note_memory(path, problems);
	if (zone_load_file(part_object(draft->zone), file, problems))
		return true;
	strbuf_append_char(problems, '\n');
	return false;
}

bool
draft_load(struct draft *draft, const char *path, struct strbuf *problems)
{
	struct config *config = config_load(path, problems);

	*draft = (struct draft){ .config = NULL };
	if (config == NULL)
		return false;
	draft->config = part_create(config, destroy_config);
	if (draft->config == NULL)
		return note_memory(path, problems);
	if (load_psl(draft, path, problems) &&
	    load_zone(draft, path, problems))
		return true;
	draft_discard(draft);
	return false;
}

void
draft_discard(struct draft *draft)
{
	part_release(&draft->zone);
	part_release(&draft->psl);
	part_release(&draft->config);
}

struct draft
draft_share(const struct draft *draft)
{
	return (struct draft){ .config = part_retain(draft->config),
		.psl = part_retain(draft->psl),
		.zone = part_retain(draft->zone) };
}

const struct config *
draft_config(const struct draft *draft)
{
	return part_object(draft->config);
}

uint64_t
draft_fingerprint(const struct draft *draft)
{
	return config_fingerprint(draft_config(draft), SLICE_EMPTY);
}
