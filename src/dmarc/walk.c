/* dmarc/walk.c - see walk.h. */
#include "dmarc/walk.h"

#include <string.h>

#include "base/arena.h"
#include "base/trace.h"
#include "dmarc/psl.h"
#include "dns/dns.h"
#include "mail/domain.h"

/* From this many labels on the walk goes on with one less than this many: so
 * it never takes more than that many queries (4.10). */
#define JUMP_LABELS 8

#define PREFIX "_dmarc."
#define PREFIX_OCTETS (sizeof(PREFIX) - 1)

static const struct dmarc_lookup lookup_no_memory = { .why = "no memory" };

static const struct dmarc_org org_no_memory = { .failed = &lookup_no_memory };

void
dmarc_finder_init(struct dmarc_finder *finder,
    const struct dmarc_options *options, struct resolver *resolver,
    struct arena *arena, int64_t deadline_ms)
{
	*finder = (struct dmarc_finder){ .options = options,
		.resolver = resolver, .arena = arena,
		.deadline_ms = deadline_ms };
}

/* The number of labels of the name to be asked after one with N; 0 ends. */
static size_t
next_labels(size_t n)
{
	return n >= JUMP_LABELS ? JUMP_LABELS - 1 : n - 1;
}

/* Room for the longest domain and what stands before it.  The sum may be too
 * long for DNS: the resolver answers that no such name exists. */
struct record_name {
	char text[PREFIX_OCTETS + DOMAIN_MAX_OCTETS];
};

/* "_dmarc." and DOMAIN; an empty slice where DOMAIN is no normalized name. */
static struct slice
make_record_name(struct record_name *name, struct slice domain)
{
	if (domain.len == 0 || domain.len > DOMAIN_MAX_OCTETS)
		return SLICE_EMPTY;
	memcpy(name->text, PREFIX, PREFIX_OCTETS);
	memcpy(name->text + PREFIX_OCTETS, domain.ptr, domain.len);
	return (struct slice){ name->text, PREFIX_OCTETS + domain.len };
}

/* Texts that are no DMARC records are dropped first; if more than one is left
 * all are (4.10, step 2). */
static void
read_records(struct dmarc_lookup *lookup, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->n_records; i++) {
		struct dmarc_record record;
		enum dmarc_record_status status = dmarc_parse_record(
		    answer->records[i].text, &record);

		if (status == DMARC_RECORD_OTHER)
			continue;
		lookup->n_records++;
		lookup->status = status;
		lookup->record = record;
	}
	lookup->has_record = lookup->n_records == 1;
}

static const char *
outcome_of(const struct dmarc_lookup *lookup)
{
	if (lookup->why != NULL)
		return "no answer";
	if (lookup->has_record)
		return "record";
	return lookup->n_records != 0 ? "several records" : "no record";
}

static void
trace_answer(struct trace *trace, struct slice name,
    const struct dmarc_lookup *lookup, const struct dns_answer *answer)
{
	struct dmarc_record record;

	trace_open(trace, "lookup", name);
	for (size_t i = 0; i < answer->n_records; i++)
		trace_add(trace, dmarc_parse_record(answer->records[i].text,
		    &record) == DMARC_RECORD_OTHER ? "no DMARC record" :
		    "record", answer->records[i].text);
	if (lookup->has_record && lookup->record.problem != NULL)
		trace_add(trace, "problem",
		    slice_from_cstr(lookup->record.problem));
	trace_close(trace, outcome_of(lookup), lookup->n_records > 1 ?
	    SLICE("they count as none") : slice_from_cstr(lookup->why));
}

static void
ask(const struct dmarc_finder *finder, struct dmarc_lookup *lookup)
{
	struct record_name buffer;
	struct slice name = make_record_name(&buffer, lookup->name);
	const struct dns_answer *answer = dns_query(finder->resolver,
	    finder->arena, name, DNS_TXT, finder->deadline_ms);

	switch (answer->status) {
	case DNS_NOERROR:
		read_records(lookup, answer);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		break;
	case DNS_TEMPFAIL:
		lookup->why = answer->why != NULL ? answer->why : "DNS failure";
		break;
	}
	if (finder->trace != NULL)
		trace_answer(finder->trace, name, lookup, answer);
}

static const struct dmarc_lookup *
get_lookup(const struct dmarc_finder *finder, struct slice name)
{
	const struct dmarc_lookup *lookup;

	for (lookup = finder->lookups; lookup != NULL; lookup = lookup->next)
		if (slice_eq(lookup->name, name))
			return lookup;
	return NULL;
}

