/* control/answer.c - see answer.h. */
#include "control/answer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "control/health.h"
#include "control/request.h"
#include "control/results.h"
#include "control/sum.h"
#include "milter/milter.h"
#include "policy/policy.h"

#define TEXT_MAX ((size_t)64 * 1024)

/* ---- parts --------------------------------------------------------------- */

static void
set(json_t *object, const char *key, json_t *value)
{
	/* Without memory a number is missing: that is seen. */
	json_object_set_new(object, key, value);
}

static void
set_number(json_t *object, const char *key, uint64_t number)
{
	set(object, key, json_integer((json_int_t)number));
}

static void
set_time(json_t *object, const char *key, int64_t time_s)
{
	set(object, key, time_s != 0 ? json_integer(time_s) : json_null());
}

/* A lock for as long as one looks. */
static const char *
find_mode(void)
{
	struct milter_context *context = milter_retain_context();
	const char *mode = policy_mode_name(context->policy.mode);

	milter_release_context(context);
	return mode;
}

static json_t *
make_actions(const uint64_t *counts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < MILTER_N_ACTIONS; i++)
		set_number(object, policy_action_name((enum policy_action)i),
		    counts[i]);
	return object;
}

static json_t *
make_limits(const struct sum *sum)
{
	json_t *object = json_object();

	for (size_t i = 0; i < LIMIT_COUNT; i++)
		if (sum->limits[i] != 0)
			set_number(object, limit_name((enum limit)i),
			    sum->limits[i]);
	return object;
}

static json_t *
make_mail(const struct sum *sum)
{
	json_t *object = json_object();

	set_number(object, "sessions", sum->n_sessions);
	set_number(object, "open", sum->n_open);
	set_number(object, "connections", sum->n_connections);
	set_number(object, "messages", sum->n_messages);
	set_number(object, "aborted", sum->n_aborted);
	set_number(object, "failures", sum->n_failures);
	set_number(object, "turned_away", sum->n_turned_away);
	set_number(object, "octets", sum->octets);
	set(object, "verdicts", make_actions(sum->actions));
	set(object, "wanted", make_actions(sum->wanted));
	set(object, "limits", make_limits(sum));
	set_number(object, "end_p50_us", sum_quantile_us(
	    &sum->stages[MILTER_STAGE_END], 0.5));
	set_number(object, "end_p99_us", sum_quantile_us(
	    &sum->stages[MILTER_STAGE_END], 0.99));
	return object;
}

static json_t *
make_dns(const struct sum *sum)
{
	json_t *object = json_object(), *answers = json_object();

	for (size_t i = 0; i < DNS_N_STATUSES; i++)
		set_number(answers, dns_status_name((enum dns_status)i),
		    sum->answers[i]);
	set_number(object, "in_flight", sum->n_in_flight);
	set(object, "answers", answers);
	set_number(object, "timeouts", sum->n_timeouts);
	set_number(object, "p50_us", sum_quantile_us(&sum->dns_time, 0.5));
	set_number(object, "p99_us", sum_quantile_us(&sum->dns_time, 0.99));
	return object;
}

static json_t *
make_cache(const struct sum *sum)
{
	uint64_t n_asked = sum->cache_hits + sum->cache_misses +
	    sum->cache_merged;
	json_t *object = json_object();

	set_number(object, "hits", sum->cache_hits);
	set_number(object, "misses", sum->cache_misses);
	set_number(object, "merged", sum->cache_merged);
	set(object, "ratio", n_asked != 0 ? json_real(
	    (double)sum->cache_hits / (double)n_asked) : json_null());
	set_number(object, "prefetches", sum->cache_prefetches);
	set_number(object, "evictions", sum->cache_evictions);
	set_number(object, "entries", sum->cache_entries);
	set_number(object, "octets", sum->cache_octets);
	return object;
}

static json_t *
make_store(const struct sum *sum)
{
	json_t *object;

	if (!sum->has_store)
		return json_null();
	object = json_object();
	set(object, "is_down", json_boolean(sum->is_store_down));
	set_number(object, "written", sum->store_written);
	set_number(object, "dropped", sum->store_dropped);
	set_number(object, "queued_octets", sum->store_queued_octets);
	return object;
}

/* ---- processes ----------------------------------------------------------- */

static json_t *
make_process(const struct board_slot *slot, int64_t now_ms)
{
	json_t *object = json_object();

	set_number(object, "pid", (uint64_t)atomic_load(&slot->pid));
	set_number(object, "worker", atomic_load(&slot->worker));
	set(object, "takes_mail", json_boolean(atomic_load(
	    &slot->takes_mail)));
	set_time(object, "started", atomic_load(&slot->start_s));
	set(object, "beat_ms_ago", json_integer(now_ms -
	    atomic_load(&slot->beat_ms)));
	set(object, "is_draining", json_boolean(atomic_load(
	    &slot->is_draining)));
	set_number(object, "generation", atomic_load(&slot->generation));
	set(object, "self_test", json_string(board_soundness_name(
	    (enum board_soundness)atomic_load(&slot->soundness))));
	set_time(object, "tested", atomic_load(&slot->tested_s));
	set_number(object, "sessions", atomic_load(&slot->milter.n_sessions));
	set_number(object, "open", atomic_load(&slot->milter.n_open));
	set_number(object, "messages", atomic_load(&slot->milter.n_messages));
	set_number(object, "resident_octets",
	    atomic_load(&slot->resident_octets));
	set_number(object, "descriptors", atomic_load(&slot->n_descriptors));
	return object;
}

