/* control/results.c - see results.h. */
#include "control/results.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "inspect/inspect.h"
#include "policy/flags.h"
#include "policy/policy.h"

#define MAX_TEXT ((size_t)64 * 1024)

json_t *
results_make_text(struct arena *arena, struct slice text)
{
	struct strbuf escaped;

	strbuf_init(&escaped, arena, 4 * MAX_TEXT);
	strbuf_append_escaped(&escaped, text, MAX_TEXT);
	if (escaped.has_failed)
		return NULL;
	return json_stringn(escaped.ptr != NULL ? escaped.ptr : "",
	    escaped.len);
}

struct slice
results_get_text(const json_t *value)
{
	return (struct slice){ json_string_value(value),
		json_string_length(value) };
}

static json_t *
make_spf(struct arena *arena, const struct inspect_results *results)
{
	const struct spf_outcome *spf = &results->spf;

	if (!results->is_spf_checked)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:i, s:i}",
	    "result", spf_result_name(spf->result),
	    "domain", results_make_text(arena, spf->domain),
	    "mechanism", results_make_text(arena, spf->mechanism),
	    "reason", results_make_text(arena, spf->reason),
	    "terms", (int)spf->n_terms,
	    "void_lookups", (int)spf->n_void_lookups);
}

static json_t *
make_signature(struct arena *arena, const struct dkim_outcome *dkim)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}",
	    "result", dkim_result_name(dkim->result),
	    "reason", dkim->result == DKIM_RESULT_PASS ? "" :
	    dkim_reason_text(dkim->reason),
	    "domain", results_make_text(arena, dkim->domain),
	    "selector", results_make_text(arena, dkim->selector),
	    "algorithm", results_make_text(arena, dkim->algorithm),
	    "key_bits", (int)dkim->key_bits);
}

static json_t *
make_dkim(struct arena *arena, const struct inspect_results *results)
{
	json_t *list;

	if (!results->is_dkim_checked)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < results->n_dkim; i++)
		if (json_array_append_new(list, make_signature(arena,
		    &results->dkim[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
make_arc(struct arena *arena, const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;
	struct slice sealer = arc->n_sets != 0 ?
	    arc->sets[arc->n_sets - 1].sealer : SLICE_EMPTY;

	if (!results->is_arc_checked)
		return json_null();
	return json_pack("{s:s, s:s, s:i, s:i, s:o}",
	    "result", arc_result_name(arc->result),
	    "reason", arc->reason == ARC_REASON_NONE ? "" :
	    arc_reason_text(arc->reason),
	    "failed_set", (int)arc->failed_instance,
	    "sets", (int)arc->n_sets,
	    "sealer", results_make_text(arena, sealer));
}

static json_t *
make_evaluation(struct arena *arena, const struct dmarc_evaluation *evaluation)
{
	json_t *policy = json_null();

	if (evaluation->has_policy)
		policy = json_pack("{s:s, s:s, s:o}",
		    "published", dmarc_policy_name(evaluation->published),
		    "applied", dmarc_policy_name(evaluation->policy),
		    "domain", results_make_text(arena,
		    evaluation->policy_domain));
	return json_pack("{s:s, s:o, s:o, s:b, s:b, s:o}",
	    "result", dmarc_result_name(evaluation->result),
	    "author_domain", results_make_text(arena,
	    evaluation->author_domain),
	    "policy", policy,
	    "spf_aligned", (int)evaluation->is_spf_aligned,
	    "dkim_aligned", (int)evaluation->is_dkim_aligned,
	    "reason", results_make_text(arena, evaluation->reason));
}

static json_t *
make_dmarc(struct arena *arena, const struct inspect_results *results)
{
	const struct dmarc_outcome *dmarc = &results->dmarc;
	json_t *list;

	if (!results->is_dmarc_checked)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < dmarc->n_evaluations; i++)
		if (json_array_append_new(list, make_evaluation(arena,
		    &dmarc->evaluations[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return json_pack("{s:s, s:o, s:o}",
	    "result", dmarc_result_name(dmarc->result),
	    "reason", results_make_text(arena, dmarc->deciding->reason),
	    "evaluations", list);
}

static json_t *
make_signs(struct arena *arena, unsigned signs)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	policy_append_signs(&text, signs, ",");
	return results_make_text(arena, strbuf_slice(&text));
}

static json_t *
make_verdict(struct arena *arena, const struct policy_verdict *verdict)
{
	return json_pack("{s:s, s:s, s:s*, s:s*, s:o, s:o, s:o, s:s, s:o}",
	    "action", policy_action_name(verdict->action),
	    "wanted", policy_action_name(verdict->wanted),
	    "code", verdict->code, "enhanced", verdict->enhanced,
	    "text", results_make_text(arena, verdict->text),
	    "reason", results_make_text(arena, verdict->reason),
	    "evidence", make_signs(arena, verdict->evidence),
	    "override", policy_override_name(verdict->override),
	    "rule", results_make_text(arena, verdict->rule != NULL ?
	    verdict->rule->name : SLICE_EMPTY));
}

static json_t *
make_flags(struct arena *arena, const struct inspect_results *results)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	policy_append_flags(&text, policy_flag_message(results));
	return results_make_text(arena, strbuf_slice(&text));
}

/* The field as one line: what folding put in are blanks again. */
static json_t *
make_field(struct arena *arena, struct slice field)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	for (size_t i = 0; i < field.len; i++)
		if (field.ptr[i] == '\n')
			continue;
		else
			strbuf_append_char(&text, field.ptr[i] == '\t' ? ' ' :
			    field.ptr[i]);
	return results_make_text(arena, strbuf_slice(&text));
}

bool
results_add(json_t *object, struct arena *arena,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice field)
{
	const struct {
		const char *key;
		json_t *value;
	} parts[] = {
		{ "spf", make_spf(arena, results) },
		{ "dkim", make_dkim(arena, results) },
		{ "arc", make_arc(arena, results) },
		{ "dmarc", make_dmarc(arena, results) },
		{ "flags", make_flags(arena, results) },
		{ "verdict", make_verdict(arena, verdict) },
		{ "field", make_field(arena, field) },
	};
	bool is_added = true;

	/* All of them: each takes its value, or releases it. */
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		is_added &= json_object_set_new(object, parts[i].key,
		    parts[i].value) == 0;
	return is_added;
}
