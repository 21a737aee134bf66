/* config/config.h - /etc/assay/assayd.conf (libconfig's syntax) into options.
 * The folder is the only user of libconfig; man/assayd.conf.5 lists the keys,
 * config/keys.c has them as a table. */
#ifndef ASSAY_CONFIG_CONFIG_H
#define ASSAY_CONFIG_CONFIG_H

#include "base/log.h"
#include "config/file.h"
#include "dns/cache.h"
#include "dns/throttle.h"
#include "dns/unbound.h"
#include "inspect/inspect.h"
#include "milter/milter.h"
#include "policy/policy.h"

struct strbuf;

#define CONFIG_MAX_OCTETS FILE_MAX_OCTETS
#define CONFIG_MAX_PROBLEMS 100	/* told; then one line says there are more */

/* Text and lists are owned by the configuration and live as long as it. */
struct config {
	struct arena *arena;
	struct unbound_options resolver;
	struct cache_options cache;
	const char *zone_file;		/* NULL: real DNS */
	struct milter_options milter;
	struct inspect_options inspect;
	struct throttle_options throttle;
	const char *psl_file;		/* NULL: the system's list */
	struct policy_options policy;
	const char *authserv_id;	/* NULL: the MTA's */
	const char *store;		/* "" for none */
	enum log_level log_level;
	int log_facility;		/* syslog's */
	const char *user;		/* to run as; NULL: who started it */
	unsigned drain_s;		/* how long TERM waits for messages */
	struct config_note *notes;	/* to log at start, newest last */
};

struct config_note {
	struct config_note *next;
	const char *text;	/* "FILE:LINE: what" */
};

/* Read PATH.  NULL where anything is wrong: then PROBLEMS has one line per
 * problem, each "FILE:LINE: what and what to write instead\n", all of them
 * and not just the first.  Touches no network; looks up user and group, and
 * reads the files that lists are in. */
struct config *config_load(const char *path, struct strbuf *problems);

/* The same for text that is in memory already; NAME stands for FILE. */
struct config *config_load_text(const char *name, struct slice text,
    struct strbuf *problems);

/* Sets *CONFIG to NULL.  (config_destroy is a function of libconfig.) */
void config_unload(struct config **config);

#endif
