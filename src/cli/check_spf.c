/* cli/check_spf.c - see check.h: the tree of SPF records, and what it costs a
 * receiver (RFC 7208 4.6.4). */
#include "cli/check.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/strbuf.h"
#include "cli/check_txt.h"
#include "dns/dns.h"
#include "spf/record.h"

#define MAX_TERMS 10		/* that cause questions, all in all */
#define MAX_VOID 2		/* of them without an answer */
#define STOP_TERMS 40		/* enough is known by then */
#define MAX_DEPTH ((size_t)12)
#define WIDE_IP4_BITS 16	/* 65,536 hosts may write in our name */
#define WIDE_IP6_BITS 32

/* One record that is being read. */
struct level {
	struct slice domain;
	struct spf_record record;
	struct cursor terms;
	unsigned terms_before;	/* counted when it began */
	struct check_finding *cost;	/* told when it ends */
	bool has_all, is_redirected;
};

struct walk {
	struct check *check;
	struct level levels[MAX_DEPTH];
	size_t depth;
	unsigned n_terms, n_void;
	bool has_broken_record;
};

/* ---- a record ------------------------------------------------------------ */

static void
report_record_problem(struct walk *walk, struct slice domain,
    enum check_txt how_many)
{
	struct check *check = walk->check;
	const char *name = check_show(check, domain);

	if (walk->depth != 0 || how_many == CHECK_TXT_SEVERAL)
		walk->has_broken_record = true;
	if (how_many == CHECK_TXT_SEVERAL)
		check_add(check, CHECK_CRITICAL, "spf", "spf-several",
		    "leave one", "%s has several records: every check is a "
		    "permerror", name);
	else if (walk->depth == 0)
		check_add(check, CHECK_CRITICAL, "spf", "spf-none",
		    "publish one, \"v=spf1 -all\" where the domain sends no "
		    "mail", "there is no record");
	else
		check_add(check, CHECK_CRITICAL, "spf", "spf-include-none",
		    "take the include away", "%s has no record: every check "
		    "is a permerror", name);
}

/* The record at DOMAIN, on top of the levels.  False where there is nothing to
 * read. */
static bool
enter(struct walk *walk, struct slice domain)
{
	struct check *check = walk->check;
	struct level *level = &walk->levels[walk->depth];
	struct spf_syntax_error error;
	struct slice text;
	enum check_txt how_many = check_find_txt(check, domain,
	    SLICE("v=spf1"), "spf", &text);

	if (how_many == CHECK_TXT_FAILED)
		return false;
	if (how_many != CHECK_TXT_ONE || !spf_is_record(text)) {
		report_record_problem(walk, domain, how_many);
		return false;
	}
	*level = (struct level){ .domain = domain,
		.terms_before = walk->n_terms };
	if (!spf_parse_record(text, &level->record, &error)) {
		walk->has_broken_record = true;
		check_add(check, CHECK_CRITICAL, "spf", "spf-syntax", NULL,
		    "%s: %s: \"%s\"", check_show(check, domain), error.what,
		    check_show(check, error.term));
		return false;
	}
	level->terms = cursor_of(level->record.terms);
	level->cost = check_reserve(check, CHECK_NOTE, "spf", "spf-cost");
	walk->depth++;
	return true;
}

/* ---- its terms ----------------------------------------------------------- */

static void
count_void(struct walk *walk, struct slice name, enum dns_type type)
{
	const struct dns_answer *answer = dns_query(walk->check->resolver,
	    walk->check->arena, name, type, INT64_MAX);

	if (answer->status != DNS_NODATA && answer->status != DNS_NXDOMAIN)
		return;
	walk->n_void++;
	check_add(walk->check, CHECK_WARNING, "spf", "spf-void",
	    "take the term away", "%s has no %s record: a void lookup",
	    check_show(walk->check, name), dns_type_name(type));
}

static bool
has_macro(struct slice domain_spec)
{
	return slice_find(domain_spec, '%') != SIZE_MAX;
}

/* Whether the level on top is the domain's own record, or took its place: an
 * include's "all" decides nothing. */
static bool
is_decisive(const struct walk *walk)
{
	for (size_t i = 0; i + 1 < walk->depth; i++)
		if (!walk->levels[i].is_redirected)
			return false;
	return true;
}

static void
check_all_term(struct walk *walk, struct level *level,
    const struct spf_directive *directive)
{
	struct check *check = walk->check;

	level->has_all = true;
	if (!is_decisive(walk))
		return;
	switch (directive->qualifier) {
	case SPF_PASS:
		check_add(check, CHECK_CRITICAL, "spf", "spf-plus-all",
		    "end the record with -all or ~all",
		    "\"%s\" lets everybody write in the domain's name",
		    check_show(check, directive->text));
		break;
	case SPF_NEUTRAL:
		check_add(check, CHECK_WARNING, "spf", "spf-neutral-all",
		    "end the record with -all or ~all",
		    "?all says nothing of other clients");
		break;
	case SPF_NONE:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
		break;
	}
}

