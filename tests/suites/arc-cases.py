#!/usr/bin/python3
"""Writes arc-cases.yml: ARC chains, sound and broken, and what is to be said of
each.

    tests/suites/arc-cases.py > new.yml && mv new.yml tests/suites/arc-cases.yml

Only for adding cases; the tests read the file that is kept.  sealing.py says
how the chains are made.  What is expected was written down by hand, from RFC
8617."""

import sys

from sealing import (AMS_NAMES, ED25519, OTHER, RSA1024, RSA2048, RSA4096,
                     RSA768, arc_fields, assert_chain, cases, field_name,
                     instance_of, key_name, quote, record_of, seal, sealed,
                     write_message, write_zone)

HEADER, BODY = cases.HEADER, cases.BODY
ZONE = {key_name(): [record_of(RSA2048)]}
CASES = []

TEXTS = {
    "INSTANCE": "a field has no instance from 1 to 50",
    "DUPLICATE": "two fields of one kind have the same instance",
    "INCOMPLETE": "a set is not complete",
    "TOO_MANY": "there are more sets than are looked at",
    "SYNTAX": "a field is malformed",
    "STATUS": "a seal's cv= does not fit its place",
    "FAILED": "the newest sealer found the chain broken",
    "MESSAGE": "the newest message signature does not verify",
    "SEAL": "a seal does not verify",
    "DNS": "a key could not be asked for",
    "HEADER_TOO_LARGE": "the header is larger than what is kept",
}


def case(name, header, result, body=BODY, zone=None, *, foreign=True,
         **expect):
    """FOREIGN: dkimpy is to let a passing chain pass as well."""
    text = b"".join(header) + b"\r\n" + body
    zone = ZONE if zone is None else zone
    if result == "pass" and foreign:
        assert_chain(name, text, zone)
    CASES.append({"name": name, "zone": zone, "message": text,
                  "result": result, "expect": expect})


def fails(name, header, reason, instance=0, **more):
    result = "temperror" if reason == "DNS" else "fail"
    case(name, header, result, reason=TEXTS[reason], instance=instance, **more)


def chain(n, header=HEADER, body=BODY, **options):
    for _ in range(n):
        header = sealed(header, body, **options)
    return header


def change(fields, old, new):
    assert any(old in field for field in fields), old
    return [field.replace(old, new, 1) for field in fields]


def without(fields, instance, kind):
    kept = [field for field in fields
            if field_name(field) != kind or instance_of(field) != instance]
    assert len(kept) + 1 == len(fields)
    return kept


AAR = b"arc-authentication-results"
AMS = b"arc-message-signature"
SEAL = b"arc-seal"


def shuffled(fields, step):
    """The same fields in an order that is not that of any sealer."""
    n = len(fields)
    return [fields[(i * step) % n] for i in range(n)]


def sound_cases():
    case("no set", HEADER, "none", zone={})
    one = chain(1)
    case("one set", one, "pass", sets=[
        {"sealer": "example.net", "selector": "seal", "covers-from": "true",
         "message-domain": "example.net",
         "results": " mx.example.net; none"}], **{"oldest-pass": 0})
    case("two sets", chain(2), "pass", **{"oldest-pass": 0, "n-sets": 2})
    twelve = chain(12)
    n = len(twelve) - len(HEADER)
    case("twelve sets", twelve, "pass", **{"n-sets": 12, "oldest-pass": 0})
    case("twelve sets, fields in any order",
         shuffled(twelve[:n], 7) + HEADER, "pass", foreign=False,
         **{"n-sets": 12})
    case("twelve sets, oldest on top",
         list(reversed(twelve[:n])) + HEADER, "pass", foreign=False,
         **{"n-sets": 12})
    case("twelve sets, in the order of their text", sorted(
        twelve[:n]) + HEADER, "pass", foreign=False, **{"n-sets": 12})
    case("twelve sets, below the message's fields", HEADER + twelve[:n],
         "pass", foreign=False, **{"n-sets": 12})
    swapped = change(change(twelve, b"ARC-Seal: i=10;", b"ARC-Seal: i=@;"),
                     b"ARC-Seal: i=9;", b"ARC-Seal: i=10;")
    fails("twelve sets, seals 9 and 10 exchanged",
          change(swapped, b"i=@;", b"i=9;"), "SEAL", 12)
    fifty = chain(50, key=RSA1024)
    case("fifty sets", fifty, "pass",
         zone={key_name(): [record_of(RSA1024)]}, foreign=False,
         **{"n-sets": 50})
    fails("fifty-one sets", sealed(fifty, BODY, key=RSA1024), "INSTANCE",
          zone={key_name(): [record_of(RSA1024)]})


