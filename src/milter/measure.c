/* milter/measure.c - see measure.h.
 *
 * All threads count in the same places, so each message touches few of them:
 * what it is made of is kept in its session until it ends. */
#include "milter/measure.h"

#include "base/clock.h"
#include "inspect/inspect.h"
#include "milter/service.h"
#include "milter/session.h"
#include "policy/rules.h"

/* ---- counters ------------------------------------------------------------ */

static void
add(atomic_ullong *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void
count(atomic_ullong *counter)
{
	add(counter, 1);
}

static void
change(atomic_uint *gauge, int n)
{
	atomic_fetch_add_explicit(gauge, (unsigned)n, memory_order_relaxed);
}

static struct milter_metrics *
metrics_of(const struct session *session)
{
	return session->service->metrics;
}

const char *
milter_stage_name(enum milter_stage stage)
{
	switch (stage) {
	case MILTER_STAGE_MAIL:
		return "mail";
	case MILTER_STAGE_HEADER:
		return "header";
	case MILTER_STAGE_BODY:
		return "body";
	case MILTER_STAGE_END:
		return "end";
	}
	return "";
}

void
milter_begin_metrics(struct milter_metrics *metrics)
{
	atomic_store(&metrics->n_sessions, 0);
	atomic_store(&metrics->n_open, 0);
}

/* ---- connections and messages -------------------------------------------- */

void
measure_connect(struct service *service)
{
	count(&service->metrics->n_connections);
	change(&service->metrics->n_sessions, 1);
}

void
measure_disconnect(struct service *service, bool was_stranger)
{
	if (was_stranger)
		count(&service->metrics->n_strangers);
	change(&service->metrics->n_sessions, -1);
}

void
measure_begin(struct session *session)
{
	change(&metrics_of(session)->n_open, 1);
	session->measure = (struct measure){ .is_counted = false };
}

void
measure_end(struct session *session, unsigned limits_hit)
{
	struct milter_metrics *metrics = metrics_of(session);

	change(&metrics->n_open, -1);
	if (!session->measure.is_counted)
		count(&metrics->n_aborted);
	if (session->measure.octets != 0)
		add(&metrics->octets, session->measure.octets);
	limit_count(&metrics->limits, limits_hit);
}

void
measure_turned_away(struct session *session)
{
	session->measure.is_counted = true;
	count(&metrics_of(session)->n_turned_away);
}

/* ---- rules, by name ------------------------------------------------------ */

static bool
is_named(struct milter_rule_count *place, struct slice name)
{
	return atomic_load_explicit(&place->is_named, memory_order_acquire) &&
	    slice_eq(slice_from_cstr(place->name), name);
}

/* For NAME, which no place has yet; NULL where none is left. */
static struct milter_rule_count *
claim_place(struct milter_metrics *metrics, struct slice name)
{
	for (size_t i = 0; i < MILTER_N_RULES; i++) {
		struct milter_rule_count *place = &metrics->rules[i];

		if (atomic_exchange(&place->is_claimed, true))
			continue;
		memcpy(place->name, name.ptr, name.len);
		place->name[name.len] = '\0';
		atomic_store_explicit(&place->is_named, true,
		    memory_order_release);
		return place;
	}
	return NULL;
}

/* NULL where it is to be counted among the others. */
static struct milter_rule_count *
find_place(struct milter_metrics *metrics, struct slice name)
{
	for (size_t i = 0; i < MILTER_N_RULES; i++)
		if (is_named(&metrics->rules[i], name))
			return &metrics->rules[i];
	return name.len == 0 || name.len > MILTER_RULE_NAME_MAX ? NULL :
	    claim_place(metrics, name);
}

static void
count_rules(struct milter_metrics *metrics,
    const struct policy_verdict *verdict)
{
	struct milter_rule_count *place;

	if (verdict->rule != NULL) {
		place = find_place(metrics, verdict->rule->name);
		count(place != NULL ? &place->hits :
		    &metrics->other_rule_hits);
	}
	if (verdict->shadow_rule != NULL) {
		place = find_place(metrics, verdict->shadow_rule->name);
		count(place != NULL ? &place->shadow_hits :
		    &metrics->other_shadow_hits);
	}
}

/* ---- verdicts ------------------------------------------------------------ */

static void
count_results(struct milter_metrics *metrics,
    const struct inspect_results *results)
{
	if (results->is_spf_checked)
		count(&metrics->spf[results->spf.result]);
	if (results->is_dkim_checked && results->n_dkim == 0)
		count(&metrics->dkim[DKIM_RESULT_NONE]);
	for (size_t i = 0; i < results->n_dkim; i++)
		count(&metrics->dkim[results->dkim[i].result]);
	if (results->is_arc_checked)
		count(&metrics->arc[results->arc.result]);
	if (results->is_dmarc_checked)
		count(&metrics->dmarc[results->dmarc.result]);
}

/* What trusted clients send is wanted as it is. */
static void
count_message(struct session *session, enum policy_action action,
    enum policy_action wanted)
{
	struct milter_metrics *metrics = metrics_of(session);

	session->measure.is_counted = true;
	count(&metrics->n_messages);
	count(&metrics->actions[action]);
	count(&metrics->wanted[wanted]);
	count(&metrics->trusts[session->trust]);
}

void
measure_verdict(struct session *session, const struct policy_verdict *verdict,
    bool is_fault)
{
	const struct inspect_results *results = inspect_peek(session->inspect);
	struct milter_metrics *metrics = metrics_of(session);

	count_message(session, verdict->action, verdict->wanted);
	if (is_fault)
		count(&metrics->n_failures);
	else if (results != NULL)
		count_results(metrics, results);
	count_rules(metrics, verdict);
}

void
measure_fault(struct session *session)
{
	bool is_local = session->trust == POLICY_NOT_SMTP;

	count_message(session, is_local ? POLICY_ACCEPT : POLICY_TEMPFAIL,
	    POLICY_TEMPFAIL);
	count(&metrics_of(session)->n_failures);
}

/* ---- octets and times ---------------------------------------------------- */

void
measure_octets(struct session *session, size_t octets)
{
	session->measure.octets += octets;
}

void
measure_time(struct session *session, enum milter_stage stage,
    int64_t start_us)
{
	uint64_t us = (uint64_t)(clock_monotonic_us() - start_us);

	if (stage == MILTER_STAGE_MAIL)	/* not all of them come to their end */
		histogram_add(&metrics_of(session)->stages[stage], us);
	else
		session->measure.stages_us[stage] += us;
}

void
measure_end_of_message(struct session *session)
{
	for (size_t i = MILTER_STAGE_HEADER; i < MILTER_N_STAGES; i++)
		histogram_add(&metrics_of(session)->stages[i],
		    session->measure.stages_us[i]);
}
