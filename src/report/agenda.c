/* report/agenda.c - see agenda.h.
 *
 * The questions of a page are asked before the page in front of it is handed
 * out: their answers come while that one's reports are sent. */
#include "report/agenda.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "mail/domain.h"
#include "report/ledger.h"
#include "report/options.h"

/* A page: subjects with texts of some KB, and what is found of them. */
#define PAGE_OCTETS (REPORT_AGENDA_SUBJECTS * (8 * REPORT_CONFIGURATION_MAX))

/* The longest that a page waits for DNS, in questions that get no answer. */
#define MAX_TIMEOUTS 4

struct page {
	struct arena *arena;		/* owned */
	struct report_item *items;
	size_t n;			/* 0: there are no more */
	enum store_status status;	/* of reading it */
};

struct report_agenda {
	struct report_agenda_request request;
	struct page pages[2];		/* handed out, and the next one */
	struct page *next;		/* of them */
	bool is_next_read;
	struct arena *scratch;		/* one search */
	struct arena *last_arena;	/* of last's texts */
	struct store_subject last;	/* of the page before */
	bool has_last;
	uint64_t n_reports;		/* of last's domain, up to last */
};

struct report_agenda *
report_agenda_open(const struct report_agenda_request *request)
{
	struct report_agenda *agenda = calloc(1, sizeof(*agenda));

	if (agenda == NULL)
		return NULL;
	agenda->request = *request;
	agenda->next = &agenda->pages[0];
	agenda->pages[0].arena = arena_create(PAGE_OCTETS);
	agenda->pages[1].arena = arena_create(PAGE_OCTETS);
	agenda->scratch = arena_create(REPORT_DESTINATION_OCTETS);
	agenda->last_arena = arena_create(4 * REPORT_CONFIGURATION_MAX);
	if (agenda->pages[0].arena == NULL || agenda->pages[1].arena == NULL ||
	    agenda->scratch == NULL || agenda->last_arena == NULL)
		report_agenda_close(&agenda);
	return agenda;
}

void
report_agenda_close(struct report_agenda **agenda)
{
	if (*agenda == NULL)
		return;
	arena_destroy(&(*agenda)->pages[0].arena);
	arena_destroy(&(*agenda)->pages[1].arena);
	arena_destroy(&(*agenda)->scratch);
	arena_destroy(&(*agenda)->last_arena);
	free(*agenda);
	*agenda = NULL;
}

/* ---- one subject --------------------------------------------------------- */

static bool
is_wanted(const struct report_agenda *agenda,
    const struct store_subject *subject)
{
	const struct report_agenda_request *request = &agenda->request;

	for (size_t i = 0; i < request->n_domains; i++)
		if (slice_eq(request->domains[i], subject->policy_domain))
			return true;
	return request->n_domains == 0;
}

/* The domain goes into a header, a file's name and DNS: it was normalized when
 * it was stored, and is looked at again where that matters. */
static bool
is_normalized(struct report_agenda *agenda, struct slice domain)
{
	struct slice normalized;

	return domain_normalize(agenda->scratch, domain, &normalized) &&
	    slice_eq(normalized, domain);
}

static enum store_status
read_subject(struct report_agenda *agenda, struct arena *arena,
    struct report_item *item)
{
	const struct store_subject *subject = item->subject;
	struct store_delivery_key key;
	enum store_delivery delivery;
	enum store_status status;

	if (!is_normalized(agenda, subject->policy_domain) ||
	    !report_parse_configuration(arena, subject->configuration,
	    &item->configuration)) {
		item->problem = "the store has something unreadable for it";
		return STORE_OK;
	}
	if (!report_make_id(agenda->request.sender, subject, 0, item->id)) {
		item->problem = "libcrypto has failed";
		return STORE_OK;
	}
	key = report_ledger_end_of(subject,
	    (struct slice){ item->id, sizeof(item->id) });
	status = report_ledger_get(agenda->request.store, &key, &delivery);
	item->is_done = delivery == STORE_DELIVERY_SENT;
	return status;
}

static struct report_destination_request
make_search(const struct report_agenda *agenda,
    const struct report_item *item, int64_t deadline_ms)
{
	return (struct report_destination_request){
		.policy_domain = item->subject->policy_domain,
		.uris = item->configuration.rua,
		.max = agenda->request.sender->options->max_destinations,
		.dmarc = agenda->request.dmarc,
		.resolver = agenda->request.resolver,
		.deadline_ms = deadline_ms,
	};
}

static bool
keep_destinations(struct arena *arena, struct report_item *item,
    const struct report_destination *destinations, size_t n)
{
	item->destinations = arena_alloc_array(arena, n != 0 ? n : 1,
	    sizeof(*destinations));
	if (item->destinations == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		item->destinations[i].status = destinations[i].status;
		if (!arena_copy(arena, destinations[i].address,
		    &item->destinations[i].address))
			return false;
	}
	item->n_destinations = n;
	return true;
}

