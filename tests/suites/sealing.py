"""What arc-cases.py and flows.py have in common: DKIM signatures and keys are
those of dkim-cases.py, and ARC sets are made here with dkimpy's canonical forms
(Debian: python3-dkim).  Everything expected to pass is shown to dkimpy too."""

import base64
import hashlib
import importlib.util
import pathlib
import re

import dkim
from dkim.canonicalization import Relaxed

HERE = pathlib.Path(__file__).parent


def load_cases():
    spec = importlib.util.spec_from_file_location("dkim_cases",
                                                  HERE / "dkim-cases.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cases = load_cases()
NOW = cases.NOW
RSA1024, RSA2048, RSA4096 = (cases.RSA[n] for n in (1024, 2048, 4096))
RSA768, OTHER, ED25519 = cases.RSA[768], cases.OTHER, cases.ED25519
RECORDS = [(key, "v=DKIM1; p=" + cases.p_of(cases.rsa_info(
    key["modulus"], key["publicExponent"])))
    for key in (RSA768, RSA1024, RSA2048, RSA4096, OTHER)]
RECORDS.append((ED25519, "v=DKIM1; k=ed25519; p=" + cases.P_ED25519))


def record_of(key):
    return next(record for one, record in RECORDS if one is key)


def algorithm_of(key):
    return "ed25519-sha256" if key is ED25519 else "rsa-sha256"


def field_name(field):
    return field.split(b":", 1)[0].lower()


def tags_of(pairs):
    return "; ".join(f"{name}={value}" for name, value in pairs
                     if value is not None)


# ---- ARC sets ----------------------------------------------------------------

KINDS = [b"arc-authentication-results", b"arc-message-signature", b"arc-seal"]
AMS_NAMES = "from:to:subject:date:message-id:dkim-signature"


def instance_of(field):
    found = re.search(rb"\bi\s*=\s*(\d+)", field)
    return int(found.group(1)) if found else 0


def arc_fields(header):
    """Those of earlier sets, as a seal covers them (RFC 8617 5.1.1)."""
    found = [field for field in header if field_name(field) in KINDS]
    return sorted(found, key=lambda field: (instance_of(field), KINDS.index(
        field_name(field))))


def sign_seal(fields, empty, key):
    """b= of the seal, which is EMPTY but for it, over the FIELDS before it."""
    canonical = Relaxed.canonicalize_headers(
        cases.parse(fields + [empty]))
    text = b"".join(name + b":" + value for name, value in canonical)
    text = text[:-2] if text.endswith(b"\r\n") else text
    hashed = hashlib.sha256(text)
    return base64.b64encode(cases.sign_digest(algorithm_of(key), key,
                                              hashed)).decode()


def seal(header, body, results="mx.example.net; none", *, d="example.net",
         s="seal", key=RSA2048, i=None, cv=None, h=AMS_NAMES, t=NOW - 50,
         aar="i={i}; {results}", aar_blank=" ", c="relaxed/relaxed", l=None,
         ams_d=None, ams_s=None, ams_key=None, ams_tags=(), seal_tags=(),
         covered=None, seal_template=None):
    """The fields of one more set, the seal first, to be put above HEADER."""
    i = i if i is not None else max([instance_of(field) for field in
                                     arc_fields(header)], default=0) + 1
    cv = cv if cv is not None else "none" if i == 1 else "pass"
    aar = (f"ARC-Authentication-Results:{aar_blank}"
           + aar.format(i=i, results=results) + "\r\n").encode()
    ams_key = ams_key or key
    template = " " + tags_of(
        [("i", i), ("a", algorithm_of(ams_key)), ("c", c),
         ("d", ams_d or d), ("s", ams_s or s), ("t", t), ("l", l), ("h", h),
         *ams_tags]) + ";\r\n\tbh={bh};\r\n\tb={b}"
    ams = cases.sign(header, body, ams_key, template=template,
                     c=c or "relaxed/relaxed", h=h, l=l,
                     name="ARC-Message-Signature", a=algorithm_of(ams_key))
    template = seal_template or " " + tags_of(
        [("i", i), ("a", algorithm_of(key)), ("cv", cv), ("d", d), ("s", s),
         ("t", t), *seal_tags]) + ";\r\n\tb={b}"
    empty = ("ARC-Seal:" + template.replace("{b}", "")).encode()
    before = arc_fields(header) if covered is None else covered
    b = sign_seal(before + [aar, ams], empty, key)
    return [("ARC-Seal:" + template.format(b=cases.fold(b))
             + "\r\n").encode(), ams, aar]


def sealed(header, body, results="mx.example.net; none", **options):
    """HEADER with one more set on top."""
    return seal(header, body, results, **options) + header


def key_name(d="example.net", s="seal"):
    return f"{s}._domainkey.{d}"


# ---- What dkimpy says --------------------------------------------------------

def look_up(zone):
    def get_txt(name, timeout=5):
        records = zone.get(name.decode().rstrip("."), [])
        return records[0].encode() if records else None
    return get_txt


def assert_chain(name, text, zone):
    cv, _, reason = dkim.arc_verify(text, dnsfunc=look_up(zone), minkey=0)
    assert cv == dkim.CV_Pass, f"{name}: {reason}"


# ---- The file ----------------------------------------------------------------

quote = cases.quote


def write_message(text):
    cases.write_message(text)


def write_zone(zone, seen, indent=4):
    """The zone, each text once: a second one refers to the first."""
    if not zone:
        return
    blank = " " * indent
    print(f"{blank}zonedata:")
    for name, entries in zone.items():
        print(f"{blank}  {name}:")
        for entry in entries:
            if isinstance(entry, dict):
                (kind, value), = entry.items()
                print(f"{blank}    - {kind}: {value}")
            elif entry in ("SERVFAIL", "TIMEOUT"):
                print(f"{blank}    - " + entry)
            elif entry in seen:
                print(f"{blank}    - *" + seen[entry])
            else:
                seen[entry] = f"t{len(seen) + 1}"
                print(f"{blank}    - &{seen[entry]} {{TXT: {quote(entry)}}}")
