/* dmarc/psl.h - the public suffix list, for org_domain = "psl" (RFC 7489 3.2).
 *
 * A handle is immutable and may be used by several threads. */
#ifndef ASSAY_DMARC_PSL_H
#define ASSAY_DMARC_PSL_H

#include "base/slice.h"

struct psl;

/* The list at PATH, or the system's newest one where PATH is NULL; NULL where
 * there is none that can be read.  Free with dmarc_psl_free. */
struct psl *dmarc_psl_load(const char *path);
void dmarc_psl_free(struct psl **psl);

/* The longest matching suffix and one label more; DOMAIN itself where it is a
 * suffix.  Both sections of the list count: customers below a hosting suffix
 * are strangers to each other.  DOMAIN is normalized (mail/domain.h); the
 * answer is a part of it. */
struct slice dmarc_psl_org_domain(const struct psl *psl, struct slice domain);

#endif
