/* control/prometheus.c - see prometheus.h.
 *
 * A family is written whole: # HELP and # TYPE, then its samples.  Names end in
 * their unit, those of counters in _total; no counter runs backwards for as
 * long as the daemon lives. */
#include "control/prometheus.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <unbound.h>

#include "arc/chain.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "control/board.h"
#include "control/host.h"
#include "control/metric.h"
#include "control/sum.h"
#include "dkim/result.h"
#include "dmarc/check.h"
#include "milter/milter.h"
#include "policy/policy.h"
#include "spf/result.h"

/* A version, or a worker's place. */
#define WORD_MAX_OCTETS 32

/* ---- what stands alone --------------------------------------------------- */

struct number {
	const char *name, *type, *help;
	size_t offset;		/* of a uint64_t in struct sum */
};

static void
append_numbers(struct strbuf *out, const struct sum *sum,
    const struct number *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)sum + numbers[i].offset,
		    sizeof(value));
		metric_add_number(out, numbers[i].name, numbers[i].type,
		    numbers[i].help, value);
	}
}

static const struct number milter_numbers[] = {
	{ "assay_connections_total", "counter",
	    "Connections to the milter socket.",
	    offsetof(struct sum, n_connections) },
	{ "assay_strangers_total", "counter",
	    "Connections that ended without a word of the milter protocol.",
	    offsetof(struct sum, n_strangers) },
	{ "assay_messages_total", "counter", "Messages with a verdict.",
	    offsetof(struct sum, n_messages) },
	{ "assay_aborted_messages_total", "counter",
	    "Messages that ended without a verdict: the client or the MTA "
	    "gave up.", offsetof(struct sum, n_aborted) },
	{ "assay_faults_total", "counter",
	    "Messages whose verdict was made by a fault of assayd's own.",
	    offsetof(struct sum, n_failures) },
	{ "assay_turned_away_total", "counter",
	    "Messages that were put off at MAIL: draining, or at a limit.",
	    offsetof(struct sum, n_turned_away) },
	{ "assay_message_bytes_total", "counter",
	    "Octets of header and body of all messages that ended.",
	    offsetof(struct sum, octets) },
	{ "assay_sessions", "gauge", "Connections to the milter socket, now.",
	    offsetof(struct sum, n_sessions) },
	{ "assay_open_messages", "gauge",
	    "Messages between MAIL and their end, now.",
	    offsetof(struct sum, n_open) },
};

static const struct number dns_numbers[] = {
	{ "assay_dns_timeouts_total", "counter",
	    "Questions that no server answered in time.",
	    offsetof(struct sum, n_timeouts) },
	{ "assay_dns_questions_in_flight", "gauge",
	    "Questions that wait for their answer, now.",
	    offsetof(struct sum, n_in_flight) },
	{ "assay_cache_hits_total", "counter",
	    "Questions that the cache answered.",
	    offsetof(struct sum, cache_hits) },
	{ "assay_cache_misses_total", "counter",
	    "Questions that the cache had to ask.",
	    offsetof(struct sum, cache_misses) },
	{ "assay_cache_merged_total", "counter",
	    "Questions that waited for an answer that was on its way.",
	    offsetof(struct sum, cache_merged) },
	{ "assay_cache_prefetches_total", "counter",
	    "Questions that were asked before anybody waited.",
	    offsetof(struct sum, cache_prefetches) },
	{ "assay_cache_evictions_total", "counter",
	    "Answers that were dropped for want of room.",
	    offsetof(struct sum, cache_evictions) },
	{ "assay_cache_entries", "gauge", "Answers in the cache.",
	    offsetof(struct sum, cache_entries) },
	{ "assay_cache_bytes", "gauge", "Memory that they take.",
	    offsetof(struct sum, cache_octets) },
};

static const struct number store_numbers[] = {
	{ "assay_store_written_total", "counter",
	    "Records that the store has taken.",
	    offsetof(struct sum, store_written) },
	{ "assay_store_dropped_total", "counter",
	    "Records that were lost: the queue was full.",
	    offsetof(struct sum, store_dropped) },
	{ "assay_store_queue_bytes", "gauge",
	    "Records that wait for the store.",
	    offsetof(struct sum, store_queued_octets) },
};