def key_cases():
    case("seal of 4096 bits", chain(1, key=RSA4096), "pass",
         zone={key_name(): [record_of(RSA4096)]})
    case("seal of 1024 bits", chain(1, key=RSA1024), "pass",
         zone={key_name(): [record_of(RSA1024)]})
    case("seal of ed25519", chain(1, key=ED25519), "pass",
         zone={key_name(): [record_of(ED25519)]}, foreign=False)
    mixed = {key_name("example.net", s): [record_of(key)] for s, key in (
        ("a", RSA4096), ("b", ED25519), ("c", RSA1024))}
    header = chain(1, s="a", key=RSA4096)
    header = chain(1, header, s="b", key=ED25519)
    header = chain(1, header, s="c", key=RSA1024)
    case("seals of three kinds", header, "pass", zone=mixed, foreign=False)
    case("AMS of another domain than the seal", chain(
        1, ams_d="lists.example.org", ams_key=ED25519), "pass", zone={
            **ZONE, key_name("lists.example.org"): [record_of(ED25519)]},
         foreign=False, sets=[{"sealer": "example.net",
                "message-domain": "lists.example.org"}])
    fails("seal of 768 bits", chain(1, key=RSA768, ams_s="m", ams_key=RSA2048),
          "SEAL", 1, zone={key_name(): [record_of(RSA768)],
                           key_name(s="m"): [record_of(RSA2048)]})
    fails("seal with another key", chain(1, key=OTHER, ams_s="m",
                                         ams_key=RSA2048), "SEAL", 1,
          zone={**ZONE, key_name(s="m"): [record_of(RSA2048)]})
    fails("AMS with another key", chain(1, ams_key=OTHER), "MESSAGE", 1)
    fails("no key", chain(1), "MESSAGE", 1, zone={})
    fails("key revoked", chain(1), "MESSAGE", 1, zone={
        key_name(): ["v=DKIM1; p="]})
    two = sealed(chain(1, s="old"), BODY)
    old = {key_name(s="old"): [record_of(RSA2048)]}
    case("two keys", two, "pass", zone={**ZONE, **old})
    fails("the older seal's key gone", two, "SEAL", 1)
    for fault in ("SERVFAIL", "TIMEOUT"):
        fails(f"newest key: {fault}", two, "DNS", 2,
              zone={key_name(): [fault], **old})
        fails(f"the older seal's key: {fault}", two, "DNS", 1,
              zone={**ZONE, key_name(s="old"): [fault]})
        case(f"the older AMS's key: {fault}", sealed(
            chain(1, ams_s="old"), BODY), "pass", foreign=False,
            zone={**ZONE, key_name(s="old"): [fault]}, **{"oldest-pass": 2})
    fails("newest AMS broken, and the older key unknown", change(
        two, b"Is dinner", b"Is lunch"), "MESSAGE", 2,
        zone={**ZONE, key_name(s="old"): ["SERVFAIL"]})
    case("one key unavailable which no set names", two, "pass", zone={
        **ZONE, **old, key_name("example.org", "k"): ["SERVFAIL"]})


def oldest_cases():
    """Changed between one seal and the next: the older AMSs break."""
    for broken in range(4):
        header = chain(broken)
        header = change(header, b"Is dinner", b"[list] Is dinner")
        header = chain(4 - broken, header)
        case(f"four sets, changed behind {broken}", header, "pass", **{
            "oldest-pass": broken + 1 if broken else 0, "n-sets": 4})
    fails("changed behind the newest", change(
        chain(4), b"Is dinner", b"[list] Is dinner"), "MESSAGE", 4)
    first = chain(1, h="from:date")
    second = change(first, b"Is dinner", b"[list] Is dinner")
    case("changed what the older AMS does not cover", chain(1, second),
         "pass", **{"oldest-pass": 0})
    body = BODY + b"-- \r\nthe list\r\n"
    case("footer behind the first of two", sealed(chain(1), body), "pass",
         body=body, **{"oldest-pass": 2})
    fails("footer behind the newest", chain(2), "MESSAGE", 2, body=body)
    middle = sealed(change(sealed(change(chain(1), b"Is dinner", b"Is tea"),
                                  BODY), b"Is tea", b"Is dinner"), BODY)
    case("broken in the middle, sound before", middle, "pass",
         **{"oldest-pass": 3})