static json_t *
make_processes(const struct board *board)
{
	int64_t now_ms = clock_monotonic_ms();
	json_t *list = json_array();

	for (unsigned i = 0; i < board->n_slots; i++)
		if (atomic_load(&board->slots[i].pid) != 0)
			json_array_append_new(list,
			    make_process(&board->slots[i], now_ms));
	return list;
}

/* The oldest that a process still works by. */
static uint64_t
find_generation(const struct board *board)
{
	uint64_t least = 0;

	for (unsigned i = 0; i < board->n_slots; i++) {
		const struct board_slot *slot = &board->slots[i];
		uint64_t generation = atomic_load(&slot->generation);

		if (atomic_load(&slot->pid) != 0 &&
		    (least == 0 || generation < least))
			least = generation;
	}
	return least;
}

/* Lines of text, as a list of strings. */
static json_t *
make_lines(struct arena *arena, struct slice lines)
{
	json_t *list = json_array();

	while (lines.len != 0) {
		struct slice line = slice_head(lines, slice_find(lines, '\n'));

		if (line.len != 0)
			json_array_append_new(list,
			    results_make_text(arena, line));
		lines = slice_from(lines, line.len + 1);
	}
	return list;
}

static json_t *
make_health(struct arena *arena, const struct board *board)
{
	struct strbuf text;
	bool is_healthy;
	json_t *object = json_object();

	strbuf_init(&text, arena, TEXT_MAX);
	is_healthy = health_append(&text, board);
	set(object, "is_healthy", json_boolean(is_healthy));
	set(object, "lines", make_lines(arena, strbuf_slice(&text)));
	return object;
}

/* ---- answers ------------------------------------------------------------- */

static void
set_daemon(json_t *object, const struct control_host *host,
    const struct sum *sum)
{
	struct board *board = host->board;

	set(object, "version", json_string(host->version));
	set(object, "mode", json_string(find_mode()));
	set_time(object, "started", board->start_s);
	set(object, "uptime_s", json_integer(clock_wall_s() -
	    board->start_s));
	set_number(object, "generation", find_generation(board));
	set_number(object, "reloads", atomic_load(&board->n_reloads));
	set_number(object, "failed_reloads",
	    atomic_load(&board->n_failed_reloads));
	set_time(object, "reloaded", atomic_load(&board->reloaded_s));
	set(object, "log_level", json_string(log_level_name(
	    (enum log_level)atomic_load(&board->log_level))));
	set(object, "self_test", json_string(board_soundness_name(
	    sum->soundness)));
	set_number(object, "max_descriptors", board->max_descriptors);
}

json_t *
answer_make_status(struct arena *arena, const struct control_host *host)
{
	struct sum *sum = malloc(sizeof(*sum));
	json_t *object = json_object();

	if (sum == NULL || object == NULL) {
		free(sum);
		json_decref(object);
		return NULL;
	}
	sum_board(host->board, sum);
	set_daemon(object, host, sum);
	set(object, "health", make_health(arena, host->board));
	set(object, "mail", make_mail(sum));
	set(object, "dns", make_dns(sum));
	set(object, "cache", make_cache(sum));
	set(object, "store", make_store(sum));
	set(object, "processes", make_processes(host->board));
	free(sum);
	return object;
}

json_t *
answer_make_cache(const struct control_host *host)
{
	struct sum *sum = malloc(sizeof(*sum));
	json_t *object;

	if (sum == NULL)
		return NULL;
	sum_board(host->board, sum);
	object = make_cache(sum);
	free(sum);
	return object;
}

static json_t *
make_zone(struct arena *arena, const struct sum_zone *zone)
{
	json_t *object = json_object();

	set(object, "zone", results_make_text(arena,
	    slice_from_cstr(zone->name)));
	set_number(object, "questions", zone->n_questions);
	set_number(object, "failures", zone->n_failures);
	set_number(object, "mean_us", zone->n_questions != 0 ?
	    zone->sum_us / zone->n_questions : 0);
	set_number(object, "max_us", zone->max_us);
	set_number(object, "slow_us", zone->slow_us);
	return object;
}

json_t *
answer_make_zones(struct arena *arena, const struct control_host *host)
{
	struct sum *sum = malloc(sizeof(*sum));
	json_t *list;

	if (sum == NULL)
		return NULL;
	list = json_array();
	sum_board(host->board, sum);
	for (size_t i = 0; i < sum->n_zones; i++)
		json_array_append_new(list, make_zone(arena, &sum->zones[i]));
	free(sum);
	return json_pack("{s:o}", "zones", list);
}

json_t *
answer_make_log_level(const struct control_host *host)
{
	return json_pack("{s:s}", "level", log_level_name(
	    (enum log_level)atomic_load(&host->board->log_level)));
}

json_t *
answer_make_reload(struct arena *arena, enum control_reload result,
    struct slice lines)
{
	switch (result) {
	case CONTROL_RELOAD_DONE:
		return json_pack("{s:b, s:o}", "reloaded", 1,
		    "changes", make_lines(arena, lines));
	case CONTROL_RELOAD_REFUSED:
		return json_pack("{s:b, s:s, s:o}", "reloaded", 0,
		    "error", "the configuration has problems, and the old one "
		    "stays", "problems", make_lines(arena, lines));
	case CONTROL_RELOAD_BUSY:
		return json_pack("{s:b, s:s, s:o}", "reloaded", 0,
		    "error", "another reload is under way",
		    "problems", make_lines(arena, lines));
	case CONTROL_RELOAD_FAILED:
		return json_pack("{s:b, s:s, s:o}", "reloaded", 0,
		    "error", "the reload has failed",
		    "problems", make_lines(arena, lines));
	}
	return NULL;
}

json_t *
answer_make_error(struct arena *arena, struct slice error)
{
	return json_pack("{s:o}", "error", results_make_text(arena, error));
}
