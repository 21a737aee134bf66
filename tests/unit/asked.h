/* tests/unit/asked.h - a resolver that writes down what it is asked, and zones
 * written as text. */
#ifndef ASSAY_TESTS_UNIT_ASKED_H
#define ASSAY_TESTS_UNIT_ASKED_H

#include "dns/dns.h"

/* A zone of lines "NAME TYPE TEXT": TXT and a text; CNAME, MX, PTR and a name; A
 * (always 192.0.2.1), TIMEOUT, SERVFAIL.  Fails the test on anything else. */
struct resolver *test_zone(const char *lines);

/* Asks INNER and owns it. */
struct resolver *asked_create(struct resolver *inner);

/* How many different questions of TYPE have come; where NAME is not empty, for
 * that name.  Prefetched ones are questions too: a cache stands behind. */
size_t asked_count(const struct resolver *asked, enum dns_type type,
    struct slice name);

/* The names of TYPE that were waited for, or only prefetched, in order and with
 * a blank between. */
struct slice asked_names(const struct resolver *asked, struct arena *arena,
    enum dns_type type, bool is_prefetched);

#endif
