/* dmarc/walk.h - which names have a policy record, and which domain is the
 * Organizational Domain of another: the DNS tree walk (RFC 9989 4.10), or the
 * public suffix list in its place (RFC 7489 3.2). */
#ifndef ASSAY_DMARC_WALK_H
#define ASSAY_DMARC_WALK_H

#include "dmarc/options.h"
#include "dmarc/record.h"

struct arena;
struct resolver;
struct trace;

/* What stands at _dmarc.<name>. */
struct dmarc_lookup {
	struct slice name;
	const char *why;	/* static text where DNS failed for now: nothing
				 * is known; else NULL */
	size_t n_records;	/* DMARC records; more than one count as none */
	bool has_record;	/* exactly one: the next two count */
	enum dmarc_record_status status;
	struct dmarc_record record;
	struct dmarc_lookup *next;
};

/* A domain's Organizational Domain. */
struct dmarc_org {
	struct slice domain;	/* whose */
	/* The lookup that failed for now: the rest is not known; or NULL. */
	const struct dmarc_lookup *failed;
	struct slice name;	/* the Organizational Domain; part of domain */
	/* Tree walk: the record for a domain that has none itself, which is
	 * that of its Organizational Domain, else of the public suffix above;
	 * or NULL. */
	const struct dmarc_lookup *inherited;
	struct dmarc_org *next;
};

/* One message's questions: each name is asked once.  All that it gives out
 * lives in the arena. */
struct dmarc_finder {
	const struct dmarc_options *options;	/* borrowed, all three */
	struct resolver *resolver;
	struct arena *arena;
	int64_t deadline_ms;
	struct trace *trace;	/* told of each step; NULL after init */
	struct dmarc_lookup *lookups;	/* kept, newest first */
	struct dmarc_org *orgs;
};

void dmarc_finder_init(struct dmarc_finder *finder,
    const struct dmarc_options *options, struct resolver *resolver,
    struct arena *arena, int64_t deadline_ms);

/* Both take normalized names and never return NULL: an arena that is full is a
 * failure for now, too.  Both block on DNS; dmarc_find_org asks nothing where
 * the list is used. */
const struct dmarc_lookup *dmarc_look_up(struct dmarc_finder *finder,
    struct slice name);
const struct dmarc_org *dmarc_find_org(struct dmarc_finder *finder,
    struct slice domain);

/* Say that dmarc_find_org will come for DOMAIN: what it has to ask is asked at
 * once then, not name by name.  Does not block. */
void dmarc_prefetch_org(const struct dmarc_finder *finder,
    struct slice domain);

/* The Organizational Domain where it has been found before, else NULL. */
const struct dmarc_org *dmarc_get_org(const struct dmarc_finder *finder,
    struct slice domain);

/* Ask for all names of the domain's tree walk at once; does not block. */
void dmarc_prefetch(const struct dmarc_options *options,
    struct resolver *resolver, struct slice author_domain);

#endif
