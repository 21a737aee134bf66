/* control/summary.c - see summary.h.
 *
 * jansson passes on that an object could not be made: what is packed with NULL
 * is NULL, and what was packed with it is freed. */
#include "control/summary.h"

#include <jansson.h>
#include <stdio.h>

#include "arc/chain.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "control/board.h"
#include "control/health.h"
#include "control/host.h"
#include "control/keeper.h"
#include "control/samples.h"
#include "dkim/result.h"
#include "dmarc/check.h"
#include "dns/dns.h"
#include "milter/context.h"
#include "report/options.h"
#include "spf/result.h"

#define SCRATCH_CEILING ((size_t)64 * 1024)
#define MAX_TEXT ((size_t)300)	/* octets of one from outside */
#define MAX_ZONES 10

/* ---- texts and numbers --------------------------------------------------- */

static json_t *
number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* NULL gives null. */
static json_t *
text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

/* Not whole where it is too long, or is no UTF-8: then it is escaped. */
static json_t *
outside_text(struct slice text)
{
	struct arena *arena;
	struct strbuf shown;
	json_t *value;

	if (text.len <= MAX_TEXT && utf8_is_valid(text))
		return json_stringn(text.len != 0 ? text.ptr : "", text.len);
	if ((arena = arena_create(SCRATCH_CEILING)) == NULL)
		return NULL;
	strbuf_init(&shown, arena, SCRATCH_CEILING / 2);
	strbuf_append_escaped(&shown, text, MAX_TEXT);
	value = json_stringn(strbuf_slice(&shown).ptr,
	    strbuf_slice(&shown).len);
	arena_destroy(&arena);
	return value;
}

/* A moment of the wall clock, 0 for never, which gives null. */
static json_t *
moment(int64_t time_s)
{
	return time_s != 0 ? json_integer(time_s) : json_null();
}

/* ---- counts by name ------------------------------------------------------ */

static const char *
name_spf(unsigned i)
{
	return spf_result_name((enum spf_result)i);
}

static const char *
name_dkim(unsigned i)
{
	return dkim_result_name((enum dkim_result)i);
}

static const char *
name_arc(unsigned i)
{
	return arc_result_name((enum arc_result)i);
}

static const char *
name_dmarc(unsigned i)
{
	return dmarc_result_name((enum dmarc_result)i);
}

static const char *
name_action(unsigned i)
{
	return policy_action_name((enum policy_action)i);
}

static const char *
name_status(unsigned i)
{
	return dns_status_name((enum dns_status)i);
}

static json_t *
counts(const uint64_t *values, unsigned n, const char *(*name)(unsigned i))
{
	json_t *object = json_object();

	for (unsigned i = 0; i < n && object != NULL; i++)
		if (json_object_set_new(object, name(i),
		    number(values[i])) != 0) {
			json_decref(object);
			object = NULL;
		}
	return object;
}

static json_t *
times(const struct sum_histogram *histogram)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
	    "n", number(histogram->n),
	    "mean_us", number(histogram->n != 0 ?
	    histogram->sum_us / histogram->n : 0),
	    "p50_us", number(sum_quantile_us(histogram, 0.5)),
	    "p95_us", number(sum_quantile_us(histogram, 0.95)),
	    "p99_us", number(sum_quantile_us(histogram, 0.99)));
}

/* ---- the last 24 hours --------------------------------------------------- */

static uint64_t
count_answers(const uint64_t *answers)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DNS_N_STATUSES; i++)
		n += answers[i];
	return n;
}

/* The wall clock's time of a monotonic one, as that clock is set now. */
static int64_t
wall_time_s(const struct summary *summary, int64_t time_ms)
{
	return summary->now_s - (summary->now_ms - time_ms) / 1000;
}

/* What was done; in monitor mode, what would have been. */
static const uint64_t *
get_verdicts(const struct summary *summary, const struct sample *counted)
{
	return summary->context->policy.mode == POLICY_MODE_ENFORCE ?
	    counted->actions : counted->wanted;
}

/* Start, end, messages, verdicts: accepted, quarantined, rejected, deferred;
 * questions to DNS, their failures, their time in ms. */
static json_t *
describe_column(const struct summary *summary,
    const struct samples_column *column)
{
	const struct sample *counted = &column->counts;
	const uint64_t *verdicts = get_verdicts(summary, counted);

	return json_pack("[I, I, o, o, o, o, o, o, o, o]",
	    (json_int_t)wall_time_s(summary, column->start_ms),
	    (json_int_t)wall_time_s(summary, column->end_ms),
	    number(counted->n_messages),
	    number(verdicts[POLICY_ACCEPT]),
	    number(verdicts[POLICY_HOLD] + verdicts[POLICY_REDIRECT]),
	    number(verdicts[POLICY_REJECT]),
	    number(verdicts[POLICY_TEMPFAIL]),
	    number(count_answers(counted->answers)),
	    number(counted->answers[DNS_TEMPFAIL]),
	    number(counted->dns_time.sum_us / 1000));
}

