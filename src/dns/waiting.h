/* dns/waiting.h - a resolver that asks another one, and has something else done
 * whenever it would have to wait. */
#ifndef ASSAY_DNS_WAITING_H
#define ASSAY_DNS_WAITING_H

#include "dns/dns.h"

struct arena;

/* Lives in ARENA and borrows INNER; one thread at a time.  MEANWHILE is called
 * when an answer is not at hand: it is on its way then, and so may others be
 * when it returns.  It must not ask this resolver.  NULL where memory is
 * out. */
struct resolver *waiting_create(struct arena *arena, struct resolver *inner,
    void (*meanwhile)(void *context), void *context);

#endif