static const struct number test_numbers[] = {
	{ "assay_self_tests_total", "counter", "Self-tests.",
	    offsetof(struct sum, n_tests) },
	{ "assay_self_test_failures_total", "counter",
	    "Self-tests that found verification not to be relied on.",
	    offsetof(struct sum, n_failed_tests) },
};

/* ---- families of the milter ---------------------------------------------- */

static void
append_actions(struct strbuf *out, const char *name, const char *help,
    const uint64_t *counts)
{
	metric_begin(out, name, "counter", help);
	for (unsigned i = 0; i < MILTER_N_ACTIONS; i++)
		metric_add_sample(out, name, "action",
		    policy_action_name((enum policy_action)i), counts[i]);
}

static void
append_trusts(struct strbuf *out, const struct sum *sum)
{
	const char *name = "assay_trusted_total";

	metric_begin(out, name, "counter",
	    "Messages by why they were trusted; none: they were inspected.");
	for (unsigned i = 0; i < MILTER_N_TRUSTS; i++)
		metric_add_sample(out, name, "reason",
		    policy_trust_name((enum policy_trust)i), sum->trusts[i]);
}

static void
append_result(struct strbuf *out, const char *method, const char *result,
    uint64_t n)
{
	metric_begin_sample(out, "assay_results_total",
	    (const struct metric_label[]){ { "method", method },
	    { "result", result } }, 2);
	metric_end_sample(out, n);
}

static void
append_results(struct strbuf *out, const struct sum *sum)
{
	metric_begin(out, "assay_results_total", "counter", "Results of "
	    "messages that were inspected; of dkim, those of signatures.");
	for (unsigned i = 0; i < MILTER_N_SPF; i++)
		append_result(out, "spf", spf_result_name((enum spf_result)i),
		    sum->spf[i]);
	for (unsigned i = 0; i < MILTER_N_DKIM; i++)
		append_result(out, "dkim",
		    dkim_result_name((enum dkim_result)i), sum->dkim[i]);
	for (unsigned i = 0; i < MILTER_N_ARC; i++)
		append_result(out, "arc", arc_result_name((enum arc_result)i),
		    sum->arc[i]);
	for (unsigned i = 0; i < MILTER_N_DMARC; i++)
		append_result(out, "dmarc",
		    dmarc_result_name((enum dmarc_result)i), sum->dmarc[i]);
}

static void
append_rule(struct strbuf *out, const char *rule, bool is_shadow, uint64_t n)
{
	metric_begin_sample(out, "assay_rule_hits_total",
	    (const struct metric_label[]){ { "rule", rule },
	    { "shadow", is_shadow ? "true" : "false" } }, 2);
	metric_end_sample(out, n);
}

/* No rule can have the empty name. */
static void
append_rules(struct strbuf *out, const struct sum *sum)
{
	metric_begin(out, "assay_rule_hits_total", "counter",
	    "Messages that a rule matched; rule=\"\": rules beyond the first "
	    "64.");
	for (size_t i = 0; i < sum->n_rules; i++) {
		append_rule(out, sum->rules[i].name, false,
		    sum->rules[i].hits);
		append_rule(out, sum->rules[i].name, true,
		    sum->rules[i].shadow_hits);
	}
	if (sum->other_rule_hits + sum->other_shadow_hits == 0)
		return;
	append_rule(out, "", false, sum->other_rule_hits);
	append_rule(out, "", true, sum->other_shadow_hits);
}

static void
append_limits(struct strbuf *out, const struct sum *sum)
{
	const char *name = "assay_limit_hits_total";

	metric_begin(out, name, "counter", "How often each limit was "
	    "hit, at most once by a message.");
	for (unsigned i = 0; i < LIMIT_COUNT; i++)
		metric_add_sample(out, name, "limit", limit_name((enum limit)i),
		    sum->limits[i]);
}

static void
append_stages(struct strbuf *out, const struct sum *sum)
{
	const char *name = "assay_stage_seconds";

	metric_begin(out, name, "histogram", "Time that a message took in "
	    "assayd at each stage, waiting for DNS included.");
	for (unsigned i = 0; i < MILTER_N_STAGES; i++)
		metric_add_histogram(out, name, &(struct metric_label){ "stage",
		    milter_stage_name((enum milter_stage)i) },
		    &sum->stages[i]);
}

