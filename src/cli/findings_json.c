/* cli/findings_json.c - see findings.h: the same for programs.
 *
 * Texts are ASCII, escaped as in the log: what is in mail need not be UTF-8. */
#include "cli/findings.h"

#include "base/arena.h"
#include "base/ip.h"
#include "base/strbuf.h"
#include "cli/examine.h"
#include "policy/flags.h"

#define MAX_TEXT ((size_t)64 * 1024)

/* NULL, which json_pack refuses all of, where memory is out. */
static json_t *
make_text(struct arena *arena, struct slice text)
{
	struct strbuf escaped;

	strbuf_init(&escaped, arena, 4 * MAX_TEXT);
	strbuf_append_escaped(&escaped, text, MAX_TEXT);
	if (escaped.has_failed)
		return NULL;
	return json_stringn(escaped.ptr != NULL ? escaped.ptr : "",
	    escaped.len);
}

static json_t *
make_address(struct arena *arena, const struct ip_address *address)
{
	struct strbuf text;

	if (address->family == IP_NONE)
		return json_null();
	strbuf_init(&text, arena, MAX_TEXT);
	ip_append(&text, address);
	return make_text(arena, strbuf_slice(&text));
}

static const char *
name_source(enum origin_source source)
{
	switch (source) {
	case ORIGIN_UNKNOWN:
		return "unknown";
	case ORIGIN_GIVEN:
		return "given";
	case ORIGIN_FIELD:
		return "field";
	}
	return "";
}

static json_t *
make_origin(struct arena *arena, const struct origin *origin)
{
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:s}",
	    "client", make_address(arena, &origin->client),
	    "client_from", name_source(origin->client_from),
	    "helo", make_text(arena, origin->helo),
	    "helo_from", name_source(origin->helo_from),
	    "sender", make_text(arena, origin->sender),
	    "sender_from", name_source(origin->sender_from));
}

static json_t *
make_spf(struct arena *arena, const struct inspect_results *results)
{
	const struct spf_outcome *spf = &results->spf;

	if (!results->is_spf_checked)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:i, s:i}",
	    "result", spf_result_name(spf->result),
	    "domain", make_text(arena, spf->domain),
	    "mechanism", make_text(arena, spf->mechanism),
	    "reason", make_text(arena, spf->reason),
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
	    "domain", make_text(arena, dkim->domain),
	    "selector", make_text(arena, dkim->selector),
	    "algorithm", make_text(arena, dkim->algorithm),
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
	    "sealer", make_text(arena, sealer));
}

static json_t *
make_evaluation(struct arena *arena, const struct dmarc_evaluation *evaluation)
{
	json_t *policy = json_null();

	if (evaluation->has_policy)
		policy = json_pack("{s:s, s:s, s:o}",
		    "published", dmarc_policy_name(evaluation->published),
		    "applied", dmarc_policy_name(evaluation->policy),
		    "domain", make_text(arena, evaluation->policy_domain));
	return json_pack("{s:s, s:o, s:o, s:b, s:b, s:o}",
	    "result", dmarc_result_name(evaluation->result),
	    "author_domain", make_text(arena, evaluation->author_domain),
	    "policy", policy,
	    "spf_aligned", (int)evaluation->is_spf_aligned,
	    "dkim_aligned", (int)evaluation->is_dkim_aligned,
	    "reason", make_text(arena, evaluation->reason));
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
	    "reason", make_text(arena, dmarc->deciding->reason),
	    "evaluations", list);
}

static json_t *
make_signs(struct arena *arena, unsigned signs)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	policy_append_signs(&text, signs, ",");
	return make_text(arena, strbuf_slice(&text));
}

static json_t *
make_verdict(struct arena *arena, const struct policy_verdict *verdict)
{
	return json_pack("{s:s, s:s, s:s*, s:s*, s:o, s:o, s:o, s:s, s:o}",
	    "action", policy_action_name(verdict->action),
	    "wanted", policy_action_name(verdict->wanted),
	    "code", verdict->code, "enhanced", verdict->enhanced,
	    "text", make_text(arena, verdict->text),
	    "reason", make_text(arena, verdict->reason),
	    "evidence", make_signs(arena, verdict->evidence),
	    "override", policy_override_name(verdict->override),
	    "rule", make_text(arena, verdict->rule != NULL ?
	    verdict->rule->name : SLICE_EMPTY));
}

static json_t *
make_flags(struct arena *arena, const struct inspect_results *results)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_TEXT);
	policy_append_flags(&text, policy_flag_message(results));
	return make_text(arena, strbuf_slice(&text));
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
	return make_text(arena, strbuf_slice(&text));
}

static json_t *
make_object(struct arena *arena, struct slice name,
    const struct examination *examination)
{
	const struct inspect_results *results = examination->results;

	if (examination->problem != NULL)
		return json_pack("{s:o, s:o, s:s}", "name",
		    make_text(arena, name), "origin",
		    make_origin(arena, &examination->origin), "problem",
		    examination->problem);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "name", make_text(arena, name),
	    "origin", make_origin(arena, &examination->origin),
	    "spf", make_spf(arena, results),
	    "dkim", make_dkim(arena, results),
	    "arc", make_arc(arena, results),
	    "dmarc", make_dmarc(arena, results),
	    "flags", make_flags(arena, results),
	    "verdict", make_verdict(arena, &examination->verdict),
	    "field", make_field(arena, examination->field));
}

json_t *
findings_make_json(struct slice name, const struct examination *examination)
{
	struct arena *arena = arena_create(64 * MAX_TEXT);
	json_t *object;

	if (arena == NULL)
		return NULL;
	object = make_object(arena, name, examination);
	arena_destroy(&arena);
	return object;
}
