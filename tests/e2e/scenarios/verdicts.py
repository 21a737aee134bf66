"""What becomes of a message: honest, forged, trusted, unusable."""

import lab as laboratory
from mail import compose, get_fields
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    expect_skipped, our_field, scenario)
from zone import HONEST_CLIENT6, OTHER_CLIENT


@scenario("honest mail, signed twice, arrives with every result")
def honest(lab):
	assayd = lab.assayd_for_all()
	message = compose("Ann <ann@honest.example>")
	message = lab.keys.sign(message, "honest.example", "rsa")
	message = lab.keys.sign(message, "honest.example", "ed")
	results = expect_accepted(lab, lab.send(assayd, message,
	    "ann@honest.example"))
	expect_method(results, "spf", "pass",
	    smtp_mailfrom="ann@honest.example")
	for selector, algorithm in (("rsa", "rsa-sha256"),
	    ("ed", "ed25519-sha256")):
		expect_method(results, "dkim", "pass",
		    header_d="honest.example", header_s=selector,
		    header_a=algorithm)
	for _, properties in results.get("dkim"):
		expect("header.b" in properties, results.text)
	expect_method(results, "dmarc", "pass", header_from="honest.example")
	expect("(p=reject dis=none)" in results.text, results.text)


@scenario("SPF alone makes DMARC pass")
def spf_alone(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example"), "ann@honest.example"))
	expect_method(results, "spf", "pass")
	expect_method(results, "dmarc", "pass")


@scenario("DKIM alone makes DMARC pass, in each canonical form")
def dkim_alone(lab):
	forms = (b"simple", b"relaxed")
	for pair in [(header, body) for header in forms for body in forms]:
		message = lab.keys.sign(compose("ann@signed.example",
		    "X-Folded: a\r\n\t  b  ", "X-Tight:c",
		    body=b"two  blanks \r\n\r\nend\r\n\r\n\r\n"),
		    "signed.example", canonicalize=pair)
		results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
		    message, "ann@signed.example"))
		expect_method(results, "spf", "fail")
		expect_method(results, "dkim", "pass",
		    header_d="signed.example")
		expect_method(results, "dmarc", "pass")


@scenario("forged under p=reject: 550 5.7.1")
def forged_reject(lab):
	before = lab.n_mails()
	reply = lab.send(lab.assayd_for_all(), compose("ceo@reject.example"),
	    "spam@nodmarc.example", OTHER_CLIENT)
	expect_reply(reply, "550 5.7.1", "DMARC", "reject.example")
	expect(lab.n_mails() == before, "something was delivered")


@scenario("a subdomain falls under the policy above it")
def forged_subdomain(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ceo@hr.reject.example"), "spam@nodmarc.example",
	    OTHER_CLIENT)
	expect_reply(reply, "550 5.7.1")


@scenario("a changed body under p=reject is not accepted as honest")
def changed_body(lab):
	message = lab.keys.sign(compose("ann@signed.example",
	    body=b"Pay 10.\r\n"), "signed.example")
	reply = lab.send(lab.assayd_for_all(),
	    message.replace(b"Pay 10.", b"Pay 99."), "ann@signed.example")
	# The author domain's own signature is a sign of an indirect flow.
	if reply.code == "250":
		expect(lab.held(reply), "accepted and not held: " + reply)
		results = our_field(lab.held_message(reply))
		expect_method(results, "dkim", "fail")
		expect_method(results, "dmarc", "fail")
	else:
		expect_reply(reply, "550 5.7.1")


@scenario("a changed body under reject = strict: 550 5.7.1")
def changed_body_strict(lab):
	assayd = lab.assayd_for_all(dmarc={"reject": "strict"})
	message = lab.keys.sign(compose("ann@signed.example",
	    body=b"Pay 10.\r\n"), "signed.example")
	expect_reply(lab.send(assayd,
	    message.replace(b"Pay 10.", b"Pay 99."), "ann@signed.example"),
	    "550 5.7.1")


@scenario("forged under p=quarantine: in the hold queue")
def forged_quarantine(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ceo@quarantine.example"), "spam@nodmarc.example",
	    OTHER_CLIENT)
	expect_reply(reply, "250")
	expect(lab.held(reply), "not in the hold queue")
	results = our_field(lab.held_message(reply))
	expect_method(results, "dmarc", "fail",
	    header_from="quarantine.example")
	expect("dis=quarantine" in results.text, results.text)


def send_quarantined(lab, mode):
	return lab.send(lab.assayd_for_all(dmarc={"quarantine": mode}),
	    compose("ceo@quarantine.example"), "spam@nodmarc.example",
	    OTHER_CLIENT, recipient="user@example.org")


@scenario("quarantine = tag: delivered, and marked")
def quarantine_tag(lab):
	reply = send_quarantined(lab, "tag")
	results = expect_accepted(lab, reply)
	expect_method(results, "dmarc", "fail")
	expect("dis=quarantine" in results.text, results.text)