static void
append_milter(struct strbuf *out, const struct sum *sum)
{
	append_numbers(out, sum, milter_numbers, N_ELEMENTS(milter_numbers));
	append_actions(out, "assay_verdicts_total",
	    "Messages by what was done with them.", sum->actions);
	append_actions(out, "assay_wanted_total", "Messages by what is to be "
	    "done with them unless mode is monitor.", sum->wanted);
	append_trusts(out, sum);
	append_results(out, sum);
	append_rules(out, sum);
	append_limits(out, sum);
	append_stages(out, sum);
}

/* ---- families of the DNS and the store ----------------------------------- */

static void
append_dns(struct strbuf *out, const struct sum *sum)
{
	const char *name = "assay_dns_answers_total";

	metric_begin(out, name, "counter",
	    "Answers to questions that went out.");
	for (unsigned i = 0; i < DNS_N_STATUSES; i++)
		metric_add_sample(out, name, "status",
		    dns_status_name((enum dns_status)i), sum->answers[i]);
	name = "assay_dns_question_seconds";
	metric_begin(out, name, "histogram",
	    "Time until a question that went out had its answer.");
	metric_add_histogram(out, name, NULL, &sum->dns_time);
	name = "assay_dns_wait_seconds";
	metric_begin(out, name, "histogram",
	    "Time that a message waited for an answer, each time it did.");
	metric_add_histogram(out, name, NULL, &sum->dns_wait);
	append_numbers(out, sum, dns_numbers, N_ELEMENTS(dns_numbers));
}

static void
append_store(struct strbuf *out, const struct sum *sum)
{
	if (!sum->has_store)
		return;
	metric_add_number(out, "assay_store_up", "gauge",
	    "Whether the store takes what is written.", !sum->is_store_down);
	append_numbers(out, sum, store_numbers, N_ELEMENTS(store_numbers));
}

/* ---- the daemon and its processes ---------------------------------------- */

static void
append_build(struct strbuf *out, const struct control_host *host)
{
	const char *name = "assay_build_info";
	unsigned major, minor, patch;
	char milter[WORD_MAX_OCTETS];

	milter_get_library_version(&major, &minor, &patch);
	snprintf(milter, sizeof(milter), "%u.%u.%u", major, minor, patch);
	metric_begin(out, name, "gauge", "Always 1; which assay this is, and "
	    "the libraries that are loaded.");
	metric_begin_sample(out, name, (const struct metric_label[]){
	    { "version", host->version },
	    { "openssl", OpenSSL_version(OPENSSL_VERSION_STRING) },
	    { "libunbound", ub_version() },
	    { "libmilter", milter },
	    { "libevent", event_get_version() } }, 5);
	metric_end_sample(out, 1);
}

static void
append_reloads(struct strbuf *out, const struct board *board)
{
	const char *name = "assay_reloads_total";
	long long reloaded_s = atomic_load(&board->reloaded_s);

	metric_begin(out, name, "counter", "Reloads of the configuration.");
	metric_add_sample(out, name, "result", "done",
	    atomic_load(&board->n_reloads));
	metric_add_sample(out, name, "result", "failed",
	    atomic_load(&board->n_failed_reloads));
	metric_add_number(out, "assay_config_time_seconds", "gauge",
	    "When the configuration in use was read, since the epoch.",
	    (uint64_t)(reloaded_s != 0 ? reloaded_s : board->start_s));
}

static void
append_tests(struct strbuf *out, const struct sum *sum)
{
	metric_add_number(out, "assay_self_test_ok", "gauge",
	    "Whether the last self-test of every process that takes mail "
	    "was good.", sum->soundness == BOARD_SOUND);
	append_numbers(out, sum, test_numbers, N_ELEMENTS(test_numbers));
}

/* By the slot's place, which outlives the process in it. */
static void
name_worker(const struct board *board, unsigned i,
    char text_out[WORD_MAX_OCTETS])
{
	bool is_last = i == board->n_slots - 1;

	if (board->n_slots == 1)
		snprintf(text_out, WORD_MAX_OCTETS, "0");
	else if (is_last && !atomic_load(&board->slots[i].takes_mail))
		snprintf(text_out, WORD_MAX_OCTETS, "control");
	else
		snprintf(text_out, WORD_MAX_OCTETS, "%u", i + 1);
}

static uint64_t
is_up(const struct board_slot *slot)
{
	return atomic_load(&slot->pid) != 0;
}

