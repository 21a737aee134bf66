#!/usr/bin/python3
"""Signed messages and the zone that goes with them, for scripts/bench.

    corpus.py DIR [--quick]

Writes DIR/zone and DIR/SET/NNN.eml.  200 domains, each with SPF that lets in
192.0.2.10 through an include, a key of RSA-2048 and one of Ed25519, and
p=reject; and of their messages these sets:

    4k       one RSA signature
    both     an RSA and an Ed25519 signature
    eight    eight RSA signatures
    arc      one RSA signature, and an ARC chain of three sets
    plain    not signed, passes by SPF
    50k 1m 10m    one RSA signature, most of it an attachment
    text     1 MB of text, one RSA signature

Each domain has keys of its own: sharing them would please a cache that knows
keys by their octets.  Needs python3-cryptography."""

import base64
import hashlib
import os
import random
import re
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

CLIENT = "192.0.2.10"
HELO = "client.example.net"
KB = 1024
SETS = [	# name, octets, messages
    ("4k", 4 * KB, 200), ("both", 4 * KB, 200), ("eight", 4 * KB, 50),
    ("arc", 4 * KB, 50), ("plain", 4 * KB, 200), ("50k", 50 * KB, 50),
    ("1m", KB * KB, 8), ("10m", 10 * KB * KB, 2), ("text", KB * KB, 2),
]
N_DOMAINS = 200
BOUNDARY = "=_boundary"
TIME = 1700000000
NAMES = "from:to:subject:date:message-id:mime-version:content-type"


def make_rsa_keys():
    """Endlessly many, quickly: of a few primes each pair makes a key."""
    primes = []
    while True:
        numbers = rsa.generate_private_key(65537, 2048).private_numbers()
        for q in (numbers.p, numbers.q):
            for p in primes:
                yield make_rsa_key(p, q)
            primes.append(q)


def make_rsa_key(p, q):
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(e, p * q)).private_key()


class Domain:
    def __init__(self, i, rsa_key):
        self.name = f"d{i:03d}.example"
        self.rsa = rsa_key
        self.ed25519 = ed25519.Ed25519PrivateKey.generate()

    def records(self):
        info = self.rsa.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)
        raw = self.ed25519.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        name = self.name
        yield name, "v=spf1 ip4:198.51.100.0/24 include:_spf.%s -all" % name
        yield "_spf." + name, "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
        yield "_dmarc." + name, "v=DMARC1; p=reject; rua=mailto:dmarc@" + name
        yield "r._domainkey." + name, "v=DKIM1; k=rsa; p=" + b64(info)
        yield "e._domainkey." + name, "v=DKIM1; k=ed25519; p=" + b64(raw)


def b64(octets):
    return base64.b64encode(octets).decode()


def sign_digest(key, digest):
    if isinstance(key, rsa.RSAPrivateKey):
        return b64(key.sign(digest, padding.PKCS1v15(),
                            Prehashed(hashes.SHA256())))
    return b64(key.sign(digest))


def relaxed_field(field):
    name, value = field.split(":", 1)
    value = re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()
    return name.lower() + ":" + value


def relaxed_body(body):
    body = re.sub(rb"[ \t]+", b" ", body)
    body = re.sub(rb" \r\n", b"\r\n", body)
    return body.rstrip(b"\r\n") + b"\r\n"


def fold(text):
    return "\r\n\t ".join(text[i:i + 72] for i in range(0, len(text), 72))


def sign(header, body_hash, key, tags, name="DKIM-Signature", names=NAMES):
    """NAME's field with TAGS over the fields of HEADER in NAMES."""
    algorithm = "rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) \
        else "ed25519-sha256"
    field = (f"{name}: {tags}a={algorithm}; c=relaxed/relaxed; t={TIME};\r\n"
             f"\th={names};\r\n\tbh={body_hash};\r\n\tb=")
    by_name = {one.split(":")[0].lower(): one for one in header}
    text = "".join(relaxed_field(by_name[one]) + "\r\n"
                   for one in names.split(":"))
    digest = hashlib.sha256((text + relaxed_field(field)).encode()).digest()
    return field + fold(sign_digest(key, digest))


def seal(header, body_hash, domain, sets):
    """One more ARC set on top of SETS, the seal first."""
    i = len(sets) + 1
    tags = f"i={i}; d={domain.name}; s=r; "
    results = (f"ARC-Authentication-Results: i={i}; mx{i}.example.org;\r\n"
               f"\tdkim=pass header.d={domain.name}")
    message = sign(header, body_hash, domain.rsa, tags,
                   "ARC-Message-Signature")
    field = (f"ARC-Seal: i={i}; a=rsa-sha256; cv={'pass' if sets else 'none'};"
             f" d={domain.name}; s=r;\r\n\tt={TIME}; b=")
    covered = [one for group in sets for one in reversed(group)]
    text = "".join(relaxed_field(one) + "\r\n"
                   for one in covered + [results, message])
    digest = hashlib.sha256((text + relaxed_field(field)).encode()).digest()
    return [field + fold(sign_digest(domain.rsa, digest)), message, results]


