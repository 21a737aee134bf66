/* cli/policy_fetch.h - the way to a domain's MTA-STS policy (RFC 8461 3.3):
 * HTTPS with a certificate that holds for mta-sts.<domain>, no redirect, and
 * limits of time and size. */
#ifndef ASSAY_CLI_POLICY_FETCH_H
#define ASSAY_CLI_POLICY_FETCH_H

#include <stdatomic.h>

#include "base/slice.h"

struct arena;
struct resolver;
struct strbuf;

#define POLICY_FETCH_TIMEOUT_MS 60000	/* RFC 8461 3.3 suggests a minute */

enum policy_fetch_status {
	POLICY_FETCH_OK = 0,
	POLICY_FETCH_ABSENT,	/* the host does not exist, or the server says
				 * that there is none: 404, 410 */
	POLICY_FETCH_UNREACHABLE,	/* DNS, network, time, server error */
	POLICY_FETCH_UNTRUSTED,	/* the certificate does not hold */
	POLICY_FETCH_REFUSED,	/* what came is none: a redirect, another type,
				 * too large */
	POLICY_FETCH_FAILED,	/* on our side */
};

/* Whether the policy's web server may be asked at all: libcurl's one-time
 * start, before there are threads; and its end. */
bool policy_fetch_start(void);
void policy_fetch_stop(void);

/* GET the policy of DOMAIN, which is normalized; its address is asked of
 * RESOLVER.  Roots of trust are the system's (SSL_CERT_FILE, SSL_CERT_DIR).
 * The body lives in ARENA.  PROBLEM gets one sentence unless OK.  Blocks for
 * TIMEOUT_MS at most, and for a second once *IS_STOPPING (may be NULL) is true:
 * that is for another thread to say. */
enum policy_fetch_status policy_fetch(struct resolver *resolver,
    struct arena *arena, struct slice domain, long timeout_ms,
    const atomic_bool *is_stopping, struct slice *body_out,
    struct strbuf *problem);

#endif
