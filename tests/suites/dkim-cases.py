#!/usr/bin/python3
"""Writes dkim-cases.yml: DKIM signatures, sound and broken, and what is to be
said of each.

    tests/suites/dkim-cases.py > new.yml && mv new.yml tests/suites/dkim-cases.yml

Only for adding cases; the tests read the file that is kept.  Canonical forms,
the choice of header fields and RSA are those of dkimpy (Debian: python3-dkim,
python3-nacl; openssl makes keys that are not there yet), so that assay is not
measured by itself.  What is expected was written down by hand, from the RFCs.
Private keys are taken over from the file as it is: the rest is then the same at
every run.
"""

import base64
import hashlib
import pathlib
import re
import subprocess
import sys

import dkim
import dkim.crypto
import nacl.signing
import yaml
from dkim.canonicalization import CanonicalizationPolicy

NOW = 1760000000
HERE = pathlib.Path(__file__).parent
FILE = HERE / "dkim-cases.yml"

# ---- Keys --------------------------------------------------------------------

PRIVATE = {}
if FILE.exists():
    PRIVATE = yaml.safe_load(FILE.read_text())["private-keys"]


def openssl(*args, stdin=None):
    return subprocess.run(("openssl",) + args, input=stdin, check=True,
                          capture_output=True).stdout


def rsa_private(bits, exponent=65537):
    name = f"rsa{bits}" + (f"e{exponent}" if exponent != 65537 else "")
    if name not in PRIVATE:
        der = openssl("rsa", "-traditional", "-outform", "DER", stdin=openssl(
            "genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}",
            "-pkeyopt", f"rsa_keygen_pubexp:{exponent}"))
        PRIVATE[name] = base64.b64encode(der).decode()
    return dkim.crypto.parse_private_key(base64.b64decode(PRIVATE[name]))


def ed25519_private():
    if "ed25519" not in PRIVATE:
        PRIVATE["ed25519"] = base64.b64encode(
            bytes(nacl.signing.SigningKey.generate())).decode()
    return nacl.signing.SigningKey(base64.b64decode(PRIVATE["ed25519"]))


def der(tag, content):
    n = len(content)
    if n < 0x80:
        length = bytes([n])
    else:
        octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def der_integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_public_key(n, e):
    return der(0x30, der_integer(n) + der_integer(e))


def rsa_info(n, e):
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return der(0x30, algorithm + der(3, b"\0" + rsa_public_key(n, e)))


def p_of(octets):
    return base64.b64encode(octets).decode()


RSA = {bits: rsa_private(bits) for bits in (512, 768, 1024, 2048, 4096)}
RSA[3] = rsa_private(1024, 3)
OTHER = rsa_private(1032)
ED25519 = ed25519_private()
P = {bits: p_of(rsa_info(key["modulus"], key["publicExponent"]))
     for bits, key in RSA.items()}
N1024 = RSA[1024]["modulus"]
P_ED25519 = p_of(bytes(ED25519.verify_key))
K = "v=DKIM1; p=" + P[1024]

# ---- Signing -----------------------------------------------------------------

HEADER = [
    b"Received: from a.example.net by b.example.net;\r\n"
    b"\tThu, 9 Oct 2025 08:53:19 +0000\r\n",
    b"Received: from c.example.org by a.example.net;\r\n"
    b"\tThu, 9 Oct 2025 08:53:18 +0000\r\n",
    b"From: Joe SixPack <joe@example.org>\r\n",
    b"To: Suzie Q <suzie@shopping.example.net>\r\n",
    b"Subject: Is dinner  ready?\r\n",
    b"Date: Thu, 9 Oct 2025 08:53:17 +0000\r\n",
    b"Message-ID: <1@example.org>\r\n",
]
BODY = (b"Hi.\r\n\r\nWe lost  the game.\tAre you hungry yet? \r\n\r\n"
        b" Joe.\r\n")
NAMES = "from:to:subject:date:message-id"


def parse(fields):
    headers = []
    for field in fields:
        name, value = field.split(b":", 1)
        headers.append((name, value))
    return headers


def fold(text, width=64):
    return "\r\n\t".join(text[i:i + width]
                         for i in range(0, len(text), width))


def sign_digest(algorithm, key, hashed):
    if algorithm.lower().startswith("ed25519"):
        return key.sign(hashed.digest()).signature
    return dkim.crypto.RSASSA_PKCS1_v1_5_sign(hashed, key)


def sign(header=HEADER, body=BODY, key=None, bits=1024, template=None, c=None,
         l=None, h=NAMES, names=None, name="DKIM-Signature", **tags):
    """One signature field.  A tag of None is left out; others as given, also
    where they are wrong.  TEMPLATE has places {bh} and {b} of its own."""
    key = key or RSA[bits]
    algorithm = tags.get("a", "rsa-sha256") or "rsa-sha256"
    sha = hashlib.sha1 if algorithm.endswith("sha1") else hashlib.sha256
    policy = CanonicalizationPolicy.from_c_value(
        (c or "simple/simple").strip().lower().encode())
    canonical = policy.canonicalize_body(body)
    n = int(l) if l is not None and l.isdigit() else None
    bh = base64.b64encode(sha(canonical[:n]).digest()).decode()
    all_tags = {"v": "1", "a": algorithm, "c": c, "d": "example.org",
                "s": "k", "t": str(NOW - 100), "l": l, "h": h, "bh": bh}
    all_tags.update(tags)
    if template is None:
        template = "; ".join(f"{k}={v}" for k, v in all_tags.items()
                             if v is not None and k != "bh")
        if all_tags["bh"] is not None:
            template += ";\r\n\tbh={bh}"
        template = " " + template + ";\r\n\tb={b}"
    shown_bh = bh if all_tags["bh"] is None else all_tags["bh"]
    fields = policy.canonicalize_headers(parse(header))
    hashed = sha()
    # "the value portion (including all surrounding whitespace) deleted" (3.7)
    empty = re.sub(r"\s*\{b\}\s*", "", template).format(bh=shown_bh).encode()
    dkim.hash_headers(hashed, policy, fields,
                      [x.strip().lower().encode()
                       for x in (names or h or NAMES).split(":")],
                      (name.encode(), empty + b"\r\n"), None)
    b = base64.b64encode(sign_digest(algorithm, key, hashed)).decode()
    return (name + ":" + template.format(bh=shown_bh, b=fold(b))
            + "\r\n").encode()


