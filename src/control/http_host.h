/* control/http_host.h - whether a request's Host is one of ours.
 *
 * A page from elsewhere may have its own name lead to our address, and would
 * then be allowed to read what we answer (DNS rebinding).  Its name gives it
 * away: nobody but us answers to an address, to localhost, or to our name. */
#ifndef ASSAY_CONTROL_HTTP_HOST_H
#define ASSAY_CONTROL_HTTP_HOST_H

#include "base/slice.h"

/* Host = uri-host [ ":" port ]   (RFC 9110 7.2)
 * HOSTNAME is this host's. */
bool http_is_our_host(struct slice host, struct slice hostname);

#endif
