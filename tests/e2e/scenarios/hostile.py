"""Forgeries that know a trick: in From, in the envelope, in DNS."""

from mail import compose
from scenario import (expect, expect_accepted, expect_method, expect_reply,
    scenario)
from scenarios.fields import expect_foreign_alone, FOREIGN
from zone import EXPLANATIONS, HONEST_CLIENT, OTHER_CLIENT

ANN = "ann@honest.example"


@scenario("From of every form is read as its reader does")
def author_forms(lab):
	assayd = lab.assayd_for_all()
	for author in (
	    '"\\"A, B\\"" <ann@honest.example>',
	    "<ann@honest.example >",
	    "<\r\n ann@honest.example\r\n >",
	    "Ann (a comment (in another)) <ann@honest.example>",
	    "ann@honest.example (Ann)",
	    "ann (Ann) @ honest . example",
	    "ceo@reject.example <ann@honest.example>",
	    "=?utf-8?q?ceo=40reject=2Eexample=2C?= <ann@honest.example>",
	    "=?utf-8?b?Y2VvQHJlamVjdC5leGFtcGxl?= <ann@honest.example>",
	    '"ceo@reject.example" <ann@honest.example>',
	    "Group: ann@honest.example;",
	    '"a b"@honest.example',
	    "ann@HONEST.example.",
	    "<@reject.example:ann@honest.example>"):
		reply = lab.send(assayd, compose(author), ANN)
		expect(reply.code == "250", "%s: %s" % (author, reply))
		expect_method(expect_accepted(lab, reply), "dmarc", "pass",
		    header_from="honest.example")


@scenario("a From that could hide its author is refused")
def hidden_author(lab):
	assayd = lab.assayd_for_all()
	for author in (
	    '"Someone <ann@honest.example>"@reject.example',
	    "ann@honest.example>",
	    "<ann@honest.example",
	    "<ann@honest.example> <ceo@reject.example>",
	    "ceo@reject.example\r\n ann@honest.example",
	    "ann@honest.example@reject.example",
	    "ann@honest.example(\r\n)@reject.example",
	    "ceo@reject.example (ann@honest.example",
	    '"ceo@reject.example" ann@honest.example',
	    "=?utf-8?q?ceo=40reject.example?=",
	    "=?utf-8?q?ann?=@=?utf-8?q?honest.example?=",
	    "ann@honest.example, ceo@reject.example",
	    "Group: ann@honest.example, ceo@reject.example;",
	    "ann@honest.example;ceo@reject.example",
	    "ann@honest.example\r\nfrom: ceo@reject.example",
	    "ann@honest.example\r\nFROM : ceo@reject.example",
	    "ann@honest.example\r\nFrom:"):
		reply = lab.send(assayd, compose(author), ANN)
		expect(reply.text.startswith("550 5.7.1"),
		    "%r: %s" % (author, reply))


@scenario("more forged fields of ours, and fields without an id")
def forged_fields(lab):
	without_id = ("Authentication-Results: ; dmarc=pass",
	    "Authentication-Results:", "Authentication-Results: =; x=y",
	    "Authentication-Results: ();", 'Authentication-Results: "')
	forged = (
	    "Authentication-Results : mx.example.org; dmarc=pass",
	    "Authentication-Results\t: mx.example.org; dmarc=pass",
	    "AUTHENTICATION-RESULTS:\r\n\t\r\n mx.example.org; dmarc=pass",
	    "Authentication-Results: mx.example.org.; dmarc=pass",
	    "Authentication-Results: mx.example.org/1; dmarc=pass",
	    "Authentication-Results: mx . example . org; dmarc=pass",
	    "Authentication-Results: mx.example.org\t(c) 1 (c); dmarc=pass",
	    b"Authentication-Results:\xc2\xa0mx.example.org; dmarc=pass",
	    "Authentication-Results: (%s) mx.example.org; dmarc=pass" %
		("c" * 50000),
	    "Authentication-Results: (%s mx.example.org; dmarc=pass" %
		("(" * 1000))
	reply = lab.send(lab.assayd_for_all(), compose("a@nodmarc.example",
	    FOREIGN[0], *forged[:5], FOREIGN[1], *without_id, *forged[5:],
	    FOREIGN[2]), ANN)
	expect_accepted(lab, reply)
	message = lab.delivered(reply)
	for line in without_id:		# they claim nothing
		line = line.encode() + b"\n"
		expect(line in message, "gone: %r" % line)
		message = message.replace(line, b"", 1)
	expect_foreign_alone(message)


