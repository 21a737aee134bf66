"""The main cases once more through Sendmail, whose milter differs."""

import time

from mail import compose, get_fields, split_fields
from relay import SERVFAIL
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    our_field, scenario)
from scenarios.dns import SHORT, Faults
from scenarios.fields import expect_foreign_alone, fold_ids, interleave
from scenarios.hostile import is_fit_for_smtp
from scenarios.knowledge import SEALERS, passed
from sendmail import Sendmail
from zone import (EXPLANATIONS, HONEST_LOOPBACK, OTHER_LOOPBACK,
    TRUSTED_LOOPBACK)


@scenario("Sendmail: honest mail, signed twice, arrives with every result")
def honest(lab):
	sendmail = lab.sendmail_for_all()
	message = compose("Ann <ann@honest.example>")
	message = lab.keys.sign(message, "honest.example", "rsa")
	message = lab.keys.sign(message, "honest.example", "ed")
	results = expect_accepted(sendmail, sendmail.send(message,
	    "ann@honest.example"))
	expect_method(results, "spf", "pass",
	    smtp_mailfrom="ann@honest.example")
	expect_method(results, "dkim", "pass", header_a="rsa-sha256")
	expect_method(results, "dkim", "pass", header_a="ed25519-sha256")
	expect_method(results, "dmarc", "pass", header_from="honest.example")


@scenario("Sendmail: forged fields go, foreign ones stay in their order")
def forged_fields(lab):
	sendmail = lab.sendmail_for_all()
	for address in HONEST_LOOPBACK, TRUSTED_LOOPBACK:
		reply = sendmail.send(compose("ann@honest.example",
		    *interleave()), "ann@honest.example", address)
		expect_reply(reply, "250")
		expect_foreign_alone(sendmail.delivered(reply))


@scenario("Sendmail: our field is above its Received, which is above the rest")
def field_position(lab):
	sendmail = lab.sendmail_for_all()
	reply = sendmail.send(compose("ann@honest.example"),
	    "ann@honest.example")
	expect_accepted(sendmail, reply)
	names = [name for name, _ in split_fields(sendmail.delivered(reply))]
	expect(names[:3] == ["Authentication-Results", "Received", "From"],
	    "the fields are %s" % names)


@scenario("Sendmail: forged under p=reject, 550 5.7.1")
def forged_reject(lab):
	expect_reply(lab.sendmail_for_all().send(
	    compose("ceo@reject.example"), "spam@nodmarc.example",
	    OTHER_LOOPBACK), "550 5.7.1", "DMARC", "reject.example")


@scenario("Sendmail: forged under p=quarantine, in quarantine with a reason")
def forged_quarantine(lab):
	sendmail = lab.sendmail_for_all()
	reply = sendmail.send(compose("ceo@quarantine.example"),
	    "spam@nodmarc.example", OTHER_LOOPBACK)
	reason = sendmail.quarantine_reason(reply)
	expect(reason is not None, "not in quarantine: " + reply)
	expect("dmarc=fail" in reason, "the reason is %r" % reason)
	results = our_field(sendmail.quarantined_message(reply))
	expect_method(results, "dmarc", "fail",
	    header_from="quarantine.example")
	expect("dis=quarantine" in results.text, results.text)


@scenario("Sendmail: quarantine = tag, delivered")
def quarantine_tag(lab):
	sendmail = lab.sendmail_for_all(dmarc={"quarantine": "tag"})
	reply = sendmail.send(compose("ceo@quarantine.example"),
	    "spam@nodmarc.example", OTHER_LOOPBACK)
	expect(sendmail.quarantine_reason(reply) is None, reply)
	expect_method(expect_accepted(sendmail, reply), "dmarc", "fail")


