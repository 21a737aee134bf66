/* report/configuration.h - a policy configuration as text: what a record had
 * published, by which a report is grouped (RFC 9990 3.1, 5).
 *
 *	p=reject; sp=reject; np=none; adkim=r; aspf=s; t=n; fo=1;
 *	    discovery=treewalk; rua=mailto:a@example.org; ruf=...; error=...
 *
 * One line, every tag in this order; np, fo, rua, ruf and error only where
 * there is one.  A ";" or "%" in a value, and what is not printable ASCII, is
 * written %XX. */
#ifndef ASSAY_REPORT_CONFIGURATION_H
#define ASSAY_REPORT_CONFIGURATION_H

#include "base/slice.h"
#include "dmarc/options.h"
#include "dmarc/record.h"

struct arena;
struct strbuf;

/* Octets of a text; very long values of fo, rua and ruf are left out whole, and
 * the error is cut. */
#define REPORT_CONFIGURATION_MAX ((size_t)4096)

struct report_configuration {
	enum dmarc_policy p, sp, np;
	bool has_np;
	bool is_dkim_strict, is_spf_strict, is_testing;
	enum dmarc_discovery discovery;
	struct slice fo, rua, ruf;	/* as published; empty where absent */
	struct slice error;		/* what was wrong with the record */
};

void report_append_configuration(struct strbuf *out,
    const struct report_configuration *configuration);

/* Whether a rua or ruf is there, and short enough to be told. */
bool report_does_tell_uris(struct slice uris);

/* False where TEXT is none.  What had to be unescaped lives in ARENA, the rest
 * is borrowed. */
bool report_parse_configuration(struct arena *arena, struct slice text,
    struct report_configuration *configuration_out);

#endif
