/* policy/field.c - see field.h.
 *
 * SPF has one part, that of the identity that counts for DMARC: MAIL FROM, or
 * HELO for the null sender (RFC 8601 2.7.2 has a property for either).  A
 * second one for HELO beside MAIL FROM would let readers take a spf=pass that
 * any client can earn with a HELO name of its own for the sender's. */
#include "policy/field.h"

#include "authres/authres.h"
#include "base/arena.h"
#include "inspect/inspect.h"
#include "policy/flags.h"
#include "policy/policy.h"
#include "policy/rules.h"

/* Octets shown of what a sender wrote, so that the field is always within
 * AUTHRES_MAX_OCTETS; nothing honest is longer. */
#define MAX_LOCAL_PART ((size_t)128)
#define MAX_NAME ((size_t)253)
#define MAX_SELECTOR ((size_t)128)
#define MAX_WORD ((size_t)32)
#define MAX_REASON ((size_t)200)
#define MAX_SEALERS 4		/* of a chain, the newest */

/* Comments and lists of words of our own; a longer one fails the field. */
#define TEXT_CEILING ((size_t)2048)

static void
add_property(struct authres_builder *b, struct slice ptype, const char *name,
    struct slice value, size_t max)
{
	if (value.len != 0)
		authres_add_property(b, ptype, slice_from_cstr(name),
		    slice_head(value, max));
}

static void
add_reason(struct authres_builder *b, struct slice reason)
{
	if (reason.len != 0)
		authres_add_reason(b, slice_head(reason, MAX_REASON));
}

/* What is not known is left out. */
static void
add_address(struct authres_builder *b, struct arena *arena,
    struct slice ptype, const char *name, const struct ip_address *address)
{
	struct strbuf text;

	if (address->family == IP_NONE)
		return;
	strbuf_init(&text, arena, TEXT_CEILING);
	ip_append(&text, address);
	add_property(b, ptype, name, strbuf_slice(&text), MAX_NAME);
}

static void
add_flags(struct authres_builder *b, struct arena *arena, unsigned flags)
{
	struct strbuf text;

	strbuf_init(&text, arena, TEXT_CEILING);
	policy_append_flags(&text, flags);
	add_property(b, SLICE("policy"), "flags", strbuf_slice(&text),
	    TEXT_CEILING);
}

/* The address with its domain as an A-label, as it was checked. */
static struct slice
normalize_address(struct arena *arena, const struct inspect_results *results)
{
	const struct mail_path *sender = &results->sender;
	struct strbuf text;

	if (results->sender_domain.len == 0 || sender->local.len == 0)
		return sender->address;
	strbuf_init(&text, arena, MAX_LOCAL_PART + 1 + MAX_NAME);
	strbuf_append(&text, slice_head(sender->local, MAX_LOCAL_PART));
	strbuf_append_char(&text, '@');
	strbuf_append(&text, results->sender_domain);
	return strbuf_slice(&text);
}

static void
add_spf(struct authres_builder *b, struct arena *arena,
    const struct inspect_results *results)
{
	const struct spf_outcome *spf = &results->spf;

	if (!results->is_spf_checked)
		return;
	authres_add_method(b, SLICE("spf"),
	    slice_from_cstr(spf_result_name(spf->result)));
	switch (spf->result) {
	case SPF_NONE:
		if (results->is_relayed)
			add_reason(b, spf->reason);
		break;
	case SPF_NEUTRAL:
	case SPF_PASS:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		break;
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		add_reason(b, spf->reason);
		break;
	}
	if (results->sender.is_null)
		add_property(b, SLICE("smtp"), "helo", results->helo,
		    MAX_NAME);
	else
		add_property(b, SLICE("smtp"), "mailfrom",
		    normalize_address(arena, results),
		    MAX_LOCAL_PART + 1 + MAX_NAME);
	if (results->is_relayed) {
		add_address(b, arena, SLICE("smtp"), "remote-ip",
		    &results->client);
		add_address(b, arena, SLICE("policy"), "relay",
		    &results->relay);
	}
	add_flags(b, arena, policy_flag_spf(spf));
}

static void
add_signature(struct authres_builder *b, struct arena *arena,
    const struct mail_header *header, const struct dkim_outcome *dkim)
{
	authres_add_method(b, SLICE("dkim"),
	    slice_from_cstr(dkim_result_name(dkim->result)));
	if (dkim->result != DKIM_RESULT_PASS)
		add_reason(b, slice_from_cstr(dkim_reason_text(dkim->reason)));
	add_property(b, SLICE("header"), "d", dkim->domain, MAX_NAME);
	add_property(b, SLICE("header"), "s", dkim->selector, MAX_SELECTOR);
	add_property(b, SLICE("header"), "a", dkim->algorithm, MAX_WORD);
	add_property(b, SLICE("header"), "b", dkim->b_prefix, MAX_WORD);
	add_flags(b, arena, policy_flag_signature(dkim, header));
}

/* In the header's order; where there are too many, what did not pass has to
 * leave room for what did. */
static void
add_dkim(struct authres_builder *b, struct arena *arena,
    const struct inspect_results *results)
{
	size_t room_pass = POLICY_FIELD_MAX_SIGNATURES, room_other, n_pass = 0;

	if (!results->is_dkim_checked)
		return;
	if (results->n_dkim == 0)
		authres_add_method(b, SLICE("dkim"), SLICE("none"));
	for (size_t i = 0; i < results->n_dkim; i++)
		if (results->dkim[i].result == DKIM_RESULT_PASS)
			n_pass++;
	room_other = n_pass < room_pass ? room_pass - n_pass : 0;
	for (size_t i = 0; i < results->n_dkim; i++) {
		size_t *room = results->dkim[i].result == DKIM_RESULT_PASS ?
		    &room_pass : &room_other;

		if (*room == 0)
			continue;
		--*room;
		add_signature(b, arena, results->header, &results->dkim[i]);
	}
}

