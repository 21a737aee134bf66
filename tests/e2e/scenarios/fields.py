"""Header fields: forged, huge, many, 8-bit; and what is logged of them."""

import re

from lab import AUTHSERV_ID
from mail import Results, compose, get_fields, unfold
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    expect_skipped, our_field, scenario)
from zone import OTHER_CLIENT

FORGED = (
    "Authentication-Results: mx.example.org; dmarc=pass",
    "Authentication-Results: MX.Example.ORG; dkim=pass header.d=a.example",
    'Authentication-Results: "mx.example.org"; spf=pass',
    "Authentication-Results: mx.example.org 1; spf=pass",
    "Authentication-Results: (a (nested) one) mx.example.org (two) 1; none",
    "Authentication-Results:\r\n\tmx.example.org\r\n\t; dmarc=pass",
    'Authentication-Results: (x)\r\n "mx.exa\\mple.org"; dmarc=pass',
    "Authentication-Results:mx.example.org",
    "authentication-results: mx.example.org; spf=pass",
)
FOREIGN = (
    "Authentication-Results: mail.foreign.example; spf=pass",
    "Authentication-Results: other.example (a comment); dkim=pass",
    "Authentication-Results: third.example; none",
)


def interleave():
	"""Three foreign fields, three forged ones in front of each."""
	lines = []
	for i, foreign in enumerate(FOREIGN):
		lines += FORGED[3 * i:3 * i + 3] + (foreign,)
	return lines


def expect_foreign_alone(message):
	left = [unfold(value) for value in
	    get_fields(message, "Authentication-Results")]
	if Results(left[0]).authserv_id == AUTHSERV_ID:
		left = left[1:]
	expect(left == [line.partition(": ")[2] for line in FOREIGN],
	    "left of what came: %s" % left)


@scenario("forged fields go, however written; foreign ones stay")
def forged(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example", *interleave()),
	    "ann@honest.example")
	results = expect_accepted(lab, reply)
	expect_method(results, "dmarc", "pass")
	expect_foreign_alone(lab.delivered(reply))


@scenario("forged fields go from an authenticated client's mail too")
def forged_authenticated(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example", *interleave()),
	    "ann@honest.example", login="alice")
	expect_skipped(lab, reply)
	expect_foreign_alone(lab.delivered(reply))


@scenario("forged fields go in monitor mode too")
def forged_monitor(lab):
	reply = lab.send(lab.assayd_for_all(mode="monitor"),
	    compose("ceo@reject.example", *interleave()),
	    "spam@nodmarc.example", OTHER_CLIENT)
	expect_method(expect_accepted(lab, reply), "dmarc", "fail")
	expect_foreign_alone(lab.delivered(reply))


@scenario("300 forged fields")
def forged_many(lab):
	reply = lab.send(lab.assayd_for_all(), compose("ann@honest.example",
	    *["Authentication-Results: mx.example.org; x=y"] * 300),
	    "ann@honest.example")
	expect_accepted(lab, reply)


def fold_ids(count):
	return "\r\n ".join("<%04d.%s@honest.example>" % (i, "x" * 60)
	    for i in range(count))


@scenario("a field of 59 KB, signed")
def large_field(lab):
	message = lab.keys.sign(compose("ann@honest.example",
	    "X-Large: " + fold_ids(710)), "honest.example",
	    include_headers=[b"from", b"x-large", b"subject"])
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(), message,
	    "ann@honest.example"))
	expect_method(results, "dkim", "pass")


# Postfix cuts a field at 60,000 octets where there are milters.
@scenario("a field of 90 KB")
def larger_field(lab):
	value = fold_ids(1080)
	expect(len(value) > 90000, len(value))
	message = lab.keys.sign(compose("ann@honest.example"),
	    "honest.example")
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    b"X-Large: " + value.encode() + b"\r\n" + message,
	    "ann@honest.example"))
	expect_method(results, "dkim", "pass")


