/* control/verify.c - see verify.h.
 *
 * The answer has the verdict as a milter's MTA would see it: an action, a
 * reply, a field to be put on top, forged ones to be removed.  What was found
 * stands beside it, in "results", for people and for programs that want to
 * know. */
#include "control/verify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limit.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "control/request.h"
#include "control/results.h"
#include "inspect/inspect.h"
#include "milter/submission.h"

#define FIELD_NAME "Authentication-Results"

#define PROBLEM_MAX ((size_t)1024)
#define MEMORY ((size_t)1024 * 1024)	/* beside what is in base64 */

const char verify_busy[] = "{\"error\":\"busy\",\"action\":\"tempfail\","
    "\"reply\":{\"code\":\"451\",\"enhanced\":\"4.3.2\","
    "\"text\":\"temporary failure, try again later\"}}";


static bool
set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static json_t *
make_reply(struct arena *arena, const struct policy_verdict *verdict)
{
	return json_pack("{s:s, s:s, s:o}", "code", verdict->code,
	    "enhanced", verdict->enhanced,
	    "text", results_make_text(arena, verdict->text));
}

/* As the milter inserts it, but for the space behind the colon: folded with
 * line feeds.  It has UTF-8 where the message is internationalized. */
static json_t *
make_field(struct arena *arena, struct slice value)
{
	return json_pack("{s:s, s:o}", "name", FIELD_NAME, "value",
	    utf8_is_valid(value) ? json_stringn(value.ptr, value.len) :
	    results_make_text(arena, value));
}

/* From the last to the first, so that none moves another's place. */
static json_t *
make_removals(const struct inspect_results *results)
{
	json_t *list = json_array();

	for (size_t i = results->n_forged_fields; i > 0; i--)
		if (json_array_append_new(list, json_pack("{s:s, s:i}",
		    "name", FIELD_NAME, "index",
		    (int)results->forged_fields[i - 1])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static bool
add_changes(json_t *object, struct arena *arena,
    const struct submission_outcome *outcome)
{
	const struct conclusion *conclusion = &outcome->conclusion;

	if (conclusion->field.len == 0)
		return true;
	return set(object, "field", make_field(arena, conclusion->field)) &&
	    set(object, "remove_fields",
	    make_removals(conclusion->results));
}

/* What the action needs. */
static bool
add_details(json_t *object, struct arena *arena,
    const struct submission_outcome *outcome)
{
	const struct policy_verdict *verdict = &outcome->conclusion.verdict;

	switch (verdict->action) {
	case POLICY_ACCEPT:
		return true;
	case POLICY_HOLD:
		return set(object, "quarantine_reason",
		    results_make_text(arena, verdict->reason));
	case POLICY_REDIRECT:
		return set(object, "redirect", json_string(outcome->redirect));
	case POLICY_REJECT:
	case POLICY_TEMPFAIL:
		return set(object, "reply", make_reply(arena, verdict));
	}
	return false;
}

/* Nothing was found where the message could not be looked at to its end, and
 * nothing to rely on where the self-test fails. */
static bool
has_results(const struct conclusion *conclusion)
{
	return conclusion->results != NULL && conclusion->failure == NULL &&
	    !conclusion->is_unsound &&
	    (conclusion->results->limits_hit &
	    limit_bit(LIMIT_FORGED_FIELDS)) == 0;
}

static bool
add_results(json_t *object, struct arena *arena,
    const struct conclusion *conclusion)
{
	json_t *results;

	if (!has_results(conclusion))
		return true;
	results = json_object();
	if (results_add(results, arena, conclusion->results,
	    &conclusion->verdict, conclusion->field))
		return set(object, "results", results);
	json_decref(results);
	return false;
}

static json_t *
make_object(struct arena *arena, const struct submission_outcome *outcome)
{
	const struct conclusion *conclusion = &outcome->conclusion;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}",
	    "action", policy_action_name(conclusion->verdict.action),
	    "session", outcome->session,
	    "trust", policy_trust_name(outcome->trust),
	    "stage", outcome->is_at_mail ? "mail" : "end");

	if (add_details(object, arena, outcome) &&
	    add_changes(object, arena, outcome) &&
	    (conclusion->failure == NULL || set(object, "failure",
	    json_string(conclusion->failure))) &&
	    add_results(object, arena, conclusion))
		return object;
	json_decref(object);
	return NULL;
}

static void
tell(void *context, const struct submission_outcome *outcome)
{
	json_t **answer = context;
	struct arena *arena = arena_create(RESULTS_MEMORY);

	if (arena != NULL)
		*answer = make_object(arena, outcome);
	arena_destroy(&arena);
}

static json_t *
make_answer(const struct submission *submission)
{
	json_t *answer = NULL;

	/* Without an answer it is as good as not judged. */
	if (!submission_judge(submission, tell, &answer))
		return NULL;
	return answer;
}

static json_t *
answer_line(struct arena *arena, char *line, size_t len)
{
	struct request request;
	struct strbuf problem;
	json_t *answer;
	bool is_request;

	strbuf_init(&problem, arena, PROBLEM_MAX);
	is_request = request_parse(arena, (struct slice){ line, len },
	    &request, &problem);
	free(line);
	if (!is_request)
		return json_pack("{s:o}", "error",
		    results_make_text(arena, strbuf_slice(&problem)));
	answer = make_answer(&request.submission);
	request_release(&request);
	return answer;
}

char *
verify_answer_line(char *line, size_t len)
{
	struct arena *arena = arena_create(len + MEMORY);
	json_t *answer = NULL;
	char *text;

	if (arena != NULL)
		answer = answer_line(arena, line, len);
	else
		free(line);
	arena_destroy(&arena);
	text = answer != NULL ? json_dumps(answer, JSON_COMPACT) :
	    strdup(verify_busy);
	json_decref(answer);
	return text;
}
