/* cli/resolver.h - DNS for the tool: what the configuration says of it, on a
 * loop that has a thread of its own. */
#ifndef ASSAY_CLI_RESOLVER_H
#define ASSAY_CLI_RESOLVER_H

struct config;
struct resolver;
struct strbuf;
struct tool_resolver;

/* libunbound and a cache, or the zone file where CONFIG names one.  Borrows
 * CONFIG.  What goes wrong later is told of on stderr.  NULL with the problem
 * appended. */
struct tool_resolver *tool_resolver_open(const struct config *config,
    struct strbuf *problem);

/* For all threads. */
struct resolver *tool_resolver_get(const struct tool_resolver *tool);

/* No question may be under way or come later.  Sets *TOOL to NULL. */
void tool_resolver_close(struct tool_resolver **tool);

#endif
