/* spf/request.h - what is asked of check_host(), and what it answers. */
#ifndef ASSAY_SPF_REQUEST_H
#define ASSAY_SPF_REQUEST_H

#include "base/ip.h"
#include "spf/result.h"

struct trace;

enum spf_identity {
	SPF_IDENTITY_HELO = 0,
	SPF_IDENTITY_MAIL_FROM,
};

struct spf_options {
	unsigned max_terms;	/* that cause DNS queries (4.6.4) */
	unsigned max_void_lookups;	/* (4.6.4) */
	unsigned max_names;	/* looked at for one "mx" or "ptr" (4.6.4) */
	unsigned budget_ms;	/* for one whole evaluation (4.6.4) */
};

#define SPF_OPTIONS_DEFAULT { .max_terms = 10, .max_void_lookups = 2, \
	.max_names = 10, .budget_ms = 20000 }

struct spf_request {
	enum spf_identity identity;
	struct ip_address client;
	struct slice helo;	/* as given, for %{h}; that identity's domain */
	/* MAIL FROM without brackets; a null sender is empty and is checked as
	 * postmaster@HELO (2.4). */
	struct slice mail_from;
	struct slice receiver;	/* our host name, for %{r} in explanations */
	int64_t now_s;		/* since the epoch, for %{t} */
	int64_t deadline_ms;	/* monotonic; the budget may end before it */
	struct trace *trace;	/* told of each step; NULL: nobody asks */
};

struct spf_outcome {
	enum spf_result result;
	enum spf_identity identity;
	struct slice domain;	/* <domain> that was checked, normalized; as
				 * written where it is no domain */
	struct slice mechanism;	/* the directive that matched, as written in its
				 * record ("-all", "ip4:192.0.2.0/24");
				 * "default" where none did; empty for none and
				 * errors */
	struct slice reason;	/* one sentence for people, ASCII, escaped */
	struct slice explanation;	/* of a fail (6.2): ASCII, printable;
				 * empty where the domain gives none */
	unsigned n_terms, n_void_lookups;	/* counted */
	bool is_pass_too_wide;	/* a pass by "all" or by a network wider than
				 * /8: it says next to nothing */
};

#endif
