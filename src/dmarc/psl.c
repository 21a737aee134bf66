/* dmarc/psl.c - see psl.h; the only user of libpsl. */
#include "dmarc/psl.h"

#include <assert.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "mail/domain.h"

struct psl {
	psl_ctx_t *context;
};

struct psl *
dmarc_psl_load(const char *path)
{
	struct psl *psl = malloc(sizeof(*psl));

	if (psl == NULL)
		return NULL;
	psl->context = path != NULL ? psl_load_file(path) : psl_latest(NULL);
	if (psl->context == NULL) {
		free(psl);
		return NULL;
	}
	return psl;
}

void
dmarc_psl_free(struct psl **psl)
{
	if (*psl != NULL)
		psl_free((*psl)->context);
	free(*psl);
	*psl = NULL;
}

struct slice
dmarc_psl_org_domain(const struct psl *psl, struct slice domain)
{
	char text[DOMAIN_MAX_OCTETS + 1];
	const char *registrable;

	assert(psl != NULL);	/* whoever chose the list has loaded it */
	if (domain.len == 0 || domain.len > DOMAIN_MAX_OCTETS)
		return domain;
	memcpy(text, domain.ptr, domain.len);
	text[domain.len] = '\0';
	/* libpsl answers with the end of its argument, NULL for a suffix. */
	registrable = psl_registrable_domain(psl->context, text);
	if (registrable == NULL)
		return domain;
	return slice_from(domain, (size_t)(registrable - text));
}
