/* policy/sealer.h - what trusted ARC sealers say of a message's author. */
#ifndef ASSAY_POLICY_SEALER_H
#define ASSAY_POLICY_SEALER_H

#include "base/slice.h"

struct arc_outcome;
struct arena;
struct policy_list;
struct strbuf;

/* Let k be the lowest instance such that every seal from k to the newest is by
 * one of TRUSTED.  True if there is such a k, the newest AMS covers From, and
 * the AAR of instance k tells of dmarc=pass for AUTHOR_DOMAIN (normalized) and
 * of no other DMARC result.  Whether the chain passes is for the caller to
 * mind.  False, too, where ARENA is full. */
bool policy_is_vouched_for(const struct policy_list *trusted,
    const struct arc_outcome *arc, struct slice author_domain,
    struct arena *arena);

/* Append the comment of RFC 8617 7.2.2, "arc=pass as[2].d=lists.example.org
 * as[2].s=sel as[1].d=... as[1].s=... remote-ip[1]=192.0.2.1", newest first;
 * sets beyond POLICY_MAX_SEALERS_TOLD become "...". */
#define POLICY_MAX_SEALERS_TOLD 4
void policy_append_seals(struct strbuf *text, const struct arc_outcome *arc,
    struct arena *arena);

#endif
