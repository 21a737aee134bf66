/* config/config.h - /etc/assay/assayd.conf (libconfig's syntax) into options.
 * The folder is the only user of libconfig; man/assayd.conf.5 lists the keys,
 * config/keys.c has them as a table. */
#ifndef ASSAY_CONFIG_CONFIG_H
#define ASSAY_CONFIG_CONFIG_H

#include "config/file.h"
#include "config/problems.h"
#include "config/settings.h"

struct strbuf;

#define CONFIG_MAX_OCTETS FILE_MAX_OCTETS

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
