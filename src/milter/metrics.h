/* milter/metrics.h - what has happened to mail: counted by all sessions, read
 * by any thread, in memory that processes may share. */
#ifndef ASSAY_MILTER_METRICS_H
#define ASSAY_MILTER_METRICS_H

#include "base/histogram.h"
#include "base/limit.h"

/* One more than the last of each enum; a test looks. */
#define MILTER_N_SPF 7		/* enum spf_result */
#define MILTER_N_DKIM 7		/* enum dkim_result; NONE: no signature */
#define MILTER_N_ARC 4		/* enum arc_result */
#define MILTER_N_DMARC 5	/* enum dmarc_result */
#define MILTER_N_ACTIONS 5	/* enum policy_action */
#define MILTER_N_TRUSTS 4	/* enum policy_trust */

enum milter_stage {
	MILTER_STAGE_MAIL = 0,	/* the callback, waits for DNS included */
	MILTER_STAGE_HEADER,	/* all fields of a message together */
	MILTER_STAGE_BODY,	/* all pieces together */
	MILTER_STAGE_END,	/* the end of the message, to the reply */
};	/* MAIL of every message that began; the others of those that ended */

#define MILTER_N_STAGES 4

/* Rules that are counted by name: the first ones of the configuration that
 * match anything; all others together. */
#define MILTER_N_RULES 64
#define MILTER_RULE_NAME_MAX 64

struct milter_rule_count {
	atomic_bool is_claimed;		/* by who writes the name, once ... */
	char name[MILTER_RULE_NAME_MAX + 1];
	atomic_bool is_named;		/* ... and sets this.  Two that came at
					 * once may have claimed one each for
					 * the same name: both count. */
	atomic_ullong hits, shadow_hits;
};

/* Zeroed is right at the start. */
struct milter_metrics {
	atomic_ullong n_connections;	/* ever; of whoever came */
	atomic_ullong n_strangers;	/* of them, those of no MTA */
	atomic_ullong n_messages;	/* with a verdict */
	atomic_ullong n_aborted;	/* messages without one */
	atomic_ullong n_failures;	/* verdicts for a fault of ours */
	atomic_ullong n_turned_away;	/* MAIL, draining or for a limit */
	atomic_ullong octets;		/* of header and body, as the MTA sent
					 * them; of messages that ended */
	/* Of messages with a verdict; results of those that were inspected. */
	atomic_ullong actions[MILTER_N_ACTIONS];	/* done */
	atomic_ullong wanted[MILTER_N_ACTIONS];	/* without mode = "monitor" */
	atomic_ullong trusts[MILTER_N_TRUSTS];
	atomic_ullong spf[MILTER_N_SPF];	/* messages */
	atomic_ullong dkim[MILTER_N_DKIM];	/* signatures */
	atomic_ullong arc[MILTER_N_ARC];	/* messages */
	atomic_ullong dmarc[MILTER_N_DMARC];
	struct limit_counters limits;
	struct histogram stages[MILTER_N_STAGES];
	struct milter_rule_count rules[MILTER_N_RULES];
	atomic_ullong other_rule_hits, other_shadow_hits;
	atomic_uint n_sessions;		/* now */
	atomic_uint n_open;		/* messages, now */
};

/* A process begins to count here, where another one may have left off: nobody
 * is there yet. */
void milter_begin_metrics(struct milter_metrics *metrics);

/* "mail", "header", "body", "end". */
const char *milter_stage_name(enum milter_stage stage);

#endif