def sign_plain(**kwargs):
    kwargs.setdefault("c", "relaxed/relaxed")
    return sign(**kwargs)


def message(signatures, header=HEADER, body=BODY):
    if isinstance(signatures, bytes):
        signatures = [signatures]
    return b"".join(signatures) + b"".join(header) + b"\r\n" + body


# ---- Cases -------------------------------------------------------------------

CASES = []
KEY_NAME = "k._domainkey.example.org"
DEFAULT_ZONE = {KEY_NAME: [K]}

TEXTS = {
    "NONE": ("pass", "signature verified"),
    "SYNTAX": ("neutral", "signature syntax error"),
    "MISSING_TAG": ("neutral", "signature missing required tag"),
    "VERSION": ("neutral", "incompatible signature version"),
    "ALGORITHM": ("neutral", "unknown signature algorithm"),
    "CANONICALIZATION": ("neutral", "unknown canonicalization"),
    "QUERY_METHOD": ("neutral", "unknown key query method"),
    "DOMAIN_MISMATCH": ("permerror", "identity is not within signing domain"),
    "FROM_NOT_SIGNED": ("permerror", "From field not signed"),
    "EXPIRED": ("policy", "signature expired"),
    "FUTURE": ("policy", "signature timestamp in the future"),
    "SHA1": ("policy", "rsa-sha1 is not accepted"),
    "KEY_TOO_SHORT": ("policy", "key too short"),
    "KEY_TOO_LONG": ("policy", "key too long"),
    "PARTIAL_BODY": ("policy", "signature does not cover all of the body"),
    "TOO_MANY": ("neutral", "too many signatures, not tried"),
    "KEY_MISSING": ("permerror", "no key for signature"),
    "KEY_REVOKED": ("permerror", "key revoked"),
    "KEY_SYNTAX": ("permerror", "key syntax error"),
    "KEY_ALGORITHM": ("permerror", "inappropriate key algorithm"),
    "KEY_SERVICE": ("permerror", "key is not for email"),
    "KEY_STRICT": ("permerror", "key does not allow identity in a subdomain"),
    "KEY_AMBIGUOUS": ("permerror", "several key records, none of them fits"),
    "DNS": ("temperror", "key unavailable"),
    "BODY_HASH": ("fail", "body hash did not verify"),
    "SIGNATURE": ("fail", "signature did not verify"),
    "HEADER_TOO_LARGE": ("permerror", "header too large to be verified"),
}


def want(reason, **more):
    """What is expected of one signature.  Those that got as far as the key
    have verified the header unless it says otherwise."""
    result, text = TEXTS[reason]
    return {"result": result, "reason": text, **more}


def case(name, text, *wants, zone=None, **more):
    CASES.append({"name": name, "zone": zone or DEFAULT_ZONE, "message": text,
                  "wants": [want(w) if isinstance(w, str) else w
                            for w in wants], **more})


def key_case(name, record, reason, **more):
    """A sound signature against another key record, or several."""
    records = record if isinstance(record, list) else [record]
    signature = more.pop("signature", None) or sign_plain(
        **more.pop("tags", {}))
    expected = want(reason, **more.pop("expect", {}))
    case("key: " + name, message(signature), expected,
         zone={KEY_NAME: records}, **more)


def tag_case(name, reason, *, expect=None, **tags):
    case("tag: " + name, message(sign_plain(**tags)),
         want(reason, **(expect or {})))


def change(text, old, new, count=1):
    assert old in text, old
    return text.replace(old, new, count)


def canonicalization_cases():
    for c in ("simple/simple", "simple/relaxed", "relaxed/simple",
              "relaxed/relaxed"):
        case("c: " + c, message(sign(c=c)), "NONE")
    case("c: absent is simple/simple", message(sign()), "NONE")
    case("c: relaxed alone is relaxed/simple", message(sign(c="relaxed")),
         "NONE")
    case("c: simple alone is simple/simple", message(sign(c="simple")),
         "NONE")
    case("c: in any case", message(sign(c="Relaxed/RELAXED")), "NONE")
    case("c: no trailing CRLF",
         message(sign(body=BODY[:-2]), body=BODY[:-2]), "NONE")

    sound = message(sign(c="relaxed/relaxed"))
    case("c: relaxed survives folding, case and blanks in the header",
         change(change(sound, b"Subject: Is dinner  ready?",
                       b"SUBJECT:  Is\r\n\tdinner ready? "),
                b"To: ", b"to:"), "NONE")
    case("c: relaxed survives blanks in the body",
         change(sound, b"We lost  the game.\tAre you hungry yet? ",
                b"We lost\t \tthe game. Are you hungry yet?\t"), "NONE")
    case("c: relaxed survives blank lines at the end", sound + b" \r\n\r\n",
         "NONE")
    case("c: relaxed does not survive a blank that goes away",
         change(sound, b"We lost  the", b"Welost  the"),
         want("BODY_HASH", **{"header-hash-valid": "true"}))
    case("c: relaxed does not survive a line's first blank",
         change(sound, b" Joe.", b"Joe."), "BODY_HASH")
    case("c: relaxed does not survive an empty line within",
         change(sound, b"Hi.\r\n\r\n", b"Hi.\r\n"), "BODY_HASH")
    simple = message(sign(c="simple/simple"))
    case("c: simple survives empty lines at the end", simple + b"\r\n\r\n",
         "NONE")
    case("c: simple does not survive a blank line at the end",
         simple + b" \r\n", "BODY_HASH")
    case("c: simple does not survive blanks in the body",
         change(simple, b"yet? ", b"yet?"), "BODY_HASH")
    case("c: simple does not survive the case of a field name",
         change(simple, b"Subject:", b"subject:"), "SIGNATURE")
    case("c: simple does not survive folding",
         change(simple, b"Is dinner  ready", b"Is dinner\r\n  ready"),
         "SIGNATURE")
    case("c: simple minds its own field's blanks",
         change(simple, b"v=1; ", b"v=1;  "), "SIGNATURE")
    case("c: relaxed does not mind them",
         change(sound, b"v=1; ", b"v=1;  "), "NONE")


