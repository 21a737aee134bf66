/* policy/sentence.c - see sentence.h. */
#include "policy/sentence.h"

#include "base/arena.h"
#include "base/strbuf.h"

#define TEXT_CEILING ((size_t)8192)

/* Octets shown of what comes from outside, before they are escaped. */
#define MAX_DOMAIN 253
#define MAX_REASON 300

void
sentence_begin(struct strbuf *text, struct arena *arena)
{
	strbuf_init(text, arena, TEXT_CEILING);
}

struct slice
sentence_end(const struct strbuf *text, const char *fallback)
{
	return text->has_failed ? slice_from_cstr(fallback) :
	    strbuf_slice(text);
}

void
sentence_append_domain(struct strbuf *text, struct slice domain)
{
	strbuf_append_escaped(text, domain, MAX_DOMAIN);
}

void
sentence_append_reason(struct strbuf *text, struct slice reason)
{
	if (reason.len == 0)
		return;
	strbuf_append_cstr(text, ": ");
	strbuf_append_escaped(text, reason, MAX_REASON);
}

void
sentence_reject(struct policy_verdict *verdict, enum policy_reply reply,
    struct slice text)
{
	verdict->wanted = POLICY_REJECT;
	verdict->disposition = POLICY_DISPOSITION_REJECT;
	verdict->code = "550";
	verdict->enhanced = "5.7.1";
	verdict->reply = reply;
	verdict->text = text;
}

void
sentence_defer(struct policy_verdict *verdict, struct slice text)
{
	verdict->wanted = POLICY_TEMPFAIL;
	verdict->disposition = POLICY_DISPOSITION_NONE;
	verdict->code = "451";
	verdict->enhanced = "4.7.0";
	verdict->reply = POLICY_REPLY_TEMPERROR;
	verdict->text = text;
}

bool
sentence_quarantine(const struct policy_options *options,
    struct policy_verdict *verdict)
{
	switch (options->quarantine) {
	case POLICY_QUARANTINE_HOLD:
		verdict->wanted = POLICY_HOLD;
		break;
	case POLICY_QUARANTINE_REDIRECT:
		verdict->wanted = POLICY_REDIRECT;
		break;
	case POLICY_QUARANTINE_TAG:	/* our field's dis= is the tag */
		break;
	case POLICY_QUARANTINE_NONE:
		return true;
	case POLICY_QUARANTINE_REJECT:
		return false;
	}
	verdict->disposition = POLICY_DISPOSITION_QUARANTINE;
	return true;
}
