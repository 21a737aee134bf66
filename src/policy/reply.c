/* policy/reply.c - see reply.h. */
#include "policy/reply.h"

#include "base/arena.h"
#include "base/strbuf.h"
#include "policy/policy.h"
#include "policy/template.h"

#define TEXT_CEILING ((size_t)16384)
#define MAX_ID ((size_t)64)
#define MAX_CLIENT ((size_t)64)

static void
describe_spf(const struct spf_outcome *spf, struct template_values *values)
{
	values->of[TEMPLATE_DOMAIN] = spf->domain;
	values->of[TEMPLATE_REASON] = spf->reason;
	values->of[TEMPLATE_EXPLANATION] = spf->explanation;
}

static void
describe_dmarc(const struct inspect_results *results,
    struct template_values *values)
{
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;

	if (!results->is_dmarc_checked)
		return;
	values->of[TEMPLATE_DOMAIN] = deciding->author_domain;
	values->of[TEMPLATE_REASON] = deciding->reason;
	if (deciding->has_policy)
		values->of[TEMPLATE_POLICY] = slice_from_cstr(
		    dmarc_policy_name(deciding->policy));
}

static void
describe_rule(const struct inspect_results *results,
    const struct policy_verdict *verdict, struct template_values *values)
{
	describe_dmarc(results, values);
	if (results->authors.n_domains != 0)
		values->of[TEMPLATE_DOMAIN] = results->authors.domains[0];
	if (verdict->rule != NULL)
		values->of[TEMPLATE_REASON] = verdict->rule->why;
}

static struct slice
write_client(struct arena *arena, const struct ip_address *client)
{
	struct strbuf text;

	strbuf_init(&text, arena, MAX_CLIENT);
	ip_append(&text, client);
	return strbuf_slice(&text);
}

static struct slice
write_signs(struct arena *arena, unsigned signs)
{
	struct strbuf text;

	strbuf_init(&text, arena, TEXT_CEILING);
	policy_append_signs(&text, signs, ", ");
	return strbuf_slice(&text);
}

static void
collect(const struct inspect_results *results,
    const struct policy_verdict *verdict, struct arena *arena,
    struct template_values *values)
{
	switch (verdict->reply) {
	case POLICY_REPLY_SPF:
		describe_spf(&results->spf, values);
		break;
	case POLICY_REPLY_DMARC:
	case POLICY_REPLY_TEMPERROR:
		describe_dmarc(results, values);
		break;
	case POLICY_REPLY_BAD_FROM:
		values->of[TEMPLATE_REASON] = slice_from_cstr(
		    mail_author_status_text(results->author_status));
		break;
	case POLICY_REPLY_RULE:
		describe_rule(results, verdict, values);
		break;
	}
	values->of[TEMPLATE_TEXT] = verdict->text;
	values->of[TEMPLATE_ID] = slice_head(results->id, MAX_ID);
	values->of[TEMPLATE_CLIENT] = write_client(arena, &results->client);
	values->of[TEMPLATE_EVIDENCE] = write_signs(arena, verdict->evidence);
	if (verdict->rule != NULL)
		values->of[TEMPLATE_RULE] = verdict->rule->name;
}

void
policy_finish_reply(const struct policy_options *options,
    const struct inspect_results *results, struct arena *arena,
    struct policy_verdict *verdict)
{
	const char *template = options->replies[verdict->reply];
	struct template_values values = { { SLICE_EMPTY } };
	struct strbuf text;

	if ((verdict->wanted != POLICY_REJECT &&
	    verdict->wanted != POLICY_TEMPFAIL) ||
	    (template == NULL && results->id.len == 0))
		return;
	collect(results, verdict, arena, &values);
	strbuf_init(&text, arena, TEXT_CEILING);
	template_expand(&text, template != NULL ? slice_from_cstr(template) :
	    SLICE("%{text} (id %{id})"), &values);
	/* Where it cannot be written the text stays as it is. */
	if (!text.has_failed)
		verdict->text = strbuf_slice(&text);
}