def body_cases():
    for c in ("simple/simple", "relaxed/relaxed"):
        for name, body in (
                ("none", b""),
                ("an empty line", b"\r\n"),
                ("empty lines", b"\r\n\r\n\r\n"),
                ("blank lines", b" \r\n\t\r\n"),
                ("trailing empty lines", BODY + b"\r\n\r\n\r\n"),
                ("leading empty lines", b"\r\n\r\n" + BODY),
                ("UTF-8", "Grüße aus Köln\r\n".encode()),
                ("octets of any kind", bytes(range(1, 13)) + bytes(
                    range(14, 256)) + b"\r\n\r\n"),
                ("a CR and an LF alone", b"a\rb \nc\r\r\n\nd\n\r\n\r\n"),
                ("a dot alone", b".\r\n..\r\n")):
            case(f"body, {c}: {name}",
                 message(sign(c=c, body=body), body=body), "NONE")
    sound = message(sign_plain())
    case("body: changed", change(sound, b"lost", b"won"),
         want("BODY_HASH", **{"header-hash-valid": "true",
                              "key-exists": "true", "covers-from": "true"}))
    case("body: cut off", change(sound, b"\r\n Joe.\r\n", b""), "BODY_HASH")
    case("body: gone", change(sound, BODY, b""), "BODY_HASH")
    case("body: added to", sound + b"Buy now.\r\n", "BODY_HASH")
    case("body and header: changed", change(change(
        sound, b"lost", b"won"), b"dinner", b"lunch"),
         want("BODY_HASH", **{"header-hash-valid": "false",
                              "key-exists": "true"}))


def length_cases():
    n = len(CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
            .canonicalize_body(BODY))
    exact = message(sign_plain(l=str(n)))
    case("l: all of the body", exact, "NONE")
    case("l: all of the body, zeros in front",
         message(sign_plain(l=f"000000000000000000000000{n}")), "NONE")
    case("l: text behind it", exact + b"-- \r\nThe list\r\n",
         want("PARTIAL_BODY", **{"header-hash-valid": "true"}))
    case("l: empty lines behind it", exact + b"\r\n\r\n", "NONE")
    case("l: short from the start", message(sign_plain(l="5")),
         "PARTIAL_BODY")
    case("l: cuts a line end", message(sign_plain(l="4")), "PARTIAL_BODY")
    case("l: covered part changed", change(exact, b"Hi.", b"Ho."),
         "BODY_HASH")
    case("l: covered part changed, text behind it",
         change(exact, b"Hi.", b"Ho.") + b"x\r\n", "BODY_HASH")
    case("l: longer than the body", message(sign_plain(l=str(n + 1))),
         "BODY_HASH")
    case("l: 76 digits", message(sign_plain(l="9" * 76)), "BODY_HASH")
    case("l: 0 of a body", message(sign_plain(l="0")), "PARTIAL_BODY")
    case("l: 0 of nothing", message(sign_plain(l="0", body=b""), body=b""),
         "NONE")
    case("l: header broken, text behind it",
         change(exact, b"dinner", b"lunch") + b"x\r\n", "SIGNATURE")
    case("l: two lengths and none",
         message([sign_plain(l="5"), sign_plain(l=str(n)), sign_plain()]),
         "PARTIAL_BODY", "NONE", "NONE")
    for name, l in (("77 digits", "1" * 77), ("not a number", "1x"),
                    ("negative", "-1"), ("a sign", "+5"), ("empty", ""),
                    ("a fraction", "5.0")):
        case("l: " + name, message(sign_plain(l=l)), "SYNTAX")


def time_cases():
    t = str(NOW - 7200)
    tag_case("x in the future", "NONE", x=str(NOW + 3600))
    tag_case("x past, within the skew", "NONE", t=t, x=str(NOW - 300))
    tag_case("x past, beyond the skew", "EXPIRED", t=t, x=str(NOW - 301),
             expect={"header-hash-valid": "true", "key-exists": "true"})
    tag_case("x long past", "EXPIRED", t=None, x="1")
    tag_case("x equals t", "SYNTAX", t=t, x=t)
    tag_case("x before t", "SYNTAX", t=t, x=str(NOW - 7201))
    tag_case("x of 13 digits never comes", "NONE", x="9" * 13)
    tag_case("x not a number", "SYNTAX", x="tomorrow")
    tag_case("t absent", "NONE", t=None)
    tag_case("t ahead, within the skew", "NONE", t=str(NOW + 300))
    tag_case("t ahead, beyond the skew", "FUTURE", t=str(NOW + 301),
             expect={"header-hash-valid": "true"})
    tag_case("t of 13 digits", "FUTURE", t="1" * 13)
    tag_case("t not a number", "SYNTAX", t="-1")
    tag_case("t of 12 digits", "FUTURE", t="9" * 12)
    expired = message(sign_plain(t=t, x=str(NOW - 1000)))
    case("x past, header changed", change(expired, b"dinner", b"lunch"),
         want("EXPIRED", **{"header-hash-valid": "false",
                            "key-exists": "true"}))
    case("x past, no key", expired,
         want("EXPIRED", **{"key-exists": "false"}),
         zone={"example.org": [{"A": "192.0.2.1"}]})
    case("x past, DNS silent", expired, want(
        "EXPIRED", **{"key-exists": "false"}), zone={KEY_NAME: ["TIMEOUT"]})


