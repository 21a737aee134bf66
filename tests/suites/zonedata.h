/* suites/zonedata.h - the "zonedata" of a suite's scenario as a zone.
 *
 * A map of names to lists of entries: {TXT: text} or {TXT: [part, part]} (one
 * record of several character-strings), {A: address}, {AAAA: address},
 * {MX: [preference, name]}, {PTR: name}, {CNAME: name}, TIMEOUT, SERVFAIL.
 * {SPF: text} is the record type that RFC 7208 abolished: where a name has no
 * TXT entry its SPF ones are TXT records.  {TXT: NONE} is an entry without a
 * record. */
#ifndef ASSAY_TESTS_SUITES_ZONEDATA_H
#define ASSAY_TESTS_SUITES_ZONEDATA_H

struct arena;
struct resolver;
struct yaml_value;

/* The zone; NULL for ZONEDATA makes an empty one.  Fails the test on an entry
 * that it does not understand.  Free with dns_destroy_resolver; ARENA must live
 * as long. */
struct resolver *zonedata_create_zone(struct arena *arena,
    const struct yaml_value *zonedata);

#endif
