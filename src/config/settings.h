/* config/settings.h - all that a configuration sets. */
#ifndef ASSAY_CONFIG_SETTINGS_H
#define ASSAY_CONFIG_SETTINGS_H

#include "base/log.h"
#include "control/options.h"
#include "dns/cache.h"
#include "dns/throttle.h"
#include "dns/unbound.h"
#include "inspect/inspect.h"
#include "milter/milter.h"
#include "mta_sts/options.h"
#include "policy/policy.h"
#include "report/options.h"

struct config_note;
struct config_value;

/* Text and lists are owned by the configuration and live as long as it. */
struct config {
	struct arena *arena;
	struct unbound_options resolver;
	struct cache_options cache;
	const char *zone_file;		/* NULL: real DNS */
	struct milter_options milter;
	struct milter_limits milter_limits;
	struct inspect_options inspect;
	struct throttle_options throttle;
	const char *psl_file;		/* NULL: the system's list */
	struct policy_options policy;
	struct report_options report;
	struct mta_sts_options mta_sts;
	struct control_options control;
	const char *authserv_id;	/* NULL: the MTA's */
	enum log_level log_level;
	enum log_format log_format;
	enum log_target log_target;
	int log_facility;		/* syslog's */
	const char *user;		/* to run as; NULL: who started it */
	unsigned drain_s;		/* how long TERM waits for messages */
	struct config_note *notes;	/* to log at start, newest last */
	struct config_value *values;	/* of each of config_keys, for
					 * config/changes.h */
};

#endif