static void
find_destinations(struct report_agenda *agenda, struct arena *arena,
    struct report_item *item, int64_t deadline_ms)
{
	struct report_destination_request search = make_search(agenda, item,
	    deadline_ms);
	struct report_destination *destinations;
	size_t n;

	if (!report_find_destinations(&search, agenda->scratch, &destinations,
	    &n) || !keep_destinations(arena, item, destinations, n))
		item->problem = "memory is out";
	arena_reset(agenda->scratch);
}

/* How many reports are left to the subject behind PREVIOUS, which may be NULL.
 * Their number is not known before they are made; their rows tell the least. */
static void
count_reports(struct report_agenda *agenda,
    const struct store_subject *previous, const struct store_subject *subject,
    uint64_t *max_out)
{
	const struct report_options *options = agenda->request.sender->options;
	uint64_t n = subject->n_rows / options->max_rows +
	    (subject->n_rows % options->max_rows != 0 ? 1 : 0);

	if (previous == NULL || !slice_eq(previous->policy_domain,
	    subject->policy_domain))
		agenda->n_reports = 0;
	*max_out = agenda->n_reports < options->max_reports ?
	    options->max_reports - agenda->n_reports : 0;
	agenda->n_reports += n;
}

/* ---- a page -------------------------------------------------------------- */

static bool
is_open(const struct report_item *item)
{
	return !item->is_done && item->problem == NULL;
}

static void
prefetch_page(struct report_agenda *agenda, const struct page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		struct report_destination_request search = make_search(agenda,
		    &page->items[i], CLOCK_NEVER_MS);

		if (!is_open(&page->items[i]))
			continue;
		report_prefetch_destinations(&search, agenda->scratch);
		arena_reset(agenda->scratch);
	}
}

static void
find_all_destinations(struct report_agenda *agenda, struct page *page)
{
	int64_t timeout_ms = agenda->request.dns_timeout_ms;
	int64_t deadline_ms = clock_monotonic_ms() + MAX_TIMEOUTS * timeout_ms;

	for (size_t i = 0; i < page->n; i++)
		if (is_open(&page->items[i]))
			find_destinations(agenda, page->arena,
			    &page->items[i], deadline_ms);
}

/* Where the next page begins; its texts outlive this one. */
static bool
keep_last(struct report_agenda *agenda, const struct store_subject *subject)
{
	struct store_subject *last = &agenda->last;

	arena_reset(agenda->last_arena);
	*last = *subject;
	agenda->has_last = true;
	return arena_copy(agenda->last_arena, subject->policy_domain,
	    &last->policy_domain) && arena_copy(agenda->last_arena,
	    subject->configuration, &last->configuration);
}

static enum store_status
fill_page(struct report_agenda *agenda, struct page *page,
    const struct store_subject *subjects, size_t n_subjects)
{
	const struct store_subject *previous = agenda->has_last ?
	    &agenda->last : NULL;
	enum store_status status = STORE_OK;

	for (size_t i = 0; i < n_subjects && status == STORE_OK; i++) {
		struct report_item *item = &page->items[page->n];

		count_reports(agenda, i != 0 ? &subjects[i - 1] : previous,
		    &subjects[i], &item->max_reports);
		if (!is_wanted(agenda, &subjects[i]))
			continue;
		item->subject = &subjects[i];
		status = read_subject(agenda, page->arena, item);
		arena_reset(agenda->scratch);
		page->n++;
	}
	return status;
}

static enum store_status
read_page(struct report_agenda *agenda, struct page *page)
{
	const struct report_agenda_request *request = &agenda->request;
	struct store_subject *subjects;
	enum store_status status;
	size_t n;

	page->n = 0;
	do {		/* until there is one that is wanted */
		arena_reset(page->arena);
		status = store_list_subjects(request->store, request->day,
		    agenda->has_last ? &agenda->last : NULL,
		    REPORT_AGENDA_SUBJECTS, page->arena, &subjects, &n);
		if (status != STORE_OK || n == 0)
			return status;
		page->items = arena_alloc_array(page->arena, n,
		    sizeof(*page->items));
		if (page->items == NULL)
			return STORE_FAILED;
		status = fill_page(agenda, page, subjects, n);
		if (!keep_last(agenda, &subjects[n - 1]))
			return STORE_FAILED;
	} while (status == STORE_OK && page->n == 0);
	return status;
}

/* The page that is next, and its questions on the way. */
static void
begin_page(struct report_agenda *agenda)
{
	struct page *page = agenda->next;

	page->status = read_page(agenda, page);
	agenda->is_next_read = true;
	if (page->status == STORE_OK)
		prefetch_page(agenda, page);
	else
		page->n = 0;
}

enum store_status
report_agenda_next(struct report_agenda *agenda,
    struct report_item **items_out, size_t *n_out)
{
	struct page *page = agenda->next;

	if (!agenda->is_next_read)
		begin_page(agenda);
	*items_out = page->items;
	*n_out = page->n;
	if (page->n == 0)
		return page->status;
	agenda->next = &agenda->pages[page == &agenda->pages[0] ? 1 : 0];
	begin_page(agenda);
	find_all_destinations(agenda, page);
	return STORE_OK;
}