static uint64_t
is_draining(const struct board_slot *slot)
{
	return atomic_load(&slot->is_draining);
}

static uint64_t
get_generation(const struct board_slot *slot)
{
	return atomic_load(&slot->generation);
}

static uint64_t
get_resident(const struct board_slot *slot)
{
	return atomic_load(&slot->resident_octets);
}

static uint64_t
get_descriptors(const struct board_slot *slot)
{
	return atomic_load(&slot->n_descriptors);
}

static const struct worker_gauge {
	const char *name, *help;
	uint64_t (*get)(const struct board_slot *slot);
} worker_gauges[] = {
	{ "assay_worker_up", "Whether there is such a process, now.", is_up },
	{ "assay_worker_draining", "Whether it takes no new messages.",
	    is_draining },
	{ "assay_worker_config_generation",
	    "Which configuration it works by: 1, and one more each reload.",
	    get_generation },
	{ "assay_worker_resident_bytes", "Its memory.", get_resident },
	{ "assay_worker_open_fds", "Its open files.", get_descriptors },
};

static void
begin_worker_sample(struct strbuf *out, const char *name,
    const struct board *board, unsigned slot)
{
	char worker[WORD_MAX_OCTETS];

	name_worker(board, slot, worker);
	metric_begin_sample(out, name, &(struct metric_label){ "worker",
	    worker }, 1);
}

/* That nobody is there is all there is to tell of nobody. */
static void
append_worker(struct strbuf *out, const struct board *board, unsigned slot,
    const struct worker_gauge *gauge)
{
	if (gauge->get != is_up && !is_up(&board->slots[slot]))
		return;
	begin_worker_sample(out, gauge->name, board, slot);
	metric_end_sample(out, gauge->get(&board->slots[slot]));
}

/* A loop may have turned behind NOW_MS. */
static void
append_beats(struct strbuf *out, const struct board *board, int64_t now_ms)
{
	const char *name = "assay_worker_beat_age_seconds";

	metric_begin(out, name, "gauge", "Time since its loop has turned.");
	for (unsigned i = 0; i < board->n_slots; i++) {
		const struct board_slot *slot = &board->slots[i];
		int64_t age_ms = now_ms - atomic_load(&slot->beat_ms);

		if (!is_up(slot))
			continue;
		begin_worker_sample(out, name, board, i);
		metric_end_seconds(out, age_ms > 0 ? (uint64_t)age_ms * 1000 :
		    0);
	}
}

static void
append_workers(struct strbuf *out, const struct board *board, int64_t now_ms)
{
	for (size_t i = 0; i < N_ELEMENTS(worker_gauges); i++) {
		const struct worker_gauge *gauge = &worker_gauges[i];

		metric_begin(out, gauge->name, "gauge", gauge->help);
		for (unsigned slot = 0; slot < board->n_slots; slot++)
			append_worker(out, board, slot, gauge);
	}
	append_beats(out, board, now_ms);
}

/* The names that every dashboard knows, for all processes together. */
static void
append_process(struct strbuf *out, const struct board *board,
    const struct sum *sum)
{
	metric_add_seconds(out, "process_cpu_seconds_total", "counter",
	    "CPU time of all processes.", sum->cpu_us);
	metric_add_number(out, "process_resident_memory_bytes", "gauge",
	    "Memory of all processes.", sum->resident_octets);
	metric_add_number(out, "process_open_fds", "gauge",
	    "Open files of all processes.", sum->n_descriptors);
	metric_add_number(out, "process_max_fds", "gauge",
	    "Files that all processes may have open.",
	    (uint64_t)board->max_descriptors * sum->n_processes);
	metric_add_number(out, "process_start_time_seconds", "gauge",
	    "When assayd was started, since the epoch.",
	    (uint64_t)board->start_s);
}

void
prometheus_append_at(struct strbuf *out, const struct board *board,
    const struct control_host *host, int64_t now_ms)
{
	struct sum sum;

	sum_board(board, &sum);
	append_build(out, host);
	append_milter(out, &sum);
	append_dns(out, &sum);
	append_store(out, &sum);
	append_reloads(out, board);
	append_tests(out, &sum);
	append_workers(out, board, now_ms);
	append_process(out, board, &sum);
}

void
prometheus_append(struct strbuf *out, const struct board *board,
    const struct control_host *host)
{
	prometheus_append_at(out, board, host, clock_monotonic_ms());
}
