/* spf/macro.h - macros in SPF records and explanations (RFC 7208 7). */
#ifndef ASSAY_SPF_MACRO_H
#define ASSAY_SPF_MACRO_H

#include "base/slice.h"

struct arena;

/* The most that one domain-spec may expand to before it is cut to a name, and
 * the most of an explanation that is kept (6.2 allows such limits). */
#define SPF_MAX_EXPANSION ((size_t)16384)
#define SPF_MAX_EXPLANATION ((size_t)500)

/* What the letters stand for (7.2). */
struct spf_macro_values {
	struct slice sender;		/* s */
	struct slice local_part;	/* l */
	struct slice sender_domain;	/* o */
	struct slice domain;		/* d */
	struct slice client;		/* i: with dots, IPv6 too */
	struct slice validated_name;	/* p */
	struct slice reverse_zone;	/* v: "in-addr" or "ip6" */
	struct slice helo;		/* h */
	struct slice client_readable;	/* c */
	struct slice receiver;		/* r */
	struct slice now;		/* t */
};

/* Whether TEXT is a domain-spec; a macro-string; an explain-string.  "c", "r"
 * and "t" have no place in the first. */
bool spf_is_domain_spec(struct slice text);
bool spf_is_macro_string(struct slice text);
bool spf_is_explain_string(struct slice text);

/* Whether expanding needs the validated_name, which costs DNS. */
bool spf_uses_validated_name(struct slice text);

enum spf_macro_status {
	SPF_MACRO_OK = 0,
	SPF_MACRO_MALFORMED,	/* not a domain-spec, no explain-string */
	SPF_MACRO_TOO_LONG,	/* over SPF_MAX_EXPANSION */
	SPF_MACRO_NO_MEMORY,
};

/* The name for a query, in the arena: in lower case, without the dot at its
 * end, cut from the left to 253 octets by whole labels.  It may hold any octet
 * that a value holds, labels that are empty or too long, or nothing. */
enum spf_macro_status spf_expand_domain_spec(struct arena *arena,
    struct slice text, const struct spf_macro_values *values,
    struct slice *name_out);

/* The explanation, in the arena: printable ASCII, what else a value holds
 * replaced by "?"; cut at SPF_MAX_EXPLANATION. */
enum spf_macro_status spf_expand_explanation(struct arena *arena,
    struct slice text, const struct spf_macro_values *values,
    struct slice *explanation_out);

#endif
