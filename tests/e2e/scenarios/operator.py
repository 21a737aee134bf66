"""What the operator decides beside the domains: rules, own relays, the words
of replies."""

from mail import compose
from scenario import expect, expect_accepted, expect_method, expect_reply, \
    our_field, scenario
from zone import HONEST_CLIENT, OTHER_CLIENT

RELAY = "203.0.113.25"
FORMS = "203.0.113.77"

RULES = {"rules": [
    {"name": "forms", "match": {"author_domain": ["reject.example"],
	"client": [FORMS]}, "action": "accept", "why": "their forms server"},
    {"name": "ended", "match": {"author_domain": ["reject.example"]},
	"action": "accept", "why": "a move", "until": "2026-01-31"},
    {"name": "watch", "match": {"author_domain": ["honest.example"]},
	"when": "always", "action": "reject", "why": "only to see",
	"shadow": True},
    {"name": "bare", "match": {"author_domain": ["nodmarc.example"],
	"recipient": ["user@example.org"]}, "action": "reject",
	"why": "all of it is signed"},
    {"name": "msa", "match": {"author_domain": ["monitored.example"],
	"listener": ["smtpd"]}, "action": "quarantine", "why": "not here"},
]}


@scenario("a rule accepts what the policy refuses, and is named")
def rule_accepts(lab):
	assayd = lab.assayd_for_all(**RULES)
	results = expect_accepted(lab, lab.send(assayd,
	    compose("ann@reject.example"), "x@nodmarc.example", FORMS))
	expect_method(results, "dmarc", "fail", policy_rule="forms")
	expect("dis=none" in results.text, results.text)


@scenario("a rule that has ended does nothing, and the log warns of it")
def rule_ended(lab):
	assayd = lab.assayd_for_all(**RULES)
	expect_reply(lab.send(assayd, compose("ann@reject.example"),
	    "x@nodmarc.example", OTHER_CLIENT), "550 5.7.1", "DMARC")
	with open(assayd.log_path) as log:
		expect("warning" in log.read(), "no warning of the rule")


@scenario("a rule refuses what has no policy, with its reason")
def rule_rejects(lab):
	assayd = lab.assayd_for_all(**RULES)
	expect_reply(lab.send(assayd, compose("ann@nodmarc.example"),
	    "ann@nodmarc.example", OTHER_CLIENT), "550 5.7.1",
	    "all of it is signed")
	expect_accepted(lab, lab.send(assayd, compose("ann@nodmarc.example"),
	    "ann@nodmarc.example", OTHER_CLIENT, recipient="b@example.org"))


@scenario("a shadow rule only writes to the log")
def rule_shadow(lab):
	assayd = lab.assayd_for_all(**RULES)
	expect_accepted(lab, lab.send(assayd, compose("ann@honest.example"),
	    "ann@honest.example"))
	with open(assayd.log_path) as log:
		lines = [line for line in log if "shadow_rule=watch" in line]
	expect(lines and "shadow_wanted=reject" in lines[-1],
	    "no shadow in the log")


@scenario("behind an own relay SPF is for its client")
def relayed(lab):
	assayd = lab.assayd_for_all(trusted={"relays": [RELAY]})
	received = "Received: from mail.honest.example" \
	    " (mail.honest.example [%s])\r\n\tby mx2.example.org (Postfix)" \
	    " with ESMTP id 4ABC\r\n\tfor <user@example.org>;" \
	    " Thu, 01 Jan 2026 12:00:00 +0000"
	results = expect_accepted(lab, lab.send(assayd, compose(
	    "ann@honest.example", received % HONEST_CLIENT),
	    "ann@honest.example", RELAY))
	expect_method(results, "spf", "pass",
	    smtp_mailfrom="ann@honest.example")
	expect_method(results, "dmarc", "pass")
	expect(RELAY in results.text and HONEST_CLIENT in results.text,
	    results.text)
	# A forger behind it: refused would bounce from the relay, so held.
	reply = lab.send(assayd, compose("ann@reject.example",
	    received % OTHER_CLIENT), "ann@reject.example", RELAY)
	expect_reply(reply, "250")
	expect(lab.held(reply), "not in the hold queue")
	results = our_field(lab.held_message(reply))
	expect_method(results, "spf", "fail")
	expect_method(results, "dmarc", "fail", policy_evidence="relay")
	# The same field from elsewhere is only text.
	expect_reply(lab.send(assayd, compose("ann@reject.example",
	    received % HONEST_CLIENT), "ann@reject.example", OTHER_CLIENT),
	    "550 5.7.1")


@scenario("replies in the operator's words, with the message's id")
def replies(lab):
	assayd = lab.assayd_for_all(spf={"reject": ["fail"]}, replies={
	    "dmarc_reject": "No: %{domain}, %{policy}, 100%%; ask for %{id}",
	    "spf_reject": "%{text}; from %{client}"})
	reply = lab.send(assayd, compose("ceo@reject.example"),
	    "x@nospf.example", OTHER_CLIENT)
	expect_reply(reply, "550 5.7.1 No: reject.example, reject, 100%;"
	    " ask for ")
	with open(assayd.log_path) as log:
		expect(reply.text.rpartition(" ")[2] in log.read(),
		    "the id is not in the log: " + reply.text)
	expect_reply(lab.send(assayd, compose("ann@honest.example"),
	    "ann@honest.example", OTHER_CLIENT), "550 5.7.23",
	    "; from " + OTHER_CLIENT)