def identity_cases():
    tag_case("i absent", "NONE", expect={"identity": "@example.org"})
    tag_case("i of the domain", "NONE", i="joe@example.org",
             expect={"identity": "joe@example.org"})
    tag_case("i without a local part", "NONE", i="@example.org")
    tag_case("i of a subdomain", "NONE", i="joe@mail.example.org")
    tag_case("i in upper case", "NONE", i="@EXAMPLE.org",
             expect={"identity": "@EXAMPLE.org"})
    tag_case("i quoted-printable", "NONE", i="joe=3Bx=20y@example.org",
             expect={"identity": "joe;x y@example.org"})
    tag_case("i with an at sign of its own", "NONE",
             i="a=40evil.example@example.org",
             expect={"identity": "a@evil.example@example.org"})
    tag_case("i folded", "NONE", i="joe\r\n\t@\r\n\texample.org",
             expect={"identity": "joe@example.org"})
    tag_case("i elsewhere", "DOMAIN_MISMATCH", i="joe@example.net")
    tag_case("i of a parent", "DOMAIN_MISMATCH", d="mail.example.org",
             i="joe@example.org")
    tag_case("i that only ends alike", "DOMAIN_MISMATCH",
             i="joe@notexample.org")
    tag_case("i without an at sign", "SYNTAX", i="example.org")
    tag_case("i empty", "SYNTAX", i="")
    tag_case("i with half an octet", "SYNTAX", i="joe=4@example.org")
    tag_case("i without a domain", "SYNTAX", i="joe@")


def header_cases():
    def signed(h, change_header=lambda header: header, **tags):
        return message(sign_plain(h=h, **tags), change_header(HEADER))

    case("h: in any case and order",
         signed("Message-ID:DATE:from:Subject:tO"), "NONE")
    case("h: blanks and folds", message(sign_plain(
        template=" v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k;"
        " h=from : to\r\n\t:\r\n\tsubject : date; bh={bh}; b={b}",
        h="from:to:subject:date")), "NONE")
    case("h: From alone", signed("from"), "NONE")
    case("h: both Received fields", signed("from:received:received"), "NONE")
    case("h: Received swapped", signed(
        "from:received:received", lambda x: [x[1], x[0]] + x[2:]),
        "SIGNATURE")
    case("h: one Received signed, another on top", signed(
        "from:received", lambda x: [b"Received: by x\r\n"] + x), "NONE")
    case("h: one Received signed, another below", signed(
        "from:received", lambda x: x + [b"Received: by x\r\n"]), "SIGNATURE")
    case("h: all Received signed, another on top", signed(
        "from:received:received:received",
        lambda x: [b"Received: by x\r\n"] + x), "SIGNATURE")
    case("h: absent names", signed("from:to:cc:resent-from:x-no:x-no"),
         "NONE")
    case("h: absent name, field added", signed(
        "from:to:cc", lambda x: x + [b"Cc: x@example.net\r\n"]), "SIGNATURE")
    case("h: From oversigned", signed("from:from:to"), "NONE")
    case("h: From oversigned, another on top", signed(
        "from:from:to", lambda x: [b"From: x@example.net\r\n"] + x),
        "SIGNATURE")
    case("h: From oversigned, another below", signed(
        "from:from:to", lambda x: x + [b"From: x@example.net\r\n"]),
        "SIGNATURE")
    case("h: From not oversigned, another on top", signed(
        "from:to", lambda x: [b"From: x@example.net\r\n"] + x), "NONE")
    case("h: From not oversigned, another below", signed(
        "from:to", lambda x: x + [b"From: x@example.net\r\n"]), "SIGNATURE")
    case("h: without From", signed("to:subject:date"),
         want("FROM_NOT_SIGNED", **{"covers-from": "false"}))
    case("h: an unsigned field changes",
         change(signed("from:to"), b"dinner", b"lunch"), "NONE")
    case("h: a signed field changes",
         change(signed("from:subject"), b"dinner", b"lunch"),
         want("SIGNATURE", **{"header-hash-valid": "false",
                              "key-exists": "true", "covers-from": "true"}))
    case("h: a signed field goes away",
         change(signed("from:subject"), b"Subject: Is dinner  ready?\r\n",
                b""), "SIGNATURE")
    case("h: empty", signed("", names="from"), "SYNTAX")
    case("h: an empty name", signed("from::to"), "SYNTAX")
    case("h: a colon at the end", signed("from:to:"), "SYNTAX")
    case("h: a blank within a name", signed("from:mess age"), "SYNTAX")
    case("h: 1,000 names", signed("from" + ":x" * 999), "NONE")
    case("h: 1,001 names", signed("from" + ":x" * 1000), "SYNTAX")
    case("h: signs another signature", message(
        [sign_plain(header=[sign_plain()] + HEADER,
                    h="from:dkim-signature"), sign_plain()]), "NONE", "NONE")
    case("h: signs another signature, which goes away", message(
        sign_plain(header=[sign_plain()] + HEADER, h="from:dkim-signature")),
        "SIGNATURE")
    utf8 = HEADER + ["X-Greeting: Grüße  aus\r\n\tKöln\r\n".encode()]
    case("header: UTF-8", message(
        sign_plain(header=utf8, h="from:x-greeting"), utf8), "NONE")
    latin1 = HEADER + [b"X-Octets: \xe4\xff\x80 \x01\r\n"]
    case("header: octets of any kind", message(
        sign_plain(header=latin1, h="from:x-octets"), latin1), "NONE")
    for c in ("simple", "relaxed"):
        empty = HEADER + [b"X-Empty:\r\n", b"X-Blank: \t \r\n"]
        case(f"header, {c}: empty fields", message(
            sign(header=empty, h="from:x-empty:x-blank", c=c), empty),
            "NONE")
        at_once = HEADER[:-1] + [b"Message-ID:\r\n <1@example.org>\r\n",
                                 b"X-Tab:\tx\r\n", b"X-Two:  x\r\n"]
        case(f"header, {c}: folded at once, a tab, two blanks", message(
            sign(header=at_once, h="from:message-id:x-tab:x-two", c=c),
            at_once), "NONE")
        colons = HEADER + [b"X-Colon: a: b::c \r\n"]
        case(f"header, {c}: colons", message(
            sign(header=colons, h="from:x-colon", c=c), colons), "NONE")
    long = b"0123456789 abcde" * 6400
    for c in ("simple", "relaxed"):
        header = HEADER + [b"X-Long: " + long + b"\r\n"]
        case(f"header, {c}: a field of 100 KB", message(
            sign(header=header, h="from:x-long", c=c), header), "NONE",
            repeat=(b"@LONG@", b"0123456789 abcde", 6400))
    case("header: fields were left out", message(sign_plain()),
         want("HEADER_TOO_LARGE", domain="example.org"),
         **{"header-whole": "false"})


