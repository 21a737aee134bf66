/* report/configuration.c - see configuration.h.
 *
 * What append writes is the only form that parse takes, so that equal
 * configurations are equal texts and the other way round. */
#include "report/configuration.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"

/* Octets of a value as it is written; together with the rest, of 110 at most,
 * less than REPORT_CONFIGURATION_MAX.  Nobody's list of addresses is longer. */
#define MAX_FO ((size_t)64)
#define MAX_URIS ((size_t)1800)
#define MAX_ERROR ((size_t)256)

static const char *const alignments[] = { "r", "s" };
static const char *const answers[] = { "n", "y" };
static const char *const discoveries[] = {
	[DMARC_DISCOVERY_TREE_WALK] = "treewalk",
	[DMARC_DISCOVERY_PSL] = "psl",
};

/* ---- writing ------------------------------------------------------------- */

static bool
is_plain(char c)
{
	return (ascii_is_vchar(c) || c == ' ') && c != ';' && c != '%';
}

static size_t
escaped_octets(struct slice value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++)
		n += is_plain(value.ptr[i]) ? 1 : 3;
	return n;
}

static void
append_value(struct strbuf *out, const char *tag, struct slice value,
    size_t max)
{
	struct slice rest = value;

	if (value.len == 0 || escaped_octets(value) > max)
		return;
	strbuf_append_cstr(out, tag);
	while (rest.len != 0) {
		size_t n = 0;

		while (n < rest.len && is_plain(rest.ptr[n]))
			n++;
		strbuf_append(out, slice_head(rest, n));
		if (n < rest.len)
			strbuf_printf(out, "%%%02X",
			    (unsigned char)rest.ptr[n]);
		rest = slice_from(rest, n + 1);
	}
}

static struct slice
cut_error(struct slice error)
{
	error = slice_head(error, MAX_ERROR);
	while (escaped_octets(error) > MAX_ERROR)
		error.len--;
	return error;
}

void
report_append_configuration(struct strbuf *out,
    const struct report_configuration *configuration)
{
	const struct report_configuration *c = configuration;

	strbuf_printf(out, "p=%s; sp=%s", dmarc_policy_name(c->p),
	    dmarc_policy_name(c->sp));
	if (c->has_np)
		strbuf_printf(out, "; np=%s", dmarc_policy_name(c->np));
	strbuf_printf(out, "; adkim=%s; aspf=%s; t=%s",
	    alignments[c->is_dkim_strict], alignments[c->is_spf_strict],
	    answers[c->is_testing]);
	append_value(out, "; fo=", c->fo, MAX_FO);
	strbuf_printf(out, "; discovery=%s", discoveries[c->discovery]);
	append_value(out, "; rua=", c->rua, MAX_URIS);
	append_value(out, "; ruf=", c->ruf, MAX_URIS);
	append_value(out, "; error=", cut_error(c->error), MAX_ERROR);
}

bool
report_does_tell_uris(struct slice uris)
{
	return uris.len != 0 && escaped_octets(uris) <= MAX_URIS;
}

/* ---- reading ------------------------------------------------------------- */

/* TAG and the value behind it; does not move where the tag is another. */
static bool
take_tag(struct cursor *cur, const char *tag, struct slice *value_out)
{
	struct slice text = slice_from_cstr(tag);

	if (!slice_starts_with(cursor_rest(cur), text))
		return false;
	cur->pos += text.len;
	*value_out = cursor_take_until(cur, ';');
	return true;
}

/* The same for a tag that has one of N words. */
static bool
take_word(struct cursor *cur, const char *tag, const char *const *words,
    size_t n, size_t *index_out)
{
	struct cursor ahead = *cur;
	struct slice value;

	*index_out = 0;
	if (!take_tag(&ahead, tag, &value))
		return false;
	for (size_t i = 0; i < n; i++)
		if (slice_eq(value, slice_from_cstr(words[i]))) {
			*cur = ahead;
			*index_out = i;
			return true;
		}
	return false;
}