def structure_cases():
    two, three = chain(2), chain(3)
    for kind in (AAR, AMS, SEAL):
        text = kind.decode()
        fails(f"{text} of the only set missing", without(chain(1), 1, kind),
              "INCOMPLETE", 1)
        fails(f"{text} of the newest set missing", without(two, 2, kind),
              "INCOMPLETE", 2)
        fails(f"{text} of the oldest set missing", without(two, 1, kind),
              "INCOMPLETE", 1)
        double = [f for f in two if field_name(f) == kind]
        fails(f"{text} twice", [double[0]] + two, "DUPLICATE", 2)
        fails(f"{text} twice, the second changed",
              change([double[0]], b"\r\n", b" \r\n") + two, "DUPLICATE", 2)
    gap = [f for f in three if instance_of(f) != 2 or field_name(f)
           not in (AAR, AMS, SEAL)]
    fails("gap: the second of three sets", gap, "INCOMPLETE", 2)
    no_first = [f for f in three if instance_of(f) != 1 or field_name(f)
                not in (AAR, AMS, SEAL)]
    fails("the first of three sets gone", no_first, "INCOMPLETE", 1)
    newest_gone = [f for f in three if instance_of(f) != 3 or field_name(f)
                   not in (AAR, AMS, SEAL)]
    case("the newest of three sets gone, nothing else changed", newest_gone,
         "pass", **{"n-sets": 2})
    fails("an AAR alone", [b"ARC-Authentication-Results: i=1; x; none\r\n"]
          + HEADER, "INCOMPLETE", 1)
    for name in ("ARC-Authentication-Results", "ARC-Message-Signature",
                 "ARC-Seal"):
        for text in (" x", " i=0;", " i=51;"):
            fails(f"{name}:{text}", [f"{name}:{text}\r\n".encode()] + two,
                  "INSTANCE")
    # i=01 is 1*2DIGIT, and its value 1.
    for kind, name in ((AAR, "AAR"), (AMS, "AMS"), (SEAL, "seal")):
        fails(f"{name} with i=01 beside i=1", change(
            [f for f in two if field_name(f) == kind and instance_of(f) == 1],
            b"i=1;", b"i=01;") + two, "DUPLICATE", 1)
    case("more sets than are looked at", chain(3), "fail", reason=TEXTS[
        "TOO_MANY"], instance=3, **{"max-sets": 2})
    case("as many sets as are looked at", chain(2), "pass",
         **{"max-sets": 2, "n-sets": 2})
    case("header: fields were left out", chain(1), "fail",
         reason=TEXTS["HEADER_TOO_LARGE"], instance=0,
         **{"header-whole": "false"})
    case("header: fields were left out, no set", HEADER, "none", zone={},
         **{"header-whole": "false"})


def status_cases():
    for cv in ("Pass", "PASS", "pAsS"):
        case(f"cv={cv}", chain(1, chain(1), cv=cv), "pass", foreign=False)
    case("cv=NONE at the first", chain(1, cv="NONE"), "pass", foreign=False)
    for cv in ("pass", "PASS"):
        fails(f"cv={cv} at the first", chain(1, cv=cv), "STATUS", 1)
    fails("cv=none at the second", chain(1, chain(1), cv="none"), "STATUS", 2)
    fails("cv=none at the second of three", chain(
        1, chain(1, chain(1), cv="none")), "STATUS", 2)
    fails("cv=fail at the first", chain(1, cv="fail"), "FAILED", 1)
    fails("cv=fail at the newest", chain(1, chain(1), cv="fail"), "FAILED", 2)
    fails("cv=FAIL at the newest", chain(1, chain(1), cv="FAIL"), "FAILED", 2)
    two = chain(1, chain(1), cv="fail")
    newest = [f for f in arc_fields(two) if instance_of(f) == 2]
    fails("cv=fail, sealed as 5.1.2 says", chain(
        1, chain(1), cv="fail", covered=[]), "FAILED", 2)
    fails("cv=fail at the newest, the older set gone",
          newest + HEADER, "INCOMPLETE", 1)
    fails("cv=fail at the second of three", chain(
        1, chain(1, chain(1), cv="fail")), "STATUS", 2)
    for cv in ("", "passed", "p ass", "neutral", "1"):
        fails(f"cv={cv or 'nothing'}", chain(1, cv=cv or " "), "SYNTAX", 1)
    fails("no cv", chain(1, seal_template=" i=1; a=rsa-sha256; d=example.net;"
                         " s=seal; b={b}"), "SYNTAX", 1)