def tag_cases():
    tag_case("q known", "NONE", q="dns/txt")
    tag_case("q known among others", "NONE", q="https/x : dns/txt")
    tag_case("q unknown", "QUERY_METHOD", q="https")
    tag_case("q without its option", "QUERY_METHOD", q="dns")
    tag_case("z", "NONE", z="From:foo@example.org|To:joe@example.com|"
             "Subject:demo=20run")
    tag_case("unknown ones", "NONE", zz="x", X_1="y=z")
    tag_case("v=2", "VERSION", v="2")
    tag_case("v=01", "VERSION", v="01")
    tag_case("v=1.0", "VERSION", v="1.0")
    for tag in ("v", "a", "d", "s", "h", "bh"):
        tag_case(f"{tag} absent", "MISSING_TAG", **{tag: None})
    case("tag: b absent", message(change(
        sign_plain(), b"\tb=", b"\tbb=")), "MISSING_TAG")
    tag_case("a unknown", "ALGORITHM", a="rsa-sha512")
    tag_case("a unknown key type", "ALGORITHM", a="dsa-sha256")
    tag_case("a not an algorithm", "SYNTAX", a="rsa")
    tag_case("a in upper case", "NONE", a="RSA-SHA256")
    tag_case("c unknown", "CANONICALIZATION", template=
             " v=1; a=rsa-sha256; c=nowsp; d=example.org; s=k; h=from;"
             " bh={bh}; b={b}", h="from")
    tag_case("c unknown for the body", "CANONICALIZATION", template=
             " v=1; a=rsa-sha256; c=relaxed/nowsp; d=example.org; s=k;"
             " h=from; bh={bh}; b={b}", h="from")
    tag_case("c of three", "CANONICALIZATION", template=
             " v=1; a=rsa-sha256; c=relaxed/relaxed/relaxed; d=example.org;"
             " s=k; h=from; bh={bh}; b={b}", h="from")
    tag_case("d in upper case", "NONE", d="EXAMPLE.Org",
             expect={"domain": "example.org"})
    tag_case("d of one label", "SYNTAX", d="org", i=None)
    tag_case("d with a blank", "SYNTAX", d="exam ple.org")
    tag_case("d an address", "SYNTAX", d="joe@example.org")
    tag_case("d empty", "SYNTAX", d="")
    tag_case("d with an empty label", "SYNTAX", d="mail..example.org")
    tag_case("s empty", "SYNTAX", s="")
    tag_case("s with an empty label", "SYNTAX", s="k..k")
    tag_case("b no base64", "SYNTAX", template=
             " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k;"
             " h=from; bh={bh}; b=?{b}", h="from")
    tag_case("b empty", "SYNTAX", template=
             " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k;"
             " h=from; bh={bh}; b=; x_b={b}", h="from")
    tag_case("bh no base64", "SYNTAX", bh="????")
    tag_case("bh empty", "SYNTAX", bh="")
    tag_case("bh of 20 octets", "BODY_HASH", bh="A" * 27 + "=",
             expect={"header-hash-valid": "true"})
    short = sign_plain()
    case("tag: b cut short", message(short[:-6] + b"\r\n"), "SIGNATURE")
    case("tag: b of another key", message(sign_plain(key=OTHER)),
         want("SIGNATURE", **{"key-exists": "true"}))
    case("tag: b changed", message(change(short, b"b=", b"b=AAAA")),
         "SIGNATURE")
    tag_case("twice", "SYNTAX", template=
             " v=1; v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;"
             " s=k; h=from; bh={bh}; b={b}", h="from")
    tag_case("the last semicolon", "NONE", template=
             " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k;"
             " h=from; bh={bh}; b={b};", h="from")
    tag_case("b first", "NONE", template=
             " b={b}; bh={bh}; v=1; a=rsa-sha256; c=relaxed/relaxed;"
             " d=example.org; s=k; h=from", h="from")
    tag_case("no blanks at all", "NONE", template=
             "v=1;a=rsa-sha256;c=relaxed/relaxed;d=example.org;s=k;h=from;"
             "bh={bh};b={b}", h="from")
    for c in ("simple", "relaxed"):
        case(f"tag: folded everywhere, {c}", message(sign(
            c=c, h="from:to", template=
            "\r\n\tv\r\n\t=\r\n\t1\r\n\t;\r\n a =\r\n\trsa-sha256 ;"
            f"\r\n\tc\r\n =\r\n {c}\r\n\t;\r\n d=\r\n\texample.org\r\n\t;"
            "\r\n\ts =\r\n\tk;\r\n\th =\r\n\tfrom\r\n\t:\r\n\tto\r\n\t;\r\n\t"
            "bh\r\n\t=\r\n\t{bh}\r\n\t;\r\n\tb\r\n\t=\r\n\t{b}\r\n\t;")),
            "NONE")
    case("tag: two semicolons", message(
        b"DKIM-Signature: v=1;; a=rsa-sha256\r\n"), "SYNTAX")
    case("tag: no list", message(b"DKIM-Signature: hello\r\n"),
         want("SYNTAX", domain=""))
    case("tag: nothing", message(b"DKIM-Signature:\r\n"), "MISSING_TAG")
    case("tag: 65 tags", message(sign_plain(
        **{f"x{i}": "y" for i in range(57)})), "SYNTAX")
    case("tag: what can be read is reported", message(sign_plain(v="3", x="?")),
         want("VERSION", domain="example.org", selector="k",
              algorithm="rsa-sha256", **{"covers-from": "true"}))
    case("no signature", message([]))