# Postfix cuts a field at 60,000 octets, in front of the id.
@scenario("what is cut off a forged field is not delivered")
def clipped_field(lab):
	for filling in "c" * 70000, "\r\n c" * 18000:
		reply = lab.send(lab.assayd_for_all(),
		    compose("a@nodmarc.example", "Authentication-Results: (" +
		    filling + ") mx.example.org; dmarc=forged"), ANN)
		expect_accepted(lab, reply)
		expect(b"forged" not in lab.delivered(reply), "it is there")


@scenario("HELO tricks: no identity but the sender's counts")
def helo_tricks(lab):
	assayd = lab.assayd_for_all()
	for author, sender, helo in (
	    # Somebody else's name passes.
	    ("ceo@reject.example", "", "helo.example"),
	    # The name would pass, but there is a sender (RFC 9989 5.3.2).
	    ("postmaster@helo.example", "a@nospf.example", "helo.example"),
	    ("ceo@reject.example", "", "[192.0.2.10]"),
	    ("ceo@reject.example", "", "192.0.2.10"),
	    ("ceo@reject.example", "", "helo.example@reject.example"),
	    ("ceo@reject.example", "", "reject.example/helo.example")):
		address = "192.0.2.10" if "helo" in helo else OTHER_CLIENT
		reply = lab.send(assayd, compose(author), sender, address,
		    helo)
		expect(reply.text.startswith("550 5.7.1"),
		    "%s, HELO %s: %s" % (author, helo, reply))
	results = expect_accepted(lab, lab.send(assayd,
	    compose("postmaster@helo.example"), "", helo="HELO.Example."))
	expect_method(results, "dmarc", "pass", header_from="helo.example")


@scenario("MAIL with arguments of all kinds")
def mail_arguments(lab):
	assayd = lab.assayd_for_all()
	for line in (
	    "MAIL FROM:<ann@honest.example>",
	    "mail from:<ann@honest.example> size=1000 body=8bitmime",
	    "MAIL FROM: <ann@honest.example>  SIZE=1000",
	    "MAIL FROM:<ann@honest.example> RET=HDRS ENVID=a+2Bb+3D",
	    "MAIL FROM:ann@honest.example",
	    "MAIL FROM:<ann@honest.example> SMTPUTF8",
	    "MAIL FROM:<@relay.example,@b.example:ann@honest.example>",
	    'MAIL FROM:<"an\\n"@honest.example>',
	    'MAIL FROM:<"a> SMTPUTF8 <b"@honest.example>'):
		with lab.smtp(assayd) as session:
			expect_reply(session.command(line), "250")
			session.command("RCPT TO:<user@example.org>")
			expect_reply(session.command("DATA"), "354")
			results = expect_accepted(lab,
			    session.finish(compose(ANN)))
		found = results.get("spf")
		expect(found and found[0][0] == "pass",
		    "%s: %s" % (line, results.text))
		expect_method(results, "dmarc", "pass")


@scenario("MAIL with an address that is none: no SPF, and no pass")
def bad_senders(lab):
	assayd = lab.assayd_for_all()
	for sender in ("@", "a@", "a@.", "a@honest..example",
	    "a@-honest.example", "a@[honest.example]", "a@" + "x" * 64 +
	    ".example", "a@" + "long." * 50 + "example", " "):
		with lab.smtp(assayd) as session:
			reply = session.start(sender)
			if reply.code != "354":		# Postfix's own refusal
				expect(reply.code[0] == "5", reply)
				continue
			reply = session.finish(compose("a@nodmarc.example"))
		results = expect_accepted(lab, reply)
		expect(results.get("spf")[0][0] in ("none", "permerror"),
		    "%r: %s" % (sender, results.text))


