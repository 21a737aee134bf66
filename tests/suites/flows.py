#!/usr/bin/python3
"""Writes flows.yml: mail on its ways through forwarders, lists and gateways,
and forgeries that look like it, with the verdicts that may be given for each.

    tests/suites/flows.py > new.yml && mv new.yml tests/suites/flows.yml

Only for adding flows; the tests read the file that is kept.  sealing.py says
how signatures and seals are made.  Headers are written after those that the
software named in each flow writes; all names and addresses are reserved ones.
What is expected was written down by hand, from RFC 9989 7.4 and RFC 8617."""

import base64
import quopri
import sys

from sealing import (NOW, OTHER, RSA1024, RSA2048, algorithm_of,
                     assert_chain, cases, field_name, quote, record_of, seal,
                     write_message, write_zone)

# ---- Who there is ------------------------------------------------------------

# name: client address, HELO
HOSTS = {
    "bank": ("192.0.2.10", "mail.bank.example"),
    "shop": ("192.0.2.11", "mail.shop.example"),
    "fwd": ("198.51.100.20", "mail.fwd.example"),
    "fwd2": ("198.51.100.21", "mail.fwd2.example"),
    "lists": ("198.51.100.30", "lists.club.example"),
    "bare-lists": ("198.51.100.31", "lists.bare.example"),
    "bigmail": ("198.51.100.40", "mail-sor-f41.bigmail.example"),
    "office": ("198.51.100.50", "eur05-am6.outbound.office.example"),
    "gate": ("198.51.100.60", "out1.gate.example"),
    "hoster": ("198.51.100.70", "relay.hoster.example"),
    "web": ("198.51.100.80", "www.web.example"),
    "esp": ("198.51.100.90", "o12.esp.example"),
    "evil": ("203.0.113.66", "mail.evil.example"),
    "liar": ("203.0.113.67", "mail.bank.example"),
    "wide": ("203.0.113.68", "wide.example"),
    "mx2": ("198.51.100.200", "mx2.example.org"),
    "far": ("198.51.100.110", "mail.far.example"),
}


def spf(address):
    return f"v=spf1 ip4:{address} -all"


def own(domain, address, *hosts):
    """SPF for a domain and the names its host says at HELO."""
    return {name: [spf(address)] for name in (domain, *hosts)}


AUTHOR, SEALER, FORGER = (record_of(key) for key in (RSA1024, RSA2048, OTHER))
ZONE = {
    # Authors.
    **own("bank.example", "192.0.2.10", "mail.bank.example"),
    "_dmarc.bank.example": ["v=DMARC1; p=reject"],
    "k._domainkey.bank.example": [AUTHOR],
    "branch.bank.example": [{"A": "192.0.2.12"}],
    "k._domainkey.mail.bank.example": [AUTHOR],
    **own("shop.example", "192.0.2.11", "mail.shop.example"),
    "_dmarc.shop.example": ["v=DMARC1; p=reject; adkim=s; aspf=s"],
    "k._domainkey.shop.example": [AUTHOR],
    "k._domainkey.news.shop.example": [AUTHOR],
    "news.shop.example": [spf("192.0.2.11")],
    **own("paper.example", "192.0.2.13"),
    "_dmarc.paper.example": ["v=DMARC1; p=reject"],
    "careful.example": [spf("192.0.2.14")],
    "_dmarc.careful.example": ["v=DMARC1; p=quarantine"],
    "k._domainkey.careful.example": [AUTHOR],
    "watching.example": [spf("192.0.2.15")],
    "_dmarc.watching.example": ["v=DMARC1; p=none; np=reject"],
    "k._domainkey.watching.example": [AUTHOR],
    "trying.example": [spf("192.0.2.16")],
    "_dmarc.trying.example": ["v=DMARC1; p=reject; t=y"],
    # Those in between.
    **own("fwd.example", "198.51.100.20", "mail.fwd.example"),
    "seal._domainkey.fwd.example": [SEALER],
    "seal._domainkey.mx.fwd.example": [SEALER],
    **own("fwd2.example", "198.51.100.21", "mail.fwd2.example"),
    "seal._domainkey.fwd2.example": [SEALER],
    **own("lists.club.example", "198.51.100.30"),
    "club.example": [spf("198.51.100.40")],
    "_dmarc.club.example": ["v=DMARC1; p=none"],
    "list._domainkey.lists.club.example": [SEALER],
    "list._domainkey.club.example": [SEALER],
    "lists.bare.example": [{"A": "198.51.100.31"}],
    **own("bigmail.example", "198.51.100.40",
          "mail-sor-f41.bigmail.example"),
    "_dmarc.bigmail.example": ["v=DMARC1; p=none"],
    "20230601._domainkey.bigmail.example": [SEALER],
    "arc-20240605._domainkey.bigmail.example": [SEALER],
    **own("office.example", "198.51.100.50"),
    "eur05-am6.outbound.office.example": [spf("198.51.100.50")],
    "arcselector10001._domainkey.office.example": [SEALER],
    "selector1-tenant._domainkey.tenant.office.example": [SEALER],
    "tenant.example": [spf("198.51.100.50")],
    **own("gate.example", "198.51.100.60", "out1.gate.example"),
    "seal._domainkey.gate.example": [SEALER],
    **own("hoster.example", "198.51.100.70", "relay.hoster.example"),
    "h1._domainkey.hoster.example": [SEALER],
    **own("web.example", "198.51.100.80", "www.web.example"),
    "w._domainkey.web.example": [SEALER],
    **own("esp.example", "198.51.100.90", "o12.esp.example"),
    "e._domainkey.esp.example": [SEALER],
    "e._domainkey.bank.example": [SEALER],
    "far.example": [spf("198.51.100.110")],
    "lists.far.example": [spf("198.51.100.110")],
    "bounces.far.example": [spf("198.51.100.110")],
    "f._domainkey.far.example": [SEALER],
    # The forger.
    **own("evil.example", "203.0.113.66", "mail.evil.example"),
    "_dmarc.evil.example": ["v=DMARC1; p=none"],
    "x._domainkey.evil.example": [FORGER],
    "x._domainkey.fwd.example.evil.example": [FORGER],
    "x._domainkey.evilfwd.example": [FORGER],
    "gone._domainkey.evil.example": ["SERVFAIL"],
    "seal._domainkey.down.example": ["SERVFAIL"],
    "wide.example": ["v=spf1 +all"],
    "half.example": ["v=spf1 ip4:128.0.0.0/1 -all"],
}

# ---- Mail --------------------------------------------------------------------

BODY = (b"Dear Bob,\r\n\r\nthe minutes are at https://www.bank.example/minutes"
        b"?id=7 now.\r\nSee you on Monday.\r\n\r\nAlice\r\n")
NAMES = ("from:to:cc:subject:date:message-id:mime-version:content-type:"
         "content-transfer-encoding")
FOOTER = (b"_______________________________________________\r\n"
          b"Club mailing list -- club@lists.club.example\r\n"
          b"https://lists.club.example/mailman/listinfo/club\r\n")


class Mail:
    """A message on its way; each method is something that is done to it."""

    def __init__(self, sender="Alice Author <alice@bank.example>",
                 to="Bob Reader <bob@example.org>", subject="Minutes",
                 body=BODY, more=()):
        fields = ["To: " + to, "Subject: " + subject,
                  "Date: Thu, 9 Oct 2025 08:53:17 +0000",
                  "Message-ID: <20251009.7@bank.example>",
                  "MIME-Version: 1.0",
                  "Content-Type: text/plain; charset=utf-8", *more]
        if sender is not None:
            fields.insert(0, "From: " + sender)
        self.header = [self.encode(field) for field in fields]
        self.body = body

    @staticmethod
    def encode(field):
        return field.replace("\n", "\r\n").encode() + b"\r\n"

    def top(self, *fields):
        self.header[:0] = [self.encode(field) for field in fields]
        return self

    def bottom(self, *fields):
        self.header += [self.encode(field) for field in fields]
        return self

    def without(self, *names):
        gone = [name.lower().encode() for name in names]
        self.header = [field for field in self.header
                       if field_name(field) not in gone]
        return self

    def replace(self, name, value):
        """In its place."""
        found = [i for i, field in enumerate(self.header)
                 if field_name(field) == name.lower().encode()]
        self.header[found[0]] = self.encode(
            f"{name}:{value}" if value.startswith("\n") else f"{name}: {value}")
        return self

    def received(self, host, by="mx.example.net"):
        address, helo = HOSTS[host]
        return self.top(f"Received: from {helo} ({helo} [{address}])\n"
                        f"\tby {by} (Postfix) with ESMTPS id 4cjB2v1QYTz\n"
                        "\tfor <bob@example.org>; Thu,  9 Oct 2025 08:53:19 "
                        "+0000 (UTC)")

    def sign(self, d="bank.example", s="k", key=RSA1024, h=NAMES,
             c="relaxed/relaxed", field="DKIM-Signature", **tags):
        tags.setdefault("a", algorithm_of(key))
        self.header.insert(0, cases.sign(
            self.header, self.body, key, c=c, d=d, s=s, h=h, name=field,
            **tags))
        return self

    def seal(self, results, d="fwd.example", s="seal", key=RSA2048, **more):
        self.header[:0] = seal(self.header, self.body, results, d=d, s=s,
                               key=key, **more)
        return self

    def tag(self, text="[Club] "):
        for i, field in enumerate(self.header):
            if field_name(field) == b"subject":
                self.header[i] = field.replace(
                    b"Subject: ", b"Subject: " + text.encode(), 1)
        return self

    def footer(self, text=FOOTER):
        self.body += text
        return self

    def change(self, old, new):
        assert old in self.body
        self.body = self.body.replace(old, new)
        return self

    def links(self):
        return self.change(b"https://www.bank.example/", b"https://"
                           b"protect.gate.example/v1?k=9f&u=www.bank.example/")

    def parts(self, name):
        """What another message could copy: the fields of this name."""
        return [field for field in self.header
                if field_name(field) == name.lower().encode()]

    def set_of(self):
        return [field for name in ("ARC-Seal", "ARC-Message-Signature",
                                   "ARC-Authentication-Results")
                for field in self.parts(name)]

    def paste(self, fields):
        self.header[:0] = fields
        return self

    def text(self):
        return b"".join(self.header) + b"\r\n" + self.body