static json_t *
describe_columns(const struct summary *summary, const struct sample *now)
{
	size_t n = samples_count(summary->samples, summary->now_ms);
	json_t *columns = json_array();

	for (size_t i = 0; i < n && columns != NULL; i++) {
		struct samples_column column;

		samples_get_column(summary->samples, now, summary->now_ms, i,
		    &column);
		if (json_array_append_new(columns, describe_column(summary,
		    &column)) != 0) {
			json_decref(columns);
			columns = NULL;
		}
	}
	return columns;
}

/* A prefetch is a question, too, whose answer is then a hit. */
static json_t *
describe_dns(const struct sample *counted)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
	    "answers", counts(counted->answers, DNS_N_STATUSES, name_status),
	    "timeouts", number(counted->n_timeouts),
	    "time", times(&counted->dns_time),
	    "cache_wanted", number(counted->cache_hits +
	    counted->cache_merged + counted->cache_misses),
	    "cache_asked", number(counted->cache_misses +
	    counted->cache_prefetches));
}

static json_t *
describe_results(const struct sample *counted)
{
	return json_pack("{s:o, s:o, s:o, s:o}",
	    "spf", counts(counted->spf, MILTER_N_SPF, name_spf),
	    "dkim", counts(counted->dkim, MILTER_N_DKIM, name_dkim),
	    "arc", counts(counted->arc, MILTER_N_ARC, name_arc),
	    "dmarc", counts(counted->dmarc, MILTER_N_DMARC, name_dmarc));
}

static json_t *
describe_day(const struct summary *summary, const struct sum *sum)
{
	struct samples_column total;
	const struct sample *counted = &total.counts;
	struct sample now;

	samples_describe(sum, &now);
	samples_get_total(summary->samples, &now, summary->now_ms, &total);
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
	    "s:o}",
	    "since_s", (json_int_t)wall_time_s(summary, total.start_ms),
	    "messages", number(counted->n_messages),
	    "aborted", number(counted->n_aborted),
	    "failures", number(counted->n_failures),
	    "turned_away", number(counted->n_turned_away),
	    "actions", counts(counted->actions, MILTER_N_ACTIONS, name_action),
	    "wanted", counts(counted->wanted, MILTER_N_ACTIONS, name_action),
	    "results", describe_results(counted),
	    "end", times(&counted->end),
	    "dns", describe_dns(counted),
	    "columns", describe_columns(summary, &now));
}

/* ---- the last 30 days ---------------------------------------------------- */

static json_t *
describe_total(const struct store_total *total, json_t *key)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "key", key,
	    "messages", number(total->n_messages),
	    "passed", number(total->n_passed),
	    "failed", number(total->n_failed),
	    "spf_passed", number(total->n_spf_passed),
	    "dkim_aligned", number(total->n_dkim_aligned),
	    "rejected", number(total->n_rejected),
	    "quarantined", number(total->n_quarantined),
	    "deferred", number(total->n_deferred));
}

static json_t *
name_key(const struct store_total *total)
{
	return outside_text(total->key);
}

/* Days since the epoch. */
static json_t *
name_day(const struct store_total *total)
{
	return number(total->day);
}