static bool
take_policy(struct cursor *cur, const char *tag, enum dmarc_policy *policy_out)
{
	const char *const policies[] = {
		dmarc_policy_name(DMARC_POLICY_NONE),
		dmarc_policy_name(DMARC_POLICY_QUARANTINE),
		dmarc_policy_name(DMARC_POLICY_REJECT),
	};
	size_t i;
	bool is_there = take_word(cur, tag, policies, N_ELEMENTS(policies), &i);

	*policy_out = (enum dmarc_policy)i;
	return is_there;
}

static bool
take_flag(struct cursor *cur, const char *tag, const char *const words[2],
    bool *flag_out)
{
	size_t i;
	bool is_there = take_word(cur, tag, words, 2, &i);

	*flag_out = i == 1;
	return is_there;
}

/* %XX, capitals, of an octet that must not stand there as it is. */
static bool
unescape_octet(struct slice text, char *octet_out)
{
	int high, low;

	if (text.len < 3 || text.ptr[0] != '%' ||
	    (text.ptr[1] >= 'a' && text.ptr[1] <= 'f') ||
	    (text.ptr[2] >= 'a' && text.ptr[2] <= 'f'))
		return false;
	high = ascii_hex_value(text.ptr[1]);
	low = ascii_hex_value(text.ptr[2]);
	if (high < 0 || low < 0)
		return false;
	*octet_out = (char)(high * 16 + low);
	return !is_plain(*octet_out);
}

static bool
unescape(struct arena *arena, struct slice text, struct slice *value_out)
{
	char *copy;
	size_t n = 0;

	if ((copy = arena_alloc(arena, text.len)) == NULL)
		return false;
	for (size_t i = 0; i < text.len; n++) {
		if (is_plain(text.ptr[i])) {
			copy[n] = text.ptr[i++];
			continue;
		}
		if (!unescape_octet(slice_from(text, i), &copy[n]))
			return false;
		i += 3;
	}
	*value_out = (struct slice){ copy, n };
	return true;
}

/* Absent is an answer, too. */
static bool
take_value(struct cursor *cur, struct arena *arena, const char *tag,
    size_t max, struct slice *value_out)
{
	struct slice text;

	*value_out = SLICE_EMPTY;
	if (!take_tag(cur, tag, &text))
		return true;
	if (text.len == 0 || text.len > max)
		return false;
	*value_out = text;
	for (size_t i = 0; i < text.len; i++)
		if (!is_plain(text.ptr[i]))
			return unescape(arena, text, value_out);
	return true;
}

bool
report_parse_configuration(struct arena *arena, struct slice text,
    struct report_configuration *configuration)
{
	struct report_configuration c = { .np = DMARC_POLICY_NONE };
	struct cursor cur = cursor_of(text);
	size_t discovery = 0;
	bool is_right;

	is_right = take_policy(&cur, "p=", &c.p) &&
	    take_policy(&cur, "; sp=", &c.sp);
	c.has_np = take_policy(&cur, "; np=", &c.np);
	if (!c.has_np)
		c.np = c.sp;
	is_right = is_right &&
	    take_flag(&cur, "; adkim=", alignments, &c.is_dkim_strict) &&
	    take_flag(&cur, "; aspf=", alignments, &c.is_spf_strict) &&
	    take_flag(&cur, "; t=", answers, &c.is_testing) &&
	    take_value(&cur, arena, "; fo=", MAX_FO, &c.fo) &&
	    take_word(&cur, "; discovery=", discoveries,
	    N_ELEMENTS(discoveries), &discovery) &&
	    take_value(&cur, arena, "; rua=", MAX_URIS, &c.rua) &&
	    take_value(&cur, arena, "; ruf=", MAX_URIS, &c.ruf) &&
	    take_value(&cur, arena, "; error=", MAX_ERROR, &c.error) &&
	    cursor_at_end(&cur);
	c.discovery = (enum dmarc_discovery)discovery;
	*configuration = is_right ? c : (struct report_configuration){
	    .p = DMARC_POLICY_NONE };
	return is_right;
}