def tag_cases():
    for value in ("from", "", "arc-seal"):
        fails(f"seal with h={value}", chain(1, seal_tags=[("h", value)]),
              "SYNTAX", 1)
    case("seal with an unknown tag", chain(1, seal_tags=[("zz", "x")]),
         "pass")
    case("seal with t far ahead", chain(1, t=99999999999), "pass",
         foreign=False)
    fails("AMS that covers ARC-Seal", chain(1, h=AMS_NAMES + ":arc-seal"),
          "SYNTAX", 1)
    fails("AMS that covers ARC-Seal in any case", chain(
        1, h="from : ARC-Seal\r\n\t:to"), "SYNTAX", 1)
    case("AMS that covers older sets' other fields", chain(
        1, chain(1), h=AMS_NAMES + ":arc-message-signature:"
        "arc-authentication-results"), "pass", foreign=False)
    case("AMS without From", chain(1, h="to:subject"), "pass", sets=[
        {"covers-from": "false"}])
    case("AMS of simple forms", chain(1, c="simple/simple"), "pass",
         foreign=False)
    case("AMS without c", chain(1, c=None), "pass")
    n = len(cases.CanonicalizationPolicy.from_c_value(
        b"relaxed/relaxed").canonicalize_body(BODY))
    case("AMS with l of all the body", chain(1, l=str(n)), "pass",
         foreign=False)
    fails("AMS with l of a part", chain(1, l=str(n - 2)), "MESSAGE", 1)
    fails("AMS with l, octets added", chain(1, l=str(n)), "MESSAGE", 1,
          body=BODY + b"x\r\n")
    case("AMS with an unknown tag", chain(1, ams_tags=[("zz", "x")]), "pass")
    case("U-labels", chain(1, d="bücher.example", s="schlüssel"), "pass",
         zone={"xn--schlssel-95a._domainkey.xn--bcher-kva.example":
               [record_of(RSA2048)]}, foreign=False,
         sets=[{"sealer": "xn--bcher-kva.example"}])
    case("upper case in d", chain(1, d="EXAMPLE.NET"), "pass", foreign=False,
         sets=[{"sealer": "example.net", "message-domain": "example.net"}])
    one = chain(1)
    for kind, name in ((SEAL, "seal"), (AMS, "AMS")):
        for tag in ("a", "b", "d", "s"):
            fields = [f.replace(f"{tag}=".encode(), f"{tag}{tag}=".encode(),
                                1) if field_name(f) == kind else f
                      for f in change(one, b"\tb=", b" b=")]
            fields = [f.replace(f" {tag}=".encode(), f" q{tag}=".encode(), 1)
                      if field_name(f) == kind else f for f in
                      change(one, b"\tb=", b" b=")]
            fails(f"{name} without {tag}", fields, "SYNTAX", 1)
        for old, new in ((b"a=rsa-sha256", b"a=rsa-sha1"),
                         (b"a=rsa-sha256", b"a=rsa-sha512"),
                         (b"d=example.net", b"d=net"),
                         (b"d=example.net", b"d=example..net")):
            fields = [f.replace(old, new) if field_name(f) == kind else f
                      for f in one]
            fails(f"{name} with {new.decode()}", fields, "SYNTAX", 1)
    fails("the older AMS malformed", sealed(change(
        one, b"ARC-Message-Signature: i=1; a=rsa-sha256",
        b"ARC-Message-Signature: i=1; a=rsa"), BODY), "SYNTAX", 1)
    fails("seal with two i", change(one, b"ARC-Seal: i=1;",
                                    b"ARC-Seal: i=1; i=1;"), "INSTANCE")