static json_t *
describe_totals(const struct store_total *totals, size_t n,
    json_t *(*name)(const struct store_total *total))
{
	json_t *array = json_array();

	for (size_t i = 0; i < n && array != NULL; i++)
		if (json_array_append_new(array, describe_total(&totals[i],
		    name(&totals[i]))) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

/* "none", "reading" (for the first time), "ready", "failed". */
static const char *
describe_state(const char *url, const struct days_view *view)
{
	if (url[0] == '\0')
		return "none";
	if (view == NULL)
		return "reading";
	return view->status == STORE_OK ? "ready" : "failed";
}

static json_t *
describe_month(const struct summary *summary)
{
	const char *url = summary->context->report != NULL ?
	    summary->context->report->store : "";
	static const struct days_view nothing = { .problem = "" };
	const struct days_view *known, *view;
	bool is_reading;

	known = keeper_get_days(summary->keeper, &is_reading);
	view = known != NULL ? known : &nothing;
	return json_pack("{s:s, s:b, s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}",
	    "state", describe_state(url, known),
	    "is_reading", is_reading,
	    "problem", view->problem,
	    "read_s", moment(view->read_s),
	    "took_ms", (json_int_t)view->took_ms,
	    "first_day", number(view->first_day),
	    "last_day", number(view->last_day),
	    "days", describe_totals(view->days, view->n_days, name_day),
	    "domains", describe_totals(view->domains, view->n_domains,
	    name_key),
	    "sources", describe_totals(view->sources, view->n_sources,
	    name_key));
}

/* ---- what is so now ------------------------------------------------------ */

static json_t *
describe_process(const struct board_slot *slot, int64_t now_ms)
{
	return json_pack("{s:o, s:o, s:b, s:I, s:o, s:b, s:o, s:s, s:o, s:o, "
	    "s:o, s:o, s:o}",
	    "number", number(atomic_load(&slot->worker)),
	    "pid", number((uint64_t)atomic_load(&slot->pid)),
	    "takes_mail", atomic_load(&slot->takes_mail),
	    "beat_age_ms", (json_int_t)(now_ms - atomic_load(&slot->beat_ms)),
	    "start_s", moment(atomic_load(&slot->start_s)),
	    "is_draining", atomic_load(&slot->is_draining),
	    "generation", number(atomic_load(&slot->generation)),
	    "soundness", board_soundness_name(
	    (enum board_soundness)atomic_load(&slot->soundness)),
	    "tested_s", moment(atomic_load(&slot->tested_s)),
	    "resident_octets", number(atomic_load(&slot->resident_octets)),
	    "descriptors", number(atomic_load(&slot->n_descriptors)),
	    "sessions", number(atomic_load(&slot->milter.n_sessions)),
	    "open", number(atomic_load(&slot->milter.n_open)));
}

static json_t *
describe_processes(const struct summary *summary)
{
	const struct board *board = summary->host->board;
	json_t *array = json_array();

	for (unsigned i = 0; i < board->n_slots && array != NULL; i++) {
		if (atomic_load(&board->slots[i].pid) == 0)
			continue;
		if (json_array_append_new(array, describe_process(
		    &board->slots[i], summary->now_ms)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *
describe_zone(const struct sum_zone *zone)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}",
	    "name", outside_text(slice_from_cstr(zone->name)),
	    "questions", number(zone->n_questions),
	    "failures", number(zone->n_failures),
	    "mean_us", number(zone->n_questions != 0 ?
	    zone->sum_us / zone->n_questions : 0),
	    "max_us", number(zone->max_us));
}

static json_t *
describe_zones(const struct sum *sum)
{
	json_t *array = json_array();

	for (size_t i = 0; i < sum->n_zones && i < MAX_ZONES && array != NULL;
	    i++)
		if (json_array_append_new(array,
		    describe_zone(&sum->zones[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static json_t *
describe_store(const struct sum *sum)
{
	return json_pack("{s:b, s:b, s:o, s:o, s:o}",
	    "has_store", sum->has_store,
	    "is_down", sum->is_store_down,
	    "written", number(sum->store_written),
	    "dropped", number(sum->store_dropped),
	    "queued_octets", number(sum->store_queued_octets));
}

static json_t *
describe_present(const struct summary *summary, const struct sum *sum)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "sessions", number(sum->n_sessions),
	    "open", number(sum->n_open),
	    "in_flight", number(sum->n_in_flight),
	    "cache_entries", number(sum->cache_entries),
	    "cache_octets", number(sum->cache_octets),
	    "tests", number(sum->n_tests),
	    "failed_tests", number(sum->n_failed_tests),
	    "store", describe_store(sum),
	    "slow_zones", describe_zones(sum),
	    "processes", describe_processes(summary));
}

static json_t *
describe_health(const struct board *board)
{
	struct arena *arena = arena_create(SCRATCH_CEILING);
	json_t *health = NULL;
	struct strbuf text;
	bool is_well;

	if (arena == NULL)
		return NULL;
	strbuf_init(&text, arena, SCRATCH_CEILING / 2);
	is_well = health_append(&text, board);
	health = json_pack("{s:b, s:o}", "is_well", is_well, "text",
	    json_stringn(strbuf_slice(&text).ptr, strbuf_slice(&text).len));
	arena_destroy(&arena);
	return health;
}

static json_t *
describe_reloads(const struct board *board)
{
	return json_pack("{s:o, s:o, s:o}",
	    "done", number(atomic_load(&board->n_reloads)),
	    "failed", number(atomic_load(&board->n_failed_reloads)),
	    "last_s", moment(atomic_load(&board->reloaded_s)));
}

/* ---- all of it ----------------------------------------------------------- */

static json_t *
describe(const struct summary *summary, const struct sum *sum)
{
	const struct board *board = summary->host->board;
	const struct milter_context *context = summary->context;

	return json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:o, s:o, s:o, s:o, "
	    "s:o, s:o}",
	    "version", summary->host->version,
	    "hostname", text_or_null(context->hostname),
	    "authserv_id", text_or_null(context->authserv_id),
	    "mode", policy_mode_name(context->policy.mode),
	    "now_s", (json_int_t)summary->now_s,
	    "start_s", (json_int_t)board->start_s,
	    "max_descriptors", number(board->max_descriptors),
	    "reloads", describe_reloads(board),
	    "health", describe_health(board),
	    "day", describe_day(summary, sum),
	    "month", describe_month(summary),
	    "present", describe_present(summary, sum));
}

static int
append(const char *octets, size_t len, void *arg)
{
	strbuf_append(arg, (struct slice){ octets, len });
	return 0;
}

void
summary_append(struct strbuf *out, const struct summary *summary)
{
	struct sum sum;
	json_t *object;

	sum_board(summary->host->board, &sum);
	object = describe(summary, &sum);
	if (object == NULL || json_dump_callback(object, append, out,
	    JSON_COMPACT) != 0)
		out->has_failed = true;
	json_decref(object);
	strbuf_append_char(out, '\n');
}
