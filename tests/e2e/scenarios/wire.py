"""Octets that an MTA may change on their way: long lines, 8-bit, NUL, line ends
that are none, odd folding."""

from mail import compose, get_fields
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    our_field, scenario)

ANN = "ann@honest.example"
SIMPLE = (b"simple", b"simple")


def send_signed(lab, message, *names, replacing=(b"", b""), options=""):
	"""The results of MESSAGE, signed in the simple forms over From and
	the fields of these NAMES, then sent with one part replaced."""
	message = lab.keys.sign(message, "honest.example", canonicalize=SIMPLE,
	    include_headers=[b"from"] + [name.encode() for name in names])
	return expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    message.replace(*replacing) if replacing[0] else message, ANN,
	    options=options))


@scenario("body lines of 998, 2049 and 100,000 octets, signed")
def long_lines(lab):
	body = b"".join(b"x" * n + b"\r\n" for n in
	    (997, 998, 999, 2047, 2048, 2049, 4096, 100000))
	expect_method(send_signed(lab, compose(ANN, body=body)), "dkim",
	    "pass")


@scenario("a header line of 40,000 octets without a fold, signed")
def long_header_line(lab):
	expect_method(send_signed(lab, compose(ANN,
	    "X-Long: " + "x" * 40000), "x-long"), "dkim", "pass")


@scenario("fields as they come, signed in the simple form")
def odd_fields(lab):
	for field in (
	    "X-Odd:\r\n <folded-at-once@e2e.example>",
	    "X-Odd:\r\n\t<folded-at-once@e2e.example>",
	    "X-Odd:no-blank", "X-Odd:  two", "X-Odd:\ttab",
	    "X-Odd: behind \t", "X-Odd:", "X-Odd:  ",
	    "X-Odd: a\r\n \r\n b",		# a line of one blank
	    "x-ODD: a\r\n\t\t b\r\n    c",
	    b"X-Odd: caf\xe9"):
		results = send_signed(lab, compose(ANN, field), "x-odd")
		expect(results.get("dkim")[0][0] == "pass",
		    "%r: %s" % (field, results.text))
	# As some senders write them.
	message = compose(ANN, subject="x").replace(b"Subject: x",
	    b"Subject:x").replace(b"Message-ID: ", b"Message-ID:\r\n ")
	expect_method(send_signed(lab, message, "subject", "message-id"),
	    "dkim", "pass")


@scenario("NUL in the body, signed")
def nul_in_body(lab):
	expect_method(send_signed(lab, compose(ANN, body=b"a\0b\r\n\0\r\n")),
	    "dkim", "pass")


# A field ends at NUL in Postfix, for the reader of the mail as for us.
@scenario("NUL in the header: what we judge is what is delivered")
def nul_in_header(lab):
	assayd = lab.assayd_for_all()
	expect_reply(lab.send(assayd,
	    compose("ceo@reject.example\0@honest.example"), ANN),
	    "550 5.7.1", "reject.example")
	expect_reply(lab.send(assayd, compose("\0" + ANN), ANN), "550 5.7.1")
	reply = lab.send(assayd, compose(ANN + "\0, ceo@reject.example"), ANN)
	if reply.code == "250":
		left = get_fields(lab.delivered(reply), "From")
		expect(left == [" " + ANN], "From is %s" % left)
	reply = lab.send(assayd, compose(ANN,
	    b"Authentication-Results: mx.exa\0mple.org; dmarc=fail",
	    b"Authentication-Results: \0mx.example.org; dmarc=fail",
	    b"Authentication-Results: mx.example.org\0; dmarc=fail"), ANN)
	expect_accepted(lab, reply)
	expect(b"dmarc=fail" not in lab.delivered(reply),
	    "left: %r" % lab.delivered(reply))


@scenario("line ends in the body that are none")
def bare_line_ends(lab):
	# Postfix 3.7 takes the bare LF for a line end, and so must we.
	for body, sent, result in (
	    (b"one\r\ntwo\r\n", b"one\ntwo\r\n", "pass"),
	    (b"one\r\ntwo\r\n", b"one\rtwo\r\n", "fail")):
		results = send_signed(lab, compose(ANN, body=body),
		    replacing=(body, sent))
		expect(results.get("dkim")[0][0] == result,
		    "%r: %s" % (sent, results.text))


@scenario("a bare LF or CR in the header hides no second From")
def bare_line_ends_in_header(lab):
	assayd = lab.assayd_for_all()
	for ends in b"\n", b"\r", b"\r\r\n", b"\n\r", b"\n\n", b"\0\r\n":
		reply = lab.send(assayd, compose(ANN,
		    b"X-Before: x" + ends + b"From: ceo@reject.example"), ANN)
		if reply.code == "250":
			# Then it is one field for everybody.
			left = get_fields(lab.delivered(reply), "From")
			expect(left == [" " + ANN], "%r: %s" % (ends, left))
			our_field(lab.delivered(reply))
		else:
			expect_reply(reply, "550 5.7.1")


@scenario("a header that ends early, is absent, or is all there is")
def broken_header(lab):
	assayd = lab.assayd_for_all()
	for message in (
	    b"", b"\r\n", b"no header at all\r\n",
	    b"\r\nFrom: ann@honest.example\r\n",
	    compose(None, "no field", "From: " + ANN),
	    compose(None, ": no name", "From: " + ANN),
	    b" From: ann@honest.example\r\n\r\n",
	    b"From: ceo@reject.example\r\n"):
		reply = lab.send(assayd, message, ANN)
		expect(reply.text.startswith("550 5.7.1"),
		    "%r: %s" % (message, reply))


@scenario("8-bit in From: UTF-8 is a domain, anything else is refused")
def eight_bit_from(lab):
	assayd = lab.assayd_for_all()
	for author in ("ceo@bücher.example", "Chef <ceo@BÜCHER.example>"):
		expect_reply(lab.send(assayd, compose(author), ANN),
		    "550 5.7.1", "xn--bcher-kva.example")
	for author in (b"ceo@b\xfccher.example", b"ceo@reject.example\x80",
	    b"ceo@\xe2\x80\x8breject.example"):
		expect_reply(lab.send(assayd,
		    compose(None, b"From: " + author), ANN), "550 5.7.1")
	results = expect_accepted(lab, lab.send(assayd,
	    compose(None, b"From: J\xf6rg <ann@honest.example>"), ANN))
	expect_method(results, "dmarc", "pass")


@scenario("our field is ASCII where the message is not SMTPUTF8")
def ascii_field(lab):
	message = lab.keys.sign(compose("jörg@honest.example",
	    "DKIM-Signature: v=1; a=rsa-sha256; d=bücher.example; s=ü; h=from;"
	    " bh=ü; b=ü; i=ö@bücher.example",
	    body="Grüße\r\n".encode()), "honest.example")
	reply = lab.send(lab.assayd_for_all(), message, ANN)
	results = expect_accepted(lab, reply)
	expect(results.text.isascii(), results.text)
	expect_method(results, "dmarc", "pass")