def key_cases():
    p = P[1024]
    key_case("p alone", "p=" + p, "NONE",
             expect={"key-bits": "1024", "testing": "false"})
    key_case("the last semicolon", "v=DKIM1; p=" + p + ";", "NONE")
    key_case("blanks everywhere", " v = DKIM1 ; p = " + p[:40] + " "
             + p[40:] + " ", "NONE")
    key_case("notes and unknown tags", "v=DKIM1; g=*; n=a=20note; x=y; p="
             + p, "NONE")
    key_case("split strings", [["v=DKIM1; p=" + p[:100], p[100:]]], "NONE")
    key_case("split in many strings", [[K[i:i + 10]
                                        for i in range(0, len(K), 10)]],
             "NONE")
    key_case("512 bits", "p=" + P[512], "KEY_TOO_SHORT",
             tags={"bits": 512}, expect={"key-bits": "512",
                                         "key-exists": "false"})
    key_case("768 bits", "p=" + P[768], "KEY_TOO_SHORT", tags={"bits": 768},
             expect={"key-bits": "768"})
    key_case("2048 bits", "p=" + P[2048], "NONE", tags={"bits": 2048},
             expect={"key-bits": "2048"})
    key_case("4096 bits", "p=" + P[4096], "NONE", tags={"bits": 4096},
             expect={"key-bits": "4096"})
    key_case("1024 bits where 2048 are asked for", K, "KEY_TOO_SHORT",
             **{"min-rsa-bits": "2048"})
    key_case("4096 bits where 2048 are allowed", "p=" + P[4096],
             "KEY_TOO_LONG", tags={"bits": 4096}, **{"max-rsa-bits": "2048"})
    key_case("100,000 bits", "p=" + p_of(rsa_info(3 << 99998 | 1, 65537)),
             "KEY_TOO_LONG", expect={"key-bits": "100000"})
    key_case("exponent 3", "p=" + P[3], "NONE", tags={"bits": 3})
    key_case("exponent of 1024 bits", "p=" + p_of(rsa_info(
        N1024, N1024 - 2)), "KEY_TOO_LONG")
    key_case("exponent of 65 bits", "p=" + p_of(rsa_info(
        N1024, (1 << 64) + 1)), "KEY_TOO_LONG")
    key_case("exponent of 64 bits", "p=" + p_of(rsa_info(
        N1024, (1 << 63) + 1)), "SIGNATURE")
    key_case("exponent 1", "p=" + p_of(rsa_info(N1024, 1)), "KEY_SYNTAX")
    key_case("exponent even", "p=" + p_of(rsa_info(N1024, 65536)),
             "KEY_SYNTAX")
    key_case("modulus even", "p=" + p_of(rsa_info(N1024 - 1, 65537)),
             "KEY_SYNTAX")
    key_case("RSAPublicKey", "p=" + p_of(rsa_public_key(N1024, 65537)),
             "NONE")
    key_case("octets behind it", "p=" + p_of(
        rsa_info(N1024, 65537) + b"\0"), "KEY_SYNTAX")
    key_case("cut off", "p=" + p_of(rsa_info(N1024, 65537)[:-3]),
             "KEY_SYNTAX")
    key_case("of another algorithm", "p=" + p_of(der(0x30, der(
        0x30, bytes.fromhex("06072a8648ce3d0201")) + der(
            3, b"\0" + rsa_public_key(N1024, 65537)))), "KEY_SYNTAX")
    key_case("revoked", "v=DKIM1; p=", "KEY_REVOKED",
             expect={"key-exists": "false"})
    key_case("revoked, blanks", "v=DKIM1; p= ; n=x", "KEY_REVOKED")
    key_case("no p", "v=DKIM1; k=rsa", "KEY_SYNTAX")
    key_case("p no base64", "v=DKIM1; p=!!!!", "KEY_SYNTAX")
    key_case("p no key", "v=DKIM1; p=aGVsbG8=", "KEY_SYNTAX")
    key_case("v=DKIM2", "v=DKIM2; p=" + p, "KEY_SYNTAX")
    key_case("v=DKIM1.0", "v=DKIM1.0; p=" + p, "KEY_SYNTAX")
    key_case("v=dkim1", "v=dkim1; p=" + p, "KEY_SYNTAX")
    key_case("v not first", "k=rsa; v=DKIM1; p=" + p, "KEY_SYNTAX")
    key_case("a tag twice", "v=DKIM1; k=rsa; k=rsa; p=" + p, "KEY_SYNTAX")
    key_case("no list", "v=spf1 -all", "KEY_SYNTAX")
    key_case("empty", "", "KEY_SYNTAX")
    key_case("k=rsa", "v=DKIM1; k=rsa; p=" + p, "NONE")
    key_case("k unknown", "v=DKIM1; k=dsa; p=" + p, "KEY_ALGORITHM")
    key_case("k of the other", "v=DKIM1; k=ed25519; p=" + P_ED25519,
             "KEY_ALGORITHM")
    key_case("h=sha256", "v=DKIM1; h=sha256; p=" + p, "NONE")
    key_case("h=sha1:sha256", "v=DKIM1; h=sha1 : sha256; p=" + p, "NONE")
    key_case("h=sha1", "v=DKIM1; h=sha1; p=" + p, "KEY_ALGORITHM")
    key_case("h empty", "v=DKIM1; h=; p=" + p, "KEY_ALGORITHM")
    key_case("s=email", "v=DKIM1; s=email; p=" + p, "NONE")
    key_case("s=*", "v=DKIM1; s=*; p=" + p, "NONE")
    key_case("s of several", "v=DKIM1; s=tlsrpt:email; p=" + p, "NONE")
    key_case("s of others", "v=DKIM1; s=tlsrpt; p=" + p, "KEY_SERVICE")
    key_case("t=y", "v=DKIM1; t=y; p=" + p, "NONE",
             expect={"testing": "true"})
    key_case("t=y:s", "v=DKIM1; t=y : s; p=" + p, "NONE",
             expect={"testing": "true"})
    key_case("t unknown", "v=DKIM1; t=x; p=" + p, "NONE",
             expect={"testing": "false"})
    key_case("t=y, signature wrong", "v=DKIM1; t=y; p=" + p, "SIGNATURE",
             tags={"key": OTHER}, expect={"testing": "true"})
    key_case("t=s, i of the domain", "v=DKIM1; t=s; p=" + p, "NONE",
             tags={"i": "@Example.org"})
    key_case("t=s, i of a subdomain", "v=DKIM1; t=s; p=" + p, "KEY_STRICT",
             tags={"i": "@mail.example.org"})
    key_case("several records, one is a key", ["v=spf1 -all", K, "x"],
             "NONE")
    key_case("several records, none is a key", ["v=spf1 -all", "x"],
             "KEY_AMBIGUOUS")
    key_case("several records, revoked and sound", ["v=DKIM1; p=", K],
             "NONE")
    key_case("several records, of both types",
             ["v=DKIM1; k=ed25519; p=" + P_ED25519, K], "NONE")
    for name, entry, reason in (
            ("SERVFAIL", "SERVFAIL", "DNS"), ("silent", "TIMEOUT", "DNS"),
            ("an address instead", {"A": "192.0.2.1"}, "KEY_MISSING")):
        key_case(name, [entry], reason, expect={"key-exists": "false",
                                                "domain": "example.org"})
    case("key: no such name", message(sign_plain()), "KEY_MISSING",
         zone={"example.org": [{"A": "192.0.2.1"}]})
    case("key: an alias", message(sign_plain()), "NONE", zone={
        KEY_NAME: [{"CNAME": "org-k.dkim.example.net"}],
        "org-k.dkim.example.net": [K]})
    case("key: an alias to nothing", message(sign_plain()), "KEY_MISSING",
         zone={KEY_NAME: [{"CNAME": "none.example.net"}]})
    case("key: a selector of two labels",
         message(sign_plain(s="2025.K")), "NONE",
         zone={"2025.k._domainkey.example.org": [K]})
    case("key: a name too long for DNS", message(sign_plain(
        s=".".join(["k" * 60] * 4))), "KEY_MISSING")


