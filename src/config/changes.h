/* config/changes.h - what a reload has changed, for the postmaster. */
#ifndef ASSAY_CONFIG_CHANGES_H
#define ASSAY_CONFIG_CHANGES_H

struct config;
struct strbuf;

/* How the line ends of a key that is looked at at start only. */
#define CONFIG_WHEN_RESTARTED " (when assayd is restarted)"

/* Append a line, with its line end, for each key whose meaning differs:
 * "dmarc.quarantine: hold -> tag"; "arc.trusted_sealers: 2 added
 * (lists.example.org, lists.example.net)"; nothing where none does.  One that
 * is looked at at start only says so.  What may hold a password is not shown.
 * Where memory is out the list is short. */
void config_append_changes(const struct config *before,
    const struct config *after, struct strbuf *text);

#endif
