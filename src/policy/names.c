/* policy/names.c - see names.h. */
#include "policy/names.h"

#include "base/strbuf.h"
#include "mail/domain.h"

static const struct slice glob = SLICE_INIT("*.");

bool
policy_parse_pattern(struct arena *arena, struct slice text,
    struct slice *pattern_out)
{
	struct strbuf pattern;
	struct slice domain;

	*pattern_out = SLICE_EMPTY;
	if (slice_eq(text, SLICE("*"))) {
		*pattern_out = text;
		return true;
	}
	strbuf_init(&pattern, arena, DOMAIN_MAX_OCTETS + glob.len);
	if (slice_starts_with(text, glob)) {
		strbuf_append(&pattern, glob);
		text = slice_from(text, glob.len);
	}
	if (!domain_normalize(arena, text, &domain))
		return false;
	strbuf_append(&pattern, domain);
	*pattern_out = strbuf_slice(&pattern);
	return !pattern.has_failed;
}

bool
policy_match_domain(struct slice pattern, struct slice domain)
{
	if (domain.len == 0)
		return false;
	if (slice_eq(pattern, SLICE("*")))
		return true;
	if (!slice_starts_with(pattern, glob))
		return slice_eq(pattern, domain);
	pattern = slice_from(pattern, glob.len);
	return domain.len > pattern.len && domain_is_within(domain, pattern);
}

bool
policy_list_has_domain(const struct policy_list *patterns,
    struct slice domain)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (policy_match_domain(patterns->items[i], domain))
			return true;
	return false;
}