def is_fit_for_smtp(reply):
	"""RFC 5321 4.5.3.1.5, 4.2: lines of 512 octets, printable ASCII."""
	lines = reply.split("\n")
	return all(len(line) <= 510 and line.isascii() and
	    line.isprintable() and line.startswith("550") for line in lines)


@scenario("explanations of every kind make a fit reply")
def explanations(lab):
	assayd = lab.assayd_for_all(spf={"reject": ["fail"]})
	with lab.smtp(assayd, OTHER_CLIENT) as session:
		for name in EXPLANATIONS:
			reply = session.command("MAIL FROM:<a@%s"
			    ".explained.example>" % name)
			expect_reply(reply, "550")
			expect("5.7.23" in reply and is_fit_for_smtp(reply),
			    "%s: %r" % (name, reply))
			if name == "percent":
				expect_reply(reply, "550 5.7.23", "100% sure,"
				    " percent.explained.example, 5%")
		expect_reply(session.command("MAIL FROM:<ann@nospf.example>"),
		    "250")


@scenario("several DMARC records at one name are none")
def several_records(lab):
	assayd = lab.assayd_for_all()
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ceo@twice.example"), "a@nodmarc.example", OTHER_CLIENT))
	expect_method(results, "dmarc", "none", header_from="twice.example")
	# The policy above is found all the same.
	expect_reply(lab.send(assayd, compose("ceo@twice.reject.example"),
	    "a@nodmarc.example", OTHER_CLIENT), "550 5.7.1")


@scenario("a key in 49 strings, by TCP")
def key_in_strings(lab):
	message = compose("ann@strings.example")
	lab.keys.private["many"] = lab.keys.private["rsa"]
	message = lab.keys.sign(message, "strings.example", "many")
	results = expect_accepted(lab, lab.send(lab.assayd_for_all(), message,
	    "a@nodmarc.example", OTHER_CLIENT))
	expect_method(results, "dkim", "pass", header_s="many")
	expect_method(results, "dmarc", "pass")


@scenario("the aligned signature is the fifth of eight, or the last of twenty")
def signature_among_others(lab):
	assayd = lab.assayd_for_all()
	signed = ["nodmarc.example", "monitored.example", "nospf.example",
	    "quarantine.example", "helo.example", "badspf.example",
	    "foreign.example"]
	unsigned = ["nokey%d.example" % i for i in range(19)]
	for others, place in (signed, 4), (unsigned[:7], 4), (unsigned, 19):
		message = compose("ceo@reject.example")
		# Each goes on top of those before.
		for domain in reversed(others[:place] + ["reject.example"] +
		    others[place:]):
			message = lab.keys.sign(message, domain)
		results = expect_accepted(lab, lab.send(assayd, message,
		    "a@nodmarc.example", OTHER_CLIENT))
		expect_method(results, "dkim", "pass",
		    header_d="reject.example")
		expect_method(results, "dmarc", "pass")


@scenario("made-up names: one network's are not asked for without end")
def flood(lab):
	assayd = lab.assayd(limits={"network_questions": 1,
	    "network_burst": 100})
	clients = OTHER_CLIENT, OTHER_CLIENT.rsplit(".", 1)[0] + ".7"
	before, refused = lab.relay.n_questions, 0
	for i in range(60):
		name = "flood%d.example" % i
		reply = lab.send(assayd, compose("a@" + name), "a@" + name,
		    clients[i % 2], helo="mail." + name)
		refused += reply.code == "451"
	asked = lab.relay.n_questions - before
	expect(refused >= 10, "%d refused" % refused)
	expect(asked <= 100 + 60 * lab.patience, "%d asked" % asked)
	expect("limits=network_questions" in assayd.log(), "no word of it")
	# Nobody else is kept from asking; what is known is free to all.
	for client in (HONEST_CLIENT,) + clients:
		expect_accepted(lab, lab.send(assayd,
		    compose("a@monitored.example"), ANN, client))
	assayd.terminate()