def ed25519_cases():
    record = "v=DKIM1; k=ed25519; p=" + P_ED25519
    tags = {"a": "ed25519-sha256", "key": ED25519}
    for c in ("simple/simple", "relaxed/relaxed"):
        key_case("ed25519, " + c, record, "NONE", signature=sign(c=c, **tags),
                 expect={"key-bits": "0", "algorithm": "ed25519-sha256"})
    signature = sign_plain(**tags)
    case("key: ed25519, header changed", change(
        message(signature), b"dinner", b"lunch"), "SIGNATURE",
        zone={KEY_NAME: [record]})
    key_case("ed25519 of 31 octets", "k=ed25519; p=" + p_of(b"x" * 31),
             "KEY_SYNTAX", signature=signature)
    key_case("ed25519 as SubjectPublicKeyInfo", "k=ed25519; p=" + p_of(
        bytes.fromhex("302a300506032b6570032100")
        + bytes(ED25519.verify_key)), "KEY_SYNTAX", signature=signature)
    key_case("ed25519 without k", "p=" + P_ED25519, "KEY_ALGORITHM",
             signature=signature)
    key_case("ed25519, RSA at the selector", K, "KEY_ALGORITHM",
             signature=signature)
    key_case("ed25519 of low order", "k=ed25519; p=" + p_of(bytes(32)),
             "SIGNATURE", signature=signature)
    case("key: both algorithms", message(
        [sign_plain(s="e", **tags), sign_plain()]), "NONE", "NONE",
        zone={KEY_NAME: [K], "e._domainkey.example.org": [record]})


def sha1_cases():
    sha1 = sign_plain(a="rsa-sha1")
    case("a: rsa-sha1", message(sha1),
         want("SHA1", domain="example.org", algorithm="rsa-sha1"))
    case("a: rsa-sha1, changed", change(message(sha1), b"dinner", b"lunch"),
         "SHA1")
    case("a: rsa-sha1, key for SHA-256 alone", message(sha1), "SHA1",
         zone={KEY_NAME: ["v=DKIM1; h=sha256; p=" + P[1024]]})
    case("a: rsa-sha1 beside rsa-sha256", message([sha1, sign_plain()]),
         "SHA1", "NONE")