/* "i=2 d=lists.example.org d=example.net": how many sets there are, and whose
 * seals they have, newest first. */
static void
add_sealers(struct authres_builder *b, struct arena *arena,
    const struct arc_outcome *arc)
{
	struct strbuf comment;

	if (arc->n_sets == 0)
		return;
	strbuf_init(&comment, arena, TEXT_CEILING);
	strbuf_printf(&comment, "i=%zu", arc->n_sets);
	for (size_t i = arc->n_sets; i-- > 0;) {
		if (arc->n_sets - i > MAX_SEALERS) {
			strbuf_append_cstr(&comment, " ...");
			break;
		}
		strbuf_append_cstr(&comment, " d=");
		strbuf_append(&comment, arc->sets[i].sealer);
	}
	authres_add_comment(b, strbuf_slice(&comment));
}

/* The properties of RFC 8617 10.1.  What the sets of a chain that did not pass
 * say proves nothing, and is not repeated. */
static void
add_arc(struct authres_builder *b, struct arena *arena,
    const struct inspect_results *results)
{
	const struct arc_outcome *arc = &results->arc;
	struct strbuf text;

	if (!results->is_arc_checked)
		return;
	authres_add_method(b, SLICE("arc"),
	    slice_from_cstr(arc_result_name(arc->result)));
	if (arc->result == ARC_NONE)
		return;
	add_reason(b, slice_from_cstr(arc_reason_text(arc->reason)));
	strbuf_init(&text, arena, TEXT_CEILING);
	if (arc->result == ARC_PASS) {
		add_sealers(b, arena, arc);
		strbuf_append_uint(&text, arc->oldest_pass);
		add_property(b, SLICE("header"), "oldest-pass",
		    strbuf_slice(&text), MAX_WORD);
	} else if (arc->failed_instance != 0) {
		strbuf_printf(&text, "i=%u", arc->failed_instance);
		authres_add_comment(b, strbuf_slice(&text));
	}
	add_address(b, arena, SLICE("smtp"), "remote-ip", &results->client);
}

static struct slice
dmarc_reason(const struct inspect_results *results)
{
	switch (results->dmarc.result) {
	case DMARC_NONE:
	case DMARC_PASS:
	case DMARC_FAIL:
		return SLICE_EMPTY;
	case DMARC_TEMPERROR:
	case DMARC_PERMERROR:
		break;
	}
	if (results->author_status != MAIL_AUTHOR_OK)
		return slice_from_cstr(mail_author_status_text(
		    results->author_status));
	return results->dmarc.deciding->reason;
}

/* RFC 9989 9.1: header.from and policy.dmarc are of the domain that decided. */
static void
add_dmarc(struct authres_builder *b, struct arena *arena,
    const struct inspect_results *results,
    const struct policy_verdict *verdict)
{
	const struct dmarc_evaluation *deciding = results->dmarc.deciding;
	const char *policy;
	struct strbuf comment, signs;

	if (!results->is_dmarc_checked)
		return;
	policy = dmarc_policy_name(deciding->policy);
	authres_add_method(b, SLICE("dmarc"),
	    slice_from_cstr(dmarc_result_name(results->dmarc.result)));
	add_reason(b, dmarc_reason(results));
	if (deciding->has_policy) {
		strbuf_init(&comment, arena, AUTHRES_MAX_VALUE);
		strbuf_append_cstr(&comment, "p=");
		strbuf_append_cstr(&comment, policy);
		strbuf_append_cstr(&comment, " dis=");
		strbuf_append_cstr(&comment,
		    policy_disposition_name(verdict->disposition));
		authres_add_comment(b, strbuf_slice(&comment));
	}
	add_property(b, SLICE("header"), "from", deciding->author_domain,
	    MAX_NAME);
	if (deciding->has_policy)
		add_property(b, SLICE("policy"), "dmarc",
		    slice_from_cstr(policy), MAX_WORD);
	strbuf_init(&signs, arena, TEXT_CEILING);
	policy_append_signs(&signs, verdict->evidence, ",");
	add_property(b, SLICE("policy"), "evidence", strbuf_slice(&signs),
	    TEXT_CEILING);
	if (verdict->rule != NULL)
		add_property(b, SLICE("policy"), "rule", verdict->rule->name,
		    POLICY_RULE_NAME_MAX);
}

bool
policy_build_field(struct arena *arena, struct slice authserv_id,
    const struct inspect_results *results,
    const struct policy_verdict *verdict, struct slice *value_out)
{
	struct authres_builder builder;

	authres_begin(&builder, arena, authserv_id, results->is_smtputf8);
	add_spf(&builder, arena, results);
	add_dkim(&builder, arena, results);
	add_arc(&builder, arena, results);
	add_dmarc(&builder, arena, results, verdict);
	return authres_finish(&builder, value_out) &&
	    !arena_has_failed(arena);
}

bool
policy_build_empty_field(struct arena *arena, struct slice authserv_id,
    struct slice *value_out)
{
	struct authres_builder builder;

	authres_begin(&builder, arena, authserv_id, false);
	return authres_finish(&builder, value_out);
}