def result_cases():
    for name, aar, blank in (
            ("blanks", "  i  =  {i}  ;  {results}", " "),
            ("no blank", "i={i};{results}", ""),
            ("folds", "\r\n\ti\r\n\t=\r\n\t{i}\r\n\t;\r\n\t{results}", "")):
        case(f"AAR with {name}", chain(1, aar=aar, aar_blank=blank), "pass",
             foreign=name != "folds")
    case("AAR with nothing behind its instance", chain(1, aar="i={i};"),
         "pass", sets=[{"results": ""}])
    case("AAR changed", change(chain(1), b"; none", b"; dmarc=pass"), "fail",
         reason=TEXTS["SEAL"], instance=1)
    case("the older AAR changed", change(sealed(
        chain(1, results="mx.example.net; dmarc=fail"), BODY),
        b"dmarc=fail", b"dmarc=pass"), "fail", reason=TEXTS["SEAL"],
        instance=2)
    case("AAR that lists much", chain(1, results=(
        "mx.example.net;\r\n\tdkim=pass header.d=example.org;\r\n\t"
        "dmarc=pass (p=reject dis=none) header.from=example.org")), "pass",
        sets=[{"results": " mx.example.net;\r\n\tdkim=pass "
               "header.d=example.org;\r\n\tdmarc=pass (p=reject dis=none) "
               "header.from=example.org"}])


def attack_cases():
    zone = {**ZONE, key_name("trusted.example"): [record_of(RSA4096)],
            key_name("evil.example"): [record_of(OTHER)]}
    theirs = chain(1, d="trusted.example", key=RSA4096)
    other = [f.replace(b"joe@example.org", b"ceo@example.org")
             for f in HEADER]
    copied = theirs[:3] + other
    fails("a set copied onto another message", copied, "MESSAGE", 1,
          zone=zone)
    case("a set copied, and a stranger's on top", sealed(
        copied, BODY, d="evil.example", key=OTHER), "pass", zone=zone,
        **{"oldest-pass": 2})
    fails("a set in the name of another, with a key of its own",
          chain(1, d="trusted.example", key=OTHER), "MESSAGE", 1, zone=zone)
    replaced = theirs[:1] + chain(1, d="evil.example", key=OTHER)[1:]
    fails("a copied seal over an own AMS", replaced, "SEAL", 1, zone=zone)
    fails("fields without any signature", [
        b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=trusted.example; s=seal;"
        b" b=YQ==\r\n",
        b"ARC-Message-Signature: i=1; a=rsa-sha256; d=trusted.example;"
        b" s=seal; h=from; bh=YQ==; b=YQ==\r\n",
        b"ARC-Authentication-Results: i=1; trusted.example; dmarc=pass\r\n"
        ] + HEADER, "MESSAGE", 1, zone=zone)
    two_from = [b"From: ceo@example.org\r\n"]
    fails("a second From above, sealed over twice",
          two_from + chain(1, h="from:from:to"), "MESSAGE", 1)
    fails("sets of two chains mixed", [f for f in seal(
        chain(1, h="from:to"), BODY)] + chain(1), "SEAL", 2)


def write_case(one, seen):
    expect = one["expect"]
    print(f"\n  {quote(one['name'])}:")
    write_zone(one["zone"], seen)
    for key in ("max-sets", "header-whole"):
        if key in expect:
            print(f"    {key}: {expect[key]}")
    write_message(one["message"])
    print(f"    result: {one['result']}")
    for key in ("reason", "instance", "n-sets", "oldest-pass"):
        if key in expect:
            print(f"    {key}: {quote(str(expect[key]))}")
    if "sets" in expect:
        print("    sets:")
        for found in expect["sets"]:
            print("      - {" + ", ".join(
                f"{k}: {quote(v)}" for k, v in found.items()) + "}")


def main():
    sound_cases()
    key_cases()
    oldest_cases()
    structure_cases()
    status_cases()
    tag_cases()
    result_cases()
    attack_cases()
    names = [one["name"] for one in CASES]
    assert len(names) == len(set(names)), sorted(
        name for name in names if names.count(name) > 1)
    print("# ARC chains and what is to be said of each; written by "
          "arc-cases.py, which says\n# how.  A message in a block has CRLF "
          "for each line end.")
    print("cases:")
    seen = {}
    for one in CASES:
        write_case(one, seen)


if __name__ == "__main__":
    sys.exit(main())