def make_header(domain, number):
    return [
        f"From: \"Bench Mark\" <someone@{domain.name}>",
        "To: user@rcpt.example",
        f"Subject: Message {number} of a benchmark, as long as most are",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        f"Message-ID: <{number}.{TIME}@{domain.name}>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=\"" + BOUNDARY + "\"",
        "Content-Transfer-Encoding: 7bit",
        "X-Mailer: A program of some kind, version 1.2.3",
        f"List-Unsubscribe: <https://www.{domain.name}/"
        f"unsubscribe?id={number}>",
        f"Return-Path: <someone@{domain.name}>",
    ]


def make_trace(domain):
    return [
        f"Received: from host{i}.{domain.name} (host{i}.{domain.name} "
        f"[198.51.100.{i + 1}])\r\n\tby mail.{domain.name} (Postfix) with "
        f"ESMTPS id 4SVdbd{i}zzz;\r\n\tTue, 14 Nov 2023 22:13:2{i} +0000 (UTC)"
        for i in range(2)]


def make_text(octets, chance):
    """Lines of words, not all of them as a canonical form wants them."""
    words = ["the", "of", "message", "signature", "and", "domain", "is",
             "that", "receiver", "policy", "a", "to", "in", "mail"]
    text = ""
    while len(text) < octets:
        line = ""
        while len(line) < 66:
            line += chance.choice(words) + (
                "  " if chance.random() < 0.03 else " ")
        if chance.random() < 0.8:
            line = line.rstrip()
        text += line + ("\r\n\r\n" if chance.random() < 0.1 else "\r\n")
    return text


def make_attachment(octets, chance):
    text = base64.b64encode(chance.randbytes(octets * 57 // 78)).decode()
    return "".join(text[i:i + 76] + "\r\n" for i in range(0, len(text), 76))


def make_body(octets, max_text, chance):
    """Text, and what is beyond MAX_TEXT as an attachment in base64."""
    n_text = min(octets, max_text)
    body = f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\n"
    body += make_text(n_text, chance)
    if octets > n_text:
        body += (f"--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Transfer-Encoding: base64\r\n"
                 "Content-Disposition: attachment; filename=\"file.bin\"\r\n"
                 "\r\n") + make_attachment(octets - n_text, chance)
    return (body + f"--{BOUNDARY}--\r\n").encode()


def make_message(kind, octets, domains, number, chance):
    domain = domains[number % len(domains)]
    header, trace = make_header(domain, number), make_trace(domain)
    body = make_body(octets - 1600, octets if kind == "text" else 20 * KB,
                     chance)
    body_hash = b64(hashlib.sha256(relaxed_body(body)).digest())
    rsa_tags = f"v=1; d={domain.name}; s=r; "
    signatures, sets = [], []
    if kind == "eight":
        for k in range(8):
            other = domains[(number + k) % len(domains)]
            signatures.append(sign(header, body_hash, other.rsa,
                                   f"v=1; d={other.name}; s=r; "))
    elif kind != "plain":
        signatures.append(sign(header, body_hash, domain.rsa, rsa_tags))
    if kind == "both":
        signatures.append(sign(header, body_hash, domain.ed25519,
                               f"v=1; d={domain.name}; s=e; "))
    for k in range(3 if kind == "arc" else 0):
        sets.append(seal(header, body_hash,
                         domains[(number + k + 1) % len(domains)], sets))
    seals = [one for group in reversed(sets) for one in group]
    return "\r\n".join(seals + trace + signatures + header).encode() + \
        b"\r\n\r\n" + body


def write_zone(path, domains):
    with open(path, "w") as zone:
        records = [(HELO, f"v=spf1 ip4:{CLIENT} -all")]
        for domain in domains:
            records += domain.records()
            zone.write(f"{domain.name}. MX 10 mail.{domain.name}.\n"
                       f"mail.{domain.name}. A {CLIENT}\n")
        for name, text in records:
            parts = [text[i:i + 250] for i in range(0, len(text), 250)]
            zone.write(f"{name}. TXT " + " ".join(
                f'"{part}"' for part in parts) + "\n")


def main():
    directory = sys.argv[1]
    is_quick = "--quick" in sys.argv[2:]
    chance = random.Random(1)
    keys = make_rsa_keys()
    domains = [Domain(i, next(keys))
               for i in range(50 if is_quick else N_DOMAINS)]
    os.makedirs(directory, exist_ok=True)
    write_zone(os.path.join(directory, "zone"), domains)
    for kind, octets, count in SETS:
        os.makedirs(os.path.join(directory, kind), exist_ok=True)
        for number in range(min(count, len(domains))):
            path = os.path.join(directory, kind, f"{number:03d}.eml")
            with open(path, "wb") as stream:
                stream.write(make_message(kind, octets, domains, number,
                                          chance))


if __name__ == "__main__":
    main()