def alice(**options):
    return Mail(**options)


def signed(**options):
    return Mail(**options).sign()


def paper(**options):
    """A domain that signs nothing: SPF is all it has."""
    return Mail("Paul Paper <paul@paper.example>", **options)


def forged(sender="Alice Author <alice@bank.example>", **options):
    return Mail(sender, subject="Payment due", body=(
        b"Dear Bob,\r\n\r\nplease pay at https://pay.evil.example/ "
        b"today.\r\n"), **options)


# Another message of Alice's, which the forger has received.
def seen(**options):
    return Mail(subject="Thank you", body=b"Thank you, Eve.\r\n", **options)


def mailman2(mail, *, tag=True, footer=True, keeps_signature=True):
    if not keeps_signature:
        mail.without("DKIM-Signature")
    if tag:
        mail.tag()
    if footer:
        mail.footer()
    mail.bottom("X-BeenThere: club@lists.club.example",
                "X-Mailman-Version: 2.1.39", "Precedence: list",
                "List-Id: Talk of the club <club.lists.club.example>",
                "List-Unsubscribe: <https://lists.club.example/mailman/options"
                "/club>,\n <mailto:club-request@lists.club.example?subject="
                "unsubscribe>",
                "List-Post: <mailto:club@lists.club.example>",
                "List-Help: <mailto:club-request@lists.club.example?subject="
                "help>", "Errors-To: club-bounces@lists.club.example",
                "Sender: \"Club\" <club-bounces@lists.club.example>")
    return mail.received("bank", "lists.club.example")


def mailman3(mail, *, tag=False, footer=True):
    if tag:
        mail.tag()
    if footer:
        mail.footer(b"_______________________________________________\r\n"
                    b"Club mailing list -- club@lists.club.example\r\n"
                    b"To unsubscribe send an email to club-leave@"
                    b"lists.club.example\r\n")
    mail.top("List-Id: Talk of the club <club.lists.club.example>",
             "Archived-At: <https://lists.club.example/hyperkitty/message/7/>",
             "List-Archive: <https://lists.club.example/hyperkitty/list/>",
             "List-Help: <mailto:club-request@lists.club.example?subject=help>",
             "List-Owner: <mailto:club-owner@lists.club.example>",
             "List-Post: <mailto:club@lists.club.example>",
             "List-Unsubscribe: <mailto:club-leave@lists.club.example>",
             "Precedence: list", "X-Mailman-Version: 3.3.10",
             "Message-ID-Hash: 7QK5N7S6WZ3SEOC5LCN4W4PKZGTRNW2C")
    return mail.received("bank", "lists.club.example")


def sympa(mail):
    mail.top("X-Loop: club@lists.club.example",
             "X-Sequence: 42", "Errors-to: club-owner@lists.club.example",
             "Precedence: list", "X-no-archive: yes",
             "List-Id: <club.lists.club.example>",
             "List-Help: <mailto:sympa@lists.club.example?subject=help>",
             "List-Unsubscribe: <https://lists.club.example/sympa/sigrequest/"
             "club>", "List-Post: <mailto:club@lists.club.example>",
             "List-Owner: <mailto:club-request@lists.club.example>",
             "X-Sympa-To: club@lists.club.example")
    return mail.received("bank", "lists.club.example")


def list_signed(mail):
    return mail.sign("lists.club.example", "list", RSA2048,
                     h=NAMES + ":list-id:list-post")


def groups(mail, list_id="club.bigmail.example"):
    mail.footer(b"-- \r\nYou received this message because you are subscribed "
                b"to the Google Groups \"club\" group.\r\n")
    mail.replace("Content-Type", 'text/plain; charset="UTF-8"')
    mail.bottom("Precedence: list",
                "Mailing-list: list club@bigmail.example; contact "
                "club+owners@bigmail.example",
                f"List-ID: <{list_id}>",
                "X-Google-Group-Id: 748291",
                "List-Post: <https://groups.bigmail.example/group/club/post>",
                "List-Help: <https://support.bigmail.example/groups>",
                "List-Unsubscribe: <mailto:googlegroups-manage+748291+"
                "unsubscribe@bigmail.example>")
    return mail.received("bank", "mx.bigmail.example")


def bigmail_results(dmarc="pass (p=REJECT sp=REJECT dis=NONE)",
                    domain="bank.example", dkim="pass", spf_result="pass"):
    return ("mx.bigmail.example;\r\n       "
            f"dkim={dkim} header.i=@{domain} header.s=k header.b=AbCdEfGh;\r\n"
            f"       spf={spf_result} (bigmail.example: domain of alice@"
            f"{domain} designates 192.0.2.10 as permitted sender) "
            f"smtp.mailfrom=alice@{domain};\r\n       "
            f"dmarc={dmarc} header.from={domain}")


def bigmail_sealed(mail, results=None, **more):
    mail.top("X-Received: by 2002:a05:6000:1846:b0:38d:c0 with SMTP id ffacd0"
             "b85a97d-426e7d.42.1759;\n        Thu, 09 Oct 2025 01:53:20 -0700"
             " (PDT)")
    return mail.seal(results or bigmail_results(), "bigmail.example",
                     "arc-20240605", h="to:subject:message-id:date:from:"
                     "mime-version:dkim-signature", **more)


def bigmail_signed(mail):
    mail.sign("bigmail.example", "20230601", RSA2048, c="relaxed/relaxed",
              h="to:subject:message-id:date:from:mime-version",
              field="X-Google-DKIM-Signature")
    return mail.sign("bigmail.example", "20230601", RSA2048,
                     h="to:subject:message-id:date:from:mime-version:list-id")


def office_results(dmarc="pass action=none", domain="bank.example",
                   arc="none"):
    return ("mx.office.example 1; spf=pass (sender ip is\r\n 192.0.2.10) "
            f"smtp.rcpttodomain=tenant.example smtp.mailfrom={domain};\r\n "
            f"dmarc={dmarc} header.from={domain};\r\n dkim=pass (signature "
            f"was verified) header.d={domain}; arc={arc}")


def office_again(dmarc="fail (p=reject sp=reject pct=100) action=oreject",
                 domain="bank.example"):
    return ("mx.office.example 1; spf=pass (sender ip is\r\n 192.0.2.10) "
            "smtp.rcpttodomain=tenant.example smtp.mailfrom=bank.example;\r\n "
            f"dmarc={dmarc} header.from={domain};\r\n dkim=fail (body hash "
            f"did not verify) header.d={domain}; arc=pass (0\r\n oda=1 ltdi=1 "
            f"spf=[1,1,smtp.mailfrom={domain}] dkim=[1,1,header.d={domain}]"
            f"\r\n dmarc=[1,1,header.from={domain}])")


OFFICE_NAMES = ("From:Date:Subject:Message-ID:Content-Type:MIME-Version:"
                "X-MS-Exchange-AntiSpam-MessageData-ChunkCount")


def office_sealed(mail, results=None, **more):
    return mail.seal(results or office_results(), "office.example",
                     "arcselector10001", h=OFFICE_NAMES, **more)


def results_of(server, dmarc, domain="bank.example"):
    return f"{server}; dmarc={dmarc} header.from={domain}"


# ---- Flows -------------------------------------------------------------------

FLOWS = []
KINDS = ("direct", "indirect", "forgery", "bare")


