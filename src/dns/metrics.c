/* dns/metrics.c - see metrics.h. */
#include "dns/metrics.h"

#include "base/ascii.h"

#define HALVED_EVERY_MS ((int64_t)60 * 60 * 1000)

/* What is one party's own: 192.0.2.0/24, 2001:db8::/32. */
#define V4_ZONE_LABELS 5
#define V6_ZONE_LABELS 10

#define MAX_REGISTRY_OCTETS 3	/* "co", "com", "or" below a country's */

/* ---- zones' names -------------------------------------------------------- */

/* The last N labels of NAME; all where it has no more. */
static struct slice
last_labels(struct slice name, unsigned n)
{
	size_t pos = name.len;

	while (pos > 0 && (name.ptr[pos - 1] != '.' || --n != 0))
		pos--;
	return slice_from(name, pos);
}

/* Whether NAME's last two labels look like "co.uk": most domains of a country
 * that sorts them end so.  A "db.de" is taken for one, too, and costs no more
 * than a line for each host of its own. */
static bool
is_below_registry(struct slice name)
{
	struct slice top = last_labels(name, 1);
	struct slice registry = last_labels(name, 2);

	return top.len == 2 && ascii_is_alpha(top.ptr[0]) &&
	    ascii_is_alpha(top.ptr[1]) &&
	    registry.len <= MAX_REGISTRY_OCTETS + 1 + top.len;
}

static unsigned
count_zone_labels(struct slice name)
{
	if (slice_ends_with_nocase(name, SLICE(".in-addr.arpa")))
		return V4_ZONE_LABELS;
	if (slice_ends_with_nocase(name, SLICE(".ip6.arpa")))
		return V6_ZONE_LABELS;
	return is_below_registry(name) ? 3 : 2;
}

/* "_dmarc.co.uk" is of "co.uk". */
static struct slice
skip_underscored(struct slice zone)
{
	size_t dot;

	while (zone.len != 0 && zone.ptr[0] == '_' &&
	    (dot = slice_find(zone, '.')) != SIZE_MAX)
		zone = slice_from(zone, dot + 1);
	return zone;
}

struct slice
dns_guess_zone(struct slice name)
{
	return skip_underscored(last_labels(name, count_zone_labels(name)));
}

/* ---- slow zones ---------------------------------------------------------- */

/* Readers leave alone what is being written. */
static void
begin_writing(struct dns_slow_zone *zone)
{
	atomic_store_explicit(&zone->version, atomic_load_explicit(
	    &zone->version, memory_order_relaxed) + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void
end_writing(struct dns_slow_zone *zone)
{
	atomic_store_explicit(&zone->version, atomic_load_explicit(
	    &zone->version, memory_order_relaxed) + 1, memory_order_release);
}

static void
halve(struct dns_metrics *metrics, int64_t now_ms)
{
	if (now_ms - atomic_load(&metrics->halved_ms) < HALVED_EVERY_MS)
		return;
	atomic_store(&metrics->halved_ms, now_ms);
	for (size_t i = 0; i < DNS_N_SLOW_ZONES; i++) {
		struct dns_slow_zone *zone = &metrics->slow_zones[i];

		begin_writing(zone);
		zone->slow_us /= 2;
		end_writing(zone);
	}
}

/* The one of this name; else that which a slower one may have. */
static struct dns_slow_zone *
find_place(struct dns_metrics *metrics, struct slice name, bool *is_there_out)
{
	struct dns_slow_zone *least = &metrics->slow_zones[0];

	for (size_t i = 0; i < DNS_N_SLOW_ZONES; i++) {
		struct dns_slow_zone *zone = &metrics->slow_zones[i];

		*is_there_out = strncmp(zone->name, name.ptr, name.len) == 0 &&
		    zone->name[name.len] == '\0';
		if (*is_there_out)
			return zone;
		if (zone->slow_us < least->slow_us)
			least = zone;
	}
	return least;
}

static void
join(struct dns_slow_zone *zone, struct slice name)
{
	memcpy(zone->name, name.ptr, name.len);
	zone->name[name.len] = '\0';
	zone->n_questions = zone->n_failures = 0;
	zone->sum_us = zone->max_us = zone->slow_us = 0;
}

static void
count_for_zone(struct dns_metrics *metrics, struct slice name, bool has_failed,
    uint64_t us)
{
	uint64_t slow_us = us > DNS_SLOW_US ? us : 0;
	struct dns_slow_zone *zone;
	bool is_there;

	name = dns_guess_zone(name);
	if (name.len > DNS_SLOW_ZONE_NAME_MAX)
		name = slice_from(name, name.len - DNS_SLOW_ZONE_NAME_MAX);
	zone = find_place(metrics, name, &is_there);
	if (name.len == 0 || (!is_there && slow_us <= zone->slow_us))
		return;
	begin_writing(zone);
	if (!is_there)
		join(zone, name);
	zone->n_questions++;
	zone->n_failures += has_failed;
	zone->sum_us += us;
	zone->slow_us += slow_us;
	if (us > zone->max_us)
		zone->max_us = us;
	end_writing(zone);
}

/* ---- answers ------------------------------------------------------------- */

void
dns_begin_metrics(struct dns_metrics *metrics)
{
	atomic_store(&metrics->n_in_flight, 0);
	for (size_t i = 0; i < DNS_N_SLOW_ZONES; i++) {
		struct dns_slow_zone *zone = &metrics->slow_zones[i];

		if (atomic_load(&zone->version) % 2 == 0)
			continue;
		/* Who wrote here has died in the middle of it. */
		join(zone, SLICE(""));
		end_writing(zone);
	}
}

void
dns_count_answer(struct dns_metrics *metrics, struct slice name,
    enum dns_status status, bool has_timed_out, uint64_t us, int64_t now_ms)
{
	atomic_fetch_add_explicit(&metrics->answers[status], 1,
	    memory_order_relaxed);
	if (has_timed_out)
		atomic_fetch_add_explicit(&metrics->n_timeouts, 1,
		    memory_order_relaxed);
	histogram_add(&metrics->time, us);
	halve(metrics, now_ms);
	count_for_zone(metrics, name, status == DNS_TEMPFAIL, us);
}
