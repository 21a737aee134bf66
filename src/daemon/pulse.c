/* daemon/pulse.c - see pulse.h. */
#include "daemon/pulse.h"

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "control/board.h"
#include "control/health.h"
#include "daemon/generation.h"
#include "daemon/part.h"
#include "dns/cache.h"
#include "report/writer.h"

#define INTERVAL_S 1
#define DESCRIPTORS_EVERY 10	/* of these: counting takes longer */
#define TRIM_EVERY 30

/* What those have counted that were replaced, in this process or in one whose
 * slot it has taken over. */
struct past {
	struct cache_counters cache;
	uint64_t written, dropped;
	uint64_t cpu_us;
};

struct pulse {
	struct board *board;		/* borrowed */
	struct board_slot *slot;	/* of it */
	const struct generation *generation;
	struct past past;
	struct event *timer;
	unsigned n_beats;
};

void
pulse_claim_slot(struct board_slot *slot, unsigned number, bool takes_mail)
{
	atomic_store(&slot->worker, number);
	atomic_store(&slot->takes_mail, takes_mail);
	atomic_store(&slot->start_s, clock_wall_s());
	atomic_store(&slot->beat_ms, clock_monotonic_ms());
	atomic_store(&slot->is_draining, false);
	atomic_store(&slot->soundness, BOARD_UNTESTED);
	milter_begin_metrics(&slot->milter);
	dns_begin_metrics(&slot->dns);
	atomic_store(&slot->store_queued_octets, 0);
	atomic_store(&slot->pid, (long)getpid());
}

/* ---- the process --------------------------------------------------------- */

static uint64_t
find_resident_octets(void)
{
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128] = "";
	unsigned long size = 0, resident = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0 || sscanf(text, "%lu %lu", &size, &resident) != 2)
		return 0;
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
find_cpu_us(void)
{
	struct rusage usage;

	/* It fails for no process that there is. */
	(void)getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	    1000000 + (uint64_t)(usage.ru_utime.tv_usec +
	    usage.ru_stime.tv_usec);
}

/* Its own is among them, and ".", "..". */
static unsigned
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n > 3 ? n - 3 : 0;
}

/* ---- cache and store ----------------------------------------------------- */

static void
show_cache(struct pulse *pulse)
{
	const struct cache_counters *past = &pulse->past.cache;
	struct board_slot *slot = pulse->slot;
	struct cache_counters c = { .n_hits = 0 };

	if (pulse->generation->cache != NULL)
		cache_read_counters(pulse->generation->cache, &c);
	atomic_store(&slot->cache_hits, past->n_hits + c.n_hits);
	atomic_store(&slot->cache_misses, past->n_misses + c.n_misses);
	atomic_store(&slot->cache_merged, past->n_merged + c.n_merged);
	atomic_store(&slot->cache_prefetches,
	    past->n_prefetches + c.n_prefetches);
	atomic_store(&slot->cache_evictions,
	    past->n_evictions + c.n_evictions);
	atomic_store(&slot->cache_entries, c.n_entries);
	atomic_store(&slot->cache_octets, c.octets);
}

static void
show_writer(struct pulse *pulse)
{
	const struct report_writer *writer =
	    generation_writer(pulse->generation);
	struct report_writer_counts c = { .written = 0 };
	struct board_slot *slot = pulse->slot;

	if (writer != NULL)
		report_get_writer_counts(writer, &c);
	atomic_store(&slot->has_store, writer != NULL);
	atomic_store(&slot->is_store_down, c.is_store_down);
	atomic_store(&slot->store_written, pulse->past.written + c.written);
	atomic_store(&slot->store_dropped, pulse->past.dropped + c.dropped);
	atomic_store(&slot->store_queued_octets, c.queued_octets);
}

static void
beat(struct pulse *pulse)
{
	struct board_slot *slot = pulse->slot;

	if (pulse->generation != NULL) {
		show_cache(pulse);
		show_writer(pulse);
	}
	atomic_store(&slot->resident_octets, find_resident_octets());
	atomic_store(&slot->cpu_us, pulse->past.cpu_us + find_cpu_us());
	if (pulse->n_beats % DESCRIPTORS_EVERY == 0)
		atomic_store(&slot->n_descriptors, count_descriptors());
	if (++pulse->n_beats % TRIM_EVERY == 0)
		heap_trim();
	health_observe(slot, clock_monotonic_ms());
	atomic_store(&slot->beat_ms, clock_monotonic_ms());
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	beat(arg);
}

/* What is shown now is the past of what comes. */
static void
keep_cache_counts(struct pulse *pulse)
{
	const struct board_slot *slot = pulse->slot;

	pulse->past.cache = (struct cache_counters){
		.n_hits = atomic_load(&slot->cache_hits),
		.n_misses = atomic_load(&slot->cache_misses),
		.n_merged = atomic_load(&slot->cache_merged),
		.n_prefetches = atomic_load(&slot->cache_prefetches),
		.n_evictions = atomic_load(&slot->cache_evictions) };
}

static void
keep_writer_counts(struct pulse *pulse)
{
	pulse->past.written = atomic_load(&pulse->slot->store_written);
	pulse->past.dropped = atomic_load(&pulse->slot->store_dropped);
}

void
pulse_switch(struct pulse *pulse, const struct generation *before,
    const struct generation *now)
{
	if (before != NULL)
		beat(pulse);	/* their last counts */
	if (before == NULL || before->cache != now->cache)
		keep_cache_counts(pulse);
	if (before == NULL || before->writer != now->writer)
		keep_writer_counts(pulse);
	pulse->generation = now;
	atomic_store(&pulse->slot->generation,
	    atomic_load(&pulse->board->n_reloads) + 1);
	beat(pulse);
}

/* ---- from beginning to end ----------------------------------------------- */

struct pulse *
pulse_create(struct event_base *base, struct board *board,
    struct board_slot *slot)
{
	const struct timeval interval = { INTERVAL_S, 0 };
	struct pulse *pulse = calloc(1, sizeof(*pulse));

	if (pulse == NULL)
		return NULL;
	pulse->board = board;
	pulse->slot = slot;
	pulse->past.cpu_us = atomic_load(&slot->cpu_us);
	pulse->timer = event_new(base, -1, EV_PERSIST, on_timer, pulse);
	if (pulse->timer == NULL || event_add(pulse->timer, &interval) != 0)
		pulse_destroy(&pulse);
	return pulse;
}

void
pulse_destroy(struct pulse **pulse)
{
	if (*pulse == NULL)
		return;
	if ((*pulse)->timer != NULL)
		event_free((*pulse)->timer);
	free(*pulse);
	*pulse = NULL;
}
