/* dns/server.h - whom to ask, as resolv.conf(5) and the operator name them. */
#ifndef ASSAY_DNS_SERVER_H
#define ASSAY_DNS_SERVER_H

#include "base/slice.h"

/* Whether SERVER can be one: "192.0.2.1", "192.0.2.1@5353",
 * "2001:db8::1@53". */
bool dns_check_server(struct slice server);

/* The next server that the resolv.conf TEXT names and that can be one,
 * borrowed; *TEXT is moved behind its line.  False at the end. */
bool dns_take_nameserver(struct slice *text, struct slice *server_out);

#endif