def several_cases():
    zone = dict(DEFAULT_ZONE)
    for i in range(9):
        zone[f"k._domainkey.d{i}.example.net"] = [K]
    zone["k._domainkey.mail.example.org"] = [K]
    others = [sign_plain(d=f"d{i}.example.net") for i in range(9)]
    ours = sign_plain()
    below = sign_plain(d="mail.example.org")
    case("several: nine, the author's is last", message(others[:8] + [ours]),
         *["NONE"] * 7, want("TOO_MANY", domain="d7.example.net",
                             **{"key-exists": "false"}),
         want("NONE", domain="example.org"), zone=zone)
    case("several: nine, a subdomain of the author's is last",
         message(others[:8] + [below]),
         *["NONE"] * 7, "TOO_MANY", "NONE", zone=zone)
    case("several: one is tried, the author's before its subdomain's",
         message([others[0], below, ours]), "TOO_MANY", "TOO_MANY", "NONE",
         zone=zone, **{"max-signatures": "1"})
    case("several: two are tried", message([others[0], below, ours]),
         "TOO_MANY", "NONE", "NONE", zone=zone, **{"max-signatures": "2"})
    case("several: none is tried", message([ours]), "TOO_MANY",
         **{"max-signatures": "0"})
    case("several: broken ones take no place", message(
        [b"DKIM-Signature: x\r\n"] * 8 + [sign_plain(a="rsa-sha1")] * 8
        + [ours]), *["SYNTAX"] * 8, *["SHA1"] * 8, "NONE",
        **{"max-signatures": "1"})
    expired = sign_plain(t="1", x="2")
    case("several: expired ones come last", message(
        [expired, others[0]]), want("EXPIRED", **{"key-exists": "false"}),
        "NONE", zone=zone, **{"max-signatures": "1"})
    case("several: a broken and a sound one", message(
        [sign_plain(key=OTHER), ours]), "SIGNATURE", "NONE")
    case("several: the same twice", message([ours, ours]), "NONE", "NONE")
    case("several: one key unavailable", message([others[0], ours]), "DNS",
         "NONE", zone={KEY_NAME: [K],
                       "k._domainkey.d0.example.net": ["SERVFAIL"]})


def international_cases():
    zone = {"xn--schlssel-95a._domainkey.xn--bcher-kva.example": [K],
            "k._domainkey.xn--bcher-kva.example": [K]}
    case("U-labels: in d, i and s", message(sign_plain(
        d="bücher.example", i="jörg@läden.bücher.example",
        s="schlüssel")), want(
            "NONE", domain="xn--bcher-kva.example",
            selector="xn--schlssel-95a",
            identity="jörg@läden.bücher.example"), zone=zone)
    case("U-labels: upper case", message(sign_plain(d="BÜCHER.example")),
         want("NONE", domain="xn--bcher-kva.example"), zone=zone)
    case("U-labels: A-labels instead", message(sign_plain(
        d="xn--bcher-kva.example", i="@bücher.example")), "NONE", zone=zone)
    case("U-labels: i elsewhere", message(sign_plain(
        d="bücher.example", i="@büchen.example")), "DOMAIN_MISMATCH",
        zone=zone)
    case("U-labels: bad UTF-8", change(message(sign_plain(
        d="bücher.example")), b"\xc3\xbc", b"\xfc"), "SYNTAX", zone=zone)


# ---- The file ----------------------------------------------------------------

def quote(text):
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + out.replace("\r", "\\r").replace("\n", "\\n").replace(
        "\t", "\\t") + '"'


def is_block_safe(text):
    """Whether a literal block gives the octets back, LF standing for CRLF."""
    if b"\r" in text.replace(b"\r\n", b"") or \
            b"\n" in text.replace(b"\r\n", b""):
        return False
    try:
        shown = text.decode()
    except UnicodeDecodeError:
        return False
    return text.endswith(b"\r\n") and not text.endswith(b"\r\n\r\n") and all(
        c in "\r\n\t" or c >= " " and c != "\x7f" and not
        "\x80" <= c <= "\x9f" for c in shown)


def write_message(text):
    if is_block_safe(text):
        print("    message: |")
        for line in text.decode().split("\r\n")[:-1]:
            print(("      " + line) if line else "")
        return
    print("    message-base64: |")
    encoded = base64.b64encode(text).decode()
    for i in range(0, len(encoded), 70):
        print("      " + encoded[i:i + 70])


SEEN = {}


def write_entry(entry):
    if isinstance(entry, dict):
        (kind, value), = entry.items()
        print(f"        - {kind}: {value}")
    elif entry in ("SERVFAIL", "TIMEOUT"):
        print("        - " + entry)
    elif isinstance(entry, list):
        print("        - TXT: [" + ", ".join(map(quote, entry)) + "]")
    elif entry in SEEN:
        print("        - *" + SEEN[entry])
    elif entry == K:
        SEEN[entry] = "k1024"
        print(f"        - &k1024 {{TXT: {quote(entry)}}}")
    else:
        print("        - TXT: " + quote(entry))


def write_case(one):
    text = one["message"]
    print(f"\n  {quote(one['name'])}:")
    print("    zonedata:")
    for name, entries in one["zone"].items():
        print(f"      {name}:")
        for entry in entries:
            write_entry(entry)
    for key in ("max-signatures", "min-rsa-bits", "max-rsa-bits",
                "header-whole"):
        if key in one:
            print(f"    {key}: {one[key]}")
    if "repeat" in one:
        mark, unit, times = one["repeat"]
        text = change(text, unit * times, mark)
        print(f"    repeat: {{mark: {quote(mark.decode())}, "
              f"text: {quote(unit.decode())}, times: {times}}}")
    write_message(text)
    if not one["wants"]:
        print("    signatures: []")
        return
    print("    signatures:")
    for expected in one["wants"]:
        print("      - {" + ", ".join(
            f"{k}: {quote(v)}" for k, v in expected.items()) + "}")


def write_file():
    print("# DKIM signatures and what is to be said of each; written by "
          "dkim-cases.py,\n# which says how.  The time is \"now\".  A message "
          "in a block has CRLF for each line\n# end; \"repeat\" puts its text "
          "so many times in the place of its mark.  The\n# signatures are "
          "those of the header from the top.  The private keys sign nothing\n"
          "# but this file.")
    print(f"now: {NOW}\n\ncases:")
    for one in CASES:
        write_case(one)
    print("\nprivate-keys:")
    for name, value in PRIVATE.items():
        print(f"  {name}: {value}")


def main():
    canonicalization_cases()
    body_cases()
    length_cases()
    time_cases()
    identity_cases()
    header_cases()
    tag_cases()
    key_cases()
    ed25519_cases()
    sha1_cases()
    several_cases()
    international_cases()
    names = [one["name"] for one in CASES]
    assert len(names) == len(set(names))
    write_file()


if __name__ == "__main__":
    sys.exit(main())