@scenario("quarantine = redirect: to the other address alone")
def quarantine_redirect(lab):
	offset = len(lab.maillog().encode())
	reply = send_quarantined(lab, "redirect:junk@example.org")
	expect_method(expect_accepted(lab, reply), "dmarc", "fail")
	laboratory.wait_until(lambda: "removed" in lab.maillog(offset), 10,
	    "the end of delivery")
	lines = [line for line in lab.maillog(offset).splitlines()
	    if laboratory.queue_id(reply) in line and "status=sent" in line]
	expect(len(lines) == 1 and "to=<junk@example.org>" in lines[0],
	    "delivered to: %s" % lines)


@scenario("quarantine = reject: 550 5.7.1")
def quarantine_reject(lab):
	expect_reply(send_quarantined(lab, "reject"), "550 5.7.1")


@scenario("quarantine = none: delivered")
def quarantine_none(lab):
	expect_method(expect_accepted(lab, send_quarantined(lab, "none")),
	    "dmarc", "fail")


@scenario("failing under p=none: delivered with dmarc=fail")
def policy_none(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("ceo@monitored.example"), "spam@nodmarc.example",
	    OTHER_CLIENT))
	expect_method(results, "dmarc", "fail",
	    header_from="monitored.example")
	expect("dis=none" in results.text, results.text)


@scenario("a domain without a policy: dmarc=none")
def no_policy(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("a@nodmarc.example"), "a@nodmarc.example", OTHER_CLIENT))
	expect_method(results, "spf", "fail")
	expect_method(results, "dmarc", "none")


@scenario("broken records are permerror, and accepted")
def broken_records(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("a@baddmarc.example"), "a@badspf.example", OTHER_CLIENT))
	expect_method(results, "spf", "permerror")
	expect_method(results, "dmarc", "permerror")


@scenario("SPF fail with spf.reject: 550 5.7.23 and the explanation")
def spf_reject(lab):
	assayd = lab.assayd_for_all(spf={"reject": ["fail"]})
	with lab.smtp(assayd, OTHER_CLIENT) as session:
		reply = session.command("MAIL FROM:<a@refused.example>")
		expect_reply(reply, "550 5.7.23",
		    "100% sure: 198.51.100.66 is not of refused.example")
		# The session goes on.
		expect_reply(session.start("ann@nospf.example"), "354")
		expect_reply(session.finish(compose("ann@nospf.example")),
		    "250")


@scenario("SPF fail without spf.reject: accepted")
def spf_not_rejected(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("a@refused.example"), "a@refused.example", OTHER_CLIENT))
	expect_method(results, "spf", "fail",
	    smtp_mailfrom="a@refused.example")


@scenario("monitor: everything is accepted, and the field tells")
def monitor(lab):
	assayd = lab.assayd_for_all(mode="monitor", spf={"reject": ["fail"]})
	for author, sender, method, result in (
	    ("ceo@reject.example", "spam@nodmarc.example", "dmarc", "fail"),
	    ("ceo@quarantine.example", "spam@nodmarc.example", "dmarc",
	    "fail"),
	    ("a@refused.example", "a@refused.example", "spf", "fail"),
	    (None, "a@nodmarc.example", "dmarc", "permerror"),
	    ("a@a.example, b@b.example\r\nFrom: c@c.example",
	    "a@nodmarc.example", "dmarc", "permerror")):
		reply = lab.send(assayd, compose(author), sender, OTHER_CLIENT)
		results = expect_accepted(lab, reply)
		expect(not lab.held(reply), "held: %s" % author)
		expect_method(results, method, result)


FORGED = "Authentication-Results: mx.example.org; dmarc=pass"


@scenario("an authenticated client is not inspected")
def authenticated(lab):
	reply = lab.send(lab.assayd_for_all(),
	    compose("ceo@reject.example", FORGED), "ceo@reject.example",
	    OTHER_CLIENT, login="alice")
	expect_skipped(lab, reply)


@scenario("trusted.authenticated = false: inspected all the same")
def authenticated_inspected(lab):
	expect_reply(lab.send(
	    lab.assayd_for_all(trusted={"authenticated": False}),
	    compose("ceo@reject.example"), "a@nodmarc.example", OTHER_CLIENT,
	    login="alice"), "550 5.7.1")


@scenario("a trusted network is not inspected, its neighbour is")
def trusted_network(lab):
	assayd = lab.assayd_for_all(trusted={"networks":
	    ["203.0.113.0/25", "2001:db8:1::/48"]})
	for address in ("203.0.113.7", "2001:db8:1::7",
	    "::ffff:203.0.113.7"):
		reply = lab.send(assayd, compose("ceo@reject.example", FORGED),
		    "ceo@reject.example", address)
		expect_skipped(lab, reply)
	for address in ("203.0.113.200", "2001:db8:2::7"):
		expect_reply(lab.send(assayd, compose("ceo@reject.example"),
		    "a@nodmarc.example", address), "550 5.7.1")