@scenario("Sendmail: quarantine = redirect, to the other address alone")
def quarantine_redirect(lab):
	sendmail = lab.sendmail_for_all(
	    dmarc={"quarantine": "redirect:junk@example.org"})
	with sendmail.smtp(OTHER_LOOPBACK) as session:
		session.command("MAIL FROM:<spam@nodmarc.example>")
		for recipient in ("one@example.org", "Two@Example.ORG",
		    '"th ree"@example.org'):
			expect_reply(session.command("RCPT TO:<%s>" %
			    recipient), "250")
		session.command("DATA")
		reply = session.finish(compose("ceo@quarantine.example"))
	expect_method(expect_accepted(sendmail, reply), "dmarc", "fail")
	expect(sendmail.recipients(reply) == ["junk"],
	    "delivered to %s" % sendmail.recipients(reply))


@scenario("Sendmail: SPF fail, 550 5.7.23 and an explanation with a %")
def spf_reject(lab):
	sendmail = lab.sendmail_for_all(spf={"reject": ["fail"]})
	with sendmail.smtp(OTHER_LOOPBACK) as session:
		expect_reply(session.command("MAIL FROM:<a@refused.example>"),
		    "550 5.7.23", "100% sure: 127.0.0.66 is not of"
		    " refused.example")
		# The session goes on.
		expect_reply(session.start("ann@nospf.example"), "354")
		expect_accepted(sendmail, session.finish(
		    compose("ann@nospf.example")))


@scenario("Sendmail: DNS trouble that hides the policy, 451 4.7")
def policy_servfail(lab):
	sendmail = lab.sendmail_for_all(resolver=SHORT)
	message = compose("ann@servfail-sendmail.example")
	with Faults(lab, SERVFAIL, "_dmarc.servfail-sendmail.example"):
		expect_reply(sendmail.send(message, "a@nodmarc.example",
		    OTHER_LOOPBACK), "451 4.7.")
	# Failures are remembered for some seconds at most.
	end = time.monotonic() + 10
	while True:
		reply = sendmail.send(message, "ann@servfail-sendmail.example")
		if reply.code == "250" or time.monotonic() > end:
			break
		time.sleep(0.5)
	expect_method(expect_accepted(sendmail, reply), "dmarc", "pass")


@scenario("Sendmail: messages in one connection keep apart")
def several_messages(lab):
	sendmail = lab.sendmail_for_all()
	with sendmail.smtp() as session:
		expect_reply(session.start("a@nodmarc.example"), "354")
		expect_reply(session.finish(lab.keys.sign(
		    compose("ceo@reject.example"), "nodmarc.example")),
		    "550 5.7.1")
		expect_reply(session.start("a@nodmarc.example"), "354")
		unsigned = session.finish(compose("b@nodmarc.example"))
		expect_reply(session.start("ann@honest.example"), "354")
		signed = session.finish(lab.keys.sign(
		    compose("ann@honest.example"), "honest.example"))
	results = expect_accepted(sendmail, unsigned)
	expect(not results.get("dkim") or
	    results.get("dkim")[0][0] == "none", results.text)
	expect_method(results, "dmarc", "none")
	results = expect_accepted(sendmail, signed)
	expect_method(results, "dkim", "pass")
	expect_method(results, "dmarc", "pass")


@scenario("Sendmail: RSET and a new EHLO in the middle")
def reset(lab):
	sendmail = lab.sendmail_for_all()
	with sendmail.smtp() as session:
		session.command("MAIL FROM:<ann@honest.example>")
		session.command("RCPT TO:<user@example.org>")
		expect_reply(session.command("RSET"), "250")
		session.command("MAIL FROM:<ann@honest.example>")
		expect_reply(session.command("EHLO helo.example"), "250")
		expect_reply(session.start(""), "354")
		results = expect_accepted(sendmail, session.finish(
		    compose("postmaster@helo.example")))
	expect_method(results, "spf", "pass", smtp_helo="helo.example")
	expect_method(results, "dmarc", "pass")


