"""Failure reports (RFC 9991)."""

import email
import email.policy

from lab import wait_until
from mail import compose
from reporting import Assay, strip_trace
from scenario import expect, expect_reply, scenario
from scenarios.reports import by_sendmail, catcher, end, start
from zone import OTHER_CLIENT


def read_arf(octets):
	"""The three parts of a failure report: text, fields, the header."""
	mail = email.message_from_bytes(octets, policy=email.policy.default)
	expect(mail.get_content_type() == "multipart/report" and
	    mail.get_param("report-type") == "feedback-report",
	    "it is a %s" % mail["Content-Type"])
	parts = list(mail.iter_parts())
	kinds = [part.get_content_type() for part in parts]
	expect(kinds[:2] == ["text/plain", "message/feedback-report"] and
	    kinds[2:] in (["message/rfc822"], ["text/rfc822-headers"]),
	    "parts: %s" % kinds)
	fields = email.message_from_bytes(get_octets(parts[1]))
	return mail, fields, get_octets(parts[2])


def get_octets(part):
	payload = part.get_payload()
	if isinstance(payload, list):
		return payload[0].as_bytes()
	return part.get_payload(decode=True)


def fail_message(number):
	return compose("Ann Author <ann.author@ruf.example>",
	    "Received: from inside.example by outside.example"
	    " for <secret.person@example.org>; Thu, 1 Jan 2026 00:00:00 +0000",
	    subject="secret subject", body=b"secret body %d\r\n" % number)


@scenario("failure reports are off unless the configuration says otherwise",
    is_heavy=True)
def failures_off(lab):
	assayd, calendar = start(lab, "failures-off")
	expect_reply(lab.send(assayd, fail_message(0), "x@nodmarc.example",
	    OTHER_CLIENT), "550")
	end(assayd)
	Assay(assayd, calendar, **by_sendmail(lab)).run("report", "failures",
	    day=0)
	expect(not catcher(lab).take(), "a failure report was sent")


@scenario("failure reports: redacted, merged, and not too many")
def failures(lab):
	assayd, calendar = start(lab, "failures", report={
	    "failure": {"enabled": True, "per_hour": 3}})
	# The key that makes hashes of names is in the store: who fails before
	# that is open is not told of.
	wait_until(lambda: "store: open" in assayd.log(), 20 * lab.patience,
	    "the store to be open")
	# Four that are alike but for their text, then six that are not.
	for number, host in enumerate([10] * 4 + [11, 12, 13, 14, 15, 16]):
		expect_reply(lab.send(assayd, fail_message(number),
		    "x0@nodmarc.example", "198.51.100.%d" % host), "550")
	expect_reply(lab.send(assayd, compose("bob@ruf2.example"),
	    "x0@nodmarc.example", OTHER_CLIENT), "550")
	end(assayd)
	tool = Assay(assayd, calendar, **by_sendmail(lab))
	tool.run("report", "failures", day=0)
	mails = catcher(lab).take()
	found = sorted(read_incidents(mail) for mail in mails)
	expect(found == [("ruf.example", 1), ("ruf.example", 1),
	    ("ruf.example", 4), ("ruf2.example", 1)],
	    "per domain, incidents: %s" % found)
	tool.run("report", "failures", day=0)
	expect(not catcher(lab).take(), "more than three in an hour")
	for mail in mails:
		check_arf(mail)


def read_incidents(octets):
	fields = read_arf(octets)[1]
	return fields["Reported-Domain"], int(fields["Incidents"] or 1)


def check_arf(octets):
	fields, header = read_arf(octets)[1:]
	for name, value in (("Feedback-Type", "auth-failure"),
	    ("Version", "1"), ("Auth-Failure", "dmarc")):
		expect(fields[name] == value, "%s: %s" % (name, fields[name]))
	expect(fields["Reported-Domain"] in ("ruf.example", "ruf2.example"),
	    "Reported-Domain: %s" % fields["Reported-Domain"])
	expect(fields["Source-IP"].startswith("198.51.100."),
	    "Source-IP: %s" % fields["Source-IP"])
	expect("dmarc=fail" in fields["Authentication-Results"],
	    "Authentication-Results: %s" % fields["Authentication-Results"])
	said = sorted(fields["Identity-Alignment"].replace(" ", "").split(","))
	expect(said == ["dkim", "spf"], "Identity-Alignment: %s" % said)
	for secret in (b"secret", b"ann.author", b"Ann Author", b"bob@",
	    b"x0@", b"user@"):
		expect(secret not in strip_trace(octets) and
		    secret not in header, "%r in:\n%s" % (secret,
			octets.decode("utf-8", "replace")))
