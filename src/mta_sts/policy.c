/* mta_sts/policy.c - see policy.h. */
#include "mta_sts/policy.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "mail/domain.h"

#define MAX_KEY ((size_t)32)

static const char *const mode_names[] = {
	[MTA_STS_NONE] = "none",
	[MTA_STS_TESTING] = "testing",
	[MTA_STS_ENFORCE] = "enforce",
};

/* What was read so far; of all keys but mx the first counts (3.2). */
struct reading {
	struct arena *arena;
	struct mta_sts_policy *policy;
	struct slice *mx;
	bool has_version, has_mode, has_max_age;
};

const char *
mta_sts_mode_name(enum mta_sts_mode mode)
{
	return mode_names[mode];
}

static bool
is_key_char(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* sts-policy-version = sts-policy-version-field field-delim %s"STSv1" */
static const char *
take_version(struct reading *r, struct slice value)
{
	if (r->has_version)
		return NULL;
	r->has_version = true;
	return slice_eq(value, SLICE("STSv1")) ? NULL :
	    "the version is not STSv1";
}

static const char *
take_mode(struct reading *r, struct slice value)
{
	if (r->has_mode)
		return NULL;
	r->has_mode = true;
	for (unsigned i = 0; i < N_ELEMENTS(mode_names); i++)
		if (slice_eq(value, slice_from_cstr(mode_names[i]))) {
			r->policy->mode = (enum mta_sts_mode)i;
			return NULL;
		}
	return "mode is neither enforce, testing nor none";
}

/* sts-policy-max-age = sts-policy-max-age-field field-delim 1*10(DIGIT) */
static const char *
take_max_age(struct reading *r, struct slice value)
{
	uint64_t seconds;

	if (r->has_max_age)
		return NULL;
	r->has_max_age = true;
	if (value.len > 10 || !slice_parse_uint(value, UINT64_MAX, &seconds))
		return "max_age is no number of seconds";
	r->policy->max_age_s = seconds < MTA_STS_MAX_AGE_S ?
	    (uint32_t)seconds : MTA_STS_MAX_AGE_S;
	return NULL;
}

/* sts-policy-mx-value = ["*."] Domain */
static const char *
take_mx(struct reading *r, struct slice value)
{
	bool is_wild = slice_starts_with(value, SLICE("*."));
	struct slice domain;
	char *pattern;

	if (!domain_normalize(r->arena, slice_from(value, is_wild ? 2 : 0),
	    &domain))
		return "an mx is no host name, nor \"*.\" and one";
	if (r->policy->n_mx == MTA_STS_MAX_MX)
		return "there are more mx lines than anybody needs";
	if (is_wild) {
		pattern = arena_alloc(r->arena, domain.len + 2);
		if (pattern == NULL)
			return "memory is out";
		pattern[0] = '*';
		pattern[1] = '.';
		for (size_t i = 0; i < domain.len; i++)
			pattern[i + 2] = domain.ptr[i];
		domain = (struct slice){ pattern, domain.len + 2 };
	}
	r->mx[r->policy->n_mx++] = domain;
	return NULL;
}

/* field-delim = ":" *WSP; keys that are not known are extensions (3.2). */
static const char *
take_line(struct reading *r, struct slice line)
{
	static const struct {
		struct slice key;
		const char *(*take)(struct reading *r, struct slice value);
	} keys[] = {
		{ SLICE_INIT("version"), take_version },
		{ SLICE_INIT("mode"), take_mode },
		{ SLICE_INIT("max_age"), take_max_age },
		{ SLICE_INIT("mx"), take_mx },
	};
	struct cursor cur = cursor_of(line);
	struct slice key = cursor_take_while(&cur, is_key_char), value;

	if (key.len == 0 || key.len > MAX_KEY || !cursor_take_char(&cur, ':'))
		return "this is no \"key: value\"";
	cursor_skip_wsp(&cur);
	value = slice_trim_end(cursor_rest(&cur));
	for (size_t i = 0; i < N_ELEMENTS(keys); i++)
		if (slice_eq(key, keys[i].key))
			return keys[i].take(r, value);
	return NULL;
}

static const char *
find_what_is_missing(const struct reading *r)
{
	if (!r->has_version)
		return "version is missing";
	if (!r->has_mode)
		return "mode is missing";
	if (!r->has_max_age)
		return "max_age is missing";
	if (r->policy->n_mx == 0 && r->policy->mode != MTA_STS_NONE)
		return "mx is missing";
	return NULL;
}

/* sts-policy-record = sts-policy-field *WSP
 *                     *(sts-policy-term sts-policy-field *WSP)
 *                     [sts-policy-term]
 * sts-policy-term   = LF / CRLF */
const char *
mta_sts_parse_policy(struct arena *arena, struct slice text,
    struct mta_sts_policy *policy_out, unsigned *line_out)
{
	struct reading r = {
		.arena = arena,
		.policy = policy_out,
		.mx = arena_alloc_array(arena, MTA_STS_MAX_MX, sizeof(*r.mx)),
	};

	*policy_out = (struct mta_sts_policy){ .mx = r.mx };
	*line_out = 0;
	if (r.mx == NULL)
		return "memory is out";
	if (text.len > MTA_STS_MAX_OCTETS)
		return "it is over 64 KB";
	for (unsigned number = 1; text.len != 0; number++) {
		size_t lf = slice_find(text, '\n');
		struct slice line = slice_head(text, lf);
		const char *problem;

		text = slice_from(text, lf != SIZE_MAX ? lf + 1 : text.len);
		if (line.len != 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		/* Only at the end by the grammar, but common there twice. */
		if (line.len == 0)
			continue;
		problem = take_line(&r, line);
		if (problem != NULL) {
			*line_out = number;
			return problem;
		}
	}
	return find_what_is_missing(&r);
}

static bool
matches(struct slice pattern, struct slice host)
{
	size_t dot;

	if (!slice_starts_with(pattern, SLICE("*.")))
		return slice_eq(pattern, host);
	dot = slice_find(host, '.');
	return dot != SIZE_MAX && dot != 0 &&
	    slice_eq(slice_from(pattern, 1), slice_from(host, dot));
}

bool
mta_sts_allows(const struct mta_sts_policy *policy, struct slice host)
{
	for (size_t i = 0; i < policy->n_mx; i++)
		if (matches(policy->mx[i], host))
			return true;
	return false;
}
