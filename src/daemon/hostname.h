/* daemon/hostname.h - what this host is called. */
#ifndef ASSAY_DAEMON_HOSTNAME_H
#define ASSAY_DAEMON_HOSTNAME_H

struct arena;

/* The host's name with its domain, where it can be found out within a few
 * seconds; else the bare name; "localhost" where there is none.  NULL where
 * memory is out.  May ask DNS, by way of getaddrinfo(3). */
const char *hostname_find(struct arena *arena);

#endif