def flow(kind, name, mail, host, sender, dmarc, verdict, signs="", *,
         arc="none", policy="reject", foreign=True, **options):
    """SIGNS are those that are found and count, in DESIGN's order.  KIND bare
    is a forgery that shows no sign."""
    assert kind in KINDS
    text = mail.text()
    if arc == "pass" and foreign:
        assert_chain(name, text, ZONE)
    FLOWS.append({
        "name": name, "kind": kind, "host": host, "sender": sender,
        "text": text, "dmarc": dmarc, "verdict": verdict.split("|"),
        "signs": signs, "arc": arc, "policy": policy, "options": options})


def direct(name, mail, host, sender, *rest, **options):
    flow("direct", name, mail, host, sender, *rest, **options)


def indirect(name, mail, host, sender, *rest, **options):
    flow("indirect", name, mail, host, sender, *rest, **options)


def forgery(name, mail, *rest, host="evil", sender="eve@evil.example",
            **options):
    flow("forgery", "forgery: " + name, mail, host, sender, *rest, **options)


def bare(name, mail, *, host="evil", sender="eve@evil.example", dmarc="fail",
         **options):
    flow("bare", "forgery: " + name, mail, host, sender, dmarc, "reject",
         **options)


ALICE = "alice@bank.example"
SRS = "SRS0=x7Gf=5Q=bank.example=alice@fwd.example"
BOUNCES = "club-bounces@lists.club.example"