@scenario("an IPv6 client")
def ipv6(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example"), "ann@honest.example",
	    HONEST_CLIENT6))
	expect_method(results, "spf", "pass")
	expect_reply(lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example"), "ann@honest.example",
	    "2001:db8::66"), "550 5.7.1")


@scenario("a null sender is checked by its HELO name")
def null_sender(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("postmaster@helo.example"), "", helo="helo.example"))
	expect_method(results, "spf", "pass", smtp_helo="helo.example")
	expect_method(results, "dmarc", "pass", header_from="helo.example")
	expect_reply(lab.send(lab.assayd_for_all(),
	    compose("postmaster@helo.example"), "", OTHER_CLIENT,
	    helo="helo.example"), "550 5.7.1")


@scenario("SMTPUTF8: sender and author as A-labels")
def smtputf8(lab):
	message = lab.keys.sign(compose("Jörg <jörg@bücher.example>",
	    subject="Grüße"), "xn--bcher-kva.example")
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(), message,
	    "jörg@bücher.example", options=" SMTPUTF8"))
	expect_method(results, "spf", "pass")
	expect_method(results, "dkim", "pass")
	expect_method(results, "dmarc", "pass",
	    header_from="xn--bcher-kva.example")
	expect_reply(lab.send(lab.assayd_for_all(),
	    compose("Jörg <jörg@BÜCHER.example>"), "jörg@bücher.example",
	    OTHER_CLIENT, options=" SMTPUTF8"), "550 5.7.1")


@scenario("senders of every form")
def sender_forms(lab):
	for sender, result in (
	    ("A@HONEST.Example", "pass"),
	    ("@relay.example:ann@honest.example", "pass"),
	    ('"q q"@honest.example', "pass"),
	    ("nodomain", "none"),
	    ("a@[192.0.2.9]", "none")):
		results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
		    compose("a@nodmarc.example"), sender))
		expect(results.get("spf")[0][0] == result,
		    "%s: %s" % (sender, results.text))


@scenario("a From that names no author: 550 5.7.1")
def bad_from(lab):
	for what, author in (
	    ("absent", None),
	    ("repeated", "a@nodmarc.example\r\nFrom: b@nodmarc.example"),
	    ("empty", ""),
	    ("a group of nobody", "undisclosed:;"),
	    ("no domain", "root"),
	    ("an address literal", "a@[192.0.2.1]"),
	    ("no address", "Your Bank")):
		reply = lab.send(lab.assayd_for_all(), compose(author),
		    "a@honest.example")
		expect(reply.text.startswith("550 5.7.1"),
		    "%s: %s" % (what, reply))


@scenario("bad_from = accept: dmarc=permerror")
def bad_from_accepted(lab):
	assayd = lab.assayd_for_all(dmarc={"bad_from": "accept"})
	for author in (None, "a@honest.example\r\nFrom: b@honest.example"):
		results = expect_accepted(lab, lab.send(assayd,
		    compose(author), "a@honest.example"))
		expect_method(results, "dmarc", "permerror")


@scenario("a name and a comment are not the author")
def display_names(lab):
	for author in ('"ann@honest.example" <ceo@reject.example>',
	    "ann@honest.example <ceo@reject.example>",
	    "(ann@honest.example) ceo@reject.example",
	    "=?utf-8?q?ann=40honest.example?= <ceo@reject.example>",
	    "ceo@reject.example.", "ceo@REJECT.example"):
		expect_reply(lab.send(lab.assayd_for_all(), compose(author),
		    "ann@honest.example"), "550 5.7.1")


@scenario("several author domains: the strictest that fails")
def several_authors(lab):
	expect_reply(lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example, ceo@reject.example"),
	    "ann@honest.example"), "550 5.7.1", "reject.example")
	reply = lab.send(lab.assayd_for_all(),
	    compose("ann@honest.example, bob@honest.example"),
	    "ann@honest.example")
	expect_method(expect_accepted(lab, reply), "dmarc", "pass")
	expect_reply(lab.send(lab.assayd_for_all(), compose(", ".join(
	    "a@d%d.example" % i for i in range(5))), "ann@honest.example"),
	    "550 5.7.1")


@scenario("a long SPF record comes by TCP")
def long_record(lab):
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(),
	    compose("a@long.example"), "a@long.example"))
	expect_method(results, "spf", "pass")


@scenario("checks that are switched off are not in the field")
def switched_off(lab):
	for name, others in (("spf", ("dkim", "dmarc")),
	    ("dkim", ("spf", "dmarc")), ("dmarc", ("spf", "dkim"))):
		assayd = lab.assayd(**{name: {"enabled": False}})
		message = lab.keys.sign(compose("ann@honest.example"),
		    "honest.example")
		results = expect_accepted(lab, lab.send(assayd, message,
		    "ann@honest.example"))
		expect(not results.get(name), results.text)
		for other in others:
			expect_method(results, other, "pass")
		assayd.terminate()