@scenario("5000 fields: nothing forged gets through")
def many_fields(lab):
	padding = ["X-Padding: %d" % i for i in range(5000)]
	# In front of From, then behind it.
	reply = lab.send(lab.assayd_for_all(), compose("ceo@reject.example",
	    *padding), "spam@nodmarc.example", OTHER_CLIENT)
	expect(reply.code in ("550", "451", "554"),
	    "From behind the padding: " + reply)
	message = compose(None, "From: ceo@reject.example", *padding)
	reply = lab.send(lab.assayd_for_all(), message,
	    "spam@nodmarc.example", OTHER_CLIENT)
	expect(reply.code in ("550", "451", "554"),
	    "From before the padding: " + reply)


@scenario("a second From and a forged field behind 5000 others")
def hidden_fields(lab):
	padding = ["X-Padding: %d" % i for i in range(5000)]
	message = compose(None, "From: ann@honest.example", *padding,
	    "From: ceo@reject.example", FORGED[0])
	reply = lab.send(lab.assayd_for_all(), message, "ann@honest.example")
	if reply.code == "250":
		results = our_field(lab.delivered(reply))
		expect(not [r for r in results.get("dmarc")
		    if r[0] == "pass"], results.text)
	else:
		expect(reply.code in ("550", "554", "451"), reply)


@scenario("8-bit in header and body, signed")
def eight_bit(lab):
	message = lab.keys.sign(compose("ann@honest.example",
	    b"X-Latin: caf\xe9 \xff\xfe \x80", subject="Grüße",
	    body=bytes(range(128, 256)) + b"\r\n"), "honest.example")
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(), message,
	    "ann@honest.example", options=" BODY=8BITMIME"))
	expect_method(results, "dkim", "pass")


@scenario("control characters and quotes stay out of field and log")
def control_characters(lab):
	assayd = lab.assayd_for_all()
	offset = len(assayd.log().encode())
	message = compose('"\x1b[2J\x07" <x\x01y@monitored.example>',
	    "DKIM-Signature: v=1; a=rsa-sha256; d=\x1b[31m.example; s=\x07;"
	    " h=from; bh=; b=\x7f", b"X-NUL: a\0b", "Subject:\r\n\x08 x")
	reply = lab.send(assayd, message, '"a\\"b;(c"@monitored.example',
	    OTHER_CLIENT, helo="h\x1bx")
	if reply.code == "250":
		value = get_fields(lab.delivered(reply),
		    "Authentication-Results")[0]
		expect(not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", value),
		    "in the field: %r" % value)
		our_field(lab.delivered(reply))
	expect_clean_log(assayd.log(offset))


def expect_clean_log(text):
	for line in text.splitlines():
		expect(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line),
		    "in the log: %r" % line)


@scenario("every message has a line in the log")
def log_line(lab):
	assayd = lab.assayd()
	reply = lab.send(assayd, lab.keys.sign(compose("ann@honest.example"),
	    "honest.example"), "ann@honest.example", helo="mail.example")
	queue_id = re.search(r"queued as (\w+)", reply).group(1)
	lines = [line for line in assayd.log().splitlines()
	    if queue_id in line]
	expect(len(lines) == 1, "%d lines with %s: %s" %
	    (len(lines), queue_id, lines))
	for part in ("192.0.2.10", "mail.example", "ann@honest.example",
	    "honest.example", "spf=pass", "dkim=pass", "dmarc=pass",
	    "accept"):
		expect(part in lines[0], "no %r in: %s" % (part, lines[0]))

	offset = len(assayd.log().encode())
	expect_reply(lab.send(assayd, compose("ceo@reject.example"),
	    "spam@nodmarc.example", OTHER_CLIENT), "550")
	lines = [line for line in assayd.log(offset).splitlines()
	    if "dmarc=fail" in line]
	expect(len(lines) == 1, "lines: %s" % lines)
	for part in ("198.51.100.66", "spam@nodmarc.example",
	    "reject.example", "spf=fail", "reject"):
		expect(part in lines[0], "no %r in: %s" % (part, lines[0]))
	expect_clean_log(assayd.log())
	assayd.terminate()