def direct_flows():
    direct("direct: SPF and DKIM", signed(), "bank", ALICE, "pass", "accept")
    direct("direct: SPF alone", alice(), "bank", ALICE, "pass", "accept")
    direct("direct: strict alignment", Mail("s@shop.example").sign(
        "shop.example"), "shop", "s@shop.example", "pass", "accept")
    direct("direct: a subdomain's author, signed above it", Mail(
        "x@branch.bank.example").sign(), "bank", ALICE, "pass", "accept")
    direct("direct: strict alignment, signed below the author", Mail(
        "s@shop.example").sign("news.shop.example"), "shop",
        "s@news.shop.example", "fail", "reject")
    direct("direct: strict alignment, signed above the author", Mail(
        "n@news.shop.example").sign("shop.example"), "shop", "s@shop.example",
        "fail", "reject")
    eight = alice()
    for i in range(8):
        eight.sign("esp.example", "e", RSA2048) if i != 3 else eight.sign()
    direct("direct: the aligned signature is the fifth of eight", eight,
           "esp", "b7@esp.example", "pass", "accept")
    eight = alice()
    for i in range(12):
        eight.sign("esp.example", "e", RSA2048) if i != 1 else eight.sign()
    direct("direct: the aligned signature is the eleventh of twelve", eight,
           "esp", "b7@esp.example", "pass", "accept")
    direct("direct: Message-ID folded at once, simple form", alice().replace(
        "Message-ID", "\n <20251009.7@bank.example>").sign(
            c="simple/simple"), "esp", "b7@esp.example", "pass", "accept")
    direct("direct: a bounce", Mail(
        "MAILER-DAEMON@bank.example", subject="Undelivered Mail",
        more=["Auto-Submitted: auto-replied"]), "bank", "", "pass", "accept")
    direct("direct: a vacation notice", signed(
        subject="Away", more=["Auto-Submitted: auto-replied",
                              "Precedence: bulk"]), "bank", "", "pass",
        "accept")
    direct("direct: newsletter by a service, signed for both",
           Mail(more=["List-Unsubscribe: <https://esp.example/u/7>"]).sign(
               s="e", key=RSA2048).sign("esp.example", "e", RSA2048), "esp",
           "b7@esp.example", "pass", "accept")
    direct("direct: newsletter by a service, not aligned", Mail(
        more=["Precedence: bulk"]).sign("esp.example", "e", RSA2048), "esp",
        "b7@esp.example", "fail", "reject")
    direct("direct: newsletter by a service, not aligned, a list's fields",
           Mail(more=["List-Id: <7.esp.example>",
                      "List-Unsubscribe: <https://esp.example/u/7>"]).sign(
               "esp.example", "e", RSA2048), "esp", "b7@esp.example", "fail",
           "quarantine", "list")
    direct("direct: newsletter, p=none, not aligned", Mail(
        "n@watching.example"), "esp", "b7@esp.example", "fail", "accept",
        policy="none")
    direct("direct: newsletter, p=quarantine, not aligned", Mail(
        "n@careful.example"), "esp", "b7@esp.example", "fail", "quarantine",
        policy="quarantine")
    direct("direct: contact form, the site's own address", Mail(
        "Form <form@web.example>", more=["Reply-To: alice@bank.example"]
    ).sign("web.example", "w", RSA2048), "web", "www@web.example", "none",
        "accept", policy="")
    direct("direct: invitation to a meeting", signed(
        body=b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"),
        "bank", ALICE, "pass", "accept")
    direct("direct: an address in the display name", Mail(
        '"alice@bank.example" <eve@evil.example>').sign(
            "evil.example", "x", OTHER), "evil", "eve@evil.example", "pass",
        "accept", policy="none")


def forwarder_flows():
    out = ("fwd", ALICE)
    srs = ("fwd", SRS)
    indirect("forwarder: envelope kept, DKIM intact",
             signed().received("bank"), *out, "pass", "accept")
    indirect("forwarder: SRS, DKIM intact", signed().received("bank"), *srs,
             "pass", "accept")
    indirect("forwarder: envelope kept, nothing signed",
             paper().received("bank"), "fwd", "paul@paper.example", "fail",
             "reject")
    indirect("forwarder: SRS, nothing signed", paper().received("bank"), *srs,
             "fail", "reject")
    indirect("forwarder: a vacation notice, DKIM intact",
             signed().received("bank"), "fwd", "", "pass", "accept")
    indirect("forwarder: a bounce, nothing signed",
             paper().received("bank"), "fwd", "", "fail", "reject")
    indirect("forwarder: nothing signed, p=quarantine",
             Mail("c@careful.example").received("bank"), *srs, "fail",
             "quarantine", policy="quarantine")
    indirect("forwarder: nothing signed, p=reject under test",
             Mail("t@trying.example").received("bank"), *srs, "fail",
             "quarantine", policy="quarantine")
    indirect("forwarder: nothing signed, its network declared",
             paper().received("bank"), "fwd", "paul@paper.example", "fail",
             "quarantine", "forwarder", forwarders=["198.51.100.16/28"])
    indirect("forwarder: nothing signed, SRS, its domain declared",
             paper().received("bank"), *srs, "fail", "quarantine",
             "forwarder", forwarders=["fwd.example"])
    indirect("forwarder: nothing signed, envelope kept, its HELO declared",
             paper().received("bank"), "fwd", "paul@paper.example", "fail",
             "quarantine", "forwarder", forwarders=["mail.fwd.example"])
    indirect("forwarder: nothing signed, another declared",
             paper().received("bank"), *srs, "fail", "reject",
             forwarders=["fwd2.example", "198.51.100.21"])
    indirect("forwarder: footer", signed().received("bank").footer(
        b"-- \r\nforwarded by fwd.example\r\n"), *srs, "fail", "quarantine",
        "signature-body")
    indirect("forwarder: subject changed", signed().received("bank").tag(
        "[fwd] "), *srs, "fail", "quarantine", "signature")
    indirect("forwarder: subject and body changed",
             signed().received("bank").tag().footer(), *srs, "fail",
             "quarantine", "signature")
    indirect("forwarder: subject changed which was not signed",
             alice().sign(h="from:to:date:message-id").tag("[fwd] "), *srs,
             "pass", "accept")
    indirect("forwarder: signature taken out", signed().footer().without(
        "DKIM-Signature"), *srs, "fail", "reject")
    indirect("forwarder: quoted-printable, the field for it signed",
             encode_again(signed(body="Grüße\r\n".encode()), NAMES), *srs,
             "fail", "quarantine", "signature")
    indirect("forwarder: quoted-printable, the field for it not signed",
             encode_again(alice(body="Grüße\r\n".encode()).sign(
                 h="from:to:subject"), None), *srs, "fail", "quarantine",
             "signature-body")
    indirect("forwarder: base64", signed().change(
        BODY, base64.encodebytes(BODY).replace(b"\n", b"\r\n")).bottom(
            "Content-Transfer-Encoding: base64"), *srs, "fail", "quarantine",
        "signature")
    indirect("forwarder: fields refolded, simple form", alice().sign(
        c="simple/simple").replace("To", "\n\tBob Reader <bob@example.org>"),
        *srs, "fail", "quarantine", "signature")
    indirect("forwarder: fields refolded, relaxed form", signed().replace(
        "To", "\n\tBob Reader <bob@example.org>"), *srs, "pass", "accept")
    indirect("forwarder: blanks at line ends gone, simple form", alice(
        body=b"Hello \r\n").sign(c="relaxed/simple").change(b" \r\n",
                                                            b"\r\n"),
        *srs, "fail", "quarantine", "signature-body")
    indirect("forwarder: empty lines added at the end", signed().footer(
        b"\r\n\r\n"), *srs, "pass", "accept")
    indirect("forwarder: footer behind l=", alice().sign(
        l=str(len(BODY))).footer(), *srs, "fail", "quarantine",
        "signature-body")
    indirect("forwarder: a subdomain's author, footer",
             Mail("x@branch.bank.example").sign().footer(), *srs, "fail",
             "quarantine", "signature-body")


def encode_again(mail, names):
    mail.body = quopri.encodestring(mail.body.replace(
        b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    if names is not None:
        mail.bottom("Content-Transfer-Encoding: quoted-printable")
    return mail.received("bank")


def sealed_flows():
    srs = ("fwd", SRS)
    told = results_of("mx.fwd.example", "pass", "paper.example")
    indirect("sealed: forwarder, nothing signed", paper().received(
        "bank").seal(told), *srs, "fail", "quarantine", "arc", arc="pass")
    indirect("sealed: trusted forwarder, nothing signed", paper().received(
        "bank").seal(told), *srs, "fail", "accept", "arc,sealer", arc="pass",
        sealers=["fwd.example"])
    indirect("sealed: trusted forwarder, p=quarantine", Mail(
        "c@careful.example").seal(results_of(
            "mx.fwd.example", "pass", "careful.example")), *srs, "fail",
        "accept", "arc,sealer", arc="pass", policy="quarantine",
        sealers=["fwd.example"])
    indirect("sealed: trusted by a glob", paper().seal(
        told, "mx.fwd.example"), *srs, "fail", "accept", "arc,sealer",
        arc="pass", sealers=["*.fwd.example"])
    indirect("sealed: a glob does not name the domain itself", paper().seal(
        told), *srs, "fail", "quarantine", "arc", arc="pass",
        sealers=["*.fwd.example"])
    indirect("sealed: trusted, domains in upper case", paper().seal(
        "MX.fwd.example; DMARC=Pass header.From=PAPER.example",
        "FWD.example"), *srs, "fail", "accept", "arc,sealer", arc="pass",
        foreign=False, sealers=["fwd.example"])
    indirect("sealed: trusted, it saw dmarc=fail", paper().seal(results_of(
        "mx.fwd.example", "fail", "paper.example")), *srs, "fail",
        "quarantine", "arc", arc="pass", sealers=["fwd.example"])
    indirect("sealed: trusted, it tells of no DMARC", paper().seal(
        "mx.fwd.example; spf=pass smtp.mailfrom=paper.example"), *srs,
        "fail", "quarantine", "arc", arc="pass", sealers=["fwd.example"])
    indirect("sealed: trusted, it checked nothing", paper().seal(
        "mx.fwd.example; none"), *srs, "fail", "quarantine", "arc",
        arc="pass", sealers=["fwd.example"])
    twice = lambda first, second: signed().received("bank").footer().seal(
        results_of("mx.fwd.example", first)).received("fwd").seal(
            results_of("mx.fwd2.example", second), "fwd2.example")
    changed = "arc,signature-body"
    srs2 = ("fwd2", "SRS0=x@fwd2.example")
    indirect("sealed: two forwarders, neither trusted", twice(
        "pass", "fail"), *srs2, "fail", "quarantine", changed, arc="pass")
    indirect("sealed: two forwarders, both trusted", twice(
        "pass", "fail"), *srs2, "fail", "accept", changed + ",sealer",
        arc="pass", sealers=["fwd.example", "fwd2.example"])
    indirect("sealed: two forwarders, the newer trusted, it saw a fail",
             twice("pass", "fail"), *srs2, "fail", "quarantine", changed,
             arc="pass", sealers=["fwd2.example"])
    indirect("sealed: two forwarders, the newer trusted, it saw a pass",
             signed().seal(results_of("mx.fwd.example", "pass")).seal(
                 results_of("mx.fwd2.example", "pass"),
                 "fwd2.example", ).footer().seal(
                     results_of("mx.fwd2.example", "fail"), "fwd2.example"),
             *srs2, "fail", "accept", changed + ",sealer", arc="pass",
             sealers=["fwd2.example"])
    indirect("sealed: two forwarders, the older trusted alone", twice(
        "pass", "fail"), *srs2, "fail", "quarantine", changed, arc="pass",
        sealers=["fwd.example"])
    indirect("sealed: changed behind the newest seal", signed().seal(
        results_of("mx.fwd.example", "pass")).footer(), *srs, "fail",
        "quarantine", "signature-body", arc="fail", sealers=["fwd.example"])
    indirect("sealed: the newest sealer found the chain broken",
             signed().footer().seal(results_of("mx.fwd.example", "pass")).seal(
                 results_of("mx.fwd2.example", "fail"), "fwd2.example",
                 cv="fail"), *srs2, "fail", "quarantine", "signature-body",
             arc="fail", sealers=["fwd.example", "fwd2.example"])
    indirect("sealed: by a forwarder, DKIM intact", signed().seal(
        results_of("mx.fwd.example", "pass")), *srs, "pass", "accept",
        arc="pass")


def gateway_flows():
    out = ("gate", ALICE)
    told = results_of("mx.gate.example", "pass")
    indirect("gateway: links rewritten", signed().received("bank").links(),
             *out, "fail", "quarantine", "signature-body")
    indirect("gateway: links rewritten, sealed", signed().links().seal(
        told, "gate.example"), *out, "fail", "quarantine",
        "arc,signature-body", arc="pass")
    indirect("gateway: links rewritten, sealed, trusted",
             signed().links().seal(told, "gate.example"), *out, "fail",
             "accept", "arc,signature-body,sealer", arc="pass",
             sealers=["gate.example"])
    indirect("gateway: banner and subject", signed().tag("[EXTERNAL] ").change(
        b"Dear", b"CAUTION: This mail came from outside.\r\n\r\nDear"), *out,
        "fail", "quarantine", "signature")
    indirect("gateway: banner and subject, sealed", signed().tag(
        "[EXTERNAL] ").change(b"Dear", b"CAUTION\r\n\r\nDear").seal(
            told, "gate.example"), *out, "fail", "quarantine",
        "arc,signature", arc="pass")
    attached = (b"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n--b\r\n"
                b"Content-Type: application/x-thing\r\n\r\nAAAA\r\n--b--\r\n")
    indirect("gateway: attachment taken out", signed(body=attached).change(
        b"AAAA", b"[removed]"), *out, "fail", "quarantine", "signature-body")
    indirect("gateway: parts under a new boundary", signed(
        body=attached).change(b"--b", b"--gate").replace(
            "Content-Type", "multipart/mixed; boundary=gate"), *out, "fail",
        "quarantine", "signature")
    indirect("gateway: links rewritten, strict author",
             Mail("s@shop.example").sign("shop.example").links(), "gate",
             "s@shop.example", "fail", "quarantine", "signature-body")
    indirect("gateway: links rewritten, nothing signed",
             paper().links(), "gate", "paul@paper.example", "fail", "reject")
    indirect("gateway: in front of us, declared", paper().links(), "gate",
             "paul@paper.example", "fail", "quarantine", "forwarder",
             forwarders=["198.51.100.60"])
    indirect("hoster: its relay signs for itself alone", alice().sign(
        "hoster.example", "h1", RSA2048), "hoster", "u7@hoster.example",
        "fail", "reject")
    indirect("hoster: its relay adds a disclaimer", signed().footer(
        b"This e-mail is confidential.\r\n").sign(
            "hoster.example", "h1", RSA2048), "hoster", "u7@hoster.example",
        "fail", "quarantine", "signature-body")
    indirect("hoster: its relay seals", paper().seal(results_of(
        "relay.hoster.example", "pass", "paper.example"), "hoster.example",
        "h1"), "hoster", "u7@hoster.example", "fail", "quarantine", "arc",
        arc="pass")
    form = lambda: Mail("Alice <alice@bank.example>", more=[
        "X-Mailer: PHP/8.2.7"]).received("web")
    www = ("web", "www@web.example")
    indirect("contact form: the visitor's address", form(), *www, "fail",
             "reject")
    indirect("contact form: the visitor's address, the site's signature",
             form().sign("web.example", "w", RSA2048), *www, "fail", "reject")
    indirect("contact form: the visitor's address, declared", form(), *www,
             "fail", "quarantine", "forwarder", forwarders=["web.example"])
    indirect("contact form: declared, strict", form(), *www, "fail",
             "reject", "forwarder", forwarders=["web.example"],
             reject="strict")


def list_flows():
    out = ("lists", BOUNCES)
    indirect("mailman 2: nothing changed", mailman2(
        signed(), tag=False, footer=False), *out, "pass", "accept")
    indirect("mailman 2: footer", mailman2(signed(), tag=False), *out,
             "fail", "quarantine", "signature-body,list")
    indirect("mailman 2: tag and footer", mailman2(signed()), *out, "fail",
             "quarantine", "signature,list")
    indirect("mailman 2: signatures taken out", mailman2(
        signed(), keeps_signature=False), *out, "fail", "quarantine", "list")
    indirect("mailman 2: author signs nothing", mailman2(paper()), *out,
             "fail", "quarantine", "list")
    indirect("mailman 2: signed by the list, relayed elsewhere", list_signed(
        mailman2(signed(), keeps_signature=False)), "hoster", BOUNCES,
        "fail", "quarantine", "list")
    indirect("mailman 2: list not authenticated", mailman2(signed()),
             "bare-lists", "club-bounces@lists.bare.example", "fail",
             "quarantine", "signature")
    indirect("mailman 2: list not authenticated, signatures taken out",
             mailman2(signed(), keeps_signature=False), "bare-lists",
             "club-bounces@lists.bare.example", "fail", "reject")
    munged = dict(sender="Alice Author via Club <club@lists.club.example>",
                  more=["Reply-To: Alice Author <alice@bank.example>"])
    indirect("mailman 2: From munged", mailman2(Mail(**munged)), *out,
             "pass", "accept", policy="none")
    indirect("mailman 2: From munged, the author's signature left",
             list_signed(mailman2(signed().replace(
                 "From", munged["sender"]))), *out, "pass", "accept",
             policy="none")
    wrapped = lambda: Mail(munged["sender"], body=b"--w\r\nContent-Type: "
                           b"message/rfc822\r\n\r\n" + signed().text()
                           + b"--w--\r\n")
    indirect("mailman 2: wrapped", mailman2(wrapped()), *out, "pass",
             "accept", policy="none")
    indirect("mailman 2: footer, strict", mailman2(signed(), tag=False),
             *out, "fail", "reject", "signature-body,list", reject="strict")
    indirect("mailman 2: footer, p=quarantine", mailman2(Mail(
        "c@careful.example").sign("careful.example")), *out, "fail",
        "quarantine", "signature,list", policy="quarantine")
    indirect("mailman 2: footer, p=none", mailman2(Mail(
        "w@watching.example").sign("watching.example")), *out, "fail",
        "accept", "signature,list", policy="none")
    told = results_of("lists.club.example", "pass")
    club = ("lists.club.example", "list")
    indirect("mailman 3: footer", mailman3(signed()), *out, "fail",
             "quarantine", "signature-body,list")
    indirect("mailman 3: footer, sealed", mailman3(signed()).seal(
        told, *club), *out, "fail", "quarantine",
        "arc,signature-body,list", arc="pass")
    indirect("mailman 3: footer, signed and sealed", list_signed(mailman3(
        signed(), tag=True)).seal(told, *club), *out, "fail", "quarantine",
        "arc,signature,list", arc="pass")
    indirect("mailman 3: footer, sealed, trusted", list_signed(mailman3(
        signed())).seal(told, *club), *out, "fail", "accept",
        "arc,signature-body,list,sealer", arc="pass",
        sealers=["lists.club.example"])
    indirect("mailman 3: trusted, strict", list_signed(mailman3(
        signed())).seal(told, *club), *out, "fail", "reject",
        "arc,signature-body,list,sealer", arc="pass", reject="strict",
        sealers=["lists.club.example"])
    indirect("mailman 3: sealed with the wrong key", mailman3(signed()).seal(
        told, *club, key=OTHER), *out, "fail", "quarantine",
        "signature-body,list", arc="fail", sealers=["lists.club.example"])
    indirect("mailman 3: From munged, sealed", list_signed(mailman3(
        Mail(**munged))).seal(told, *club), *out, "pass", "accept",
        policy="none", arc="pass")
    indirect("mailman 3: wrapped", mailman3(wrapped()), *out, "pass",
             "accept", policy="none")
    indirect("sympa: tag", sympa(signed().tag("[club] ")), *out, "fail",
             "quarantine", "signature,list")
    indirect("sympa: signed again", list_signed(sympa(
        signed().tag("[club] ").footer())), "hoster", BOUNCES, "fail",
        "quarantine", "signature,list")
    indirect("sympa: signed and sealed", list_signed(sympa(
        signed().footer())).seal(told, *club), *out, "fail", "quarantine",
        "arc,signature-body,list", arc="pass")
    indirect("sympa: From munged", list_signed(sympa(Mail(
        "Alice Author <alice@bank.example> via <club@lists.club.example>"
        .replace(" <alice@bank.example>", "")))), *out, "pass", "accept",
        policy="none")
    indirect("list on a list: two List-Ids", mailman2(mailman3(
        signed())).top("List-Id: <all.lists.far.example>"), *out, "fail",
        "quarantine", "signature,list")


def far_flows():
    """Other lists' software, and the ways that lists name themselves."""
    def listed(*fields, mail=None):
        return (mail or signed().footer()).bottom(*fields)

    ezmlm = ["Mailing-List: contact dev-help@far.example; run by ezmlm",
             "Precedence: bulk", "List-Help: <mailto:dev-help@far.example>",
             "List-Post: <mailto:dev@far.example>"]
    indirect("ezmlm: VERP", listed("List-Id: <dev.far.example>", *ezmlm),
             "far", "dev-return-7-bob=example.org@far.example", "fail",
             "quarantine", "signature-body,list")
    indirect("ezmlm: above the fields of the author", signed().footer().top(
        "List-Id: <dev.far.example>", *ezmlm), "far",
        "dev-return-7-bob=example.org@far.example", "fail", "quarantine",
        "signature-body,list")
    indirect("listserv: name of the list quoted", signed().footer().top(
        'List-Id: "Talk, <all> of it" <TALK.LISTS.FAR.EXAMPLE>',
        "List-Owner: <mailto:TALK-request@lists.far.example>"), "far",
        "owner-TALK*bob**EXAMPLE*-ORG@lists.far.example", "fail",
        "quarantine", "signature-body,list")
    indirect("list: authenticated by the domain above it",
             signed().footer().top(
                 "List-Id: <talk.lists.far.example>", "Precedence: list"
             ).sign("far.example", "f", RSA2048), "hoster",
             "u7@hoster.example", "fail", "quarantine",
             "signature-body,list")
    indirect("list: authenticated by a host beside it",
             signed().footer().top("List-Id: <talk.far.example>",
                                   "Precedence: list"), "far",
             "talk-bounces@bounces.far.example", "fail", "quarantine",
             "signature-body,list")
    indirect("list: named like its domain", signed().footer().top(
        "List-Id: Far <far.example>", "List-Post: NO"), "far",
        "talk@far.example", "fail", "quarantine", "signature-body,list")
    indirect("list: identifier without brackets", signed().footer().top(
        "List-Id: talk.lists.far.example", "List-Post: <mailto:talk@x>"),
        "far", "talk@lists.far.example", "fail", "quarantine",
        "signature-body,list")
    indirect("list: a newsgroup's gateway, no other field of a list",
             signed().footer().top("List-Id: <talk.lists.far.example>"),
             "far", "talk@lists.far.example", "fail", "quarantine",
             "signature-body")
    indirect("list: null sender, the list's name at HELO",
             mailman2(signed(), keeps_signature=False), "lists", "", "fail",
             "quarantine", "list")
    indirect("list: SPF passes for the author alone", paper().top(
        "List-Id: <talk.lists.far.example>", "Precedence: list"), "hoster",
        "paul@paper.example", "fail", "reject")
    indirect("signature: of a domain below the author's, body changed",
             alice().sign("mail.bank.example").footer(), "fwd", SRS, "fail",
             "quarantine", "signature-body")
    indirect("signature: broken one of three, of two domains", alice().sign(
        ).sign("esp.example", "e", RSA2048).footer().sign(
            "fwd.example", "seal", RSA2048), "fwd", SRS, "fail",
        "quarantine", "signature-body")
    indirect("signature: the key is gone", alice().sign(
        s="2019").footer(), "fwd", SRS, "fail", "reject")


def relay_flows():
    """By a backup MX of ours."""
    own = dict(relays=["198.51.100.200", "2001:db8::25"])
    by = "mx2.example.org"
    indirect("backup MX: SPF of who came to it", alice().received("bank", by),
             "mx2", ALICE, "pass", "accept", **own)
    indirect("backup MX: DKIM", signed().received("fwd", by), "mx2", ALICE,
             "pass", "accept", **own)
    indirect("backup MX: not declared", alice().received("bank", by), "mx2",
             ALICE, "fail", "reject")
    indirect("backup MX: forwarder, nothing signed", paper().received(
        "fwd", by), "mx2", SRS, "fail", "quarantine", "relay", **own)
    indirect("backup MX: mailing list", mailman2(signed()).received(
        "lists", by), "mx2", BOUNCES, "fail", "quarantine",
        "signature,list,relay", **own)
    indirect("backup MX: does not count", paper().received("fwd", by), "mx2",
             SRS, "fail", "reject", counts=["arc", "list"], **own)
    through = dict(host="mx2", **own)
    forgery("by the backup MX", forged().received("evil", by), "fail",
            "quarantine", "relay", **through)
    forgery("by the backup MX, the victim in MAIL FROM",
            forged().received("evil", by), "fail", "quarantine", "relay",
            **{**through, "sender": ALICE})
    forgery("by the backup MX, a Received of the victim's below",
            forged().received("bank", by).received("evil", by), "fail",
            "quarantine", "relay", **{**through, "sender": ALICE})
    forgery("by the backup MX, the victim's address at HELO", forged().top(
        "Received: from [192.0.2.10] (unknown [203.0.113.66])\n\tby "
        "mx2.example.org (Postfix) with ESMTP id 4cjB2v1QYTz;\n\t"
        "Thu,  9 Oct 2025 08:53:19 +0000 (UTC)"), "fail", "quarantine",
        "relay", **{**through, "sender": ALICE})
    forgery("by the backup MX, it does not say from where", forged().received(
        "bank", by).top("Received: by mx2.example.org (Postfix, from userid "
                        "0)\n\tid 4cjB2v1QYTz"), "fail", "quarantine",
        "relay", **{**through, "sender": ALICE})
    bare("the backup MX claimed in Received alone", forged().received(
        "bank", by), sender=ALICE, **own)


def big_flows():
    """What large providers write, in their shape."""
    group = ("bigmail", "club+bncBD7@bigmail.example")
    own_names = dict(policy="reject", arc="pass")
    indirect("groups: footer, signed and sealed", bigmail_signed(
        bigmail_sealed(groups(signed()))), *group, "fail", "quarantine",
        "arc,signature,list", **own_names)
    indirect("groups: footer, trusted", bigmail_signed(bigmail_sealed(
        groups(signed()))), *group, "fail", "accept",
        "arc,signature,list,sealer", sealers=["bigmail.example"], **own_names)
    indirect("groups: a customer's domain", bigmail_sealed(groups(
        signed(), "club.club.example")), "bigmail",
        "club+bncBD7@club.example", "fail", "quarantine",
        "arc,signature,list", **own_names)
    indirect("groups: the poster's chain goes on", bigmail_signed(
        bigmail_sealed(groups(bigmail_sealed(signed())), bigmail_results(
            dmarc="pass (p=REJECT sp=REJECT dis=NONE)"))), *group, "fail",
        "accept", "arc,signature,list,sealer", sealers=["bigmail.example"],
        **own_names)
    indirect("groups: From munged", bigmail_signed(groups(Mail(
        "'Alice Author' via club <club@bigmail.example>"))), *group, "pass",
        "accept", policy="none")
    caf = ("bigmail", "bob+caf_=bob=example.org@bigmail.example")
    indirect("big mail: forwarded, DKIM intact", bigmail_sealed(
        signed().received("bank")), *caf, "pass", "accept", arc="pass")
    indirect("big mail: forwarded, nothing signed", bigmail_sealed(
        paper(), bigmail_results(domain="paper.example", dkim="neutral")),
        *caf, "fail", "quarantine", "arc", arc="pass")
    indirect("big mail: forwarded, nothing signed, trusted", bigmail_sealed(
        paper(), bigmail_results(domain="paper.example", dkim="neutral")),
        *caf, "fail", "accept", "arc,sealer", arc="pass",
        sealers=["bigmail.example"])
    indirect("big mail: sends as another address of its user", bigmail_signed(
        alice(more=["Sender: bob@bigmail.example"])), "bigmail",
        "bob@bigmail.example", "fail", "reject")
    tenant = ("office", "SRS=x7Gf=5Q=bank.example=alice@tenant.example")
    office = lambda mail: office_sealed(mail.received("bank").bottom(
        "X-MS-Exchange-AntiSpam-MessageData-ChunkCount: 1"))
    indirect("office: forwarded, one set, DKIM intact", office(signed()),
             *tenant, "pass", "accept", arc="pass")
    indirect("office: forwarded, one set, changed", office(
        signed().footer(b"[tenant]\r\n")), *tenant, "fail", "quarantine",
        "arc,signature-body", arc="pass")
    two = lambda first=None, second=None: office_sealed(office_sealed(
        signed().bottom("X-MS-Exchange-AntiSpam-MessageData-ChunkCount: 1")
        .received("bank"), first).footer(b"[tenant]\r\n"),
        second or office_again())
    indirect("office: forwarded, two sets, changed between", two(), *tenant,
             "fail", "quarantine", "arc,signature-body", arc="pass")
    indirect("office: forwarded, two sets, trusted", two(), *tenant, "fail",
             "accept", "arc,signature-body,sealer", arc="pass",
             sealers=["office.example"])
    indirect("office: two sets, the first saw a fail", two(office_results(
        "fail (p=reject sp=reject pct=100) action=oreject")), *tenant,
        "fail", "quarantine", "arc,signature-body", arc="pass",
        sealers=["office.example"])
    indirect("office: two sets, the first guessed", two(office_results(
        "bestguesspass action=none")), *tenant, "fail", "quarantine",
        "arc,signature-body", arc="pass", sealers=["office.example"])
    indirect("office: signed by the tenant as well", office(
        signed().tag("RE: ")).sign("tenant.office.example",
                                   "selector1-tenant", RSA2048), *tenant,
        "fail", "quarantine", "arc,signature", arc="pass")
    calendar = (b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nORGANIZER:mailto:alice"
                b"@bank.example\r\nEND:VCALENDAR\r\n")
    invitation = lambda: Mail(subject="FW: Board", body=calendar, more=[
        "Sender: Carol <carol@tenant.example>",
        "X-MS-Exchange-AntiSpam-MessageData-ChunkCount: 1"])
    indirect("invitation: forwarded by a guest", invitation(), "office",
             "carol@tenant.example", "fail", "reject")
    indirect("invitation: forwarded by a guest, sealed", office_sealed(
        invitation(), office_results("none action=none")), "office",
        "carol@tenant.example", "fail", "quarantine", "arc", arc="pass",
        sealers=["office.example"])
    indirect("invitation: forwarded with the organizer's signature", signed(
        body=calendar).tag("FW: ").bottom("Sender: carol@tenant.example"),
        "office", "carol@tenant.example", "fail", "quarantine", "signature")


def option_flows():
    srs = ("fwd", SRS)
    footer = lambda: signed().footer()
    indirect("options: strict", footer(), *srs, "fail", "reject",
             "signature-body", reject="strict")
    indirect("options: signature does not count", footer(), *srs, "fail",
             "reject", "", counts=["arc", "list", "forwarder"])
    indirect("options: nothing counts", footer(), *srs, "fail", "reject", "",
             counts=[])
    indirect("options: signature-body alone counts", footer(), *srs, "fail",
             "quarantine", "signature-body", counts=["signature-body"])
    indirect("options: signature-body alone counts, header changed",
             footer().tag(), *srs, "fail", "reject", "",
             counts=["signature-body"])
    indirect("options: sealer does not count", paper().seal(results_of(
        "mx.fwd.example", "pass", "paper.example")), *srs, "fail",
        "quarantine", "arc", arc="pass", sealers=["fwd.example"],
        counts=["arc"])
    indirect("options: sealer alone counts, not trusted", paper().seal(
        results_of("mx.fwd.example", "pass", "paper.example")), *srs, "fail",
        "reject", "", arc="pass", counts=["sealer"])
    indirect("options: quarantine is reject", footer(), *srs, "fail",
             "reject", "signature-body", quarantine="reject")
    indirect("options: quarantine is tag", footer(), *srs, "fail", "accept",
             "signature-body", quarantine="tag")
    indirect("options: quarantine is none", footer(), *srs, "fail", "accept",
             "signature-body", quarantine="none")


def bare_forgeries():
    bare("nothing at all", forged())
    bare("the victim in MAIL FROM", forged(), sender=ALICE)
    bare("the victim in MAIL FROM and HELO", forged(), sender=ALICE,
         host="liar")
    bare("own domain signed", forged().sign("evil.example", "x", OTHER))
    bare("null sender", forged(), sender="")
    bare("null sender, the victim at HELO", forged(), sender="",
         host="liar")
    bare("strict alignment, the child for the parent", Mail(
        "x@shop.example"), sender="x@news.shop.example", host="evil")
    bare("a subdomain that exists", forged("x@branch.bank.example"))
    bare("a subdomain that does not exist", forged("x@no.bank.example"))
    bare("a subdomain that does not exist, p=none and np=reject",
         forged("x@no.watching.example"))
    bare("a subdomain of ten labels", forged("x@a.b.c.d.e.f.g.h.bank.example"))
    bare("upper case and a dot at the end", forged("x@BANK.Example."))
    bare("wide letters", forged("x@ｂａｎｋ.example"))
    bare("victim and forger as authors", forged(
        "alice@bank.example, eve@evil.example").sign(
            "evil.example", "x", OTHER))
    bare("forger and victim as authors", forged(
        "eve@evil.example, alice@bank.example").sign(
            "evil.example", "x", OTHER))
    for name, sender in (
            ("an address as display name", '"eve@evil.example" '
             "<alice@bank.example>"),
            ("an address as display name, not quoted",
             "eve@evil.example <alice@bank.example>"),
            ("an address within the local part",
             '"Eve <eve@evil.example>"@bank.example'),
            ("an address in a comment",
             "(eve@evil.example) alice@bank.example (<eve@evil.example>)"),
            ("an address in an encoded word",
             "=?utf-8?q?eve=40evil=2Eexample?= <alice@bank.example>"),
            ("a group", "Friends: alice@bank.example;"),
            ("a source route", "<@evil.example:alice@bank.example>"),
            ("quotes within quotes",
             '"\\"eve@evil.example, Eve\\"" <alice@bank.example>'),
            ("blanks within the address", "Alice <alice @ bank . example >"),
            ("folds within the address",
             "Alice\n <alice@\n bank.example>")):
        bare("From has " + name, forged(sender).sign("evil.example", "x",
                                                     OTHER))
    broken = dict(dmarc="permerror", policy="")
    bare("two From fields, the forger's first", forged().top(
        "From: eve@evil.example").sign("evil.example", "x", OTHER), **broken)
    bare("two From fields, the victim's first", forged(
        "eve@evil.example").sign("evil.example", "x", OTHER).top(
            "From: alice@bank.example"), **broken)
    bare("two From fields, equal", forged().top(
        "From: Alice Author <alice@bank.example>"), **broken)
    bare("two From fields, the victim's signature on one", seen().sign().top(
        "From: alice@bank.example"), **broken)
    bare("no From field", forged(None), **broken)
    bare("an empty From field", forged(""), **broken)
    bare("an empty group in From", forged("undisclosed:;"), **broken)
    bare("an address literal in From", forged("x@[192.0.2.10]"), **broken)
    bare("five authors", forged(", ".join(
        f"x@{c}.bank.example" for c in "abcde")), **broken)
    bare("our field forged", forged().top(
        "Authentication-Results: mx.judge.example; spf=pass "
        "smtp.mailfrom=bank.example; dmarc=pass header.from=bank.example"))
    bare("Sender and Resent-From", forged().top(
        "Sender: eve@evil.example", "Resent-From: alice@bank.example").sign(
            "evil.example", "x", OTHER))
    bare("victim signs nothing, own List-Id of a stranger", mailman2(Mail(
        "paul@paper.example")))
    bare("contact form of the forger's own", forged(), host="web",
         sender="www@web.example")


def signature_forgeries():
    bare("signature: unknown selector", forged().sign(s="none"))
    bare("signature: victim's domain below the forger's", forged().sign(
        "bank.example.evil.example", "x", OTHER))
    bare("signature: of a top-level domain", forged().sign("example"))
    bare("signature: i= of the victim", forged().sign(
        "evil.example", "x", OTHER, i="@bank.example"))
    bare("signature: another header's name", forged().sign(
        field="X-Google-DKIM-Signature"))
    bare("signature: without From", forged().paste(seen().sign(
        h="to:date").parts("DKIM-Signature")))
    bare("signature: strict author, a subdomain's", forged(
        "s@shop.example").paste(Mail("n@news.shop.example").sign(
            "news.shop.example").parts("DKIM-Signature")))
    bare("signature: malformed", forged().top(
        "DKIM-Signature: v=1; d=bank.example; s=k"))
    forgery("signature: with the forger's key", forged().sign(key=OTHER),
            "fail", "quarantine", "signature")
    bare("signature: rsa-sha1", forged().sign(a="rsa-sha1"))
    copied = seen().sign().parts("DKIM-Signature")
    forgery("signature: copied from another message",
            forged().paste(copied), "fail", "quarantine", "signature")
    forgery("signature: copied eight times", forged().paste(copied * 8),
            "fail", "quarantine", "signature")
    forgery("signature: another message with a new body", seen().sign(
        ).change(b"Thank you, Eve.", b"Pay at evil.example."), "fail",
        "quarantine", "signature-body")
    forgery("signature: another message, text added behind l=", seen().sign(
        l="17").footer(b"Pay at evil.example.\r\n"), "fail", "quarantine",
        "signature-body")
    forgery("signature: another message, l=0", seen().sign(l="0").change(
        b"Thank you, Eve.", b"Pay at evil.example."), "fail", "quarantine",
        "signature-body")
    forgery("signature: another message, expired", seen().sign(
        t=str(NOW - 9000), x=str(NOW - 8000)), "fail", "quarantine",
        "signature")
    forgery("signature: another message, its recipient's name changed",
            seen().sign().replace("To", "Victor <victor@example.org>"),
            "fail", "quarantine", "signature")
    forgery("signature: does not count", forged().paste(copied), "fail",
            "reject", "", counts=["arc", "list", "signature-body"])


def sealed_forgeries():
    trusted = dict(sealers=["fwd.example", "*.fwd.example"])
    told = results_of("mx.fwd.example", "pass")
    evil = ("evil.example", "x", OTHER)
    bare("sealed: a set without signatures", forged().top(
        "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=fwd.example; s=seal; "
        "b=AAAA", "ARC-Message-Signature: i=1; a=rsa-sha256; d=fwd.example; "
        "s=seal; h=from; bh=AAAA; b=AAAA",
        "ARC-Authentication-Results: i=1; " + told), arc="fail", **trusted)
    bare("sealed: an AAR alone", forged().top(
        "ARC-Authentication-Results: i=1; " + told), arc="fail", **trusted)
    bare("sealed: ARC-Seal: x", forged().top("ARC-Seal: x"), arc="fail",
         **trusted)
    theirs = seen().sign().seal(told).set_of()
    bare("sealed: a trusted set copied", forged().paste(theirs), arc="fail",
         **trusted)
    bare("sealed: a trusted message, From changed", seen().seal(
        told).replace("From", "ceo@bank.example"), arc="fail", **trusted)
    bare("sealed: a trusted message, body changed", seen().seal(
        told).change(b"Thank", b"Pay. Thank"), arc="fail", **trusted)
    bare("sealed: a trusted seal over the forger's AMS", forged().paste(
        theirs[:1] + forged().seal(told, "fwd.example", "seal", OTHER
                                   ).set_of()[1:]), arc="fail", **trusted)
    bare("sealed: as the trusted one, own key", forged().seal(
        told, key=OTHER), arc="fail", **trusted)
    bare("sealed: as the trusted one, own AMS", forged().seal(
        told, key=OTHER, ams_d="evil.example", ams_s="x", ams_key=OTHER),
        arc="fail", **trusted)
    bare("sealed: cv=fail", forged().seal(told, *evil, cv="fail"),
         arc="fail", **trusted)
    bare("sealed: cv=pass at the first", forged().seal(
        told, *evil, cv="pass"), arc="fail", **trusted)
    bare("sealed: a second set alone", forged().seal(told, *evil, i=2),
         arc="fail", **trusted)
    bare("sealed: does not count", forged().seal(told, *evil), arc="pass",
         counts=["signature", "signature-body", "list", "sealer"], **trusted)
    forgery("sealed: by the forger, dmarc=pass invented", forged().seal(
        told, *evil), "fail", "quarantine", "arc", arc="pass", **trusted)
    forgery("sealed: by the forger, twice", forged().seal(told, *evil).seal(
        told, *evil), "fail", "quarantine", "arc", arc="pass", **trusted)
    forgery("sealed: by a name that ends alike", forged().seal(
        told, "evilfwd.example", "x", OTHER), "fail", "quarantine", "arc",
        arc="pass", **trusted)
    forgery("sealed: by a name that begins alike", forged().seal(
        told, "fwd.example.evil.example", "x", OTHER), "fail", "quarantine",
        "arc", arc="pass", **trusted)
    forgery("sealed: AMS as the forger, trusted set copied below",
            forged().paste(theirs).seal(told, *evil), "fail", "quarantine",
            "arc", arc="pass", **trusted)
    forgery("sealed: on top of a trusted message, body changed",
            seen().seal(told).change(b"Thank", b"Pay. Thank").seal(
                told, *evil), "fail", "quarantine", "arc", arc="pass",
            **trusted)
    list_saw = results_of("mx.fwd.example", "fail")
    forgery("sealed: invented, then sent through the trusted one",
            forged().seal(told, *evil).seal(list_saw), "fail", "quarantine",
            "arc", arc="pass", host="fwd", sender=SRS, **trusted)
    forgery("sealed: trusted, forger's and trusted again", seen().seal(
        told).change(b"Thank", b"Pay. Thank").seal(told, *evil).seal(
            list_saw), "fail", "quarantine", "arc", arc="pass", host="fwd",
        sender=SRS, **trusted)
    through = dict(arc="pass", host="fwd", sender=SRS, **trusted)
    for name, results in (
            ("pass of another domain", results_of(
                "mx.fwd.example", "pass", "evil.example")),
            ("pass of a domain below the forger's", results_of(
                "mx.fwd.example", "pass", "bank.example.evil.example")),
            ("pass of a domain below the author's", results_of(
                "mx.fwd.example", "pass", "branch.bank.example")),
            ("pass of the parent", results_of(
                "mx.fwd.example", "pass", "example")),
            ("pass without a domain", "mx.fwd.example; dmarc=pass"),
            ("pass in a comment", "mx.fwd.example; dmarc=fail (dmarc=pass "
             "header.from=bank.example) header.from=bank.example"),
            ("pass in a comment of the domain", "mx.fwd.example; dmarc=pass "
             "header.from=evil.example (header.from=bank.example)"),
            ("pass in a quoted sender", 'mx.fwd.example; spf=pass '
             'smtp.mailfrom="x; dmarc=pass header.from=bank.example"@evil.'
             'example; dmarc=fail header.from=bank.example'),
            ("pass in a reason", 'mx.fwd.example; dmarc=fail reason="; '
             'dmarc=pass header.from=bank.example" header.from=bank.example'),
            ("pass and fail", "mx.fwd.example; dmarc=pass header.from="
             "bank.example; dmarc=fail header.from=bank.example"),
            ("pass of two domains in one", "mx.fwd.example; dmarc=pass "
             "header.from=evil.example header.from=bank.example"),
            ("pass of the envelope", "mx.fwd.example; dmarc=pass "
             "smtp.from=bank.example"),
            ("pass of another method", "mx.fwd.example; dkim=pass "
             "header.from=bank.example; arc=pass header.from=bank.example"),
            ("none", results_of("mx.fwd.example", "none")),
            ("passed", results_of("mx.fwd.example", "passed")),
            ("temperror", results_of("mx.fwd.example", "temperror")),
            ("no identifier", "; dmarc=pass header.from=bank.example"),
            ("what is no syntax", "mx.fwd.example; dmarc=pass header.from="
             "bank.example; \"")):
        forgery("sealed: the trusted one tells of " + name, forged().seal(
            results), "fail", "quarantine", "arc", **through)
    forgery("sealed: the trusted one does not cover From", Mail(
        "eve@evil.example").seal(told, h="to:subject:date").replace(
            "From", "alice@bank.example"), "fail", "quarantine", "arc",
        **through)
    forgery("sealed: vouched for one of two authors", forged(
        "alice@bank.example, s@shop.example").seal(told), "fail",
        "quarantine", "arc", **through)
    forgery("sealed: the key cannot be had", forged().seal(
        told, "evil.example", "gone", OTHER), "fail", "tempfail", "",
        arc="temperror", foreign=False, **trusted)
    forgery("sealed: the key cannot be had, and need not", forged().seal(
        told, "evil.example", "gone", OTHER), "fail", "quarantine", "",
        arc="temperror", foreign=False, temperror="accept", **trusted)
    forgery("sealed: the key cannot be had, quarantine is reject",
            forged().seal(told, "evil.example", "gone", OTHER), "fail",
            "reject", "", arc="temperror", foreign=False,
            quarantine="reject", **trusted)
    down = dict(arc="temperror", foreign=False, sealers=["down.example"])
    forgery("sealed: as the trusted one, whose key cannot be had",
            forged().seal(told, "down.example", key=OTHER), "fail",
            "tempfail", "", **down)
    forgery("sealed: as the trusted one, whose key need not be had",
            forged().seal(told, "down.example", key=OTHER), "fail",
            "quarantine", "", temperror="accept", **down)
    forgery("sealed: as the trusted one, key not to be had, quarantine is "
            "reject", forged().seal(told, "down.example", key=OTHER), "fail",
            "tempfail", "", quarantine="reject", **down)
    indirect("sealed: the trusted one's key cannot be had", signed().footer(
        ).seal(told, "down.example"), "fwd", SRS, "fail", "tempfail|quarantine",
        "signature-body", **down)
    forgery("sealed: the key cannot be had, strict", forged().seal(
        told, "evil.example", "gone", OTHER), "fail", "reject", "",
        arc="temperror", foreign=False, reject="strict", **trusted)


def list_forgeries():
    fields = ["List-Id: Club <club.{}>", "List-Post: <mailto:club@{}>",
              "List-Unsubscribe: <mailto:leave@{}>", "Precedence: list"]

    def as_list(domain):
        return forged(more=[field.format(domain) for field in fields])

    bare("list: fields of a list", as_list("lists.club.example"))
    bare("list: fields of a list, its domain in MAIL FROM", as_list(
        "lists.club.example"), sender=BOUNCES)
    bare("list: fields of the victim", as_list("bank.example"))
    bare("list: no domain", forged(more=["List-Id: <club>",
                                         "List-Post: <x>"]))
    bare("list: nothing authenticated", as_list("wide.example"),
         host="liar", sender="x@none.example")
    bare("list: authenticated by +all", as_list("wide.example"), host="wide",
         sender="x@wide.example")
    bare("list: authenticated by half of the Internet",
         as_list("half.example"), host="wide", sender="x@half.example")
    bare("list: does not count", as_list("evil.example"),
         counts=["arc", "signature"])
    forgery("list: of the forger's own domain", as_list("evil.example"),
            "fail", "quarantine", "list")
    forgery("list: of the forger's own domain, signed", as_list(
        "evil.example").sign("evil.example", "x", OTHER), "fail",
        "quarantine", "list", sender="x@none.example")
    forgery("list: of the forger's own domain, the victim's name in it",
            as_list("bank.example.evil.example"), "fail", "quarantine",
            "list")
    bare("forwarder: declared domain at HELO and in MAIL FROM", forged(),
         host="liar", sender="x@fwd.example", forwarders=[
             "fwd.example", "198.51.100.16/28"])
    bare("forwarder: a name below the forger's", forged(), forwarders=[
        "*.fwd.example"], sender="x@fwd.example.evil.example")
    every = lambda: as_list("evil.example").paste(seen().sign().parts(
        "DKIM-Signature")).seal(results_of("mx.fwd.example", "pass"),
                                "evil.example", "x", OTHER)
    forgery("every sign at once", every(), "fail", "quarantine",
            "arc,signature,list", arc="pass", sealers=["fwd.example"])
    forgery("every sign at once, strict", every(), "fail", "reject",
            "arc,signature,list", arc="pass", sealers=["fwd.example"],
            reject="strict")
    forgery("every sign at once, quarantine is reject", every(), "fail",
            "reject", "arc,signature,list", arc="pass",
            sealers=["fwd.example"], quarantine="reject")


# ---- The file ----------------------------------------------------------------

def write_list(name, values):
    print(f"    {name}: [" + ", ".join(map(quote, values)) + "]")


def write_flow(one):
    address, helo = HOSTS[one["host"]]
    options = one["options"]
    print(f"\n  {quote(one['name'])}:")
    print(f"    kind: {one['kind']}")
    print(f"    client: {address}\n    helo: {helo}")
    print(f"    mailfrom: {quote(one['sender'])}")
    for key in ("reject", "quarantine", "temperror"):
        if key in options:
            print(f"    {key}: {options[key]}")
    for key in ("sealers", "forwarders", "counts", "relays"):
        if key in options:
            write_list(key, options[key])
    assert set(options) <= {"reject", "quarantine", "sealers", "forwarders",
                            "counts", "relays", "temperror"}, options
    write_message(one["text"])
    print(f"    arc: {one['arc']}\n    dmarc: {one['dmarc']}")
    print(f"    policy: {one['policy'] or 'unknown'}")
    print(f"    evidence: {quote(one['signs'])}")
    write_list("verdict", one["verdict"])


def main():
    for write in (direct_flows, forwarder_flows, sealed_flows, gateway_flows,
                  list_flows, far_flows, big_flows, relay_flows,
                  option_flows, bare_forgeries, signature_forgeries,
                  sealed_forgeries, list_forgeries):
        write()
    names = [one["name"] for one in FLOWS]
    assert len(names) == len(set(names)), sorted(
        name for name in names if names.count(name) > 1)
    print("""\
# Ways that mail takes, and what may be done with it at their end; written by
# flows.py, which says how.
#
# kind is direct, indirect, forgery (of one that shows a sign) or bare (of one
# that shows none).  reject, quarantine, temperror, sealers, forwarders, counts
# and relays are dmarc.reject, dmarc.quarantine, dmarc.temperror,
# arc.trusted_sealers, dmarc.forwarders, dmarc.evidence and trusted.relays where
# they are not the default.  policy is the one that applies to the message,
# evidence the signs that are found and count, verdict what may be done.  A
# message in a block has CRLF for each line end.
""")
    write_zone(ZONE, {}, 0)
    print("\nflows:")
    for one in FLOWS:
        write_flow(one)


if __name__ == "__main__":
    sys.exit(main())
