/* dns/server.h - whom to ask: resolv.conf(5).  unbound_check_server of
 * unbound.h is defined beside it. */
#ifndef ASSAY_DNS_SERVER_H
#define ASSAY_DNS_SERVER_H

#include "base/slice.h"

/* The next server that the resolv.conf TEXT names and that can be one,
 * borrowed; *TEXT is moved behind its line.  False at the end. */
bool dns_take_nameserver(struct slice *text, struct slice *server_out);

#endif