static void
check_width(struct walk *walk, const struct spf_directive *directive,
    unsigned bits, unsigned wide)
{
	if (bits < wide && (directive->qualifier == SPF_PASS))
		check_add(walk->check, CHECK_WARNING, "spf", "spf-wide",
		    "name the hosts that send", "\"%s\" is very wide",
		    check_show(walk->check, directive->text));
}

/* Whether the domain's record is being read already. */
static bool
is_loop(const struct walk *walk, struct slice domain)
{
	for (size_t i = 0; i < walk->depth; i++)
		if (slice_eq_nocase(walk->levels[i].domain, domain))
			return true;
	return false;
}

static void
enter_include(struct walk *walk, struct slice domain_spec)
{
	if (has_macro(domain_spec)) {
		check_add(walk->check, CHECK_NOTE, "spf", "spf-macro", NULL,
		    "%s depends on the message: its cost is not known",
		    check_show(walk->check, domain_spec));
		return;
	}
	if (is_loop(walk, domain_spec)) {
		walk->n_terms += MAX_TERMS;
		check_add(walk->check, CHECK_CRITICAL, "spf", "spf-loop",
		    "take it away", "%s includes itself: every check that "
		    "comes there is a permerror",
		    check_show(walk->check, domain_spec));
		return;
	}
	if (walk->depth == MAX_DEPTH)
		return;	/* the count of terms says it all by then */
	enter(walk, domain_spec);
}

static void
check_directive(struct walk *walk, struct level *level,
    const struct spf_directive *directive)
{
	struct slice name = directive->domain_spec.len != 0 ?
	    directive->domain_spec : level->domain;

	switch (directive->mechanism) {
	case SPF_MECHANISM_ALL:
		check_all_term(walk, level, directive);
		break;
	case SPF_MECHANISM_INCLUDE:
		walk->n_terms++;
		enter_include(walk, directive->domain_spec);
		break;
	case SPF_MECHANISM_A:
	case SPF_MECHANISM_MX:
		walk->n_terms++;
		if (!has_macro(name))
			count_void(walk, name,
			    directive->mechanism == SPF_MECHANISM_A ? DNS_A :
			    DNS_MX);
		break;
	case SPF_MECHANISM_PTR:
		walk->n_terms++;
		check_add(walk->check, CHECK_WARNING, "spf", "spf-ptr",
		    "name the networks (RFC 7208 5.5)", "%s uses ptr, which "
		    "is slow and unreliable",
		    check_show(walk->check, level->domain));
		break;
	case SPF_MECHANISM_EXISTS:
		walk->n_terms++;
		break;
	case SPF_MECHANISM_IP4:
		check_width(walk, directive, directive->network.prefix_bits,
		    WIDE_IP4_BITS);
		break;
	case SPF_MECHANISM_IP6:
		check_width(walk, directive, directive->network.prefix_bits,
		    WIDE_IP6_BITS);
		break;
	}
}

/* ---- the tree ------------------------------------------------------------ */

static void
leave(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	unsigned cost = walk->n_terms - level->terms_before;
	bool decides = is_decisive(walk);

	walk->depth--;
	check_word(walk->check, level->cost, "%*s%s: %u %s",
	    (int)(2 * walk->depth), "",
	    check_show(walk->check, level->domain), cost, cost == 1 ?
	    "lookup" : "lookups");
	if (decides && !level->has_all &&
	    level->record.redirect.len == 0)
		check_add(walk->check, CHECK_WARNING, "spf", "spf-no-all",
		    "end the record with -all or ~all",
		    "the record says nothing of other clients");
}

/* A redirect takes the place of the record (RFC 7208 6.1), so what it says of
 * "all" is the record's. */
static bool
follow_redirect(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];

	if (level->record.redirect.len == 0 || level->has_all ||
	    level->is_redirected)
		return false;
	level->is_redirected = true;
	walk->n_terms++;
	enter_include(walk, level->record.redirect);
	return true;
}

static void
report_counts(struct walk *walk)
{
	struct check *check = walk->check;

	if (walk->n_terms > MAX_TERMS)
		check_add(check, CHECK_CRITICAL, "spf",
		    "spf-too-many-lookups", "put networks in place of "
		    "includes, and drop what is not used", "%s%u lookups, 10 "
		    "are allowed: checks end in permerror",
		    walk->n_terms >= STOP_TERMS ? "at least " : "",
		    walk->n_terms);
	else
		check_add(check, CHECK_GOOD, "spf", "spf-lookups", NULL,
		    "%u of 10 lookups", walk->n_terms);
	if (walk->n_void > MAX_VOID)
		check_add(check, CHECK_CRITICAL, "spf", "spf-too-many-void",
		    "take the dead terms away", "%u void lookups, 2 are "
		    "allowed: checks end in permerror", walk->n_void);
}

void
check_spf(struct check *check)
{
	struct walk walk = { .check = check };
	struct spf_directive directive;

	if (!enter(&walk, check->domain))
		return;
	while (walk.depth != 0) {
		struct level *level = &walk.levels[walk.depth - 1];

		if (walk.n_terms < STOP_TERMS &&
		    spf_take_directive(&level->terms, &directive))
			check_directive(&walk, level, &directive);
		else if (walk.n_terms >= STOP_TERMS ||
		    !follow_redirect(&walk))
			leave(&walk);
	}
	report_counts(&walk);
}