const struct dmarc_lookup *
dmarc_look_up(struct dmarc_finder *finder, struct slice name)
{
	const struct dmarc_lookup *known = get_lookup(finder, name);
	struct dmarc_lookup *lookup;

	if (known != NULL) {
		trace_tell(finder->trace, "name", name, outcome_of(known),
		    SLICE("it was asked before"));
		return known;
	}
	if ((lookup = arena_alloc(finder->arena, sizeof(*lookup))) == NULL)
		return &lookup_no_memory;
	lookup->name = name;
	ask(finder, lookup);
	lookup->next = finder->lookups;
	finder->lookups = lookup;
	return lookup;
}

/* 4.10 and 4.10.2 in one: names from the longest to the shortest until one
 * says psd=y or psd=n.  Of the records found that one decides, or the last. */
static void
walk_tree(struct dmarc_finder *finder, struct dmarc_org *org)
{
	const struct dmarc_lookup *last = NULL, *before_last = NULL;
	size_t n_org;

	org->name = org->domain;
	for (size_t n = domain_count_labels(org->domain); n > 0;
	    n = next_labels(n)) {
		const struct dmarc_lookup *lookup = dmarc_look_up(finder,
		    domain_last_labels(org->domain, n));

		if (lookup->why != NULL) {
			org->failed = lookup;
			return;
		}
		if (!lookup->has_record)
			continue;
		before_last = last;
		last = lookup;
		if (lookup->record.psd != 'u')
			break;
	}
	if (last == NULL)
		return;
	n_org = domain_count_labels(last->name);
	/* Below a public suffix it is one label more, cut from where the walk
	 * started: that name may have a record, have none, or have been jumped
	 * over.  A suffix that started it has no more labels and is its own. */
	if (last->record.psd == 'y')
		n_org++;
	org->name = domain_last_labels(org->domain, n_org);
	org->inherited = last;
	if (before_last != NULL && slice_eq(before_last->name, org->name))
		org->inherited = before_last;
}

const struct dmarc_org *
dmarc_get_org(const struct dmarc_finder *finder, struct slice domain)
{
	const struct dmarc_org *org;

	for (org = finder->orgs; org != NULL; org = org->next)
		if (slice_eq(org->domain, domain))
			return org;
	return NULL;
}

const struct dmarc_org *
dmarc_find_org(struct dmarc_finder *finder, struct slice domain)
{
	const struct dmarc_org *known = dmarc_get_org(finder, domain);
	struct dmarc_org *org;

	if (known != NULL)
		return known;
	if ((org = arena_alloc(finder->arena, sizeof(*org))) == NULL)
		return &org_no_memory;
	org->domain = domain;
	switch (finder->options->discovery) {
	case DMARC_DISCOVERY_TREE_WALK:
		trace_open(finder->trace, "tree walk", domain);
		walk_tree(finder, org);
		trace_close(finder->trace, org->failed != NULL ? "no answer" :
		    "organizational domain", org->name);
		break;
	case DMARC_DISCOVERY_PSL:
		org->name = dmarc_psl_org_domain(finder->options->psl, domain);
		trace_tell(finder->trace, "organizational domain", domain,
		    "by the public suffix list", org->name);
		break;
	}
	org->next = finder->orgs;
	finder->orgs = org;
	return org;
}

static void
prefetch_record(struct resolver *resolver, struct slice domain)
{
	struct record_name buffer;

	dns_prefetch(resolver, make_record_name(&buffer, domain), DNS_TXT);
}

/* FINDER, where there is one, knows some of the answers. */
static void
prefetch_walk(struct resolver *resolver, const struct dmarc_finder *finder,
    struct slice domain)
{
	for (size_t n = domain_count_labels(domain); n > 0;
	    n = next_labels(n)) {
		struct slice name = domain_last_labels(domain, n);

		if (finder == NULL || get_lookup(finder, name) == NULL)
			prefetch_record(resolver, name);
	}
}

void
dmarc_prefetch_org(const struct dmarc_finder *finder, struct slice domain)
{
	switch (finder->options->discovery) {
	case DMARC_DISCOVERY_TREE_WALK:
		if (dmarc_get_org(finder, domain) == NULL)
			prefetch_walk(finder->resolver, finder, domain);
		break;
	case DMARC_DISCOVERY_PSL:
		break;
	}
}

void
dmarc_prefetch(const struct dmarc_options *options, struct resolver *resolver,
    struct slice author_domain)
{
	struct slice org;

	switch (options->discovery) {
	case DMARC_DISCOVERY_TREE_WALK:
		prefetch_walk(resolver, NULL, author_domain);
		break;
	case DMARC_DISCOVERY_PSL:
		org = dmarc_psl_org_domain(options->psl, author_domain);
		prefetch_record(resolver, author_domain);
		if (org.len != author_domain.len)
			prefetch_record(resolver, org);
		break;
	}
}