@scenario("Sendmail: a client that hangs up, at MAIL and during DATA")
def hang_up(lab):
	sendmail = lab.sendmail_for_all()
	for _ in range(3):
		with sendmail.smtp() as session:
			session.command("MAIL FROM:<a@honest.example>")
		with sendmail.smtp() as session:
			session.start("a@honest.example")
			session.write(compose("a@honest.example") * 100)
	results = expect_accepted(sendmail, sendmail.send(
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")


@scenario("Sendmail: a signature holds in each canonical form")
def canonical_forms(lab):
	sendmail = lab.sendmail_for_all()
	forms = (b"simple", b"relaxed")
	for pair in [(header, body) for header in forms for body in forms]:
		message = lab.keys.sign(compose("ann@signed.example",
		    "X-Folded: a\r\n\t  b  ", "X-Tight:c", "X-Tab:\td",
		    "X-At-Once:\r\n <long@id.example>",
		    body=b"two  blanks \r\n.dot\r\n\r\nend\r\n\r\n\r\n"),
		    "signed.example", canonicalize=pair)
		results = expect_accepted(sendmail, sendmail.send(message,
		    "ann@signed.example"))
		expect_method(results, "dkim", "pass",
		    header_d="signed.example")
		expect_method(results, "dmarc", "pass")


# It refuses headers of more than 32 KiB itself.
@scenario("Sendmail: a field of 20 KB, signed; one too large, and the next mail")
def long_field(lab):
	sendmail = lab.sendmail_for_all()
	with sendmail.smtp() as session:
		expect_reply(session.start("ann@honest.example"), "354")
		reply = session.finish(compose("ann@honest.example",
		    "X-Large: " + fold_ids(700)))
		expect(reply.code[0] == "5", reply)
		expect_reply(session.start("ann@honest.example"), "354")
		results = expect_accepted(sendmail, session.finish(
		    lab.keys.sign(compose("ann@honest.example",
		    "X-Large: " + fold_ids(240)), "honest.example",
		    include_headers=[b"from", b"x-large", b"subject"])))
	expect_method(results, "dkim", "pass")


@scenario("Sendmail: 8-bit in header and body, signed")
def eight_bit(lab):
	sendmail = lab.sendmail_for_all()
	message = lab.keys.sign(compose("ann@honest.example",
	    b"X-Latin: caf\xe9 \xff\xfe \x90", subject="Grüße",
	    body=bytes(range(128, 256)) + b"\r\n"), "honest.example")
	results = expect_accepted(sendmail, sendmail.send(message,
	    "ann@honest.example", options=" BODY=8BITMIME"))
	expect_method(results, "dkim", "pass")


@scenario("Sendmail: explanations of every kind make a reply")
def explanations(lab):
	sendmail = lab.sendmail_for_all(spf={"reject": ["fail"]})
	with sendmail.smtp(OTHER_LOOPBACK) as session:
		for name in EXPLANATIONS:
			reply = session.command("MAIL FROM:<a@%s"
			    ".explained.example>" % name)
			expect("SPF MAIL FROM check gave fail" in reply.text
			    and is_fit_for_smtp(reply), "%s: %r" %
			    (name, reply))
		expect_reply(session.command("MAIL FROM:<ann@nospf.example>"),
		    "250")


# It drops NUL, and fields From without a value, before we see them.
@scenario("Sendmail: NUL and 8-bit in From, and a second one")
def authors(lab):
	sendmail = lab.sendmail_for_all()
	for author in ("ceo@reject.example\0@honest.example",
	    "ann@honest.example\0, ceo@reject.example",
	    "\0ceo@reject.example",
	    '"Someone <ann@honest.example>"@reject.example',
	    "ceo@bücher.example", "ceo@reject.example\r\n ann@honest.example",
	    "ann@honest.example\r\nFrom : ceo@reject.example",
	    "ann@honest.example\r\nfrom: ann@honest.example"):
		reply = sendmail.send(compose(author), "ann@honest.example")
		expect(reply.text.startswith("550 5.7.1"),
		    "%r: %s" % (author, reply))
	reply = sendmail.send(compose("ann@honest.example\r\nFrom:"),
	    "ann@honest.example")
	expect_accepted(sendmail, reply)
	left = get_fields(sendmail.delivered(reply), "From")
	expect(left == [" ann@honest.example"], "From is %s" % left)
	reply = sendmail.send(compose(None), "ann@honest.example")
	expect_reply(reply, "550 5.7.1", "no From field")


@scenario("Sendmail: long lines and NUL in the body, signed")
def long_lines(lab):
	sendmail = lab.sendmail_for_all()
	body = b"a\0b\r\n" + b"".join(b"x" * n + b"\r\n"
	    for n in (998, 999, 2048, 100000))
	message = lab.keys.sign(compose("ann@honest.example", body=body),
	    "honest.example", canonicalize=(b"simple", b"simple"))
	expect_method(expect_accepted(sendmail, sendmail.send(message,
	    "ann@honest.example")), "dkim", "pass")


# It ends the session at once, with the message under way.
@scenario("Sendmail: a bare LF or CR, and the next mail")
def bare_line_ends(lab):
	sendmail = lab.sendmail_for_all()
	for ends in b"\n", b"\r", b"\n.\n":
		try:
			reply = sendmail.send(compose("ann@honest.example",
			    body=b"one" + ends + b"two\r\n"),
			    "ann@honest.example")
		except ConnectionError:
			continue
		expect(reply.code[0] == "4", "%r: %s" % (ends, reply))
	results = expect_accepted(sendmail, sendmail.send(
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")


@scenario("Sendmail: a chain survives, and a trusted sealer vouches")
def chain(lab):
	message = lab.keys.seal(compose("ann@reject.example"),
	    "foreign.example", passed("reject.example"))
	message = lab.keys.seal(message, "foreign.example",
	    "arc=pass; " + passed("reject.example"))
	sendmail = lab.sendmail_for_all()
	reply = sendmail.send(message, "ann@reject.example", OTHER_LOOPBACK)
	reason = sendmail.quarantine_reason(reply)
	expect(reason and "evidence=arc" in reason,
	    "the reason is %r: %s" % (reason, reply))
	sendmail = lab.sendmail_for_all(**SEALERS)
	results = expect_accepted(sendmail, sendmail.send(message,
	    "ann@reject.example", OTHER_LOOPBACK))
	expect_method(results, "dmarc", "fail", policy_evidence="arc,sealer")
	expect_reply(sendmail.send(message.replace(b"Hello.", b"Pay me."),
	    "ann@reject.example", OTHER_LOOPBACK), "550 5.7.1",
	    "no sign of forwarding")


@scenario("Sendmail: without assayd mail is put off, with it again accepted")
def daemon_down(lab):
	sendmail = Sendmail(lab, {})
	sendmail.daemon.terminate()
	sendmail.daemon.finish()
	expect(sendmail.daemon.problem is None, sendmail.daemon.problem)
	with sendmail.smtp() as session:
		expect_reply(session.command("MAIL FROM:<ann@honest.example>"),
		    "4")
	sendmail.daemon.start()
	results = expect_accepted(sendmail, sendmail.send(
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")
	sendmail.daemon.terminate()


@scenario("Sendmail: assayd restarts in the middle of a session")
def restart(lab):
	sendmail = Sendmail(lab, {})
	with sendmail.smtp() as session:
		expect_reply(session.start("ann@honest.example"), "354")
		expect_accepted(sendmail, session.finish(
		    compose("ann@honest.example")))
		sendmail.daemon.terminate()
		sendmail.daemon.finish()
		sendmail.daemon.start()
		# The session has lost its filter: put off, never let through.
		reply = session.start("spam@nodmarc.example")
		if reply.code == "354":
			reply = session.finish(compose("ceo@reject.example"))
		expect(reply.code[0] in "45", reply)
	results = expect_accepted(sendmail, sendmail.send(
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "dmarc", "pass")
	sendmail.daemon.terminate()
